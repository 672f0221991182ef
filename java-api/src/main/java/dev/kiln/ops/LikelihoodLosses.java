package dev.kiln.ops;

import dev.kiln.KilnException;
import dev.kiln.ShapeException;
import dev.kiln.Tensor;
import dev.kiln.autograd.Autograd;
import dev.kiln.autograd.Edge;
import dev.kiln.autograd.NoGrad;

/** Negative log-likelihoods of more than one number: of normal distributions and of alignments. */
public final class LikelihoodLosses {
  private LikelihoodLosses() {}

  /**
   * Negative log-likelihood of targets under normal distributions: {@code (ln var + (x - target)^2
   * / var) / 2}. Nix and Weigend 1994.
   *
   * <p>Variances below eps count as eps; as in PyTorch the gradient is that at eps and still goes
   * through.
   *
   * @param x means
   * @param target samples, broadcast with x
   * @param var variances: of x's shape, or with a last axis of 1, or without the last axis
   * @param full whether the constant {@code ln(2 pi) / 2} is added
   * @param eps the least variance; PyTorch's default is 1e-6
   * @throws ShapeException if the variances fit none of the shapes
   * @throws KilnException if eps is not above 0
   */
  public static Tensor gaussianNll(
      Tensor x, Tensor target, Tensor var, boolean full, double eps, Reduction reduction) {
    String op = "gaussian_nll_loss";
    Check.floating(op, "input", x);
    Check.floating(op, "var", var);
    if (!(eps > 0)) {
      throw new KilnException("[" + op + "] eps " + eps + " must be above 0");
    }
    Tensor v = variances(op, x, var);
    Tensor least = NoGrad.run(() -> v.clamp(eps, Double.POSITIVE_INFINITY));
    Tensor held = Autograd.record(op, least, Edge.of(v, dy -> dy));
    Tensor loss = held.log().add(x.sub(target).square().div(held)).mul(0.5);
    return Losses.reduce(op, full ? loss.add(0.5 * Math.log(2 * Math.PI)) : loss, reduction);
  }

  private static Tensor variances(String op, Tensor x, Tensor var) {
    if (var.shape().equals(x.shape())) {
      return var;
    }
    boolean fits = x.dim() > 0 && var.shape().equals(x.shape().without(-1));
    ShapeRules.require(
        fits || x.dim() > 0 && var.shape().equals(x.shape().with(-1, 1)),
        () ->
            "["
                + op
                + "] var "
                + var.describe()
                + " must have the shape of input "
                + x.describe()
                + ", or 1 for its last axis, or leave that out");
    return fits ? var.unsqueeze(-1) : var;
  }

  /**
   * Connectionist temporal classification: the negative log-likelihood of label sequences, summed
   * over all their alignments with the steps. Graves et al. 2006.
   *
   * <p>Lengths are read, so this waits for the device once. As in PyTorch the gradient takes for
   * granted that each step's probabilities add up to 1, which {@code logSoftmax} sees to: it is
   * {@code e^logProbs} less the posterior of each class.
   *
   * @param logProbs log-probabilities, [steps, batch, classes] or [steps, classes]
   * @param targets labels: [batch, longest], or all behind one another in a vector; integers
   * @param inputLengths how many steps of each example count, [batch] or a scalar; integers
   * @param targetLengths how many labels each example has, [batch] or a scalar; integers
   * @param blank the class that stands for no label
   * @param reduction MEAN divides each loss by its number of labels first
   * @param zeroInfinity whether a loss is 0, with gradient 0, where no alignment exists because the
   *     steps are too few; else it is infinite
   * @return [batch] or, reduced or for one example, a scalar
   * @throws ShapeException if shapes or lengths do not fit, or blank is no class
   */
  public static Tensor ctc(
      Tensor logProbs,
      Tensor targets,
      Tensor inputLengths,
      Tensor targetLengths,
      long blank,
      Reduction reduction,
      boolean zeroInfinity) {
    if (Casts.raises(logProbs)) {
      Tensor full = Casts.full(logProbs);
      return ctc(full, targets, inputLengths, targetLengths, blank, reduction, zeroInfinity);
    }
    Ctc ctc = Ctc.of(logProbs, targets, inputLengths, targetLengths, blank);
    Tensor loss = ctc.loss(zeroInfinity);
    if (reduction == Reduction.MEAN) {
      return loss.div(ctc.atLeastOneLabel()).mean();
    }
    Tensor each = logProbs.dim() == 2 ? loss.squeeze(0) : loss;
    return Losses.reduce("ctc_loss", each, reduction);
  }
}
