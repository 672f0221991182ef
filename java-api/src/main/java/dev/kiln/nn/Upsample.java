package dev.kiln.nn;

import dev.kiln.KilnException;
import dev.kiln.ShapeException;
import dev.kiln.Tensor;
import dev.kiln.ops.Pooling;
import dev.kiln.ops.Pooling3d;
import dev.kiln.ops.Resampling;
import java.util.Arrays;

/**
 * Resizes sequences [n, c, length], images [n, c, h, w] or volumes [n, c, depth, h, w], to a size
 * or by a factor.
 *
 * <pre>{@code
 * Upsample.builder().scaleFactor(2).build()
 * Upsample.builder().size(64, 48).mode(Upsample.Mode.BILINEAR).build()
 * }</pre>
 */
public final class Upsample extends Module {
  private final int[] size;
  private final double[] factor;
  private final Mode mode;
  private final boolean alignCorners;
  private final boolean recompute;

  /** How elements between elements are made. */
  public enum Mode {
    /** The element whose extent the point is in, counted from each element's start. */
    NEAREST(0, Resampling.Mode.NEAREST),
    /** The nearest element, counted from each element's middle. */
    NEAREST_EXACT(0, Resampling.Mode.NEAREST_EXACT),
    /** From the 2 neighbours; sequences only. */
    LINEAR(1, Resampling.Mode.BILINEAR),
    /** From the 2 neighbours along each axis; images only. */
    BILINEAR(2, Resampling.Mode.BILINEAR),
    /** From the 4 neighbours along each axis; images only. */
    BICUBIC(2, Resampling.Mode.BICUBIC),
    /** From the 2 neighbours along each axis; volumes only. */
    TRILINEAR(3, Resampling.Mode.BILINEAR),
    /** The mean of the part that each element of the output covers. */
    AREA(0, Resampling.Mode.NEAREST);

    private final int axes;
    private final Resampling.Mode sampling;

    Mode(int axes, Resampling.Mode sampling) {
      this.axes = axes;
      this.sampling = sampling;
    }
  }

  private Upsample(Builder b) {
    size = b.size;
    factor = b.factor;
    mode = b.mode;
    alignCorners = b.alignCorners;
    recompute = b.recompute;
    boolean one = size.length == 0 ^ factor.length == 0;
    if (!one
        || !Arrays.stream(size).allMatch(n -> n > 0)
        || !Arrays.stream(factor).allMatch(f -> f > 0)) {
      throw new KilnException(
          "[upsample] needs either a size or a scale factor, above 0, but has size "
              + Arrays.toString(size)
              + " and scale factor "
              + Arrays.toString(factor));
    }
    if (alignCorners
        && (mode == Mode.AREA
            || mode.sampling == Resampling.Mode.NEAREST
            || mode.sampling == Resampling.Mode.NEAREST_EXACT)) {
      throw new KilnException(
          "[upsample] corners can be aligned in the linear and cubic modes only, not in " + mode);
    }
    if (recompute && factor.length == 0) {
      throw new KilnException("[upsample] there is no scale factor to compute anew from a size");
    }
  }

  /** Starts a layer. */
  public static Builder builder() {
    return new Builder();
  }

  /** Collects the options of a layer: either a size or a scale factor must be set. */
  public static final class Builder {
    private int[] size = {};
    private double[] factor = {};
    private Mode mode = Mode.NEAREST;
    private boolean alignCorners;
    private boolean recompute;

    private Builder() {}

    /** The output's size: one number for all axes, or one for each. */
    public Builder size(int... sizes) {
      size = sizes.clone();
      return this;
    }

    /** How much larger the output is: one number for all axes, or one for each. */
    public Builder scaleFactor(double... factors) {
      factor = factors.clone();
      return this;
    }

    /** How elements between elements are made; NEAREST unless set. */
    public Builder mode(Mode wanted) {
      mode = wanted;
      return this;
    }

    /** Whether the outermost elements' middles stay in place, not their edges; false unless set. */
    public Builder alignCorners(boolean wanted) {
      alignCorners = wanted;
      return this;
    }

    /** Whether steps follow from the sizes, not from the scale factor; false unless set. */
    public Builder recomputeScaleFactor(boolean wanted) {
      recompute = wanted;
      return this;
    }

    /**
     * Makes the layer.
     *
     * @throws KilnException if there is not exactly one of size and scale factor, or the mode has
     *     no corners to align
     */
    public Upsample build() {
      return new Upsample(this);
    }
  }

  @Override
  public Tensor forward(Tensor x) {
    int axes = x.dim() - 2;
    int given = size.length + factor.length;
    if (axes < 1
        || axes > 3
        || (mode.axes != 0 && mode.axes != axes)
        || (given != 1 && given != axes)) {
      throw new ShapeException(
          "[upsample] input "
              + x.describe()
              + " must be [n, channels, ...] with "
              + (mode.axes == 0 ? "1 to 3 axes" : mode.axes + " axes, as mode " + mode + " has,")
              + " to resize, and "
              + (size.length == 0 ? Arrays.toString(factor) : Arrays.toString(size))
              + " one number or one for each of them");
    }
    int[] output = new int[axes];
    double[] steps = new double[axes];
    for (int i = 0; i < axes; i++) {
      long in = x.size(i + 2);
      if (size.length > 0) {
        output[i] = size[size.length == 1 ? 0 : i];
        steps[i] = (double) in / output[i];
      } else {
        double by = factor[factor.length == 1 ? 0 : i];
        output[i] = (int) Math.floor(in * by);
        steps[i] = recompute ? (double) in / output[i] : 1 / by;
      }
    }
    return mode == Mode.AREA
        ? area(x, output)
        : Resampling.interpolate(x, output, mode.sampling, alignCorners, steps);
  }

  private static Tensor area(Tensor x, int[] output) {
    return switch (output.length) {
      case 1 -> Pooling.adaptiveAvgPool1d(x, output[0]);
      case 2 -> Pooling.adaptiveAvgPool2d(x, output[0], output[1]);
      default -> Pooling3d.adaptiveAvgPool3d(x, output[0], output[1], output[2]);
    };
  }

  @Override
  protected String extraRepr() {
    return (size.length == 0
            ? "scale_factor=" + Arrays.toString(factor)
            : "size=" + Arrays.toString(size))
        + ", mode="
        + ConvNd.lower(mode)
        + (alignCorners ? ", align_corners=true" : "");
  }
}
