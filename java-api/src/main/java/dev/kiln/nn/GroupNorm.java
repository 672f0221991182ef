package dev.kiln.nn;

import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.KilnException;
import dev.kiln.Shape;
import dev.kiln.ShapeException;
import dev.kiln.Tensor;
import dev.kiln.ops.Normalization;
import java.util.Optional;

/**
 * Normalises each group of channels of each example [n, channels, ...]. Wu and He 2018.
 *
 * <p>Parameters: {@code weight} (at first 1) and {@code bias} (at first 0), both [channels].
 */
public final class GroupNorm extends Module {
  private final int groups;
  private final long channels;
  private final double eps;
  private final Optional<Tensor> weight;
  private final Optional<Tensor> bias;

  /** Makes a layer with PyTorch's defaults: eps 1e-5, weight and bias. */
  public GroupNorm(int groups, long channels) {
    this(groups, channels, 1e-5, true);
  }

  /**
   * Makes a layer.
   *
   * @param groups divides the channels
   * @param channels of the input
   * @param eps added to the variance
   * @param affine whether there are weight and bias
   * @throws KilnException if the groups do not divide the channels
   */
  public GroupNorm(int groups, long channels, double eps, boolean affine) {
    if (groups < 1 || channels < 1 || channels % groups != 0) {
      throw new KilnException(
          "[group_norm] groups " + groups + " must divide the " + channels + " channels");
    }
    this.groups = groups;
    this.channels = channels;
    this.eps = eps;
    Device device = Device.defaultDevice();
    Shape shape = Shape.of(channels);
    weight =
        affine
            ? Optional.of(parameter("weight", Tensor.ones(shape, DType.FLOAT32, device)))
            : Optional.empty();
    bias =
        affine
            ? Optional.of(parameter("bias", Tensor.zeros(shape, DType.FLOAT32, device)))
            : Optional.empty();
  }

  @Override
  public Tensor forward(Tensor x) {
    if (x.dim() < 2 || x.size(1) != channels) {
      throw new ShapeException(
          "[group_norm] input " + x.describe() + " must be [n, " + channels + ", ...]");
    }
    return Normalization.groupNorm(x, groups, weight, bias, eps);
  }

  @Override
  protected String extraRepr() {
    return groups + ", " + channels + ", eps=" + eps + ", affine=" + weight.isPresent();
  }
}
