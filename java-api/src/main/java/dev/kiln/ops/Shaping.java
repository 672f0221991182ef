package dev.kiln.ops;

import dev.kiln.DType;
import dev.kiln.DTypeException;
import dev.kiln.Device;
import dev.kiln.IndexException;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.autograd.Autograd;
import dev.kiln.autograd.Edge;
import dev.kiln.autograd.Gradient;
import dev.kiln.autograd.NoGrad;
import dev.kiln.backend.View;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * Ops that move elements without computing: views, copies, conversions, joining and padding. Views
 * share their input's memory and cost nothing.
 */
public final class Shaping {
  private Shaping() {}

  /** Wraps a view of x and records its gradient rule. */
  private static Tensor view(String name, Tensor x, View view, Edge edge) {
    return Autograd.record(name, x.alias(view), edge);
  }

  /** Copies into memory of its own, outside the graph. */
  static Tensor denseCopy(Tensor x) {
    return copyInto(Tensor.empty(x.shape(), x.dtype(), x.device()), x);
  }

  /** Copies x's elements, converting the type, outside the graph. */
  static Tensor copyInto(Tensor y, Tensor x) {
    x.device().backend().copy(y.view(), x.view("copy", "input"));
    return y;
  }

  /** Returns x if it is dense, else a dense copy. */
  public static Tensor contiguous(Tensor x) {
    return x.view("contiguous", "input").isDense() ? x : copy(x);
  }

  /** Copies into dense memory of its own. */
  public static Tensor copy(Tensor x) {
    return Autograd.record("copy", denseCopy(x), Edge.of(x, dy -> dy));
  }

  /** Converts the element type; gradients are converted back. */
  public static Tensor to(Tensor x, DType dtype) {
    if (x.dtype() == dtype) {
      return x;
    }
    Tensor y = copyInto(Tensor.empty(x.shape(), dtype, x.device()), x);
    return Autograd.record("to", y, Edge.of(x, dy -> to(dy, x.dtype())));
  }

  /** Copies to another device, through the host; gradients come back the same way. */
  public static Tensor to(Tensor x, Device device) {
    if (x.device().equals(device)) {
      return x;
    }
    Tensor y = Tensor.fromBuffer(x.toBuffer(), x.dtype(), x.shape(), device);
    return Autograd.record("to", y, Edge.of(x, dy -> to(dy, x.device())));
  }

  /**
   * Gives the elements another shape; a view if x is dense, else a copy.
   *
   * @param dims the sizes; one may be -1, to be worked out
   * @throws dev.kiln.ShapeException if the numbers of elements differ
   */
  public static Tensor reshape(Tensor x, long... dims) {
    Shape to = ShapeRules.reshape(x, dims);
    if (to.equals(x.shape())) {
      return x;
    }
    Tensor dense = contiguous(x);
    return view(
        "reshape",
        dense,
        dense.view().reshape(to),
        Edge.of(dense, dy -> reshape(dy, dense.shape().dims())));
  }

  /** Merges the axes startDim .. endDim into one; a scalar becomes a vector of one. */
  public static Tensor flatten(Tensor x, int startDim, int endDim) {
    if (x.dim() == 0) {
      return reshape(x, 1);
    }
    int a = ShapeRules.axis("flatten", x, startDim);
    int b = ShapeRules.axis("flatten", x, endDim);
    ShapeRules.require(
        a <= b, () -> "[flatten] startDim " + startDim + " comes after endDim " + endDim);
    long[] dims = new long[x.dim() - (b - a)];
    Arrays.fill(dims, 1);
    for (int i = 0; i < x.dim(); i++) {
      dims[i < a ? i : i <= b ? a : i - (b - a)] *= x.size(i);
    }
    return reshape(x, dims);
  }

  /** Puts the axes in another order. */
  public static Tensor permute(Tensor x, int... dims) {
    ShapeRules.require(
        dims.length == x.dim(),
        () -> "[permute] " + Arrays.toString(dims) + " must name all axes of " + x.describe());
    int[] axes = new int[dims.length];
    int[] inverse = new int[dims.length];
    Arrays.fill(inverse, -1);
    for (int i = 0; i < dims.length; i++) {
      axes[i] = ShapeRules.axis("permute", x, dims[i]);
      ShapeRules.require(inverse[axes[i]] < 0, "[permute] axis " + axes[i] + " is named twice");
      inverse[axes[i]] = i;
    }
    return view(
        "permute",
        x,
        x.view("permute", "input").permute(axes),
        Edge.of(x, dy -> permute(dy, inverse)));
  }

  /** Swaps two axes. */
  public static Tensor transpose(Tensor x, int dim0, int dim1) {
    if (x.dim() == 0) {
      return x;
    }
    int[] axes = new int[x.dim()];
    Arrays.setAll(axes, i -> i);
    int a = ShapeRules.axis("transpose", x, dim0);
    int b = ShapeRules.axis("transpose", x, dim1);
    axes[a] = b;
    axes[b] = a;
    return permute(x, axes);
  }

