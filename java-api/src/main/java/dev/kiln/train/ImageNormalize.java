package dev.kiln.train;

import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.KilnException;
import dev.kiln.Scope;
import dev.kiln.Shape;
import dev.kiln.ShapeException;
import dev.kiln.Tensor;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * Turns batches of images into {@code (x - mean) / std} as FLOAT32, on their device.
 *
 * <p>Bytes are first divided by 255, so mean and deviation are on the scale 0 to 1. Inputs are
 * [N,C,H,W] with one mean and one deviation per channel.
 */
public final class ImageNormalize implements UnaryOperator<Tensor> {
  private final float[] mean;
  private final float[] std;
  private Optional<Constants> constants = Optional.empty();

  /** Scale and shift of each channel; shaped [1,C,1,1]. */
  private record Constants(Device device, boolean bytes, Tensor scale, Tensor shift) {}

  private ImageNormalize(float[] mean, float[] std) {
    this.mean = mean;
    this.std = std;
  }

  /**
   * Makes the transform.
   *
   * @param mean one per channel
   * @param std one per channel, positive
   * @return the transform
   * @throws KilnException if they differ in number or a deviation is not positive
   */
  public static ImageNormalize of(float[] mean, float[] std) {
    if (mean.length != std.length) {
      throw new KilnException(
          "[image_normalize] %d means but %d standard deviations; give one of each per channel"
              .formatted(mean.length, std.length));
    }
    for (float s : std) {
      if (!(s > 0)) {
        throw new KilnException("[image_normalize] standard deviation " + s + " is not positive");
      }
    }
    return new ImageNormalize(mean.clone(), std.clone());
  }

  @Override
  public Tensor apply(Tensor x) {
    if (x.dim() != 4 || x.size(1) != mean.length) {
      throw new ShapeException(
          "[image_normalize] input %s must be [N,%d,H,W], one channel per mean"
              .formatted(x.describe(), mean.length));
    }
    boolean bytes = x.dtype() == DType.UINT8;
    Constants c = constants.orElse(null);
    if (c == null || !c.device.equals(x.device()) || c.bytes != bytes) {
      c = make(x.device(), bytes);
      constants = Optional.of(c);
    }
    return x.to(DType.FLOAT32).mul(c.scale).add(c.shift);
  }

  private Constants make(Device device, boolean bytes) {
    float[] scale = new float[mean.length];
    float[] shift = new float[mean.length];
    for (int i = 0; i < mean.length; i++) {
      scale[i] = (float) (1.0 / (std[i] * (bytes ? 255.0 : 1.0)));
      shift[i] = (float) (-(double) mean[i] / std[i]);
    }
    Shape shape = Shape.of(1, mean.length, 1, 1);
    return Scope.outside(
        () ->
            new Constants(
                device, bytes, Tensor.of(scale, shape, device), Tensor.of(shift, shape, device)));
  }
}
