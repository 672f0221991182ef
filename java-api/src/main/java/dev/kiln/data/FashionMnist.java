package dev.kiln.data;

import java.nio.file.Path;
import java.util.List;

/**
 * Fashion-MNIST: 28 x 28 grey pictures of clothes in 10 classes, 60,000 for training and 10,000 for
 * testing.
 *
 * <p>The files are looked for in the folder {@code KILN_DATA}, the user's cache and the folder of
 * Debian's package {@code dataset-fashion-mnist}; then they are downloaded and checked; where that
 * fails an embedded sample takes their place: 5,000 training and 1,000 test pictures, equally many
 * of each class. {@link TrainTest#source} says which it was. Fields: "image" uint8[1,28,28] and
 * "label" int64[].
 *
 * <p>Source: Xiao, Rasul and Vollgraf, "Fashion-MNIST: a novel image dataset for benchmarking
 * machine learning algorithms", 2017 (MIT licence).
 *
 * <pre>{@code
 * TrainTest data = FashionMnist.load();
 * System.out.println(data.source());
 * }</pre>
 */
public final class FashionMnist {
  /** The mean of the full training set's pixels, on the scale 0 to 1. */
  public static final float MEAN = 0.2860f;

  /** The standard deviation of the full training set's pixels, on the scale 0 to 1. */
  public static final float STD = 0.3530f;

  private FashionMnist() {}

  /**
   * Returns the names of the ten classes.
   *
   * @return the name of class {@code i} at position {@code i}
   */
  public static List<String> classNames() {
    return IdxFamily.FASHION_MNIST.classNames();
  }

  /**
   * Finds the data by the usual search.
   *
   * @return both sets, held in memory
   * @throws DataException if files were found that are damaged
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
   * Returns the embedded sample, whatever else there is; it needs neither files nor network.
   *
   * @return 5,000 training and 1,000 test examples, held in memory
   */
  public static TrainTest sample() {
    return new IdxFinder(IdxFamily.FASHION_MNIST, DataSearch.standard()).sample();
  }

  /**
   * Finds the data by a search of the caller's making.
   *
   * @param search where to look
   * @return both sets, held in memory
   * @throws DataException if files were found that are damaged, or nothing was found and the sample
   *     is refused
   */
  public static TrainTest load(DataSearch search) {
    return new IdxFinder(IdxFamily.FASHION_MNIST, search).find();
  }
}
