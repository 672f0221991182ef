package dev.kiln.nn;

import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.KilnException;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.ops.Products;
import java.util.Optional;

/**
 * A form of two vectors for each output: {@code y[k] = x1^T W[k] x2 + b[k]} for x1 [..., in1], x2
 * [..., in2] and y [..., out].
 *
 * <p>Parameters: {@code weight} [out, in1, in2] and {@code bias} [out], both at first uniform in
 * ±1/sqrt(in1), PyTorch's default.
 */
public final class Bilinear extends PairModule {
  private final long in1Features;
  private final long in2Features;
  private final long outFeatures;
  private final Tensor weight;
  private final Optional<Tensor> bias;

  /** Makes a layer with bias. */
  public Bilinear(long in1Features, long in2Features, long outFeatures) {
    this(in1Features, in2Features, outFeatures, true);
  }

  /**
   * Makes a layer.
   *
   * @param in1Features the size of the first input's last axis
   * @param in2Features the size of the second input's last axis
   * @param outFeatures the size of the output's last axis
   * @param bias whether there is one
   * @throws KilnException if a size is below 1
   */
  public Bilinear(long in1Features, long in2Features, long outFeatures, boolean bias) {
    if (in1Features < 1 || in2Features < 1 || outFeatures < 1) {
      throw new KilnException(
          "[bilinear] features "
              + in1Features
              + ", "
              + in2Features
              + " -> "
              + outFeatures
              + " must all be 1 or more");
    }
    this.in1Features = in1Features;
    this.in2Features = in2Features;
    this.outFeatures = outFeatures;
    Device device = Device.defaultDevice();
    Shape shape = Shape.of(outFeatures, in1Features, in2Features);
    weight = parameter("weight", Tensor.empty(shape, DType.FLOAT32, device));
    this.bias =
        bias
            ? Optional.of(
                parameter("bias", Tensor.empty(Shape.of(outFeatures), DType.FLOAT32, device)))
            : Optional.empty();
    double bound = 1 / Math.sqrt(in1Features);
    Init.uniform(weight, -bound, bound);
    this.bias.ifPresent(b -> Init.uniform(b, -bound, bound));
  }

  /** Returns the weight, [out, in1, in2]. */
  public Tensor weight() {
    return weight;
  }

  /** Returns the bias, [out], if there is one. */
  public Optional<Tensor> bias() {
    return bias;
  }

  @Override
  Tensor forward(Tensor x1, Tensor x2) {
    return Products.bilinear(x1, x2, weight, bias);
  }

  @Override
  protected long multiplyAdds(Shape input, Shape output) {
    return output.numel() * in1Features * (in2Features + 1);
  }

  @Override
  protected String extraRepr() {
    return "in1_features="
        + in1Features
        + ", in2_features="
        + in2Features
        + ", out_features="
        + outFeatures
        + ", bias="
        + bias.isPresent();
  }
}
