package dev.kiln.transfer;

import dev.kiln.KilnException;
import dev.kiln.train.Callback;
import dev.kiln.train.TrainState;

/**
 * Trains the last group of layers first, then one more towards the input every few epochs. Howard
 * and Ruder 2018.
 *
 * <p>What is frozen follows from the number of the epoch, so a resumed run goes on as it would
 * have. The optimizer should have all groups from the start; those that are frozen take no memory
 * in it.
 */
public final class GradualUnfreezing implements Callback {
  private final LayerGroups groups;
  private final int first;
  private final int every;
  private final boolean statistics;

  private GradualUnfreezing(LayerGroups groups, int first, int every, boolean statistics) {
    if (first < 1 || every < 1) {
      throw new KilnException(
          "[gradual_unfreezing] "
              + first
              + " groups at first and one more every "
              + every
              + " epochs must both be 1 or more");
    }
    this.groups = groups;
    this.first = first;
    this.every = every;
    this.statistics = statistics;
  }

  /**
   * Starts with the last group; batch normalisations of frozen groups keep their statistics.
   *
   * @param groups of the model that is trained
   * @param every how many epochs until one more group is trained
   * @throws KilnException if that is below 1
   */
  public static GradualUnfreezing of(LayerGroups groups, int every) {
    return new GradualUnfreezing(groups, 1, every, true);
  }

  /**
   * Returns one that starts with several groups.
   *
   * @throws KilnException if that is below 1
   */
  public GradualUnfreezing startingWith(int last) {
    return new GradualUnfreezing(groups, last, every, statistics);
  }

  /** Returns one that leaves the statistics of batch normalisations alone. */
  public GradualUnfreezing withMovingStatistics() {
    return new GradualUnfreezing(groups, first, every, false);
  }

  /**
   * Returns how many groups are trained in an epoch.
   *
   * @param epoch its number, from 1
   */
  public int trained(int epoch) {
    return (int) Math.min(groups.size(), first + ((long) epoch - 1) / every);
  }

  @Override
  public void onEpochStart(TrainState state) {
    groups.trainLast(trained(state.epoch()), statistics);
  }
}
