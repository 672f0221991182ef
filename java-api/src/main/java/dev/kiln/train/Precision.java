package dev.kiln.train;

import dev.kiln.Tensor;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Which share of what was taken for a class is of it, over all classes.
 *
 * <p>A share of 0/0 is 0; see {@link ConfusionTable}. Outputs and targets are those of {@link
 * Accuracy}.
 */
public final class Precision implements Metric {
  private final ConfusionMatrix matrix;
  private final Average average;

  private Precision(ConfusionMatrix matrix, Average average) {
    this.matrix = matrix;
    this.average = average;
  }

  /**
   * Makes the metric.
   *
   * @param classes how many classes there are
   * @param average how their figures become one
   * @return the metric
   */
  public static Precision of(int classes, Average average) {
    return new Precision(ConfusionMatrix.of(classes), average);
  }

  @Override
  public String name() {
    return "precision";
  }

  @Override
  public void update(Tensor output, Tensor target) {
    matrix.update(output, target);
  }

  @Override
  public double compute() {
    return matrix.table().precision(average);
  }

  /**
   * Reads the figure of each class; waits for the device.
   *
   * @return one number per class
   */
  public double[] perClass() {
    ConfusionTable table = matrix.table();
    return IntStream.range(0, table.classes()).mapToDouble(table::precision).toArray();
  }

  @Override
  public void reset() {
    matrix.reset();
  }

  @Override
  public Map<String, Tensor> state() {
    return matrix.state();
  }

  @Override
  public void restore(Map<String, Tensor> saved) {
    matrix.restore(saved);
  }
}
