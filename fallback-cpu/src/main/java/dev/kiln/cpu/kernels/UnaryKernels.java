package dev.kiln.cpu.kernels;

import dev.kiln.backend.UnaryOp;

/** The loops of elementwise functions. An element's result does not depend on where it lies. */
public interface UnaryKernels {
  /** Sets {@code y[i] = op(x[i])} for {@code n} elements; y may be x. */
  void apply(UnaryOp op, float p, float q, float[] x, int xOffset, float[] y, int yOffset, int n);

  /**
   * Sets {@code dx[i] = dy[i] * op'(x[i])} for {@code n} elements; dx may be dy.
   *
   * @param saved the input or the output of the forward pass, as {@link UnaryOp#saves()} says
   */
  void gradient(
      UnaryOp op,
      float p,
      float q,
      float[] dy,
      int dyOffset,
      float[] saved,
      int savedOffset,
      float[] dx,
      int dxOffset,
      int n);

  /** The plain loops. */
  static UnaryKernels loops() {
    return new LoopUnary();
  }
}
