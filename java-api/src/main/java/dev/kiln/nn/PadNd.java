package dev.kiln.nn;

import dev.kiln.ShapeException;
import dev.kiln.Tensor;
import dev.kiln.ops.Rearranging;
import dev.kiln.ops.Rearranging.PadMode;

/** What the layers that surround their input share. */
public abstract class PadNd extends Module {
  private final String op;
  private final int axes;
  private final PadMode mode;
  private final double value;
  private final Extent sides;

  PadNd(String op, int axes, PadMode mode, double value, int... padding) {
    this.op = op;
    this.axes = axes;
    this.mode = mode;
    this.value = value;
    sides = Extent.of(op, "padding", 2 * axes, padding);
  }

  @Override
  public final Tensor forward(Tensor x) {
    if (mode != PadMode.CONSTANT) {
      Images.single(op, x, axes);
    } else if (x.dim() < axes) {
      throw new ShapeException(
          "[" + op + "] input " + x.describe() + " must have at least " + axes + " axes");
    }
    return Rearranging.pad(x, mode, value, sides.array());
  }

  @Override
  protected String extraRepr() {
    return sides.toString();
  }
}