  /** Adds an axis of size 1; -1 adds it at the end. */
  public static Tensor unsqueeze(Tensor x, int dim) {
    int a = dim < 0 ? dim + x.dim() + 1 : dim;
    ShapeRules.require(
        a >= 0 && a <= x.dim(),
        () -> "[unsqueeze] no place " + dim + " for a new axis in " + x.describe());
    return view(
        "unsqueeze",
        x,
        x.view("unsqueeze", "input").unsqueeze(a),
        Edge.of(x, dy -> reshape(dy, x.shape().dims())));
  }

  /** Removes an axis of size 1; one of another size stays. */
  public static Tensor squeeze(Tensor x, int dim) {
    if (x.dim() == 0) {
      return x;
    }
    int a = ShapeRules.axis("squeeze", x, dim);
    return x.size(a) == 1 ? select(x, a, 0) : x;
  }

  /** Repeats axes of size 1, without copying; -1 keeps a size. */
  public static Tensor expand(Tensor x, long... dims) {
    long[] d = dims.clone();
    for (int i = 0; i < d.length; i++) {
      int from = i - (d.length - x.dim());
      if (d[i] == -1 && from >= 0) {
        d[i] = x.size(from);
      }
    }
    return expand(x, Shape.of(d));
  }

  /** Repeats axes of size 1 to reach a shape, without copying. */
  public static Tensor expand(Tensor x, Shape to) {
    if (to.equals(x.shape())) {
      return x;
    }
    ShapeRules.expandable("expand", x, to);
    return view("expand", x, x.view("expand", "input").expand(to), Edge.of(x, dy -> dy));
  }

  /** Takes a part of an axis. */
  public static Tensor narrow(Tensor x, int dim, long start, long length) {
    int a = ShapeRules.axis("narrow", x, dim);
    long from = start < 0 ? start + x.size(a) : start;
    ShapeRules.range("narrow", x, a, from, length);
    return part("narrow", x, a, from, length, 1);
  }

  /**
   * Takes every step-th index from start up to end, as Python's {@code x[start:end:step]}: negative
   * ends count from the back, and ends outside are cut to the axis.
   */
  public static Tensor slice(Tensor x, int dim, long start, long end, long step) {
    int a = ShapeRules.axis("slice", x, dim);
    ShapeRules.require(step > 0, () -> "[slice] step " + step + " must be 1 or more");
    long n = x.size(a);
    long from = Math.max(0, Math.min(n, start < 0 ? start + n : start));
    long to = Math.max(from, Math.min(n, end < 0 ? end + n : end));
    return part("slice", x, a, from, (to - from + step - 1) / step, step);
  }

  private static Tensor part(String name, Tensor x, int a, long start, long length, long step) {
    return within(
        name,
        x,
        whole -> whole.slice(a, start, length, step),
        g -> part(name, g, a, start, length, step));
  }

  /** Takes one index of an axis and removes the axis. */
  public static Tensor select(Tensor x, int dim, long index) {
    int a = ShapeRules.axis("select", x, dim);
    ShapeRules.require(x.dim() > 0, "[select] a scalar has no axes");
    long n = x.size(a);
    long i = index < 0 ? index + n : index;
    if (i < 0 || i >= n) {
      throw new IndexException(
          "[select] index "
              + index
              + " is outside axis "
              + a
              + " of "
              + x.describe()
              + "; valid are "
              + -n
              + " to "
              + (n - 1));
    }
    return within("select", x, whole -> whole.select(a, i), g -> select(g, a, i));
  }

  /** A view of a part of x; its gradient's gradient takes the part again. */
  private static Tensor within(String name, Tensor x, UnaryOperator<View> place, Gradient take) {
    return Autograd.record(
        name,
        x.alias(place.apply(x.view(name, "input"))),
        new Tensor[] {x},
        (dy, into) -> into.putPart(0, dy, place, () -> embed(name, x, dy, place, take)));
  }

  /** Puts a part's gradient into zeros of the whole; its own gradient takes the part out again. */
  private static Tensor embed(
      String name, Tensor like, Tensor dy, UnaryOperator<View> place, Gradient take) {
    Tensor dx = Tensor.zeros(like.shape(), dy.dtype(), dy.device());
    dy.device().backend().copy(place.apply(dx.view()), dy.view(name, "dy"));
    return Autograd.record(name, dx, Edge.of(dy, take));
  }

