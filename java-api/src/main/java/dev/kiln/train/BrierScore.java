package dev.kiln.train;

import dev.kiln.Tensor;
import java.util.Map;

/**
 * The mean squared distance of the probabilities from the truth: {@code sum over c of (p[c] -
 * q[c])^2} with q the target, 0 for sure and right, 2 for sure and wrong. Brier 1950.
 *
 * <p>Outputs are scores [N,C] or [N,C,...], whose softmax are the probabilities; targets are labels
 * [N] or [N,...], or distributions of the outputs' shape. Examples labelled {@link
 * dev.kiln.ops.Losses#IGNORE_INDEX} do not count.
 */
public final class BrierScore implements Metric {
  private final RowMean mean = new RowMean("brier", BrierScore::squares);

  private static Tensor squares(Scores s) {
    Tensor p = s.logp().exp();
    if (s.soft()) {
      return p.sub(s.target()).square().sum(1);
    }
    // sum of (p - q)^2 = sum of p^2 - 2 p[target] + 1 for a q that is 1 at the target
    return p.square().sum(1).sub(s.at(p).mul(2)).add(1);
  }

  @Override
  public String name() {
    return "brier";
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
