package dev.kiln.nn;

import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.KilnException;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.ops.Normalization;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * Divides each example by the root of its mean square over the last axes, then scales each element.
 * Zhang and Sennrich 2019.
 *
 * <p>Parameter: {@code weight} (at first 1), of the normalised shape.
 */
public final class RMSNorm extends Module {
  private final Shape normalizedShape;
  private final OptionalDouble eps;
  private final Optional<Tensor> weight;

  /**
   * Makes a layer with PyTorch's defaults: a weight, and the input type's machine epsilon as eps.
   *
   * @param normalizedShape the sizes of the last axes; at least one
   */
  public RMSNorm(long... normalizedShape) {
    this(Shape.of(normalizedShape), OptionalDouble.empty(), true);
  }

  /**
   * Makes a layer.
   *
   * @param normalizedShape the sizes of the last axes; at least one
   * @param eps added to the mean square; the machine epsilon of the input's type if empty
   * @param elementwiseAffine whether there is a weight
   * @throws KilnException if the normalised shape is empty
   */
  public RMSNorm(Shape normalizedShape, OptionalDouble eps, boolean elementwiseAffine) {
    if (normalizedShape.rank() == 0 || normalizedShape.numel() == 0) {
      throw new KilnException(
          "[rms_norm] normalised shape "
              + normalizedShape
              + " must have 1 or more axes, each of size 1 or more");
    }
    this.normalizedShape = normalizedShape;
    this.eps = eps;
    Device device = Device.defaultDevice();
    weight =
        elementwiseAffine
            ? Optional.of(parameter("weight", Tensor.ones(normalizedShape, DType.FLOAT32, device)))
            : Optional.empty();
  }

  @Override
  public Tensor forward(Tensor x) {
    return Normalization.rmsNorm(
        x, normalizedShape, weight, eps.orElseGet(() -> machineEpsilon(x.dtype())));
  }

  private static double machineEpsilon(DType dtype) {
    return switch (dtype) {
      case FLOAT64 -> 0x1p-52;
      case FLOAT16 -> 0x1p-10;
      case BFLOAT16 -> 0x1p-7;
      default -> 0x1p-23;
    };
  }

  @Override
  protected String extraRepr() {
    return normalizedShape
        + ", eps="
        + (eps.isPresent() ? String.valueOf(eps.getAsDouble()) : "none")
        + ", elementwise_affine="
        + weight.isPresent();
  }
}
