package dev.kiln.train;

import dev.kiln.Tensor;
import java.util.Map;

/**
 * The mean of {@code -log p[target]}, in nats: the cross-entropy without weights or smoothing,
 * whatever the loss is.
 *
 * <p>Outputs are scores [N,C] or [N,C,...], whose softmax are the probabilities; targets are labels
 * [N] or [N,...], or distributions of the outputs' shape. Examples labelled {@link
 * dev.kiln.ops.Losses#IGNORE_INDEX} do not count.
 */
public final class NegativeLogLikelihood implements Metric {
  private final RowMean mean = new RowMean("nll", NegativeLogLikelihood::surprise);

  private static Tensor surprise(Scores s) {
    if (!s.soft()) {
      return s.at(s.logp()).neg();
    }
    // a class that cannot be and is not counts 0, not 0 times infinity
    Tensor nothing = Tensor.scalar(0, s.logp().dtype(), s.logp().device());
    return s.target().mul(s.logp()).where(s.target().ne(0), nothing).sum(1).neg();
  }

  @Override
  public String name() {
    return "nll";
  }

  @Override
  public void update(Tensor output, Tensor target) {
    mean.update(output, target);
  }

  @Override
  public double compute() {
    return mean.compute();
  }

  @Override
  public void reset() {
    mean.reset();
  }

  @Override
  public Map<String, Tensor> state() {
    return mean.state();
  }

  @Override
  public void restore(Map<String, Tensor> saved) {
    mean.restore(saved);
  }
}
