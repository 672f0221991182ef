package dev.kiln.ops;

import dev.kiln.DType;
import dev.kiln.DTypeException;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.backend.Pool2dSpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Ops that put elements elsewhere, repeat them or blank them; all of them copy. */
public final class Rearranging {
  private Rearranging() {}

  /**
   * Lays copies side by side.
   *
   * @param x the input
   * @param repeats how often along each axis; more numbers than axes add axes in front
   */
  public static Tensor repeat(Tensor x, long... repeats) {
    boolean fits = repeats.length >= x.dim() && Arrays.stream(repeats).allMatch(n -> n >= 0);
    ShapeRules.require(
        fits,
        () ->
            "[repeat] "
                + Arrays.toString(repeats)
                + " must hold a number of 0 or more for each axis of "
                + x.describe());
    Tensor y = x;
    while (y.dim() < repeats.length) {
      y = y.unsqueeze(0);
    }
    for (int a = 0; a < repeats.length; a++) {
      if (repeats[a] != 1) {
        Shape shape = y.shape();
        Shape many = shape.insert(a, repeats[a]);
        y =
            y.unsqueeze(a)
                .expand(many.dims())
                .reshape(shape.with(a, shape.dim(a) * repeats[a]).dims());
      }
    }
    return y == x ? x.copy() : y;
  }

  /** Reverses the order along some axes; along none if none is named. */
  public static Tensor flip(Tensor x, int... dims) {
    Tensor y = x;
    if (dims.length > 0 && x.dim() > 0) {
      for (int a : ShapeRules.axes("flip", x, dims)) {
        long n = x.size(a);
        long[] order = new long[Math.toIntExact(n)];
        Arrays.setAll(order, i -> n - 1 - i);
        y = y.indexSelect(a, Tensor.of(order, x.device()));
      }
    }
    return y == x ? x.copy() : y;
  }

  /**
   * Moves elements along axes; what leaves at one end comes in at the other.
   *
   * @param x the input
   * @param shifts how far, towards higher indices
   * @param dims the axis of each shift; none, with one shift, rolls the flattened input
   */
  public static Tensor roll(Tensor x, long[] shifts, int... dims) {
    if (dims.length == 0 && shifts.length == 1) {
      return roll(x.reshape(-1), shifts, 0).reshape(x.shape().dims());
    }
    ShapeRules.require(
        shifts.length == dims.length,
        () ->
            "[roll] shifts "
                + Arrays.toString(shifts)
                + " and axes "
                + Arrays.toString(dims)
                + " must be equally many");
    Tensor y = x;
    for (int i = 0; i < dims.length && x.dim() > 0; i++) {
      int a = ShapeRules.axis("roll", x, dims[i]);
      long n = x.size(a);
      long shift = n == 0 ? 0 : Math.floorMod(shifts[i], n);
      if (shift != 0) {
        y = Shaping.cat(List.of(y.narrow(a, n - shift, shift), y.narrow(a, 0, n - shift)), a);
      }
    }
    return y == x ? x.copy() : y;
  }

  /**
   * Keeps the lower triangle of each matrix and puts 0 elsewhere.
   *
   * @param x [..., rows, columns]
   * @param diagonal the last diagonal kept: 0 the main one, above 0 to the right of it
   */
  public static Tensor tril(Tensor x, long diagonal) {
    return x.where(below("tril", x, diagonal), zero(x));
  }

  /**
   * Keeps the upper triangle of each matrix and puts 0 elsewhere.
   *
   * @param x [..., rows, columns]
   * @param diagonal the first diagonal kept: 0 the main one, above 0 to the right of it
   */
  public static Tensor triu(Tensor x, long diagonal) {
    return Elementwise.where(below("triu", x, diagonal - 1), zero(x), x);
  }

  private static Tensor zero(Tensor x) {
    return Tensor.scalar(0, x.dtype(), x.device());
  }

  /** Marks the places on and below a diagonal, as BOOL. */
  static Tensor below(String op, Tensor x, long diagonal) {
    ShapeRules.require(
        x.dim() >= 2, () -> "[" + op + "] input " + x.describe() + " must be [..., rows, columns]");
    Tensor rows = Tensor.arange(x.size(-2), x.device()).unsqueeze(1);
    Tensor columns = Tensor.arange(x.size(-1), x.device());
    return columns.le(rows.add(diagonal));
  }

