package dev.kiln.cpu;

import dev.kiln.backend.UnaryOp;
import java.util.List;

/**
 * What is promised of each function of {@link UnaryOp}: the largest error, in units of the last
 * place of the true result, at any argument. A new function needs a row here and one in
 * docs/numerics.md. Exact results have bound 0.5, which is also rounding's own error.
 */
final class AccuracyTable {
  /**
   * One function with one choice of its parameters.
   *
   * @param vector FLOAT32 on the Vector API
   * @param loops FLOAT32 in plain loops
   * @param gradient FLOAT32 gradients, both kinds of kernels, from what the forward pass saved
   * @param doubles FLOAT64
   * @param doubleGradient FLOAT64 gradients, from what the forward pass saved
   */
  record Row(
      UnaryOp op,
      double a,
      double b,
      double vector,
      double loops,
      double gradient,
      double doubles,
      double doubleGradient) {}

  static final List<Row> ROWS =
      List.of(
          row(UnaryOp.ABS, 0.5, 0.5, 0.5, 0.5, 0.5),
          row(UnaryOp.NEG, 0.5, 0.5, 0.5, 0.5, 0.5),
          row(UnaryOp.SIGN, 0.5, 0.5, 0.5, 0.5, 0.5),
          row(UnaryOp.FLOOR, 0.5, 0.5, 0.5, 0.5, 0.5),
          row(UnaryOp.CEIL, 0.5, 0.5, 0.5, 0.5, 0.5),
          row(UnaryOp.ROUND, 0.5, 0.5, 0.5, 0.5, 0.5),
          row(UnaryOp.SQUARE, 0.5, 0.5, 0.5, 0.5, 0.5),
          row(UnaryOp.SQRT, 0.5, 0.5, 0.5, 0.5, 1),
          row(UnaryOp.RSQRT, 2, 2, 2, 1.5, 2),
          row(UnaryOp.RECIPROCAL, 0.5, 0.5, 1, 0.5, 1),
          row(UnaryOp.EXP, 1.1, 0.6, 0.5, 1, 0.5),
          row(UnaryOp.EXPM1, 0.6, 0.6, 0.5, 1, 0.5),
          row(UnaryOp.LOG, 1.1, 0.6, 0.5, 1, 0.5),
          row(UnaryOp.LOG1P, 0.6, 0.6, 2, 1, 2),
          row(UnaryOp.SIN, 0.6, 0.6, 0.6, 1, 1),
          row(UnaryOp.COS, 0.6, 0.6, 0.6, 1, 1),
          row(UnaryOp.ERF, 1.5, 0.6, 3, 3, 2),
          row(UnaryOp.AFFINE, -1.5, 0.25, 1, 1, 0.5, 1, 0.5),
          row(UnaryOp.POW, 2.5, 0, 0.6, 0.6, 0.6, 1, 2),
          row(UnaryOp.POW, -0.75, 0, 0.6, 0.6, 0.6, 1, 2),
          row(UnaryOp.POW, 3, 0, 1.5, 1.5, 0.6, 1, 2),
          row(UnaryOp.CLAMP, -0.5, 0.75, 0.5, 0.5, 0.5, 0.5, 0.5),
          row(UnaryOp.RELU, 0.5, 0.5, 0.5, 0.5, 0.5),
          row(UnaryOp.LEAKY_RELU, 0.125, 0, 0.5, 0.5, 0.5, 0.5, 0.5),
          row(UnaryOp.ELU, 1, 0, 2, 0.6, 1.5, 1, 1),
          row(UnaryOp.ELU, 0.75, 0, 2, 0.6, 2, 2, 2),
          row(UnaryOp.CELU, 1, 0, 2, 0.6, 1.5, 1, 1),
          row(UnaryOp.CELU, 0.7, 0, 2.5, 0.6, 2, 2.5, 2),
          row(UnaryOp.SELU, 2, 0.6, 2, 2.5, 2.5),
          row(UnaryOp.GELU, 6, 0.6, 6, 4.5, 4.5),
          row(UnaryOp.GELU_TANH, 4, 0.6, 6, 4.5, 4.5),
          row(UnaryOp.SILU, 3.5, 0.6, 6, 4, 6),
          row(UnaryOp.MISH, 4.5, 0.6, 8, 4, 6),
          row(UnaryOp.SIGMOID, 3, 0.6, 2, 2, 2),
          row(UnaryOp.LOG_SIGMOID, 3, 0.6, 3, 2, 2),
          row(UnaryOp.TANH, 2.5, 0.6, 2, 2, 2),
          row(UnaryOp.SOFTPLUS, 1, 20, 3, 0.6, 3, 2, 2),
          row(UnaryOp.SOFTPLUS, 1.5, 20, 4, 0.6, 3.5, 3, 3),
          row(UnaryOp.SOFTSIGN, 2, 2, 4, 2, 3),
          row(UnaryOp.HARDTANH, -0.5, 0.75, 0.5, 0.5, 0.5, 0.5, 0.5),
          row(UnaryOp.HARDSIGMOID, 1.5, 1.5, 0.5, 1.5, 0.5),
          row(UnaryOp.HARDSWISH, 2, 2, 1.5, 2, 1.5));

  private AccuracyTable() {}

  private static Row row(
      UnaryOp op,
      double vector,
      double loops,
      double gradient,
      double doubles,
      double doubleGradient) {
    return row(op, 0, 0, vector, loops, gradient, doubles, doubleGradient);
  }

  private static Row row(
      UnaryOp op,
      double a,
      double b,
      double vector,
      double loops,
      double gradient,
      double doubles,
      double doubleGradient) {
    return new Row(op, a, b, vector, loops, gradient, doubles, doubleGradient);
  }
}
