package dev.kiln.docs;

import dev.kiln.AutogradException;
import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.KilnException;
import dev.kiln.Scope;
import dev.kiln.Tensor;
import dev.kiln.autograd.Autograd;
import dev.kiln.autograd.NoGrad;
import dev.kiln.backend.CompositeOps;
import dev.kiln.backend.FusedOps;
import dev.kiln.cpu.NullBackend;
import dev.kiln.ops.catalog.Row;
import dev.kiln.testing.GradCheck.Input;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** What running an op's rows of the catalog shows: its types, its gradient and its kernels. */
final class OpFacts {
  /** The fused kernels by the names that the counting device gives them. */
  private static final Map<String, Method> FUSED = fused();

  private OpFacts() {}

  private static Map<String, Method> fused() {
    Map<String, Method> all = new TreeMap<>();
    for (Method m : FusedOps.class.getDeclaredMethods()) {
      if (m.getName().equals("optimizerStep")) {
        continue; // not an op on tensors
      }
      String snake = m.getName().replaceAll("([A-Z])", "_$1").toLowerCase(Locale.ROOT);
      all.put(snake, m);
    }
    return all;
  }

  /** Returns the element types that an op takes for its floating inputs. */
  static EnumSet<DType> types(List<Row> rows, Device device) {
    EnumSet<DType> types = EnumSet.noneOf(DType.class);
    for (DType type : DType.values()) {
      if (rows.stream().allMatch(row -> takes(row, type, device))) {
        types.add(type);
      }
    }
    return types;
  }

  private static boolean takes(Row row, DType type, Device device) {
    try (Scope scope = Scope.open();
        NoGrad off = NoGrad.open()) {
      row.f().of(tensors(row, type, device));
      return true;
    } catch (KilnException e) {
      return false;
    }
  }

  private static List<Tensor> tensors(Row row, DType type, Device device) {
    List<Tensor> tensors = new ArrayList<>();
    for (Input input : row.inputs()) {
      tensors.add(Tensor.of(input.values(), input.shape(), device).to(type));
    }
    return tensors;
  }

  /** Says how often an op can be differentiated. */
  static String gradient(List<Row> rows, Device device) {
    List<Row> differentiable = rows.stream().filter(Row::differentiable).toList();
    if (differentiable.isEmpty()) {
      return "none";
    }
    return differentiable.stream().allMatch(row -> twice(row, device))
        ? "any order"
        : "first order";
  }

  private static boolean twice(Row row, Device device) {
    try (Scope scope = Scope.open()) {
      List<Tensor> tensors = tensors(row, DType.FLOAT32, device);
      tensors.forEach(t -> t.requiresGrad(true));
      Tensor y = row.f().of(tensors);
      Tensor sum = y.mul(y).sum();
      Autograd.grad(sum, tensors, true);
      return true;
    } catch (AutogradException e) {
      return false;
    }
  }

  /** Returns the kernels that an op's forward pass launches, one name each. */
  static Set<String> kernels(List<Row> rows) {
    Device device = Device.of(NullBackend.TYPE);
    NullBackend counter = (NullBackend) device.backend();
    Set<String> kernels = new TreeSet<>();
    for (Row row : rows) {
      try (Scope scope = Scope.open()) {
        // Ops on integers alone show their kernels on integers.
        DType type = takes(row, DType.FLOAT32, device) ? DType.FLOAT32 : DType.INT64;
        List<Tensor> tensors = tensors(row, type, device);
        counter.resetCounts();
        row.f().of(tensors);
        kernels.addAll(counter.counts().launches().keySet());
      }
    }
    return kernels;
  }

  /** Says how a device runs those kernels: as one, with fused ones, or composed. */
  static String runs(Set<String> kernels, Device device) {
    Class<?> own = device.backend().fused().getClass();
    boolean usesFused = kernels.stream().anyMatch(FUSED::containsKey);
    boolean accelerated =
        kernels.stream().filter(FUSED::containsKey).allMatch(k -> overrides(own, FUSED.get(k)));
    if (usesFused) {
      return accelerated ? "fused" : "composed";
    }
    return kernels.isEmpty() ? "view" : kernels.size() == 1 ? "kernel" : "composed";
  }

  private static boolean overrides(Class<?> type, Method method) {
    return Arrays.stream(type.getMethods())
        .filter(m -> m.getName().equals(method.getName()))
        .anyMatch(
            m ->
                m.getDeclaringClass() != CompositeOps.class
                    && !m.isBridge()
                    && Arrays.equals(m.getParameterTypes(), method.getParameterTypes()));
  }
}