  /**
   * Turns channels into pixels. Shi et al. 2016.
   *
   * @param x [..., c * factor * factor, h, w]
   * @param factor how much larger images become
   * @return [..., c, h * factor, w * factor]
   */
  public static Tensor pixelShuffle(Tensor x, int factor) {
    long square = (long) factor * factor;
    ShapeRules.require(
        factor > 0 && x.dim() >= 3 && x.size(-3) % square == 0,
        () ->
            "[pixel_shuffle] input "
                + x.describe()
                + " must be [..., channels, h, w] with channels divisible by "
                + factor
                + " * "
                + factor);
    long c = x.size(-3) / square;
    long h = x.size(-2);
    long w = x.size(-1);
    long lead = x.numel() == 0 ? 0 : x.numel() / (c * square * h * w);
    Tensor y = x.reshape(lead, c, factor, factor, h, w).permute(0, 1, 4, 2, 5, 3);
    long[] dims = x.shape().dims();
    dims[dims.length - 3] = c;
    dims[dims.length - 2] = h * factor;
    dims[dims.length - 1] = w * factor;
    return y.reshape(dims);
  }

  /**
   * Turns pixels into channels, undoing {@link #pixelShuffle}.
   *
   * @param x [..., c, h * factor, w * factor]
   * @param factor how much smaller images become
   * @return [..., c * factor * factor, h, w]
   */
  public static Tensor pixelUnshuffle(Tensor x, int factor) {
    ShapeRules.require(
        factor > 0 && x.dim() >= 3 && x.size(-2) % factor == 0 && x.size(-1) % factor == 0,
        () ->
            "[pixel_unshuffle] input "
                + x.describe()
                + " must be [..., channels, h, w] with h and w divisible by "
                + factor);
    long[] dims = x.shape().dims();
    int last = dims.length - 1;
    long c = dims[last - 2];
    long h = dims[last - 1] / factor;
    long w = dims[last] / factor;
    long lead = 1;
    for (int i = 0; i < last - 2; i++) {
      lead *= dims[i];
    }
    dims[last - 2] = c * factor * factor;
    dims[last - 1] = h;
    dims[last] = w;
    return x.reshape(lead * c, h, factor, w, factor).permute(0, 2, 4, 1, 3).reshape(dims);
  }

  /**
   * Deals channels out: the first of each group, then the second of each. Zhang et al. 2018.
   *
   * @param x [n, c, ...]
   * @param groups divides c
   * @return of x's shape
   */
  public static Tensor channelShuffle(Tensor x, int groups) {
    ShapeRules.require(
        x.dim() >= 3 && groups > 0 && x.size(1) % groups == 0,
        () ->
            "[channel_shuffle] input "
                + x.describe()
                + " must be [n, channels, ...] with channels divisible by "
                + groups
                + " groups");
    long n = x.size(0);
    long each = x.size(1) / groups;
    long rest = x.numel() == 0 ? 0 : x.numel() / (n * x.size(1));
    return x.reshape(n, groups, each, rest).transpose(1, 2).reshape(x.shape().dims());
  }

  /** What {@link #pad} puts around a tensor. */
  public enum PadMode {
    /** A constant. */
    CONSTANT,
    /** The inside mirrored at the edge, which is not repeated. */
    REFLECT,
    /** The edge, repeated. */
    REPLICATE,
    /** The opposite side. */
    CIRCULAR
  }

  /**
   * Surrounds a tensor.
   *
   * @param x the input
   * @param mode what is put around it
   * @param value the constant, for that mode
   * @param pad amounts as PyTorch lists them: before and after the last axis, then the one before;
   *     negative ones cut off
   * @throws dev.kiln.ShapeException if there are more pairs than axes, or a mirror or the opposite
   *     side is shorter than the padding
   */
  public static Tensor pad(Tensor x, PadMode mode, double value, int... pad) {
    ShapeRules.require(
        pad.length % 2 == 0 && pad.length / 2 <= x.dim(),
        () ->
            "[pad] "
                + Arrays.toString(pad)
                + " must hold a pair for at most each of the "
                + x.dim()
                + " axes of "
                + x.describe());
    Tensor y = x;
    for (int i = 0; i < pad.length; i += 2) {
      int a = x.dim() - 1 - i / 2;
      y = crop(y, a, Math.min(pad[i], 0), Math.min(pad[i + 1], 0));
      int before = Math.max(pad[i], 0);
      int after = Math.max(pad[i + 1], 0);
      if (mode != PadMode.CONSTANT && before + after > 0) {
        y = y.indexSelect(a, Tensor.of(source(mode, y, a, before, after), x.device()));
      }
    }
    if (mode == PadMode.CONSTANT) {
      int[] grow = Arrays.stream(pad).map(p -> Math.max(p, 0)).toArray();
      return Shaping.padConstant(y, value, grow);
    }
    return y == x ? x.copy() : y;
  }

