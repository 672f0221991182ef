package dev.kiln.train;

import dev.kiln.DType;
import dev.kiln.KilnException;
import dev.kiln.ShapeException;
import dev.kiln.Tensor;
import dev.kiln.autograd.NoGrad;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Counts how often each class is taken for each.
 *
 * <p>As a metric its value is the accuracy; {@link #table} has the counts. Outputs and targets are
 * those of {@link Accuracy}; a label that is neither a class nor {@link
 * dev.kiln.ops.Losses#IGNORE_INDEX} is an {@link dev.kiln.IndexException}.
 */
public final class ConfusionMatrix implements Metric {
  private final int classes;
  private final List<String> names;
  private final Accumulator counts;

  private ConfusionMatrix(int classes, List<String> names) {
    this.classes = classes;
    this.names = names;
    this.counts = Accumulator.counts("confusion_matrix", (long) classes * classes);
  }

  /**
   * Counts classes that have no names.
   *
   * @param classes how many
   * @return the metric
   */
  public static ConfusionMatrix of(int classes) {
    if (classes < 1) {
      throw new KilnException("[confusion_matrix] classes " + classes + " must be 1 or more");
    }
    return new ConfusionMatrix(classes, List.of());
  }

  /**
   * Counts classes by name.
   *
   * @param names the name of class i at position i
   * @return the metric
   */
  public static ConfusionMatrix of(List<String> names) {
    if (names.isEmpty()) {
      throw new KilnException("[confusion_matrix] there are no class names; give one or more");
    }
    return new ConfusionMatrix(names.size(), List.copyOf(names));
  }

  @Override
  public String name() {
    return "confusion_matrix";
  }

  @Override
  public void update(Tensor output, Tensor target) {
    if (output.dim() >= 2 && output.size(1) != classes) {
      throw new ShapeException(
          "[confusion_matrix] output %s has %d classes but the matrix %d"
              .formatted(output.describe(), output.size(1), classes));
    }
    try (NoGrad off = NoGrad.open()) {
      Classes c = Classes.of(name(), output, target);
      Tensor cell = c.target().mul(classes).add(c.predicted());
      Tensor place = cell.where(c.counted(), Tensor.scalar(0, DType.INT64, cell.device()));
      counts.scatter(
          place.reshape(-1).contiguous(), c.counted().to(DType.INT64).reshape(-1).contiguous());
    }
  }

  /**
   * Reads the counts; waits for the device.
   *
   * @return the counts since the last reset
   */
  public ConfusionTable table() {
    long[] flat = counts.readCounts();
    long[][] rows = new long[classes][];
    for (int r = 0; r < classes; r++) {
      rows[r] = Arrays.copyOfRange(flat, r * classes, (r + 1) * classes);
    }
    return ConfusionTable.of(rows, names);
  }

  @Override
  public double compute() {
    return table().accuracy();
  }

  @Override
  public void reset() {
    counts.reset();
  }

  @Override
  public Map<String, Tensor> state() {
    Map<String, Tensor> state = new LinkedHashMap<>();
    counts.save(state, "counts");
    return state;
  }

  @Override
  public void restore(Map<String, Tensor> saved) {
    counts.restore(saved, "counts");
  }
}
