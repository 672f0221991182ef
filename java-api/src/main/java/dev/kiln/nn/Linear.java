package dev.kiln.nn;

import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.KilnException;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.ops.Products;
import java.util.Optional;

/**
 * A fully connected layer: {@code y = x W^T + b} for x [..., in] and y [..., out].
 *
 * <p>Parameters: {@code weight} [out, in] and {@code bias} [out], both at first uniform in
 * ±1/sqrt(in), PyTorch's default.
 */
public final class Linear extends Module {
  private final long inFeatures;
  private final long outFeatures;
  private final Tensor weight;
  private final Optional<Tensor> bias;

  /** Makes a layer with bias. */
  public Linear(long inFeatures, long outFeatures) {
    this(inFeatures, outFeatures, true);
  }

  /**
   * Makes a layer.
   *
   * @param inFeatures the size of the input's last axis
   * @param outFeatures the size of the output's last axis
   * @param bias whether there is one
   * @throws KilnException if a size is below 1
   */
  public Linear(long inFeatures, long outFeatures, boolean bias) {
    if (inFeatures < 1 || outFeatures < 1) {
      throw new KilnException(
          "[linear] features "
              + inFeatures
              + " -> "
              + outFeatures
              + " must be 1 or more on both sides");
    }
    this.inFeatures = inFeatures;
    this.outFeatures = outFeatures;
    Device device = Device.defaultDevice();
    weight =
        parameter("weight", Tensor.empty(Shape.of(outFeatures, inFeatures), DType.FLOAT32, device));
    this.bias =
        bias
            ? Optional.of(
                parameter("bias", Tensor.empty(Shape.of(outFeatures), DType.FLOAT32, device)))
            : Optional.empty();
    Init.layerDefault(weight, this.bias);
  }

  /** Returns the weight, [out, in]. */
  public Tensor weight() {
    return current(weight);
  }

  /** Returns the bias, [out], if there is one. */
  public Optional<Tensor> bias() {
    return bias;
  }

  @Override
  public Tensor forward(Tensor x) {
    return Products.linear(x, weight(), bias);
  }

  @Override
  protected long multiplyAdds(Shape input, Shape output) {
    return output.numel() * inFeatures;
  }

  @Override
  protected String extraRepr() {
    return "in_features="
        + inFeatures
        + ", out_features="
        + outFeatures
        + ", bias="
        + bias.isPresent();
  }
}
