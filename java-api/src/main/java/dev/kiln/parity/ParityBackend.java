package dev.kiln.parity;

import dev.kiln.DType;
import dev.kiln.KilnException;
import dev.kiln.backend.Backend;
import dev.kiln.backend.DeviceId;
import dev.kiln.backend.FusedOps;
import dev.kiln.backend.Storage;
import dev.kiln.backend.View;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * Runs every call of the SPI on two backends and compares all views that it was given. Whatever the
 * SPI has is compared, so calls are taken as they come, by reflection.
 */
final class ParityBackend {
  /** Ops that add nothing up: their errors are small beside their results, not their operands. */
  private static final Set<String> ELEMENTWISE =
      Set.of(
          "fill",
          "copy",
          "unary",
          "unaryGrad",
          "math",
          "binary",
          "where",
          "gather",
          "sort",
          "random");

  private final Backend tested;
  private final Backend reference;
  private final Comparison comparison;
  private final Map<String, OpParity> ops = new TreeMap<>();
  private final FusedOps fused;
  private final Backend backend;
  private long calls;

  ParityBackend(Backend tested, Backend reference, double factor) {
    this.tested = tested;
    this.reference = reference;
    this.comparison = new Comparison(factor);
    this.fused =
        proxy(FusedOps.class, (m, args) -> compute(m, tested.fused(), reference.fused(), args));
    this.backend = proxy(Backend.class, this::call);
  }

  /** The backend that does both. */
  Backend backend() {
    return backend;
  }

  /** What was compared, the worst first. */
  List<OpParity> ops() {
    return ops.values().stream()
        .sorted(Comparator.comparingDouble(OpParity::worst).reversed())
        .toList();
  }

  /** What a proxy does for a call. */
  private interface Call {
    Object with(Method method, Object... args);
  }

  private static <T> T proxy(Class<T> type, Call call) {
    return type.cast(
        Proxy.newProxyInstance(
            type.getClassLoader(),
            new Class<?>[] {type},
            (self, method, args) ->
                switch (method.getName()) {
                  case "hashCode" -> System.identityHashCode(self);
                  case "equals" -> self == args[0];
                  case "toString" -> "parity";
                  default -> call.with(method, args == null ? new Object[0] : args);
                }));
  }

  private Object call(Method method, Object... args) {
    return switch (method.getName()) {
      case "id" -> new DeviceId("parity", 0);
      case "description" -> tested.id() + " compared with " + reference.id();
      case "alloc" -> alloc((DType) args[0], (long) args[1]);
      case "free" -> free((PairStorage) args[0]);
      case "cachedBytes" -> tested.cachedBytes();
      case "upload" -> upload((View) args[0], (ByteBuffer) args[1]);
      case "download" -> download((ByteBuffer) args[0], (View) args[1]);
      case "fused" -> fused;
      case "records", "roundsToTf32", "consult" -> false;
      case "record" -> Optional.empty();
      case "trim", "sync" -> both(method);
      case "close" -> null; // the devices are not ours
      default -> compute(method, tested, reference, args);
    };
  }

  private Storage alloc(DType dtype, long length) {
    return new PairStorage(
        dtype, length, tested.alloc(dtype, length), reference.alloc(dtype, length));
  }

  private Object free(PairStorage pair) {
    tested.free(pair.tested());
    reference.free(pair.reference());
    return null;
  }

  private Object upload(View out, ByteBuffer source) {
    tested.upload(PairStorage.on(out, true), source);
    reference.upload(PairStorage.on(out, false), source);
    return null;
  }

  private Object download(ByteBuffer target, View x) {
    tested.download(target, PairStorage.on(x, true));
    return null;
  }

  private Object both(Method method) {
    invoke(method, tested);
    invoke(method, reference);
    return null;
  }

  /** One op on both, and the comparison of everything it may have written. */
  private Object compute(Method method, Object onTested, Object onReference, Object... args) {
    List<View> views = new ArrayList<>();
    Object[] first = translate(args, true, views);
    Object result = invoke(method, onTested, first);
    Object[] second = translate(args, false, new ArrayList<>());
    try {
      invoke(method, onReference, second);
    } catch (KilnException e) {
      throw new ParityException(
          "["
              + method.getName()
              + "] only "
              + reference.id()
              + " refuses "
              + views
              + ": "
              + e.getMessage());
    }
    String name = name(method, args);
    double scale = ELEMENTWISE.contains(method.getName()) ? 0 : largest(views);
    double worst = 0;
    for (View view : views) {
      worst = Math.max(worst, compare(name, view, views, scale));
    }
    calls++;
    OpParity before = ops.getOrDefault(name, new OpParity(name, 0, 0));
    ops.put(name, new OpParity(name, before.calls() + 1, Math.max(before.worst(), worst)));
    return result;
  }

