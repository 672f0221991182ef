package dev.kiln.cpu.kernels;

/**
 * Brings planes of NCHW to channels side by side, and back.
 *
 * <p>Eight channels at a time: planes are often a multiple of 4 KiB apart, and more lines than a
 * first-level cache has ways would then fall into one of its sets.
 */
final class ChannelsLast {
  private ChannelsLast() {}

  /** Writes {@code out[to + p * step + c] = x[from + c * plane + p]}. */
  static void gather(
      int channels, int pixels, float[] x, int from, int plane, float[] out, int to, int step) {
    int c = 0;
    for (; c + 8 <= channels; c += 8) {
      eightLast(pixels, x, from + c * plane, plane, out, to + c, step);
    }
    for (; c < channels; c++) {
      for (int p = 0; p < pixels; p++) {
        out[to + p * step + c] = x[from + c * plane + p];
      }
    }
  }

  private static void eightLast(
      int pixels, float[] x, int s0, int plane, float[] out, int to, int step) {
    int s1 = s0 + plane;
    int s2 = s1 + plane;
    int s3 = s2 + plane;
    int s4 = s3 + plane;
    int s5 = s4 + plane;
    int s6 = s5 + plane;
    int s7 = s6 + plane;
    for (int p = 0; p < pixels; p++, to += step) {
      out[to] = x[s0 + p];
      out[to + 1] = x[s1 + p];
      out[to + 2] = x[s2 + p];
      out[to + 3] = x[s3 + p];
      out[to + 4] = x[s4 + p];
      out[to + 5] = x[s5 + p];
      out[to + 6] = x[s6 + p];
      out[to + 7] = x[s7 + p];
    }
  }

  /** Writes {@code out[to + c * plane + p] = x[from + p * step + c]}. */
  static void scatter(
      int channels, int pixels, float[] x, int from, int step, float[] out, int to, int plane) {
    int c = 0;
    for (; c + 8 <= channels; c += 8) {
      eightPlanes(pixels, x, from + c, step, out, to + c * plane, plane);
    }
    for (; c < channels; c++) {
      for (int p = 0; p < pixels; p++) {
        out[to + c * plane + p] = x[from + p * step + c];
      }
    }
  }

  private static void eightPlanes(
      int pixels, float[] x, int from, int step, float[] out, int d0, int plane) {
    int d1 = d0 + plane;
    int d2 = d1 + plane;
    int d3 = d2 + plane;
    int d4 = d3 + plane;
    int d5 = d4 + plane;
    int d6 = d5 + plane;
    int d7 = d6 + plane;
    for (int p = 0; p < pixels; p++, from += step) {
      out[d0 + p] = x[from];
      out[d1 + p] = x[from + 1];
      out[d2 + p] = x[from + 2];
      out[d3 + p] = x[from + 3];
      out[d4 + p] = x[from + 4];
      out[d5 + p] = x[from + 5];
      out[d6 + p] = x[from + 6];
      out[d7 + p] = x[from + 7];
    }
  }
}
