package dev.kiln;

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
 */
public final class Autocast implements AutoCloseable {
  private static final ThreadLocal<Precision> CURRENT =
      ThreadLocal.withInitial(() -> Precision.FP32);

  private final Precision before;
  private boolean closed;

  private Autocast(Precision precision) {
    before = CURRENT.get();
    CURRENT.set(precision);
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
    return CURRENT.get();
  }

  /** Goes back to the precision before. */
  @Override
  public void close() {
    if (!closed) {
      closed = true;
      CURRENT.set(before);
    }
  }
}
