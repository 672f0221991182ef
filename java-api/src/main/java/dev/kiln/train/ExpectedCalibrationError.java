package dev.kiln.train;

import dev.kiln.DType;
import dev.kiln.KilnException;
import dev.kiln.Tensor;
import dev.kiln.autograd.NoGrad;
import dev.kiln.ops.Elementwise;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * How far a model's confidence is from its accuracy: examples are put into bins of equal width by
 * their highest probability, and the gaps between mean confidence and accuracy are averaged,
 * weighted by the bins' examples. Naeini et al. 2015; Guo et al. 2017.
 *
 * <p>Bin i of n takes confidences above i/n up to (i+1)/n; the first takes 0 too. {@link #diagram}
 * has the bins. Outputs are scores [N,C] or [N,C,...], whose softmax are the probabilities; targets
 * are labels [N] or [N,...], or distributions of the outputs' shape, of which the largest is taken.
 * Examples labelled {@link dev.kiln.ops.Losses#IGNORE_INDEX} do not count.
 */
public final class ExpectedCalibrationError implements Metric {
  private final boolean largest;
  private final int bins;
  private final Accumulator all;
  private final Accumulator right;
  private final Accumulator confidence;

  private ExpectedCalibrationError(int bins, boolean largest) {
    if (bins < 1) {
      throw new KilnException("[ece] bins " + bins + " must be 1 or more");
    }
    this.bins = bins;
    this.largest = largest;
    this.all = Accumulator.counts(name(), bins);
    this.right = Accumulator.counts(name(), bins);
    this.confidence = Accumulator.reals(name(), bins);
  }

  /** Makes the metric with 15 bins, as Guo et al. have. */
  public ExpectedCalibrationError() {
    this(15, false);
  }

  /**
   * Makes the metric, named {@code ece}.
   *
   * @param bins how many
   * @return the metric
   */
  public static ExpectedCalibrationError of(int bins) {
    return new ExpectedCalibrationError(bins, false);
  }

  /**
   * Makes a metric of the same bins whose value is the largest gap, named {@code mce}: the maximum
   * calibration error.
   *
   * @param bins how many
   * @return the metric
   */
  public static ExpectedCalibrationError maximum(int bins) {
    return new ExpectedCalibrationError(bins, true);
  }

  @Override
  public String name() {
    return largest ? "mce" : "ece";
  }

  @Override
  public void update(Tensor output, Tensor target) {
    try (NoGrad off = NoGrad.open()) {
      Scores s = Scores.of(name(), output, target);
      Tensor p = s.logp().amax(1).exp();
      Tensor hit = s.logp().argmax(1).eq(s.labels()).to(DType.INT64);
      Tensor counted = s.counted().to(DType.INT64);
      Tensor bin = Elementwise.ceil(p.mul(bins)).sub(1).clamp(0, bins - 1.0);
      Tensor place = bin.to(DType.INT64).contiguous();
      all.scatter(place, counted);
      right.scatter(place, hit.mul(counted));
      confidence.scatter(place, p.mul(s.counted()).to(DType.FLOAT64));
    }
  }

  /**
   * Reads the bins; waits for the device.
   *
   * @return the bins since the last reset
   */
  public ReliabilityDiagram diagram() {
    long[] n = all.readCounts();
    long[] hits = right.readCounts();
    double[] sums = confidence.read();
    List<ReliabilityDiagram.Bin> list = new ArrayList<>();
    for (int i = 0; i < bins; i++) {
      list.add(
          new ReliabilityDiagram.Bin(
              (double) i / bins, (i + 1.0) / bins, n[i], sums[i] / n[i], (double) hits[i] / n[i]));
    }
    return new ReliabilityDiagram(list);
  }

  @Override
  public double compute() {
    return largest ? diagram().maximumError() : diagram().expectedError();
  }

  @Override
  public void reset() {
    all.reset();
    right.reset();
    confidence.reset();
  }

  @Override
  public Map<String, Tensor> state() {
    Map<String, Tensor> state = new LinkedHashMap<>();
    all.save(state, "all");
    right.save(state, "right");
    confidence.save(state, "confidence");
    return state;
  }

  @Override
  public void restore(Map<String, Tensor> saved) {
    all.restore(saved, "all");
    right.restore(saved, "right");
    confidence.restore(saved, "confidence");
  }
}
