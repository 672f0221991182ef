package dev.kiln.ops;

import dev.kiln.Shape;
import dev.kiln.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Ops on whole axes: cutting, joining, moving, repeating and turning them. */
public final class Axes {
  private Axes() {}

  /** Cuts an axis into parts of equal size, the last one shorter; at most the number asked for. */
  public static List<Tensor> chunk(Tensor x, int chunks, int dim) {
    ShapeRules.require(chunks > 0, () -> "[chunk] chunks " + chunks + " must be 1 or more");
    ShapeRules.require(x.dim() > 0, "[chunk] a scalar has no axes");
    int a = ShapeRules.axis("chunk", x, dim);
    long n = x.size(a);
    long each = Math.max(1, (n + chunks - 1) / chunks);
    if (n == 0) {
      long[] none = new long[chunks];
      return Shaping.split(x, none, a);
    }
    long[] sizes = new long[(int) ((n + each - 1) / each)];
    Arrays.fill(sizes, each);
    sizes[sizes.length - 1] = n - each * (sizes.length - 1);
    return Shaping.split(x, sizes, a);
  }

  /** The slices along an axis, without the axis. */
  public static List<Tensor> unbind(Tensor x, int dim) {
    ShapeRules.require(x.dim() > 0, "[unbind] a scalar has no axes");
    int a = ShapeRules.axis("unbind", x, dim);
    List<Tensor> parts = new ArrayList<>();
    for (long i = 0; i < x.size(a); i++) {
      parts.add(Shaping.select(x, a, i));
    }
    return parts;
  }

  /** Lays copies side by side; fewer numbers than axes leave the first axes as they are. */
  public static Tensor tile(Tensor x, long... repeats) {
    long[] all = new long[Math.max(x.dim(), repeats.length)];
    Arrays.fill(all, 1);
    System.arraycopy(repeats, 0, all, all.length - repeats.length, repeats.length);
    return Rearranging.repeat(x, all);
  }

  /** Repeats each slice along an axis. */
  public static Tensor repeatInterleave(Tensor x, long repeats, int dim) {
    ShapeRules.require(
        repeats >= 0, () -> "[repeat_interleave] repeats " + repeats + " must be 0 or more");
    Tensor in = x.dim() == 0 ? Shaping.reshape(x, 1) : x;
    int a = ShapeRules.axis("repeat_interleave", in, dim);
    Shape shape = in.shape();
    return Shaping.reshape(
        Shaping.expand(Shaping.unsqueeze(in, a + 1), shape.insert(a + 1, repeats)),
        shape.with(a, shape.dim(a) * repeats).dims());
  }

  /**
   * Repeats each slice along an axis as often as its number says. Reads their sum, so it waits for
   * the device.
   *
   * @param x the input
   * @param repeats integers of 0 or more, [the axis' size]
   * @param dim the axis
   */
  public static Tensor repeatInterleave(Tensor x, Tensor repeats, int dim) {
    int a = ShapeRules.axis("repeat_interleave", x, dim);
    ShapeRules.vector("repeat_interleave", "repeats", repeats, x.size(a), "slice");
    Tensor ends = Scans.cumsum(Check.index("repeat_interleave", "repeats", repeats), 0);
    long total = repeats.numel() == 0 ? 0 : (long) ends.select(0, -1).item();
    Tensor from = Searching.searchsorted(ends, Tensor.arange(total, x.device()), true);
    return Indexing.indexSelect(x, a, from);
  }

  /** Moves axes to other places; the rest keeps its order. */
  public static Tensor movedim(Tensor x, int[] source, int[] destination) {
    ShapeRules.require(
        source.length == destination.length,
        () ->
            "[movedim] source "
                + Arrays.toString(source)
                + " and destination "
                + Arrays.toString(destination)
                + " must be equally long");
    int[] order = new int[x.dim()];
    Arrays.fill(order, -1);
    boolean[] moved = new boolean[x.dim()];
    for (int i = 0; i < source.length && x.dim() > 0; i++) {
      int from = ShapeRules.axis("movedim", x, source[i]);
      int to = ShapeRules.axis("movedim", x, destination[i]);
      ShapeRules.require(!moved[from] && order[to] < 0, "[movedim] an axis is named twice");
      order[to] = from;
      moved[from] = true;
    }
    int next = 0;
    for (int i = 0; i < order.length; i++) {
      if (order[i] < 0) {
        while (moved[next]) {
          next++;
        }
        order[i] = next++;
      }
    }
    return Shaping.permute(x, order);
  }

