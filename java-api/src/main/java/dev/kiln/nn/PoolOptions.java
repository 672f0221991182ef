package dev.kiln.nn;

import java.util.Optional;

/**
 * The options that pooling layers share. Where several numbers are taken, one stands for all axes;
 * else there is one for each, in the order depth, height, width.
 *
 * @param <B> the builder's own type
 */
public abstract class PoolOptions<B extends PoolOptions<B>> {
  final String op;
  private final Extent kernel;
  private Optional<Extent> stride = Optional.empty();
  private Extent padding;
  private boolean ceilMode;

  PoolOptions(String op, int axes, int... kernel) {
    this.op = op;
    this.kernel = Extent.of(op, "kernel", axes, kernel);
    padding = Extent.all(axes, 0);
  }

  abstract B self();

  final Extent extent(String what, int... given) {
    return Extent.of(op, what, kernel.axes(), given);
  }

  /** How far the windows are apart; the kernel's size unless set. */
  public final B stride(int... sizes) {
    stride = Optional.of(extent("stride", sizes));
    return self();
  }

  /** Padding on both sides, at most half the kernel; none unless set. */
  public final B padding(int... sizes) {
    padding = extent("padding", sizes);
    return self();
  }

  /** Whether a last, partial window counts; false unless set. */
  public final B ceilMode(boolean wanted) {
    ceilMode = wanted;
    return self();
  }

  /** Returns the window, once its sizes are known to be right. */
  final PoolWindow window() {
    return new PoolWindow(op, kernel, stride.orElse(kernel), padding, ceilMode);
  }
}