  private static String name(Method method, Object... args) {
    StringBuilder name = new StringBuilder(method.getName());
    for (Object arg : args) {
      if (arg instanceof Enum<?> e) {
        name.append(' ').append(e.name());
      }
    }
    return name.toString();
  }

  private double compare(String op, View view, List<View> operands, double scale) {
    if (view.numel() == 0) {
      return 0;
    }
    ByteBuffer a = content(tested, PairStorage.on(view, true));
    ByteBuffer b = content(reference, PairStorage.on(view, false));
    if (a.equals(b)) {
      return 0;
    }
    Comparison.Result r = comparison.of(view.dtype(), a, b, scale);
    if (r.worst() > 1) {
      throw new ParityException(
          String.format(
              Locale.ROOT,
              "[%s] %s and %s disagree on %s: element %s is %s but should be %s, and %s is allowed;"
                  + " %d of %d elements are off; operands %s; %d calls before agreed",
              op,
              tested.id(),
              reference.id(),
              view,
              Comparison.place(r.index(), view.shape()),
              r.actual(),
              r.expected(),
              r.allowed(),
              r.off(),
              view.numel(),
              operands,
              calls));
    }
    replace(PairStorage.on(view, false), a);
    return r.worst();
  }

  /** The largest element of all floating operands, as the reference has them. */
  private double largest(List<View> views) {
    double largest = 0;
    for (View view : views) {
      if (view.dtype().isFloating() && view.numel() > 0) {
        ByteBuffer values = content(reference, PairStorage.on(view, false));
        largest = Math.max(largest, Comparison.largest(view.dtype(), values));
      }
    }
    return largest;
  }

  private static ByteBuffer content(Backend backend, View view) {
    ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(view.numel() * view.dtype().bytes()));
    bytes.order(java.nio.ByteOrder.LITTLE_ENDIAN);
    if (view.isDense()) {
      backend.download(bytes.duplicate(), view);
      return bytes;
    }
    Storage storage = backend.alloc(view.dtype(), view.numel());
    View dense = View.dense(storage, 0, view.shape());
    backend.copy(dense, view);
    backend.download(bytes.duplicate(), dense);
    backend.free(storage);
    return bytes;
  }

  /** Gives the reference what the tested device has, so that it starts from there. */
  private void replace(View view, ByteBuffer content) {
    Storage storage = reference.alloc(view.dtype(), view.numel());
    View dense = View.dense(storage, 0, view.shape());
    reference.upload(dense, content);
    reference.copy(view, dense);
    reference.free(storage);
  }

  private static Object invoke(Method method, Object target, Object... args) {
    try {
      return method.invoke(target, args);
    } catch (InvocationTargetException e) {
      if (e.getCause() instanceof RuntimeException r) {
        throw r;
      }
      if (e.getCause() instanceof Error error) {
        throw error;
      }
      throw new KilnException("[parity] " + method.getName() + " failed", e.getCause());
    } catch (IllegalAccessException e) {
      throw new KilnException("[parity] " + method.getName() + " cannot be called", e);
    }
  }

  /** The arguments for one of the devices; views that are alike stay one and the same. */
  private static Object[] translate(Object[] args, boolean ofTested, List<View> seen) {
    Map<View, View> known = new LinkedHashMap<>();
    Object[] translated = new Object[args.length];
    for (int i = 0; i < args.length; i++) {
      translated[i] = translate(args[i], ofTested, known);
    }
    seen.addAll(known.keySet());
    return translated;
  }

  private static Object translate(Object arg, boolean ofTested, Map<View, View> known) {
    if (arg instanceof View view) {
      return known.computeIfAbsent(view, v -> PairStorage.on(v, ofTested));
    }
    if (arg instanceof Optional<?> optional) {
      return optional.map(o -> translate(o, ofTested, known));
    }
    if (arg instanceof List<?> list) {
      List<Object> translated = new ArrayList<>();
      list.forEach(o -> translated.add(translate(o, ofTested, known)));
      return translated;
    }
    return arg;
  }
}