  /** Splits an axis into several; one size may be -1, to be worked out. */
  public static Tensor unflatten(Tensor x, int dim, long... sizes) {
    int a = ShapeRules.axis("unflatten", x, dim);
    Tensor in = x.dim() == 0 ? Shaping.reshape(x, 1) : x;
    long known = 1;
    for (long s : sizes) {
      known *= s == -1 ? 1 : s;
    }
    long[] dims = new long[in.dim() - 1 + sizes.length];
    for (int i = 0; i < dims.length; i++) {
      boolean inside = i >= a && i < a + sizes.length;
      dims[i] = inside ? sizes[i - a] : in.size(i < a ? i : i - sizes.length + 1);
      if (dims[i] == -1) {
        ShapeRules.require(known != 0, "[unflatten] a size of -1 beside 0 is not known");
        dims[i] = in.size(a) / known;
      }
    }
    return Shaping.reshape(in, dims);
  }

  /** Removes all axes of size 1. */
  public static Tensor squeeze(Tensor x) {
    Tensor y = x;
    for (int a = x.dim() - 1; a >= 0; a--) {
      y = Shaping.squeeze(y, a);
    }
    return y;
  }

  /** Expands tensors to the shape they broadcast to, without copying. */
  public static List<Tensor> broadcastTensors(List<Tensor> tensors) {
    ShapeRules.require(!tensors.isEmpty(), "[broadcast_tensors] give at least one tensor");
    Shape shape = tensors.get(0).shape();
    for (Tensor t : tensors) {
      shape =
          ShapeRules.broadcast(
              "broadcast_tensors", shape, t.shape(), shape.toString(), t.describe());
    }
    Shape to = shape;
    return tensors.stream().map(t -> Shaping.expand(t, to)).toList();
  }

  /** Which axis of a grid the first vector runs along. */
  public enum Grid {
    /** The first axis, as matrices are indexed. */
    IJ,
    /** The second axis, as pictures are. */
    XY
  }

  /** Coordinates of a grid: each vector repeated along the axes of the others, without copying. */
  public static List<Tensor> meshgrid(List<Tensor> vectors, Grid grid) {
    int n = vectors.size();
    long[] dims = new long[n];
    List<Tensor> lines = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      Tensor v = vectors.get(i).dim() == 0 ? Shaping.reshape(vectors.get(i), 1) : vectors.get(i);
      ShapeRules.rank("meshgrid", "tensor " + i, v, 1, "a vector");
      int axis = grid == Grid.XY && n > 1 && i < 2 ? 1 - i : i;
      long[] line = new long[n];
      Arrays.fill(line, 1);
      line[axis] = v.size(0);
      dims[axis] = v.size(0);
      lines.add(Shaping.reshape(v, line));
    }
    return lines.stream().map(t -> Shaping.expand(t, Shape.of(dims))).toList();
  }

  /** Turns a plane of two axes by quarters, from the first axis towards the second. */
  public static Tensor rot90(Tensor x, int k, int dim0, int dim1) {
    int a = ShapeRules.axis("rot90", x, dim0);
    int b = ShapeRules.axis("rot90", x, dim1);
    ShapeRules.require(x.dim() >= 2 && a != b, "[rot90] two different axes are needed");
    return switch (Math.floorMod(k, 4)) {
      case 1 -> Shaping.transpose(Rearranging.flip(x, b), a, b);
      case 2 -> Rearranging.flip(x, a, b);
      case 3 -> Rearranging.flip(Shaping.transpose(x, a, b), b);
      default -> x.copy();
    };
  }

  /** Adds axes in front until there is one, or two, or three; for three, one stands behind. */
  public static Tensor atLeast(Tensor x, int rank) {
    ShapeRules.require(
        rank >= 1 && rank <= 3, () -> "[atleast] rank " + rank + " must be 1, 2 or 3");
    Tensor y = x;
    while (y.dim() < Math.min(rank, 2)) {
      y = Shaping.unsqueeze(y, 0);
    }
    return y.dim() < rank ? Shaping.unsqueeze(y, -1) : y;
  }

  /** Joins along the second axis, vectors along their only one. */
  public static Tensor hstack(List<Tensor> tensors) {
    List<Tensor> all = tensors.stream().map(t -> atLeast(t, 1)).toList();
    return Shaping.cat(all, !all.isEmpty() && all.get(0).dim() == 1 ? 0 : 1);
  }

  /** Joins along the first axis; a vector counts as a row. */
  public static Tensor vstack(List<Tensor> tensors) {
    return Shaping.cat(tensors.stream().map(t -> atLeast(t, 2)).toList(), 0);
  }

  /** Joins along the third axis; a matrix counts as one layer. */
  public static Tensor dstack(List<Tensor> tensors) {
    return Shaping.cat(tensors.stream().map(t -> atLeast(t, 3)).toList(), 2);
  }
}
