package dev.kiln.nn;

import dev.kiln.IndexException;
import dev.kiln.KilnException;
import dev.kiln.Shape;
import dev.kiln.ShapeException;
import dev.kiln.Tensor;
import dev.kiln.ops.Indexing;
import dev.kiln.ops.Shaping;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Softmax over very many classes, sorted from the most to the least frequent: a head scores the
 * frequent ones and one place for each cluster of rarer ones, which have small maps of their own.
 * Grave et al. 2016.
 *
 * <p>Parts, as in PyTorch: {@code head} and {@code tail.i.0}, {@code tail.i.1} for cluster i.
 * {@link #run} scores targets and visits only the clusters they are in, for which it reads them
 * back once; {@link #call} gives the log-probabilities of all classes, [n, classes].
 */
public final class AdaptiveLogSoftmaxWithLoss extends Module {
  private final long inFeatures;
  private final long classes;
  private final long[] cutoffs;
  private final Linear head;
  private final List<Sequential> tail = new ArrayList<>();

  /**
   * What is said of targets.
   *
   * @param output the log-probability of each target, [n], or a scalar for one example
   * @param loss the mean of their negatives, a scalar
   */
  public record Output(Tensor output, Tensor loss) {}

  /** Makes a layer with PyTorch's defaults: div value 4, no bias in the head. */
  public AdaptiveLogSoftmaxWithLoss(long inFeatures, long classes, long... cutoffs) {
    this(inFeatures, classes, cutoffs, 4, false);
  }

  /**
   * Makes a layer.
   *
   * @param inFeatures the size of the input's last axis
   * @param classes how many there are
   * @param cutoffs the first class of each cluster, ascending, between 1 and classes - 1
   * @param divValue how many times smaller each cluster's map is than the one before
   * @param headBias whether the head has a bias
   * @throws KilnException if the cutoffs do not ascend between 1 and classes - 1 or a map would
   *     have no features
   */
  public AdaptiveLogSoftmaxWithLoss(
      long inFeatures, long classes, long[] cutoffs, double divValue, boolean headBias) {
    this.inFeatures = inFeatures;
    this.classes = classes;
    this.cutoffs = checked(classes, cutoffs);
    int clusters = cutoffs.length;
    head = module("head", new Linear(inFeatures, cutoffs[0] + clusters, headBias));
    for (int i = 0; i < clusters; i++) {
      long inner = (long) Math.floor(inFeatures / Math.pow(divValue, i + 1));
      if (inner < 1) {
        throw new KilnException(
            "[adaptive_log_softmax] "
                + inFeatures
                + " features divided by "
                + divValue
                + "^"
                + (i + 1)
                + " leave none for cluster "
                + i
                + "; lower divValue");
      }
      tail.add(
          new Sequential(
              new Linear(inFeatures, inner, false),
              new Linear(inner, this.cutoffs[i + 1] - this.cutoffs[i], false)));
    }
    module("tail", new ModuleList(tail.toArray(new Module[0])));
  }

  private static long[] checked(long classes, long[] cutoffs) {
    long before = 0;
    boolean ascend = cutoffs.length > 0;
    for (long c : cutoffs) {
      ascend &= c > before && c < classes;
      before = c;
    }
    if (!ascend) {
      throw new KilnException(
          "[adaptive_log_softmax] cutoffs "
              + Arrays.toString(cutoffs)
              + " must ascend between 1 and "
              + (classes - 1));
    }
    long[] all = Arrays.copyOf(cutoffs, cutoffs.length + 1);
    all[cutoffs.length] = classes;
    return all;
  }

  /**
   * Scores targets.
   *
   * @param x [n, features], or [features] for one example
   * @param target classes, [n] or a scalar; integers, read back to the host
   * @return their log-probabilities and the loss
   * @throws IndexException if a target is no class
   */
  public Output run(Tensor x, Tensor target) {
    return call(x, () -> score(x, target), Output::output);
  }

  private Output score(Tensor x, Tensor target) {
    check(x);
    boolean one = x.dim() == 1;
    if (!target.shape().equals(x.shape().without(-1))) {
      throw new ShapeException(
          "[adaptive_log_softmax] target "
              + target.describe()
              + " must hold one class for each row of input "
              + x.describe());
    }
    Tensor rows = one ? x.unsqueeze(0) : x;
    long[] labels = target.toLongArray();
    Tensor headScores = head.call(rows).logSoftmax(1);
    long[] headColumn = new long[labels.length];
    for (int i = 0; i < labels.length; i++) {
      int cluster = clusterOf(labels[i]);
      headColumn[i] = cluster < 0 ? labels[i] : cutoffs[0] + cluster;
    }
    Tensor y =
        headScores
            .gather(1, Tensor.of(headColumn, Shape.of(labels.length, 1), x.device()))
            .squeeze(1);
    for (int c = 0; c < tail.size(); c++) {
      y = addCluster(y, c, rows, labels);
    }
    return new Output(one ? y.squeeze(0) : y, y.neg().mean());
  }

  /** Adds, for targets in a cluster, their log-probability within it. */
  private Tensor addCluster(Tensor y, int cluster, Tensor rows, long[] labels) {
    long[] members = new long[labels.length];
    long[] inside = new long[labels.length];
    int n = 0;
    for (int i = 0; i < labels.length; i++) {
      if (clusterOf(labels[i]) == cluster) {
        members[n] = i;
        inside[n++] = labels[i] - cutoffs[cluster];
      }
    }
    if (n == 0) {
      return y;
    }
    Tensor at = Tensor.of(Arrays.copyOf(members, n), rows.device());
    Tensor column = Tensor.of(Arrays.copyOf(inside, n), Shape.of(n, 1), rows.device());
    Tensor logProbs = tail.get(cluster).call(rows.indexSelect(0, at)).logSoftmax(1);
    return Indexing.indexAdd(y, 0, at, logProbs.gather(1, column).squeeze(1));
  }

  /** Which cluster a class is in; -1 for the head. */
  private int clusterOf(long label) {
    if (label < 0 || label >= classes) {
      throw new IndexException(
          "[adaptive_log_softmax] target "
              + label
              + " is no class; valid are 0 to "
              + (classes - 1));
    }
    int cluster = -1;
    while (label >= cutoffs[cluster + 1]) {
      cluster++;
    }
    return cluster;
  }

  private void check(Tensor x) {
    if (x.dim() != 1 && x.dim() != 2 || x.size(-1) != inFeatures) {
      throw new ShapeException(
          "[adaptive_log_softmax] input "
              + x.describe()
              + " must be [n, "
              + inFeatures
              + "], or ["
              + inFeatures
              + "] for one example");
    }
  }

  /**
   * Computes the log-probabilities of all classes.
   *
   * @param x [n, features], or [features] for one example
   * @return [n, classes], or [classes]
   */
  @Override
  public Tensor forward(Tensor x) {
    check(x);
    Tensor rows = x.dim() == 1 ? x.unsqueeze(0) : x;
    Tensor scores = head.call(rows).logSoftmax(1);
    List<Tensor> parts = new ArrayList<>();
    parts.add(scores.narrow(1, 0, cutoffs[0]));
    for (int c = 0; c < tail.size(); c++) {
      Tensor place = scores.narrow(1, cutoffs[0] + c, 1);
      parts.add(tail.get(c).call(rows).logSoftmax(1).add(place));
    }
    Tensor y = Shaping.cat(parts, 1);
    return x.dim() == 1 ? y.squeeze(0) : y;
  }

  /** Computes the log-probabilities of all classes, as {@link #call}. */
  public Tensor logProb(Tensor x) {
    return call(x);
  }

  /**
   * Finds the most probable class.
   *
   * @param x [n, features], or [features] for one example
   * @return INT64, [n] or a scalar
   */
  public Tensor predict(Tensor x) {
    return call(x).argmax(-1);
  }
}
