package dev.kiln.train;

import dev.kiln.DType;
import dev.kiln.Tensor;
import dev.kiln.autograd.NoGrad;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.BinaryOperator;

/**
 * The mean of a batch mean over all examples: each batch counts by its size, in double precision on
 * the device.
 *
 * <pre>{@code
 * Metric error = MeanLoss.of("mae", (output, target) -> Losses.l1(output, target, Reduction.MEAN));
 * }</pre>
 */
public final class MeanLoss implements Metric {
  private final String name;
  private final BinaryOperator<Tensor> loss;
  private final Accumulator sum;
  private final Accumulator weight;

  private MeanLoss(String name, BinaryOperator<Tensor> loss) {
    this.name = name;
    this.loss = loss;
    this.sum = Accumulator.real(name);
    this.weight = Accumulator.real(name);
  }

  /**
   * Averages a function of output and target.
   *
   * @param name the metric's name
   * @param loss gives the mean over one batch, a scalar
   * @return the metric
   */
  public static MeanLoss of(String name, BinaryOperator<Tensor> loss) {
    return new MeanLoss(name, loss);
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public void update(Tensor output, Tensor target) {
    try (NoGrad off = NoGrad.open()) {
      add(loss.apply(output, target), output.dim() == 0 ? 1 : output.size(0));
    }
  }

  /**
   * Adds the mean of one batch that is known already.
   *
   * @param mean a scalar on the device
   * @param size the number of examples
   */
  public void add(Tensor mean, long size) {
    try (NoGrad off = NoGrad.open()) {
      Tensor value = mean.detach().to(DType.FLOAT64).reshape();
      sum.add(value.mul(size));
      weight.add(Tensor.scalar(size, DType.FLOAT64, mean.device()));
    }
  }

  @Override
  public double compute() {
    return sum.read()[0] / weight.read()[0];
  }

  @Override
  public void reset() {
    sum.reset();
    weight.reset();
  }

  @Override
  public Map<String, Tensor> state() {
    Map<String, Tensor> state = new LinkedHashMap<>();
    sum.save(state, "sum");
    weight.save(state, "weight");
    return state;
  }

  @Override
  public void restore(Map<String, Tensor> saved) {
    sum.restore(saved, "sum");
    weight.restore(saved, "weight");
  }
}
