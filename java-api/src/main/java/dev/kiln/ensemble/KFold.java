package dev.kiln.ensemble;

import dev.kiln.KilnException;
import dev.kiln.data.Dataset;
import dev.kiln.random.Permutation;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Cuts a data set into k parts at random, each of which is held out once. Stone 1974. */
public final class KFold {
  private static final long STREAM = 0x4B46_4F4CL << 32;

  private KFold() {}

  /**
   * One division of the data.
   *
   * @param train indices to learn from, ascending
   * @param held indices held out, ascending
   */
  public record Fold(int[] train, int[] held) {
    /** Returns the examples to learn from. */
    public Dataset train(Dataset data) {
      return data.subset(train);
    }

    /** Returns the examples held out. */
    public Dataset held(Dataset data) {
      return data.subset(held);
    }
  }

  /**
   * Makes the folds; every index is held out in exactly one of them, and their sizes differ by at
   * most one.
   *
   * @param size how many examples there are
   * @param k how many folds, 2 to size
   * @param seed the key of the random order
   * @return k folds
   * @throws KilnException if k does not fit
   */
  public static List<Fold> of(int size, int k, long seed) {
    if (k < 2 || k > size) {
      throw new KilnException(
          "[k-fold] %d folds of %d examples; give 2 or more, each with an example"
              .formatted(k, size));
    }
    int[] order = Permutation.of(size, seed, STREAM);
    List<Fold> folds = new ArrayList<>();
    for (int f = 0; f < k; f++) {
      int from = (int) ((long) f * size / k);
      int to = (int) ((long) (f + 1) * size / k);
      int[] held = Arrays.copyOfRange(order, from, to);
      int[] train = new int[size - held.length];
      System.arraycopy(order, 0, train, 0, from);
      System.arraycopy(order, to, train, from, size - to);
      Arrays.sort(held);
      Arrays.sort(train);
      folds.add(new Fold(train, held));
    }
    return folds;
  }
}
