package dev.kiln.ops;

import dev.kiln.Shape;
import dev.kiln.ShapeException;
import dev.kiln.Tensor;
import dev.kiln.backend.Conv2dSpec;
import dev.kiln.backend.Pool2dSpec;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * The shape rules of all ops and their messages, in one place, so that every device says the same.
 */
final class ShapeRules {
  private ShapeRules() {}

  /** Demands a rule. */
  static void require(boolean holds, String message) {
    if (!holds) {
      throw new ShapeException(message);
    }
  }

  /** Demands a rule whose message is made only where it is broken: ops are too many to make all. */
  static void require(boolean holds, Supplier<String> message) {
    if (!holds) {
      throw new ShapeException(message.get());
    }
  }

  /** Returns the shape two shapes broadcast to (NumPy's rule). */
  static Shape broadcast(String op, Tensor a, Tensor b) {
    return a.shape().equals(b.shape())
        ? a.shape()
        : broadcast(op, a.shape(), b.shape(), a.describe(), b.describe());
  }

  static Shape broadcast(String op, Shape a, Shape b, String nameA, String nameB) {
    if (a.equals(b)) {
      return a;
    }
    int rank = Math.max(a.rank(), b.rank());
    long[] dims = new long[rank];
    for (int i = 1; i <= rank; i++) {
      long x = i <= a.rank() ? a.dim(-i) : 1;
      long y = i <= b.rank() ? b.dim(-i) : 1;
      if (x != y && x != 1 && y != 1) {
        throw new ShapeException(
            "["
                + op
                + "] "
                + nameA
                + " and "
                + nameB
                + " do not broadcast: sizes "
                + x
                + " and "
                + y
                + " at axis "
                + -i
                + " differ and neither is 1");
      }
      dims[rank - i] = x == 1 ? y : x;
    }
    return Shape.of(dims);
  }

  /** Demands that a tensor broadcasts to a shape. */
  static void expandable(String op, Tensor x, Shape to) {
    boolean ok = x.dim() <= to.rank();
    for (int i = 1; ok && i <= x.dim(); i++) {
      ok = x.size(-i) == 1 || x.size(-i) == to.dim(-i);
    }
    require(
        ok,
        () ->
            "["
                + op
                + "] "
                + x.describe()
                + " cannot be expanded to "
                + to
                + "; only axes of size 1 can grow");
  }

  /** Resolves a -1 in a new shape. */
  static Shape reshape(Tensor x, long... dims) {
    long known = 1;
    int open = -1;
    for (int i = 0; i < dims.length; i++) {
      if (dims[i] == -1) {
        require(
            open < 0,
            () -> "[reshape] " + Arrays.toString(dims) + " has two -1; one size can be open");
        open = i;
      } else {
        require(dims[i] >= 0, () -> "[reshape] " + Arrays.toString(dims) + " has a negative size");
        known *= dims[i];
      }
    }
    long[] d = dims.clone();
    if (open >= 0) {
      require(
          known != 0 && x.numel() % known == 0,
          () ->
              "["
                  + "reshape] "
                  + x.describe()
                  + " of "
                  + x.numel()
                  + " elements does not divide into "
                  + Arrays.toString(dims));
      d[open] = x.numel() / known;
    }
    Shape to = Shape.of(d);
    require(
        to.numel() == x.numel(),
        () ->
            "[reshape] "
                + x.describe()
                + " has "
                + x.numel()
                + " elements but "
                + to
                + " needs "
                + to.numel());
    return to;
  }

  /** Demands a range inside an axis. */
  static void range(String op, Tensor x, int dim, long start, long length) {
    require(
        start >= 0 && length >= 0 && start + length <= x.size(dim),
        () ->
            "["
                + op
                + "] "
                + start
                + " to "
                + (start + length)
                + " is outside axis "
                + dim
                + " of "
                + x.describe());
  }

