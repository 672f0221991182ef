package dev.kiln.nn;

import dev.kiln.KilnException;
import dev.kiln.backend.Pool2dSpec;
import java.util.Optional;

/**
 * The options that pooling layers share.
 *
 * @param <B> the builder's own type
 */
public abstract class PoolOptions<B extends PoolOptions<B>> {
  private final Size2 kernel;
  private Optional<Size2> stride = Optional.empty();
  private Size2 padding = Size2.of(0);
  boolean ceilMode;

  PoolOptions(Size2 kernel) {
    this.kernel = kernel;
  }

  abstract B self();

  /** Rows and columns between two windows; the kernel's size unless set. */
  public B stride(int both) {
    return stride(both, both);
  }

  /** Rows and columns between two windows; the kernel's size unless set. */
  public B stride(int h, int w) {
    stride = Optional.of(new Size2(h, w));
    return self();
  }

  /** Padding around the image, at most half the kernel; none unless set. */
  public B padding(int both) {
    return padding(both, both);
  }

  /** Padding above and below, and left and right, at most half the kernel; none unless set. */
  public B padding(int h, int w) {
    padding = new Size2(h, w);
    return self();
  }

  /** Whether a last, partial window counts; false unless set. */
  public B ceilMode(boolean wanted) {
    ceilMode = wanted;
    return self();
  }

  Pool2dSpec spec(String op, Size2 dilation, boolean countIncludePad) {
    Size2 s = stride.orElse(kernel);
    boolean fits = kernel.h() > 0 && kernel.w() > 0 && s.h() > 0 && s.w() > 0;
    if (!fits) {
      throw new KilnException(
          "[" + op + "] kernel " + kernel + " and stride " + s + " must be 1 or more");
    }
    return new Pool2dSpec(
        kernel.h(),
        kernel.w(),
        s.h(),
        s.w(),
        padding.h(),
        padding.w(),
        dilation.h(),
        dilation.w(),
        countIncludePad);
  }

  static String describe(Pool2dSpec s) {
    return "kernel_size="
        + new Size2(s.kernelH(), s.kernelW())
        + ", stride="
        + new Size2(s.strideH(), s.strideW())
        + ", padding="
        + new Size2(s.paddingH(), s.paddingW());
  }
}
