package dev.kiln.nn;

import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.KilnException;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.ops.Normalization;
import java.util.Optional;

/**
 * Normalises each example over its last axes, then scales and shifts each element. Ba et al. 2016.
 *
 * <p>Parameters: {@code weight} (at first 1) and {@code bias} (at first 0), both of the normalised
 * shape.
 */
public final class LayerNorm extends Module {
  private final Shape normalizedShape;
  private final double eps;
  private final Optional<Tensor> weight;
  private final Optional<Tensor> bias;

  /**
   * Makes a layer with PyTorch's defaults: eps 1e-5, weight and bias.
   *
   * @param normalizedShape the sizes of the last axes; at least one
   */
  public LayerNorm(long... normalizedShape) {
    this(builder(normalizedShape));
  }

  private LayerNorm(Builder b) {
    normalizedShape = b.shape;
    eps = b.eps;
    if (normalizedShape.rank() == 0 || normalizedShape.numel() == 0) {
      throw new KilnException(
          "[layer_norm] normalised shape "
              + normalizedShape
              + " must have 1 or more axes, each of size 1 or more");
    }
    Device device = Device.defaultDevice();
    weight =
        b.affine
            ? Optional.of(parameter("weight", Tensor.ones(normalizedShape, DType.FLOAT32, device)))
            : Optional.empty();
    bias =
        b.affine && b.bias
            ? Optional.of(parameter("bias", Tensor.zeros(normalizedShape, DType.FLOAT32, device)))
            : Optional.empty();
  }

  /** Starts a layer. */
  public static Builder builder(long... normalizedShape) {
    return new Builder(Shape.of(normalizedShape));
  }

  /** Collects the options of a layer. */
  public static final class Builder {
    private final Shape shape;
    private double eps = 1e-5;
    private boolean affine = true;
    private boolean bias = true;

    private Builder(Shape shape) {
      this.shape = shape;
    }

    /** What is added to the variance; 1e-5 unless set. */
    public Builder eps(double value) {
      eps = value;
      return this;
    }

    /** Whether there are weight and bias; true unless set. */
    public Builder elementwiseAffine(boolean wanted) {
      affine = wanted;
      return this;
    }

    /** Whether there is a bias beside the weight; true unless set. */
    public Builder bias(boolean wanted) {
      bias = wanted;
      return this;
    }

    /**
     * Makes the layer.
     *
     * @throws KilnException if the normalised shape is empty
     */
    public LayerNorm build() {
      return new LayerNorm(this);
    }
  }

  /** Returns the scale of each element, if there is one. */
  Optional<Tensor> weight() {
    return weight;
  }

  /** Returns the shift of each element, if there is one. */
  Optional<Tensor> bias() {
    return bias;
  }

  /** Normalises without scaling and shifting. */
  Tensor normalize(Tensor x) {
    return Normalization.layerNorm(x, normalizedShape, Optional.empty(), Optional.empty(), eps);
  }

  @Override
  public Tensor forward(Tensor x) {
    return Normalization.layerNorm(x, normalizedShape, weight, bias, eps);
  }

  @Override
  protected String extraRepr() {
    return normalizedShape + ", eps=" + eps + ", elementwise_affine=" + weight.isPresent();
  }
}