  private static Tensor crop(Tensor x, int axis, int before, int after) {
    long left = x.size(axis) + before + after;
    ShapeRules.require(
        left >= 0,
        () ->
            "[pad] "
                + before
                + " and "
                + after
                + " cut more than axis "
                + axis
                + " of "
                + x.describe());
    return before == 0 && after == 0 ? x : x.narrow(axis, -before, left);
  }

  /** Which index of an axis each index of the padded axis shows. */
  private static long[] source(PadMode mode, Tensor x, int axis, int before, int after) {
    long n = x.size(axis);
    long most = mode == PadMode.REFLECT ? n - 1 : mode == PadMode.CIRCULAR ? n : Long.MAX_VALUE;
    ShapeRules.require(
        n > 0 && before <= most && after <= most,
        () ->
            "[pad] axis "
                + axis
                + " of "
                + x.describe()
                + " is too short to be padded by "
                + before
                + " and "
                + after
                + " in mode "
                + mode);
    long[] from = new long[Math.toIntExact(before + n + after)];
    for (int i = 0; i < from.length; i++) {
      long at = (long) i - before;
      from[i] =
          switch (mode) {
            case REFLECT -> at < 0 ? -at : at >= n ? 2 * (n - 1) - at : at;
            case REPLICATE -> Math.max(0, Math.min(n - 1, at));
            default -> Math.floorMod(at, n);
          };
    }
    return from;
  }

  /** Replaces elements by a constant where a mask holds; x and mask broadcast. */
  public static Tensor maskedFill(Tensor x, Tensor mask, double value) {
    return maskedFill(x, mask, Tensor.scalar(value, x.dtype(), x.device()));
  }

  /** Replaces elements by a number of rank 0 where a mask holds; x and mask broadcast. */
  public static Tensor maskedFill(Tensor x, Tensor mask, Tensor value) {
    if (mask.dtype() != DType.BOOL) {
      throw new DTypeException(
          "[masked_fill] mask " + mask.describe() + " must be BOOL; compare it, as in ne(0)");
    }
    ShapeRules.rank("masked_fill", "value", value, 0, "a number");
    ShapeRules.broadcast("masked_fill", x, mask);
    return Elementwise.where(mask, value.to(x.dtype()), x);
  }

  /**
   * Cuts overlapping windows out of images and lays each as a column (im2col).
   *
   * @param x [n, c, h, w], or [c, h, w] for one image
   * @param spec the window
   * @return [n, c * kernelH * kernelW, windows]
   */
  public static Tensor unfold(Tensor x, Pool2dSpec spec) {
    if (x.dim() == 3) {
      return unfold(x.unsqueeze(0), spec).squeeze(0);
    }
    Shape windows = ShapeRules.windows("unfold", x, spec, false);
    Tensor padded =
        Shaping.padConstant(
            x, 0, spec.paddingW(), spec.paddingW(), spec.paddingH(), spec.paddingH());
    long oh = windows.dim(2);
    long ow = windows.dim(3);
    List<Tensor> offsets = new ArrayList<>();
    for (int i = 0; i < spec.kernelH(); i++) {
      for (int j = 0; j < spec.kernelW(); j++) {
        long top = (long) i * spec.dilationH();
        long left = (long) j * spec.dilationW();
        offsets.add(
            padded
                .slice(2, top, top + (oh - 1) * spec.strideH() + 1, spec.strideH())
                .slice(3, left, left + (ow - 1) * spec.strideW() + 1, spec.strideW()));
      }
    }
    long k = (long) spec.kernelH() * spec.kernelW();
    return Shaping.stack(offsets, 2).reshape(x.size(0), x.size(1) * k, oh * ow);
  }
}
