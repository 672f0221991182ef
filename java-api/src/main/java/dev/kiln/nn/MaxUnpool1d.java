package dev.kiln.nn;

/** Undoes {@link MaxPool1d} of sequences, but for the elements that were not the largest. */
public final class MaxUnpool1d extends MaxUnpoolNd {
  /** Makes a layer for windows side by side, as long along each axis. */
  public MaxUnpool1d(int kernelSize) {
    this(new int[] {kernelSize}, new int[] {kernelSize}, new int[] {0});
  }

  /**
   * Makes a layer.
   *
   * @param kernelSize the pooling's: one number for all axes, or one for each
   * @param stride the pooling's, likewise
   * @param padding the pooling's, likewise
   * @throws dev.kiln.KilnException if sizes are not positive
   */
  public MaxUnpool1d(int[] kernelSize, int[] stride, int[] padding) {
    super("max_unpool1d", 1, kernelSize, stride, padding);
  }
}