  /** Turns named axes into distinct ascending ones; none named means all; a scalar has none. */
  static int[] axes(String op, Tensor x, int[] dims) {
    if (dims.length == 0) {
      int[] all = new int[x.dim()];
      Arrays.setAll(all, i -> i);
      return all;
    }
    int[] axes = new int[dims.length];
    Arrays.setAll(axes, i -> axis(op, x, dims[i]));
    if (x.dim() == 0) {
      return new int[0];
    }
    Arrays.sort(axes);
    for (int i = 1; i < axes.length; i++) {
      require(
          axes[i] != axes[i - 1],
          "[" + op + "] axis " + axes[i] + " of " + x.describe() + " is named twice");
    }
    return axes;
  }

  /** Resolves one axis, in the name of an op; a scalar has the axis 0 or -1, as in PyTorch. */
  static int axis(String op, Tensor x, int dim) {
    int rank = Math.max(1, x.dim());
    int a = dim < 0 ? dim + rank : dim;
    require(
        a >= 0 && a < rank,
        () ->
            "["
                + op
                + "] axis "
                + dim
                + " is outside "
                + x.describe()
                + "; valid are "
                + -rank
                + " to "
                + (rank - 1));
    return a;
  }

  /** Demands an exact rank. */
  static void rank(String op, String role, Tensor x, int rank, String layout) {
    require(
        x.dim() == rank,
        () ->
            "["
                + op
                + "] "
                + role
                + " "
                + x.describe()
                + " has rank "
                + x.dim()
                + " but "
                + layout
                + " is expected");
  }

  /** Demands a vector of a given length. */
  static void vector(String op, String role, Tensor x, long length, String why) {
    require(
        x.dim() == 1 && x.size(0) == length,
        () ->
            "["
                + op
                + "] "
                + role
                + " "
                + x.describe()
                + " must be ["
                + length
                + "], one value for each "
                + why);
  }

  /** Output shape of a 2-d convolution. */
  static Shape conv2d(Tensor x, Tensor w, Optional<Tensor> bias, Conv2dSpec s) {
    rank("conv2d", "input", x, 4, "NCHW");
    rank("conv2d", "weight", w, 4, "OIHW");
    positive("conv2d", "stride", s.strideH(), s.strideW());
    positive("conv2d", "dilation", s.dilationH(), s.dilationW());
    notNegative("conv2d", s.paddingH(), s.paddingW());
    long in = x.size(1);
    long out = w.size(0);
    require(
        s.groups() >= 1 && in % s.groups() == 0 && out % s.groups() == 0,
        () ->
            "[conv2d] groups "
                + s.groups()
                + " must divide the "
                + in
                + " input and "
                + out
                + " output channels");
    require(
        w.size(1) == in / s.groups(),
        () ->
            "[conv2d] input "
                + x.describe()
                + " has "
                + in
                + " channels but weight "
                + w.describe()
                + " expects "
                + w.size(1) * s.groups()
                + " (NCHW, weight OIHW"
                + (s.groups() == 1 ? ")" : ", " + s.groups() + " groups)"));
    bias.ifPresent(b -> vector("conv2d", "bias", b, out, "output channel"));
    return Shape.of(
        x.size(0),
        out,
        window(
            "conv2d",
            x,
            2,
            w.size(2),
            s.strideH(),
            s.paddingH(),
            s.paddingH(),
            s.dilationH(),
            false),
        window(
            "conv2d",
            x,
            3,
            w.size(3),
            s.strideW(),
            s.paddingW(),
            s.paddingW(),
            s.dilationW(),
            false));
  }

