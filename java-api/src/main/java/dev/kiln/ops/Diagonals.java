package dev.kiln.ops;

import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.autograd.Autograd;
import dev.kiln.autograd.Edge;
import dev.kiln.backend.View;

/** Diagonals of matrices, and matrices made of them. */
public final class Diagonals {
  private Diagonals() {}

  /**
   * A diagonal, as a view.
   *
   * @param x [..., rows, columns], the matrices' axes named by dim1 and dim2
   * @param offset 0 the main diagonal, above 0 to the right of it
   * @param dim1 the axis of rows
   * @param dim2 the axis of columns
   * @return the other axes, then the diagonal
   */
  public static Tensor diagonal(Tensor x, int offset, int dim1, int dim2) {
    int a = ShapeRules.axis("diagonal", x, dim1);
    int b = ShapeRules.axis("diagonal", x, dim2);
    ShapeRules.require(x.dim() >= 2 && a != b, "[diagonal] two different axes are needed");
    View line = line(x.view("diagonal", "input"), offset, a, b);
    return Autograd.record(
        "diagonal", x.alias(line), Edge.of(x, dy -> embed(dy, x.shape(), offset, a, b)));
  }

  private static View line(View v, int offset, int a, int b) {
    long rows = v.shape().dim(a);
    long columns = v.shape().dim(b);
    long n =
        Math.max(
            0, offset < 0 ? Math.min(rows + offset, columns) : Math.min(rows, columns - offset));
    long start = n == 0 ? 0 : offset < 0 ? -offset * v.stride(a) : offset * v.stride(b);
    int last = Math.max(a, b);
    int first = Math.min(a, b);
    Shape shape = v.shape().without(last).without(first);
    long[] strides = new long[shape.rank() + 1];
    int k = 0;
    for (int i = 0; i < v.shape().rank(); i++) {
      if (i != a && i != b) {
        strides[k++] = v.stride(i);
      }
    }
    strides[k] = v.stride(a) + v.stride(b);
    return View.strided(v.storage(), v.offset() + start, shape.insert(shape.rank(), n), strides);
  }

  /** Puts a diagonal into zeros. */
  private static Tensor embed(Tensor x, Shape shape, int offset, int a, int b) {
    Tensor y = Tensor.zeros(shape, x.dtype(), x.device());
    Check.backend("diag_embed", x)
        .copy(line(y.view(), offset, a, b), x.view("diag_embed", "input"));
    return Autograd.record("diag_embed", y, Edge.of(x, dy -> diagonal(dy, offset, a, b)));
  }

  /**
   * Matrices with the last axis as a diagonal and 0 elsewhere.
   *
   * @param x [..., n]
   * @param offset 0 the main diagonal, above 0 to the right of it
   * @param dim1 the axis of rows in the result
   * @param dim2 the axis of columns in the result
   */
  public static Tensor diagEmbed(Tensor x, int offset, int dim1, int dim2) {
    ShapeRules.require(x.dim() > 0, "[diag_embed] a scalar is no diagonal");
    int rank = x.dim() + 1;
    int a = dim1 < 0 ? dim1 + rank : dim1;
    int b = dim2 < 0 ? dim2 + rank : dim2;
    ShapeRules.require(
        a >= 0 && a < rank && b >= 0 && b < rank && a != b,
        () -> "[diag_embed] axes " + dim1 + " and " + dim2 + " must be two of " + rank);
    long n = x.size(-1) + Math.abs(offset);
    Shape others = x.shape().without(-1);
    Shape shape = others.insert(Math.min(a, b), n).insert(Math.max(a, b), n);
    return embed(x, shape, offset, a, b);
  }

  /** The diagonal of a matrix, or the matrix with a vector as its diagonal. */
  public static Tensor diag(Tensor x, int offset) {
    ShapeRules.require(
        x.dim() == 1 || x.dim() == 2,
        () -> "[diag] input " + x.describe() + " must have 1 or 2 axes");
    return x.dim() == 1 ? diagEmbed(x, offset, 0, 1) : diagonal(x, offset, 0, 1).copy();
  }

  /** The sum of the main diagonal of a matrix. */
  public static Tensor trace(Tensor x) {
    ShapeRules.rank("trace", "input", x, 2, "a matrix");
    return Reductions.sum(diagonal(x, 0, 0, 1), new int[0], false);
  }
}
