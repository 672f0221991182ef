package dev.kiln.nn;

import dev.kiln.KilnException;
import dev.kiln.Shape;
import dev.kiln.ShapeException;
import dev.kiln.Tensor;
import dev.kiln.autograd.NoGrad;
import dev.kiln.backend.Dist;
import java.util.Optional;

/**
 * First values of parameters, with PyTorch's formulas.
 *
 * <p>Every method fills a tensor in place, outside autograd, and returns it. Random numbers come
 * from the generator of the tensor's device, so the same seed gives the same values on every
 * device.
 */
public final class Init {
  private Init() {}

  /** Which side of a layer a kaiming initialisation keeps the variance of. */
  public enum FanMode {
    /** The forward pass. */
    FAN_IN,
    /** The backward pass. */
    FAN_OUT
  }

  /** The function after a layer, which decides the gain. */
  public enum Nonlinearity {
    /** None; gain 1. */
    LINEAR,
    /** Gain 1. */
    SIGMOID,
    /** Gain 5/3. */
    TANH,
    /** Gain sqrt(2). */
    RELU,
    /** Gain sqrt(2 / (1 + slope^2)). */
    LEAKY_RELU,
    /** Gain 3/4. */
    SELU
  }

  /**
   * The number of inputs and outputs of one unit of a layer.
   *
   * @param in inputs that each output depends on
   * @param out outputs that each input reaches
   */
  public record Fans(long in, long out) {}

  /**
   * Counts the fans of a weight [out, in, window ...].
   *
   * @throws ShapeException if the weight has less than 2 axes
   */
  public static Fans fans(Tensor weight) {
    Shape s = weight.shape();
    if (s.rank() < 2) {
      throw new ShapeException(
          "[init] "
              + weight.describe()
              + " has no fan in and fan out; weights are [out, in, ...] of rank 2 or more");
    }
    long window = 1;
    for (int i = 2; i < s.rank(); i++) {
      window *= s.dim(i);
    }
    return new Fans(s.dim(1) * window, s.dim(0) * window);
  }

  /**
   * Returns the factor that keeps the variance through a function.
   *
   * @param nonlinearity the function
   * @param slope the negative slope of LEAKY_RELU; ignored by others
   */
  public static double calculateGain(Nonlinearity nonlinearity, double slope) {
    return switch (nonlinearity) {
      case LINEAR, SIGMOID -> 1;
      case TANH -> 5.0 / 3;
      case RELU -> Math.sqrt(2);
      case LEAKY_RELU -> Math.sqrt(2 / (1 + slope * slope));
      case SELU -> 0.75;
    };
  }

  /** As {@link #calculateGain(Nonlinearity, double)}, with the slope 0.01. */
  public static double calculateGain(Nonlinearity nonlinearity) {
    return calculateGain(nonlinearity, 0.01);
  }

  /** Fills with numbers uniform in [low, high). */
  public static Tensor uniform(Tensor t, double low, double high) {
    return draw(t, Dist.UNIFORM, low, high);
  }

  /** Fills with normal numbers. */
  public static Tensor normal(Tensor t, double mean, double std) {
    if (!(std >= 0)) {
      throw new KilnException("[init] standard deviation " + std + " must be 0 or more");
    }
    return draw(t, Dist.NORMAL, mean, std);
  }

  private static Tensor draw(Tensor t, Dist dist, double a, double b) {
    return NoGrad.run(() -> t.device().generator().fill(t, dist, a, b));
  }

  /** Fills with one value. */
  public static Tensor constant(Tensor t, double value) {
    return NoGrad.run(() -> t.fill(value));
  }

  /** Fills with zeros. */
  public static Tensor zeros(Tensor t) {
    return constant(t, 0);
  }

  /** Fills with ones. */
  public static Tensor ones(Tensor t) {
    return constant(t, 1);
  }

