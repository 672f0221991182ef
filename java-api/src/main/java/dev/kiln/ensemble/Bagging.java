package dev.kiln.ensemble;

import dev.kiln.KilnException;
import dev.kiln.data.Dataset;
import dev.kiln.nn.Module;
import dev.kiln.random.Bootstrap;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Bootstrap aggregating: each member learns from its own sample of the data, drawn with
 * replacement. Breiman 1996.
 */
public final class Bagging {
  private static final long STREAM = 0x4241_4747L << 32;

  private Bagging() {}

  /**
   * Returns a member's bootstrap sample: as many examples as the data have, drawn with replacement
   * and keyed by (seed, member).
   *
   * @param data the data
   * @param seed the key
   * @param member the member's number, from 0
   * @return a view of the data
   */
  public static Dataset sample(Dataset data, long seed, int member) {
    return data.subset(draws(data.size(), seed, member));
  }

  /**
   * Returns the examples that a member's sample left out, about 37 %: to measure it on.
   *
   * @param data the data
   * @param seed the key
   * @param member the member's number, from 0
   * @return a view of the data, in its order
   */
  public static Dataset outOfBag(Dataset data, long seed, int member) {
    boolean[] taken = new boolean[data.size()];
    for (int i : draws(data.size(), seed, member)) {
      taken[i] = true;
    }
    return data.subset(IntStream.range(0, taken.length).filter(i -> !taken[i]).toArray());
  }

  /**
   * Trains members on their samples.
   *
   * @param data what to learn from
   * @param members how many, 1 or more
   * @param seed the key of the samples
   * @param learner trains one member; to start members alike or not is its affair
   * @param combining how their scores become one
   * @return the ensemble
   */
  public static Ensemble fit(
      Dataset data, int members, long seed, Learner learner, Combining combining) {
    List<Module> learnt = new ArrayList<>();
    for (int m = 0; m < members; m++) {
      learnt.add(learner.learn(sample(data, seed, m)));
    }
    return Ensemble.of(combining, learnt);
  }

  private static int[] draws(int n, long seed, int member) {
    if (member < 0) {
      throw new KilnException("[bagging] member " + member + " must be 0 or more");
    }
    return Bootstrap.of(n, n, seed, STREAM | member);
  }
}
