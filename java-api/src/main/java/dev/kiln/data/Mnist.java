package dev.kiln.data;

import java.nio.file.Path;

/**
 * MNIST: 28 x 28 grey pictures of handwritten digits, 60,000 for training and 10,000 for testing.
 *
 * <p>The files are looked for in the folder {@code KILN_DATA} and the user's cache; then they are
 * downloaded and checked. There is no embedded sample. Fields: "image" uint8[1,28,28] and "label"
 * int64[].
 *
 * <p>Source: LeCun, Cortes and Burges, "The MNIST database of handwritten digits".
 */
public final class Mnist {
  /** The mean of the training set's pixels, on the scale 0 to 1. */
  public static final float MEAN = 0.1307f;

  /** The standard deviation of the training set's pixels, on the scale 0 to 1. */
  public static final float STD = 0.3081f;

  private Mnist() {}

  /**
   * Finds the data by the usual search.
   *
   * @return both sets, held in memory
   * @throws DataException if the data are nowhere to be found, or files were found that are damaged
   */
  public static TrainTest load() {
    return load(DataSearch.standard());
  }

  /**
   * Reads the data from one folder, and looks nowhere else.
   *
   * @param folder the folder of the four files, plain or gzipped
   * @return both sets, held in memory
   * @throws DataException if the folder lacks a file or one is damaged
   */
  public static TrainTest load(Path folder) {
    return load(DataSearch.standard().folder(folder));
  }

  /**
   * Finds the data by a search of the caller's making.
   *
   * @param search where to look
   * @return both sets, held in memory
   * @throws DataException if the data are nowhere to be found, or files were found that are damaged
   */
  public static TrainTest load(DataSearch search) {
    return new IdxFinder(IdxFamily.MNIST, search).find();
  }
}