  /** Output shape of a transposed 2-d convolution. */
  static Shape convTranspose2d(
      Tensor x, Tensor w, Optional<Tensor> bias, Conv2dSpec s, int outputH, int outputW) {
    String op = "conv_transpose2d";
    rank(op, "input", x, 4, "NCHW");
    rank(op, "weight", w, 4, "[in, out / groups, kh, kw]");
    positive(op, "stride", s.strideH(), s.strideW());
    positive(op, "dilation", s.dilationH(), s.dilationW());
    notNegative(op, s.paddingH(), s.paddingW());
    require(
        w.size(0) == x.size(1) && s.groups() >= 1 && x.size(1) % s.groups() == 0,
        () ->
            "["
                + op
                + "] input "
                + x.describe()
                + " and weight "
                + w.describe()
                + " must have equally many input channels, divisible by "
                + s.groups()
                + " groups (NCHW, weight IOHW)");
    require(
        outputH >= 0
            && outputW >= 0
            && outputH < Math.max(s.strideH(), s.dilationH())
            && outputW < Math.max(s.strideW(), s.dilationW()),
        () ->
            "["
                + op
                + "] output padding ("
                + outputH
                + ", "
                + outputW
                + ") must be smaller than the stride or the dilation");
    long out = w.size(1) * s.groups();
    bias.ifPresent(b -> vector(op, "bias", b, out, "output channel"));
    long h =
        (x.size(2) - 1) * s.strideH()
            - 2L * s.paddingH()
            + s.dilationH() * (w.size(2) - 1)
            + outputH
            + 1;
    long wide =
        (x.size(3) - 1) * s.strideW()
            - 2L * s.paddingW()
            + s.dilationW() * (w.size(3) - 1)
            + outputW
            + 1;
    require(
        h > 0 && wide > 0,
        () -> "[" + op + "] the output would be " + h + " x " + wide + "; reduce the padding");
    return Shape.of(x.size(0), out, h, wide);
  }

  /** Output shape of 2-d pooling. */
  static Shape pool2d(String op, Tensor x, Pool2dSpec s, boolean ceilMode) {
    rank(op, "input", x, 4, "NCHW");
    positive(op, "kernel", s.kernelH(), s.kernelW());
    require(
        s.paddingH() <= s.kernelH() / 2 && s.paddingW() <= s.kernelW() / 2,
        () ->
            "["
                + op
                + "] padding ("
                + s.paddingH()
                + ", "
                + s.paddingW()
                + ") may be at most half the kernel ("
                + s.kernelH()
                + ", "
                + s.kernelW()
                + ")");
    return windows(op, x, s, ceilMode);
  }

  /** How many windows fit an image, as [n, c, oh, ow]. */
  static Shape windows(String op, Tensor x, Pool2dSpec s, boolean ceilMode) {
    rank(op, "input", x, 4, "NCHW");
    positive(op, "kernel", s.kernelH(), s.kernelW());
    positive(op, "stride", s.strideH(), s.strideW());
    positive(op, "dilation", s.dilationH(), s.dilationW());
    notNegative(op, s.paddingH(), s.paddingW());
    return Shape.of(
        x.size(0),
        x.size(1),
        window(
            op,
            x,
            2,
            s.kernelH(),
            s.strideH(),
            s.paddingH(),
            s.paddingH(),
            s.dilationH(),
            ceilMode),
        window(
            op,
            x,
            3,
            s.kernelW(),
            s.strideW(),
            s.paddingW(),
            s.paddingW(),
            s.dilationW(),
            ceilMode));
  }

  private static long window(
      String op,
      Tensor x,
      int axis,
      long kernel,
      int stride,
      int before,
      int after,
      int dilation,
      boolean ceil) {
    long size = x.size(axis);
    long span = dilation * (kernel - 1) + 1;
    long room = size + before + after - span + (ceil ? stride - 1 : 0);
    long n = Math.floorDiv(room, stride) + 1;
    // PyTorch's rule: the last window must start inside the input or its left padding.
    long windows = ceil && (n - 1) * stride >= size + before ? n - 1 : n;
    require(
        windows >= 1 && kernel > 0,
        () ->
            "["
                + op
                + "] a window of "
                + span
                + " does not fit axis "
                + axis
                + " of input "
                + x.describe()
                + " padded to "
                + (size + before + after)
                + "; enlarge the input or the padding");
    return windows;
  }

  private static void positive(String op, String what, int h, int w) {
    require(
        h > 0 && w > 0, () -> "[" + op + "] " + what + " (" + h + ", " + w + ") must be 1 or more");
  }

  private static void notNegative(String op, int h, int w) {
    require(
        h >= 0 && w >= 0, () -> "[" + op + "] padding (" + h + ", " + w + ") must be 0 or more");
  }

  /** Demands equal shapes, as most losses do. */
  static void same(String op, String roleA, Tensor a, String roleB, Tensor b) {
    require(
        a.shape().equals(b.shape()),
        () ->
            "["
                + op
                + "] "
                + roleA
                + " "
                + a.describe()
                + " and "
                + roleB
                + " "
                + b.describe()
                + " must have the same shape");
  }
}
