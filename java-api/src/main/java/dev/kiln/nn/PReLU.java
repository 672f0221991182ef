package dev.kiln.nn;

import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.KilnException;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.ops.Activations;

/**
 * x above 0, a learnt multiple of x below. He et al. 2015.
 *
 * <p>Parameter: {@code weight}, one slope or one for each channel (axis 1), at first 0.25.
 */
public final class PReLU extends Module {
  private final Tensor weight;

  /** Takes PyTorch's defaults: one slope, 0.25 at first. */
  public PReLU() {
    this(1, 0.25);
  }

  /**
   * Makes the layer.
   *
   * @param numParameters 1, or the number of channels
   * @param init the first slope
   * @throws KilnException if there is no slope
   */
  public PReLU(long numParameters, double init) {
    if (numParameters < 1) {
      throw new KilnException("[prelu] slopes " + numParameters + " must be 1 or more");
    }
    weight =
        parameter(
            "weight",
            Tensor.full(Shape.of(numParameters), init, DType.FLOAT32, Device.defaultDevice()));
  }

  /** Returns the slopes, [1] or [channels]. */
  public Tensor weight() {
    return weight;
  }

  @Override
  public Tensor forward(Tensor x) {
    return Activations.prelu(x, weight);
  }

  @Override
  protected String extraRepr() {
    return "num_parameters=" + weight.numel();
  }
}
