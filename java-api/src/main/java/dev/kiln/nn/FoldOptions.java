package dev.kiln.nn;

import dev.kiln.backend.Pool2dSpec;

/**
 * The options of {@link Fold} and {@link Unfold}: how a window moves over images. Where several
 * numbers are taken, one stands for both axes; else there are one for rows and one for columns.
 *
 * @param <B> the builder's own type
 */
public abstract class FoldOptions<B extends FoldOptions<B>> {
  private final String op;
  private final Extent kernel;
  private Extent stride = Extent.all(2, 1);
  private Extent padding = Extent.all(2, 0);
  private Extent dilation = Extent.all(2, 1);

  FoldOptions(String op, int... kernel) {
    this.op = op;
    this.kernel = Extent.of(op, "kernel", 2, kernel);
  }

  abstract B self();

  /** How far the windows are apart; 1 unless set. */
  public final B stride(int... sizes) {
    stride = Extent.of(op, "stride", 2, sizes);
    return self();
  }

  /** Zeros around the images; none unless set. */
  public final B padding(int... sizes) {
    padding = Extent.of(op, "padding", 2, sizes);
    return self();
  }

  /** Distance between two elements of a window; 1 unless set. */
  public final B dilation(int... sizes) {
    dilation = Extent.of(op, "dilation", 2, sizes);
    return self();
  }

  final Pool2dSpec spec() {
    kernel.atLeast(op, "kernel", 1);
    stride.atLeast(op, "stride", 1);
    padding.atLeast(op, "padding", 0);
    dilation.atLeast(op, "dilation", 1);
    return new Pool2dSpec(
        kernel.get(0),
        kernel.get(1),
        stride.get(0),
        stride.get(1),
        padding.get(0),
        padding.get(1),
        dilation.get(0),
        dilation.get(1),
        true);
  }

  final String describe() {
    return "kernel_size="
        + kernel
        + ", dilation="
        + dilation
        + ", padding="
        + padding
        + ", stride="
        + stride;
  }
}
