package dev.kiln.ops;

import dev.kiln.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** Products of vectors, matrices and their sums, made of {@link Products#matmul} and sums. */
public final class MatrixProducts {
  private MatrixProducts() {}

  /** The sum of the products of two vectors' elements. */
  public static Tensor dot(Tensor a, Tensor b) {
    ShapeRules.rank("dot", "input", a, 1, "a vector");
    ShapeRules.rank("dot", "other", b, 1, "a vector");
    ShapeRules.same("dot", "input", a, "other", b);
    return Products.matmul(a, b);
  }

  /** Dot products along an axis, with broadcasting. */
  public static Tensor vecdot(Tensor a, Tensor b, int dim) {
    return Elementwise.mul(a, b).sum(new int[] {dim}, false);
  }

  /** A matrix times a vector. */
  public static Tensor mv(Tensor matrix, Tensor vector) {
    ShapeRules.rank("mv", "input", matrix, 2, "[n, m]");
    ShapeRules.rank("mv", "vec", vector, 1, "[m]");
    return Products.matmul(matrix, vector);
  }

  /** {@code beta * c + alpha * (matrix vector)}; beta 0 ignores c. */
  public static Tensor addmv(Tensor c, Tensor matrix, Tensor vector, double beta, double alpha) {
    return plus(c, mv(matrix, vector), beta, alpha);
  }

  /** {@code beta * c + alpha * outer(a, b)}; beta 0 ignores c. */
  public static Tensor addr(Tensor c, Tensor a, Tensor b, double beta, double alpha) {
    return plus(c, Products.outer(a, b), beta, alpha);
  }

  /** {@code beta * c + alpha * bmm(a, b)}; beta 0 ignores c. */
  public static Tensor baddbmm(Tensor c, Tensor a, Tensor b, double beta, double alpha) {
    return plus(c, Products.bmm(a, b), beta, alpha);
  }

  /** {@code beta * c + alpha * (the sum of bmm(a, b) over the batch)}; beta 0 ignores c. */
  public static Tensor addbmm(Tensor c, Tensor a, Tensor b, double beta, double alpha) {
    return plus(c, Products.bmm(a, b).sum(0), beta, alpha);
  }

  private static Tensor plus(Tensor c, Tensor product, double beta, double alpha) {
    Tensor scaled = alpha == 1 ? product : Elementwise.mul(product, alpha);
    if (beta == 0) {
      return scaled;
    }
    return Elementwise.add(beta == 1 ? c : Elementwise.mul(c, beta), scaled);
  }

  /**
   * Multiplies and sums over pairs of axes.
   *
   * @param a the first factor
   * @param b the second factor
   * @param axesA axes of a, each of the size of its partner
   * @param axesB axes of b
   * @return a's other axes, then b's
   */
  public static Tensor tensordot(Tensor a, Tensor b, int[] axesA, int[] axesB) {
    ShapeRules.require(
        axesA.length == axesB.length,
        () ->
            "[tensordot] axes "
                + Arrays.toString(axesA)
                + " and "
                + Arrays.toString(axesB)
                + " must be equally many");
    int[] inA = axes(a, axesA);
    int[] inB = axes(b, axesB);
    for (int i = 0; i < inA.length; i++) {
      int p = inA[i];
      int q = inB[i];
      ShapeRules.require(
          a.size(p) == b.size(q),
          () ->
              "[tensordot] axis "
                  + p
                  + " of "
                  + a.describe()
                  + " and axis "
                  + q
                  + " of "
                  + b.describe()
                  + " differ in size");
    }
    int[] outA = others(a, inA);
    int[] outB = others(b, inB);
    long inner = product(a, inA);
    Tensor left = Shaping.permute(a, join(outA, inA));
    Tensor right = Shaping.permute(b, join(inB, outB));
    Tensor y =
        Products.matmul(
            Shaping.reshape(left, product(a, outA), inner),
            Shaping.reshape(right, inner, product(b, outB)));
    long[] dims = new long[outA.length + outB.length];
    for (int i = 0; i < dims.length; i++) {
      dims[i] = i < outA.length ? a.size(outA[i]) : b.size(outB[i - outA.length]);
    }
    return Shaping.reshape(y, dims);
  }

  private static int[] axes(Tensor x, int[] dims) {
    int[] axes = Arrays.stream(dims).map(d -> ShapeRules.axis("tensordot", x, d)).toArray();
    ShapeRules.require(
        Arrays.stream(axes).distinct().count() == axes.length && axes.length <= x.dim(),
        () -> "[tensordot] axes " + Arrays.toString(dims) + " name an axis twice");
    return axes;
  }

  private static int[] others(Tensor x, int[] axes) {
    return IntStream.range(0, x.dim())
        .filter(i -> Arrays.stream(axes).noneMatch(a -> a == i))
        .toArray();
  }

  private static int[] join(int[] first, int[] second) {
    return IntStream.concat(Arrays.stream(first), Arrays.stream(second)).toArray();
  }

  private static long product(Tensor x, int[] axes) {
    return Arrays.stream(axes).mapToLong(x::size).reduce(1, (m, n) -> m * n);
  }

  /** Kronecker's product: every element of a times the whole of b. */
  public static Tensor kron(Tensor a, Tensor b) {
    int rank = Math.max(a.dim(), b.dim());
    Tensor left = a;
    Tensor right = b;
    while (left.dim() < rank) {
      left = Shaping.unsqueeze(left, 0);
    }
    while (right.dim() < rank) {
      right = Shaping.unsqueeze(right, 0);
    }
    long[] tiles = left.shape().dims();
    for (int i = 0; i < rank; i++) {
      left = Axes.repeatInterleave(left, right.size(i), i);
    }
    return Elementwise.mul(left, rank == 0 ? right : Rearranging.repeat(right, tiles));
  }

  /**
   * The vector product along an axis of size 3, with broadcasting along the others.
   *
   * @param a vectors
   * @param b vectors
   * @param dim the axis
   */
  public static Tensor cross(Tensor a, Tensor b, int dim) {
    List<Tensor> both = Axes.broadcastTensors(List.of(a, b));
    Tensor x = both.get(0);
    Tensor y = both.get(1);
    int axis = ShapeRules.axis("cross", x, dim);
    ShapeRules.require(
        x.dim() > 0 && x.size(axis) == 3,
        () -> "[cross] axis " + axis + " of " + x.describe() + " must have size 3");
    Tensor first = turned(x, 1, axis).mul(turned(y, 2, axis));
    return first.sub(turned(x, 2, axis).mul(turned(y, 1, axis)));
  }

  private static Tensor turned(Tensor x, long by, int axis) {
    return Rearranging.roll(x, new long[] {-by}, axis);
  }

  /**
   * The p-norm of the difference of each row of one matrix and each of another.
   *
   * @param a [..., n, m]
   * @param b [..., k, m], with batches that broadcast
   * @param p the norm's order
   * @return [..., n, k]
   */
  public static Tensor cdist(Tensor a, Tensor b, double p) {
    ShapeRules.require(
        a.dim() >= 2 && b.dim() >= 2 && a.size(-1) == b.size(-1),
        () ->
            "[cdist] "
                + a.describe()
                + " and "
                + b.describe()
                + " must be [..., rows, m] with one m");
    Tensor apart = Elementwise.sub(Shaping.unsqueeze(a, -2), Shaping.unsqueeze(b, -3));
    return Norms.norm(apart, p, new int[] {-1}, false);
  }

  /**
   * The product of several matrices, in the order that takes the fewest multiplications; the first
   * may be a row and the last a column given as vectors.
   */
  public static Tensor multiDot(List<Tensor> matrices) {
    int n = matrices.size();
    ShapeRules.require(n >= 2, () -> "[multi_dot] " + n + " matrices are too few; give 2 or more");
    Tensor first = matrices.get(0);
    Tensor last = matrices.get(n - 1);
    Tensor[] all = matrices.toArray(new Tensor[0]);
    all[0] = first.dim() == 1 ? Shaping.unsqueeze(first, 0) : first;
    all[n - 1] = last.dim() == 1 ? Shaping.unsqueeze(last, 1) : last;
    for (Tensor t : all) {
      ShapeRules.rank("multi_dot", "matrix", t, 2, "a matrix");
    }
    Tensor y = product(all, cheapest(all), 0, n - 1);
    y = last.dim() == 1 ? Shaping.squeeze(y, 1) : y;
    return first.dim() == 1 ? Shaping.squeeze(y, 0) : y;
  }

  private static Tensor product(Tensor[] all, int[][] cuts, int from, int to) {
    if (from == to) {
      return all[from];
    }
    int cut = cuts[from][to];
    return Products.matmul(product(all, cuts, from, cut), product(all, cuts, cut + 1, to));
  }

  /** Where each stretch of the chain is cut best, by the sizes. */
  private static int[][] cheapest(Tensor[] all) {
    int n = all.length;
    double[][] cost = new double[n][n];
    int[][] cuts = new int[n][n];
    for (int length = 1; length < n; length++) {
      for (int i = 0; i + length < n; i++) {
        int j = i + length;
        cost[i][j] = Double.POSITIVE_INFINITY;
        for (int k = i; k < j; k++) {
          double own = (double) all[i].size(0) * all[k].size(1) * all[j].size(1);
          double c = cost[i][k] + cost[k + 1][j] + own;
          if (c < cost[i][j]) {
            cost[i][j] = c;
            cuts[i][j] = k;
          }
        }
      }
    }
    return cuts;
  }
}