  /** Fills uniformly so that variance is kept on average both ways; Glorot and Bengio 2010. */
  public static Tensor xavierUniform(Tensor weight, double gain) {
    double bound = Math.sqrt(3) * xavierStd(weight, gain);
    return uniform(weight, -bound, bound);
  }

  /** Fills normally so that variance is kept on average both ways; Glorot and Bengio 2010. */
  public static Tensor xavierNormal(Tensor weight, double gain) {
    return normal(weight, 0, xavierStd(weight, gain));
  }

  private static double xavierStd(Tensor weight, double gain) {
    Fans fans = fans(weight);
    return gain * Math.sqrt(2.0 / (fans.in() + fans.out()));
  }

  /**
   * Fills uniformly so that variance is kept one way; He et al. 2015.
   *
   * @param weight [out, in, ...]
   * @param slope the negative slope of LEAKY_RELU; ignored by others
   * @param mode which way
   * @param nonlinearity the function after the layer
   */
  public static Tensor kaimingUniform(
      Tensor weight, double slope, FanMode mode, Nonlinearity nonlinearity) {
    double bound = Math.sqrt(3) * kaimingStd(weight, slope, mode, nonlinearity);
    return uniform(weight, -bound, bound);
  }

  /** Fills uniformly for a ReLU after the layer, keeping the forward variance. */
  public static Tensor kaimingUniform(Tensor weight) {
    return kaimingUniform(weight, 0, FanMode.FAN_IN, Nonlinearity.RELU);
  }

  /** As {@link #kaimingUniform(Tensor, double, FanMode, Nonlinearity)}, with normal numbers. */
  public static Tensor kaimingNormal(
      Tensor weight, double slope, FanMode mode, Nonlinearity nonlinearity) {
    return normal(weight, 0, kaimingStd(weight, slope, mode, nonlinearity));
  }

  /** Fills normally for a ReLU after the layer, keeping the forward variance. */
  public static Tensor kaimingNormal(Tensor weight) {
    return kaimingNormal(weight, 0, FanMode.FAN_IN, Nonlinearity.RELU);
  }

  private static double kaimingStd(
      Tensor weight, double slope, FanMode mode, Nonlinearity nonlinearity) {
    Fans fans = fans(weight);
    long fan = mode == FanMode.FAN_IN ? fans.in() : fans.out();
    return calculateGain(nonlinearity, slope) / Math.sqrt(fan);
  }

  /**
   * Fills with normal numbers of a range, by rejection.
   *
   * @param t what to fill
   * @param mean of the whole normal distribution
   * @param std of the whole normal distribution, above 0
   * @param low the smallest value
   * @param high the largest value
   * @throws KilnException if the range is empty or lies more than 2 standard deviations off the
   *     mean
   */
  public static Tensor truncatedNormal(Tensor t, double mean, double std, double low, double high) {
    return HostInit.truncatedNormal(t, mean, std, low, high);
  }

  /** Fills with standard normal numbers scaled by std and limited to 2 standard deviations. */
  public static Tensor truncatedNormal(Tensor t, double std) {
    return truncatedNormal(t, 0, std, -2 * std, 2 * std);
  }

  /**
   * Fills with a random matrix of orthonormal rows or columns, whichever are fewer; Saxe et al.
   * 2013. Computed on the host in float64; the work grows with rows x columns x their smaller.
   *
   * @param weight [rows, ...], taken as a matrix of rows
   * @param gain factor on every element
   * @throws ShapeException if the weight has less than 2 axes
   */
  public static Tensor orthogonal(Tensor weight, double gain) {
    fans(weight);
    return HostInit.orthogonal(weight, gain);
  }

  /**
   * Fills as PyTorch's Linear and Conv layers do: weight, then bias, uniform in ±1/sqrt(fan in).
   */
  static void layerDefault(Tensor weight, Optional<Tensor> bias) {
    double bound = 1 / Math.sqrt(fans(weight).in());
    uniform(weight, -bound, bound);
    bias.ifPresent(b -> uniform(b, -bound, bound));
  }
}
