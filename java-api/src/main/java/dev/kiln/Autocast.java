package dev.kiln;

import dev.kiln.autograd.NoGrad;
import dev.kiln.backend.Tf32;
import java.util.IdentityHashMap;
import java.util.Map;

/**
 * A stretch of code in which ops choose their element types by themselves, on this thread: matrix
 * products, convolutions and attention take the 16-bit type of a {@link Precision}, while softmax,
 * normalisation, losses, sums, powers and exponentials go back to FLOAT32, as in PyTorch's {@code
 * torch.autocast}. Parameters stay FLOAT32 and so do their gradients.
 *
 * <pre>{@code
 * try (Autocast cast = Autocast.open(Precision.BF16)) {
 *   Tensor loss = criterion.of(model.call(x), y);
 *   loss.backward();
 * }
 * }</pre>
 *
 * <p>The products of a backward pass have the types of the forward pass; for {@link
 * Precision#TF32}, which is no type, they must be in a stretch too. FLOAT64 and integers are left
 * alone. Every device gives the roundings of these types, also one that is no faster for it.
 *
 * <p>A parameter that several products read is converted once: the converted one is kept until the
 * stretch ends, a backward pass, an optimizer's step or {@link Tensor#copyFrom}. Code that changes
 * parameters in other ways inside a stretch calls {@link #clearCache} then.
 */
public final class Autocast implements AutoCloseable {
  private static final ThreadLocal<Autocast> INNERMOST = new ThreadLocal<>();

  private final Precision precision;
  private final Autocast before;
  private final Map<Tensor, Tensor> converted = new IdentityHashMap<>();
  private boolean closed;

  private Autocast(Precision precision) {
    this.precision = precision;
    before = INNERMOST.get();
    INNERMOST.set(this);
    Tf32.allow(precision == Precision.TF32);
  }

  /**
   * Starts a stretch; stretches may be nested, the innermost holds.
   *
   * @param precision what products compute in; {@link Precision#FP32} turns casting off
   * @return the guard to close
   */
  public static Autocast open(Precision precision) {
    return new Autocast(precision);
  }

  /**
   * Returns the precision of the innermost stretch on this thread.
   *
   * @return {@link Precision#FP32} outside any
   */
  public static Precision current() {
    Autocast innermost = INNERMOST.get();
    return innermost == null ? Precision.FP32 : innermost.precision;
  }

  /**
   * Converts an operand of a product to the 16-bit type of the innermost stretch on this thread.
   *
   * @param x a tensor of a floating type but FLOAT64
   * @return x in that type, with its way back to x's gradient; x itself if it has the type, or
   *     outside any stretch that has one
   */
  public static Tensor convert(Tensor x) {
    Autocast innermost = INNERMOST.get();
    DType to = current().storage().orElse(x.dtype());
    if (to == x.dtype()) {
      return x;
    }
    boolean parameter = x.requiresGrad() && x.isLeaf();
    return parameter ? innermost.convertOnce(x, to) : x.to(to);
  }

  private Tensor convertOnce(Tensor x, DType to) {
    Tensor kept = converted.get(x);
    if (kept != null && !kept.isReleased() && kept.requiresGrad() == NoGrad.isRecording()) {
      return kept;
    }
    Tensor y = x.to(to);
    converted.put(x, y);
    return y;
  }

  /** Forgets the parameters that were converted on this thread: their values have changed. */
  public static void clearCache() {
    for (Autocast a = INNERMOST.get(); a != null; a = a.before) {
      a.converted.clear();
    }
  }

  /** Goes back to the precision before. */
  @Override
  public void close() {
    if (!closed) {
      closed = true;
      converted.clear();
      INNERMOST.set(before);
      Tf32.allow(current() == Precision.TF32);
    }
  }
}