  /**
   * Joins tensors along an axis.
   *
   * @param all at least one; sizes may differ along the axis alone. As in PyTorch, a vector of
   *     length 0 can be joined with anything, and adds nothing
   * @param dim the axis
   */
  public static Tensor cat(List<Tensor> all, int dim) {
    ShapeRules.require(!all.isEmpty(), "[cat] there is nothing to join; give at least one");
    List<Tensor> some = all.stream().filter(t -> t.dim() != 1 || t.size(0) != 0).toList();
    List<Tensor> tensors = some.isEmpty() ? all.subList(0, 1) : some;
    Tensor first = tensors.get(0);
    int a = ShapeRules.axis("cat", first, dim);
    DType dtype = first.dtype();
    for (Tensor t : all) {
      Check.backend("cat", first, t);
      dtype = DType.promote(dtype, t.dtype());
    }
    long total = 0;
    for (Tensor t : tensors) {
      ShapeRules.require(
          t.dim() == first.dim()
              && t.dim() > 0
              && t.shape().with(a, 1).equals(first.shape().with(a, 1)),
          () ->
              "[cat] "
                  + first.describe()
                  + " and "
                  + t.describe()
                  + " may differ along axis "
                  + a
                  + " only");
      total += t.size(a);
    }
    Tensor y = Tensor.empty(first.shape().with(a, total), dtype, first.device());
    Edge[] edges = new Edge[tensors.size()];
    long at = 0;
    for (int i = 0; i < edges.length; i++) {
      Tensor t = tensors.get(i);
      long start = at;
      y.device().backend().copy(y.view().narrow(a, start, t.size(a)), t.view("cat", "tensor " + i));
      edges[i] = Edge.of(t, dy -> narrow(dy, a, start, t.size(a)));
      at += t.size(a);
    }
    return Autograd.record("cat", y, edges);
  }

  /** Joins tensors of one shape along a new axis. */
  public static Tensor stack(List<Tensor> tensors, int dim) {
    return cat(tensors.stream().map(t -> unsqueeze(t, dim)).toList(), dim);
  }

  /** Cuts an axis into parts of given sizes, as views. */
  public static List<Tensor> split(Tensor x, long[] sizes, int dim) {
    int a = ShapeRules.axis("split", x, dim);
    ShapeRules.require(
        Arrays.stream(sizes).sum() == x.size(a),
        () ->
            "[split] sizes "
                + Arrays.toString(sizes)
                + " must add up to axis "
                + a
                + " of "
                + x.describe());
    Tensor[] parts = new Tensor[sizes.length];
    long at = 0;
    for (int i = 0; i < sizes.length; i++) {
      parts[i] = narrow(x, a, at, sizes[i]);
      at += sizes[i];
    }
    return List.of(parts);
  }

  /**
   * Surrounds a tensor with a constant.
   *
   * @param x the input
   * @param value the constant
   * @param pad amounts as PyTorch lists them: before and after the last axis, then the one before
   */
  public static Tensor padConstant(Tensor x, double value, int... pad) {
    ShapeRules.require(
        pad.length % 2 == 0 && pad.length / 2 <= x.dim(),
        () ->
            "[pad] "
                + Arrays.toString(pad)
                + " must hold a pair for at most each of the "
                + x.dim()
                + " axes of "
                + x.describe());
    Shape shape = x.shape();
    for (int i = 0; i < pad.length; i++) {
      ShapeRules.require(pad[i] >= 0, () -> "[pad] " + Arrays.toString(pad) + " must be 0 or more");
      int a = x.dim() - 1 - i / 2;
      shape = shape.with(a, shape.dim(a) + pad[i]);
    }
    Tensor y = Tensor.full(shape, value, x.dtype(), x.device());
    UnaryOperator<View> inner =
        whole -> {
          View v = whole;
          for (int i = 0; i < pad.length; i += 2) {
            int a = x.dim() - 1 - i / 2;
            v = v.narrow(a, pad[i], x.size(a));
          }
          return v;
        };
    x.device().backend().copy(inner.apply(y.view()), x.view("pad", "input"));
    return Autograd.record(
        "pad",
        y,
        Edge.of(
            x,
            dy -> {
              Tensor g = dy;
              for (int i = 0; i < pad.length; i += 2) {
                int a = x.dim() - 1 - i / 2;
                g = narrow(g, a, pad[i], x.size(a));
              }
              return g;
            }));
  }

  /** Marks the class of each label by a 1 along a new last axis; INT64, not differentiable. */
  public static Tensor oneHot(Tensor labels, int classes) {
    if (!labels.dtype().isIntegral()) {
      throw new DTypeException(
          "[one_hot] labels " + labels.describe() + " must be integers; convert with to(INT64)");
    }
    ShapeRules.require(classes > 0, () -> "[one_hot] classes " + classes + " must be 1 or more");
    return NoGrad.run(
        () -> {
          Tensor index = unsqueeze(Check.index("one_hot", "labels", labels), -1);
          Shape shape = index.shape().with(-1, classes);
          Tensor y = Tensor.zeros(shape, DType.INT64, labels.device());
          Tensor one = Tensor.ones(index.shape(), DType.INT64, labels.device());
          labels
              .device()
              .backend()
              .scatterAdd(y.view(), one.view(), index.contiguous().view(), index.dim() - 1);
          return y;
        });
  }
}
