package dev.kiln.data;

/**
 * One pass over a data set, or the rest of one.
 *
 * <p>Its order depends on the loader's seed and the epoch's number only, so it is the same however
 * often and from wherever it is iterated.
 */
public final class Epoch implements Iterable<Batch> {
  private final DataLoader loader;
  private final int number;
  private final int first;

  Epoch(DataLoader loader, int number, int first) {
    this.loader = loader;
    this.number = number;
    this.first = first;
  }

  /**
   * Returns the epoch's number.
   *
   * @return 0 for the first
   */
  public int number() {
    return number;
  }

  /**
   * Returns how many batches are in it.
   *
   * @return the loader's batches per epoch less those skipped
   */
  public int batches() {
    return loader.batchesPerEpoch() - first;
  }

  /**
   * Leaves out the first batches without reading them, to go on exactly where a run stopped.
   *
   * @param batches how many, at most {@link #batches()}
   * @return the rest of the epoch
   * @throws DataException if there are not so many
   */
  public Epoch skip(int batches) {
    if (batches < 0 || batches > batches()) {
      throw new DataException(
          "[data loader] cannot skip %d batches: epoch %d has %d left; do data set and batch size"
                  .formatted(batches, number, batches())
              + " differ from those of the earlier run?");
    }
    return new Epoch(loader, number, first + batches);
  }

  /**
   * Starts a pass.
   *
   * @return an iterator; close it, or just leave it, to stop early
   */
  @Override
  public BatchIterator iterator() {
    return new BatchIterator(loader, number, first, loader.batchesPerEpoch());
  }
}
