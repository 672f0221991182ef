package dev.kiln.ops;

import dev.kiln.KilnException;
import dev.kiln.Tensor;

/** Activation functions that are more than a function of one element; see {@link Elementwise}. */
public final class Activations {
  private Activations() {}

  /**
   * x above 0, {@code weight * x} elsewhere, with a learnt slope. He et al. 2015.
   *
   * @param x the input
   * @param weight [1], or one slope per channel (axis 1)
   * @return of x's shape
   * @throws dev.kiln.ShapeException if the number of slopes is neither 1 nor the channels'
   */
  public static Tensor prelu(Tensor x, Tensor weight) {
    if (Casts.lowers(x, weight)) {
      return prelu(Casts.lower(x), Casts.lower(weight));
    }
    Check.floating("prelu", "input", x);
    Check.sameType("prelu", "input", x, "weight", weight);
    long channels = x.dim() >= 2 ? x.size(1) : 1;
    ShapeRules.require(
        weight.dim() <= 1 && (weight.numel() == 1 || weight.numel() == channels),
        () ->
            "[prelu] weight "
                + weight.describe()
                + " must hold 1 slope or one for each of the "
                + channels
                + " channels of input "
                + x.describe());
    Tensor slope = weight;
    if (weight.numel() == 1) {
      slope = weight.reshape();
    } else {
      long[] dims = new long[x.dim()];
      java.util.Arrays.fill(dims, 1);
      dims[1] = channels;
      slope = weight.reshape(dims);
    }
    Tensor above = x.gt(0);
    // The slope learns nothing from what is above 0, not even NaN from an infinity there.
    return x.where(above, Elementwise.where(above, 0, x).mul(slope));
  }

  /**
   * Halves an axis and gates the first half by the second: {@code a * sigmoid(b)}. Dauphin et al.
   * 2016.
   *
   * @param x the input
   * @param dim the axis, of even size
   * @return of half the size along the axis
   */
  public static Tensor glu(Tensor x, int dim) {
    Check.floating("glu", "input", x);
    int a = ShapeRules.axis("glu", x, dim);
    ShapeRules.require(
        x.dim() > 0 && x.size(a) % 2 == 0,
        () -> "[glu] axis " + a + " of input " + x.describe() + " must have an even size");
    long half = x.size(a) / 2;
    return x.narrow(a, 0, half).mul(x.narrow(a, half, half).sigmoid());
  }

  /**
   * x outside -lambda .. lambda, 0 inside and at the limits.
   *
   * @param x the input
   * @param lambda the limit; PyTorch's default is 0.5
   * @return of x's shape
   */
  public static Tensor hardshrink(Tensor x, double lambda) {
    Check.floating("hardshrink", "input", x);
    Tensor inside = x.detach().abs().le(Elementwise.constant(x, lambda));
    return Elementwise.where(inside, Elementwise.constant(x, 0), x);
  }

  /**
   * x moved towards 0 by lambda, and 0 where it is no farther away.
   *
   * @param x the input
   * @param lambda how far, 0 or more; PyTorch's default is 0.5
   * @return of x's shape
   * @throws KilnException if lambda is below 0
   */
  public static Tensor softshrink(Tensor x, double lambda) {
    Check.floating("softshrink", "input", x);
    if (!(lambda >= 0)) {
      throw new KilnException("[softshrink] lambda " + lambda + " must be 0 or more");
    }
    return x.sub(x.clamp(-lambda, lambda));
  }

  /** {@code x - tanh(x)}. */
  public static Tensor tanhshrink(Tensor x) {
    Tensor tanh = x.tanh();
    return Elementwise.sub(Elementwise.as("tanhshrink", x, tanh.dtype()), tanh);
  }

  /**
   * x above a threshold, a constant elsewhere.
   *
   * @param x the input
   * @param threshold the threshold
   * @param value the constant
   * @return of x's shape
   */
  public static Tensor threshold(Tensor x, double threshold, double value) {
    Check.floating("threshold", "input", x);
    Tensor below = x.detach().le(Elementwise.constant(x, threshold));
    return Elementwise.where(below, Elementwise.constant(x, value), x);
  }

  /** Softmax of -x along an axis. */
  public static Tensor softmin(Tensor x, int dim) {
    return Softmax.softmax(Elementwise.mul(x, -1), dim);
  }
}
