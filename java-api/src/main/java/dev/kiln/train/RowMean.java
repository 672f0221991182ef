package dev.kiln.train;

import dev.kiln.DType;
import dev.kiln.Tensor;
import dev.kiln.autograd.NoGrad;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;

/** The mean over all rows that count of a figure of each row, in double precision. */
final class RowMean {
  private final String metric;
  private final Function<Scores, Tensor> figure;
  private final Accumulator sum;
  private final Accumulator rows;

  RowMean(String metric, Function<Scores, Tensor> figure) {
    this.metric = metric;
    this.figure = figure;
    this.sum = Accumulator.real(metric);
    this.rows = Accumulator.real(metric);
  }

  void update(Tensor output, Tensor target) {
    try (NoGrad off = NoGrad.open()) {
      Scores scores = Scores.of(metric, output, target);
      Tensor counted = scores.counted().to(DType.FLOAT64);
      Tensor values = figure.apply(scores).to(DType.FLOAT64);
      Tensor nothing = Tensor.scalar(0, values.dtype(), values.device());
      sum.add(values.where(counted.gt(0.5), nothing).sum());
      rows.add(counted.sum());
    }
  }

  double compute() {
    return sum.read()[0] / rows.read()[0];
  }

  void reset() {
    sum.reset();
    rows.reset();
  }

  Map<String, Tensor> state() {
    Map<String, Tensor> state = new LinkedHashMap<>();
    sum.save(state, "sum");
    rows.save(state, "rows");
    return state;
  }

  void restore(Map<String, Tensor> saved) {
    sum.restore(saved, "sum");
    rows.restore(saved, "rows");
  }
}
