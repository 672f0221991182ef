package dev.kiln.cpu.kernels;

/**
 * The one-dimensional transforms of Winograd's convolutions F(4, 3) and F(2, 5), on {@link
 * #lanes()} channels at once.
 *
 * <p>Every method transforms {@code count} vectors: element e of vector i is the {@code lanes()}
 * floats at {@code from + i * next + e * step} and likewise in the destination. A transform of a
 * square is a pass over its columns into scratch memory and a pass over its rows.
 *
 * <p>The points of interpolation are 0, 1/sqrt 2, -1/sqrt 2, sqrt 2, -sqrt 2 and infinity: with
 * them the error is a quarter of that with 0, 1, -1, 2, -2 (Lavin and Gray, Fast Algorithms for
 * Convolutional Neural Networks, 2015; Barabasz et al., Error Analysis and Improving the Accuracy
 * of Winograd Convolution, 2018).
 */
public interface WinogradKernels {
  /** The first point of interpolation, 1/sqrt 2. */
  float A = (float) Math.sqrt(0.5);

  /** The second point of interpolation, sqrt 2. */
  float B = (float) Math.sqrt(2);

  /** The first point, cubed. */
  float CUBE_A = (float) (Math.sqrt(2) / 4);

  /** The second point, cubed. */
  float CUBE_B = (float) (Math.sqrt(2) * 2);

  /** What G takes of a filter's middle tap at the first point. */
  float ODD_A = (float) (-Math.sqrt(2) / 3);

  /** What G takes of a filter's middle tap at the second point. */
  float ODD_B = (float) (Math.sqrt(2) / 6);

  /** Number of channels side by side that one vector holds. */
  int lanes();

  /** Six pixels of an input to six coefficients: the transpose of B. */
  void input(
      int count,
      float[] x,
      int from,
      int next,
      int step,
      float[] out,
      int to,
      int outNext,
      int outStep);

  /** Six coefficients of an output to its four or two pixels: the transpose of A. */
  void output(
      int pixels,
      int count,
      float[] x,
      int from,
      int next,
      int step,
      float[] out,
      int to,
      int outNext,
      int outStep);

  /** The four or two pixels of an output's gradient to six coefficients: A. */
  void outputGradient(
      int pixels,
      int count,
      float[] x,
      int from,
      int next,
      int step,
      float[] out,
      int to,
      int outNext,
      int outStep);

  /** The three or five taps of a filter to six coefficients: G. */
  void filter(
      int taps,
      int count,
      float[] x,
      int from,
      int next,
      int step,
      float[] out,
      int to,
      int outNext,
      int outStep);

  /** Six coefficients of a filter's gradient to its three or five taps: the transpose of G. */
  void filterGradient(
      int taps,
      int count,
      float[] x,
      int from,
      int next,
      int step,
      float[] out,
      int to,
      int outNext,
      int outStep);
}
