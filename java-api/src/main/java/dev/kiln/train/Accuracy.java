package dev.kiln.train;

import dev.kiln.Tensor;
import dev.kiln.autograd.NoGrad;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The share of examples whose highest score is at the right class; of equal scores the first
 * counts.
 *
 * <p>Outputs are scores [N,C] or [N,C,...]; targets are labels [N] or [N,...], or probabilities of
 * the outputs' shape, of which the largest is taken. Examples labelled {@link
 * dev.kiln.ops.Losses#IGNORE_INDEX} do not count.
 */
public final class Accuracy implements Metric {
  private final Accumulator right = Accumulator.counts("accuracy");
  private final Accumulator all = Accumulator.counts("accuracy");

  @Override
  public String name() {
    return "accuracy";
  }

  @Override
  public void update(Tensor output, Tensor target) {
    try (NoGrad off = NoGrad.open()) {
      Classes c = Classes.of(name(), output, target);
      right.add(c.predicted().eq(c.target()).sum());
      all.add(c.counted().sum());
    }
  }

  @Override
  public double compute() {
    return right.read()[0] / all.read()[0];
  }

  @Override
  public void reset() {
    right.reset();
    all.reset();
  }

  @Override
  public Map<String, Tensor> state() {
    Map<String, Tensor> state = new LinkedHashMap<>();
    right.save(state, "right");
    all.save(state, "all");
    return state;
  }

  @Override
  public void restore(Map<String, Tensor> saved) {
    right.restore(saved, "right");
    all.restore(saved, "all");
  }
}
