package dev.kiln.nn;

import dev.kiln.KilnException;
import dev.kiln.Tensor;
import dev.kiln.ops.LikelihoodLosses;
import dev.kiln.ops.Reduction;

/**
 * Connectionist temporal classification: the negative log-likelihood of label sequences, summed
 * over all their alignments with the steps. Graves et al. 2006.
 *
 * @param blank the class that stands for no label
 * @param reduction MEAN divides each loss by its number of labels first
 * @param zeroInfinity whether a loss is 0 where the steps are too few for the labels; else it is
 *     infinite
 */
public record CTCLoss(long blank, Reduction reduction, boolean zeroInfinity) {
  /** Takes PyTorch's defaults: class 0 is blank, the mean, infinite losses stay. */
  public CTCLoss() {
    this(0, Reduction.MEAN, false);
  }

  /** Refuses a blank below 0. */
  public CTCLoss {
    if (blank < 0) {
      throw new KilnException("[ctc_loss] blank " + blank + " must be a class, 0 or more");
    }
  }

  /** Returns the same loss with another blank. */
  public CTCLoss withBlank(long label) {
    return new CTCLoss(label, reduction, zeroInfinity);
  }

  /** Returns the same loss, reduced in another way. */
  public CTCLoss withReduction(Reduction other) {
    return new CTCLoss(blank, other, zeroInfinity);
  }

  /** Returns the same loss that gives 0, or infinity, where no alignment exists. */
  public CTCLoss withZeroInfinity(boolean wanted) {
    return new CTCLoss(blank, reduction, wanted);
  }

  /**
   * Computes the loss.
   *
   * @param logProbs log-probabilities as {@code logSoftmax} makes them, [steps, batch, classes] or
   *     [steps, classes]
   * @param targets labels: [batch, longest], or all behind one another in a vector; integers
   * @param inputLengths how many steps of each example count, [batch] or a scalar; integers
   * @param targetLengths how many labels each example has, [batch] or a scalar; integers
   * @return a scalar, or [batch] where nothing is reduced
   */
  public Tensor of(Tensor logProbs, Tensor targets, Tensor inputLengths, Tensor targetLengths) {
    return LikelihoodLosses.ctc(
        logProbs, targets, inputLengths, targetLengths, blank, reduction, zeroInfinity);
  }

  /** As {@link #of(Tensor, Tensor, Tensor, Tensor)}, with lengths from the host. */
  public Tensor of(Tensor logProbs, Tensor targets, long[] inputLengths, long[] targetLengths) {
    return of(
        logProbs,
        targets,
        Tensor.of(inputLengths, logProbs.device()),
        Tensor.of(targetLengths, logProbs.device()));
  }
}
