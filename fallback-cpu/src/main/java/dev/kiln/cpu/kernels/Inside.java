package dev.kiln.cpu.kernels;

/**
 * The steps {@code from .. to} of a walk along an image's axis that meet a pixel; those before and
 * after are in the padding.
 */
record Inside(int from, int to) {
  /**
   * Finds them.
   *
   * @param start where step 0 is, from the first pixel on
   * @param stride pixels that a step advances
   * @param size pixels of the axis
   * @param steps of the walk
   */
  static Inside of(int start, int stride, int size, int steps) {
    int from = start >= 0 ? 0 : Math.min(steps, TiledProduct.divideUp(-start, stride));
    int to = size - 1 < start ? 0 : Math.min(steps, (size - 1 - start) / stride + 1);
    return new Inside(from, Math.max(from, to));
  }

  int count() {
    return to - from;
  }
}
