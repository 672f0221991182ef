package dev.kiln.nn;

import dev.kiln.KilnException;

/**
 * The options that layers of convolution and transposed convolution share. Where several numbers
 * are taken, one stands for all axes; else there is one for each, in the order depth, height,
 * width.
 *
 * @param <B> the builder's own type
 */
public abstract class ConvOptions<B extends ConvOptions<B>> {
  final String op;
  final long in;
  final long out;
  final Extent kernel;
  Extent stride;
  Extent padding;
  Extent dilation;
  int groups = 1;
  boolean bias = true;

  ConvOptions(String op, int axes, long in, long out, int... kernel) {
    this.op = op;
    this.in = in;
    this.out = out;
    this.kernel = Extent.of(op, "kernel", axes, kernel);
    stride = Extent.all(axes, 1);
    padding = Extent.all(axes, 0);
    dilation = Extent.all(axes, 1);
  }

  abstract B self();

  final Extent extent(String what, int... given) {
    return Extent.of(op, what, kernel.axes(), given);
  }

  /** How far the windows are apart; 1 unless set. */
  public final B stride(int... sizes) {
    stride = extent("stride", sizes);
    return self();
  }

  /** Distance between two taps of the kernel; 1 unless set. */
  public final B dilation(int... sizes) {
    dilation = extent("dilation", sizes);
    return self();
  }

  /** Independent groups of channels; 1 unless set. */
  public final B groups(int count) {
    groups = count;
    return self();
  }

  /** Whether there is a bias; true unless set. */
  public final B bias(boolean wanted) {
    bias = wanted;
    return self();
  }

  void check() {
    require(
        in > 0 && out > 0, "channels " + in + " -> " + out + " must be 1 or more on both sides");
    kernel.atLeast(op, "kernel", 1);
    stride.atLeast(op, "stride", 1);
    dilation.atLeast(op, "dilation", 1);
    padding.atLeast(op, "padding", 0);
    require(
        groups > 0 && in % groups == 0 && out % groups == 0,
        "groups " + groups + " must divide the " + in + " input and " + out + " output channels");
  }

  final void require(boolean holds, String message) {
    if (!holds) {
      throw new KilnException("[" + op + "] " + message);
    }
  }
}
