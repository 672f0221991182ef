package dev.kiln.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.Shape;
import dev.kiln.ShapeException;
import dev.kiln.Tensor;
import dev.kiln.ops.Reduction;
import dev.kiln.testing.OnEachDevice;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** CTC against a sum over all paths, each collapsed by the definition. */
class CtcLossTest {
  private static final int STEPS = 5;
  private static final int CLASSES = 4;
  private static final CTCLoss EACH = new CTCLoss().withReduction(Reduction.NONE);

  /** Random log-probabilities, [steps][batch][classes]. */
  private static double[][][] logProbs(int batch) {
    SplittableRandom random = new SplittableRandom(17);
    double[][][] p = new double[STEPS][batch][CLASSES];
    for (double[][] step : p) {
      for (double[] row : step) {
        double sum = 0;
        for (int c = 0; c < CLASSES; c++) {
          row[c] = 4 * random.nextDouble() - 2;
          sum += Math.exp(row[c]);
        }
        for (int c = 0; c < CLASSES; c++) {
          row[c] -= Math.log(sum);
        }
      }
    }
    return p;
  }

  private static Tensor tensor(double[][][] p, DType dtype, Device device) {
    int batch = p[0].length;
    double[] flat = new double[STEPS * batch * CLASSES];
    int i = 0;
    for (double[][] step : p) {
      for (double[] row : step) {
        for (double v : row) {
          flat[i++] = v;
        }
      }
    }
    return Tensor.of(flat, Shape.of(STEPS, batch, CLASSES), device).to(dtype);
  }

  /** Repeats merged, then blanks removed. */
  private static List<Long> collapse(int[] path, long blank) {
    List<Long> labels = new ArrayList<>();
    for (int t = 0; t < path.length; t++) {
      if (path[t] != blank && (t == 0 || path[t] != path[t - 1])) {
        labels.add((long) path[t]);
      }
    }
    return labels;
  }

  private static double bruteForce(
      double[][][] p, int example, int steps, List<Long> target, long blank) {
    double total = 0;
    int[] path = new int[steps];
    for (int code = 0; code < Math.pow(CLASSES, steps); code++) {
      double log = 0;
      int rest = code;
      for (int t = 0; t < steps; t++) {
        path[t] = rest % CLASSES;
        rest /= CLASSES;
        log += p[t][example][path[t]];
      }
      if (collapse(path, blank).equals(target)) {
        total += Math.exp(log);
      }
    }
    return -Math.log(total);
  }

  private static final List<List<Long>> TARGETS =
      List.of(List.of(1L, 2L), List.of(3L, 3L), List.of(), List.of(2L, 1L, 2L), List.of(2L));
  private static final long[] INPUTS = {5, 4, 3, 5, 1};
  private static final long[] LENGTHS = {2, 2, 0, 3, 1};
  private static final long[] PADDED = {1, 2, -9, 3, 3, 99, -1, -1, -1, 2, 1, 2, 2, 0, 0};

  private static double[] want(double[][][] p, long blank) {
    double[] want = new double[TARGETS.size()];
    for (int i = 0; i < want.length; i++) {
      want[i] = bruteForce(p, i, (int) INPUTS[i], TARGETS.get(i), blank);
    }
    return want;
  }

  private static void near(Tensor got, double tolerance, double... want) {
    double[] g = got.toDoubleArray();
    assertThat(g).hasSameSizeAs(want);
    for (int i = 0; i < want.length; i++) {
      assertThat(g[i]).as("loss %d", i).isCloseTo(want[i], within(tolerance));
    }
  }

  @OnEachDevice
  void sumsOverAllAlignments(Device device) {
    double[][][] p = logProbs(5);
    double[] want = want(p, 0);
    Tensor padded = Tensor.of(PADDED, Shape.of(5, 3), device);
    near(EACH.of(tensor(p, DType.FLOAT64, device), padded, INPUTS, LENGTHS), 1e-12, want);
    Tensor x = tensor(p, DType.FLOAT32, device);
    near(EACH.of(x, padded, INPUTS, LENGTHS), 1e-5, want);
    Tensor joined = Tensor.of(new long[] {1, 2, 3, 3, 2, 1, 2, 2}, device);
    near(EACH.of(x, joined, INPUTS, LENGTHS), 1e-5, want);
    double sum = 0;
    double mean = 0;
    for (int i = 0; i < want.length; i++) {
      sum += want[i];
      mean += want[i] / Math.max(1, LENGTHS[i]) / want.length;
    }
    near(new CTCLoss().withReduction(Reduction.SUM).of(x, padded, INPUTS, LENGTHS), 5e-5, sum);
    near(new CTCLoss().of(x, padded, INPUTS, LENGTHS), 1e-5, mean);
  }

  @OnEachDevice
  void anyClassMayBeBlank(Device device) {
    double[][][] p = logProbs(1);
    Tensor x = tensor(p, DType.FLOAT64, device);
    Tensor target = Tensor.of(new long[] {0, 1}, device);
    near(
        EACH.withBlank(3).of(x, target, new long[] {5}, new long[] {2}),
        1e-12,
        bruteForce(p, 0, 5, List.of(0L, 1L), 3));
    Tensor alone =
        EACH.withBlank(3)
            .of(
                x.select(1, 0),
                target,
                Tensor.scalar(5, DType.INT64, device),
                Tensor.scalar(2, DType.INT64, device));
    assertThat(alone.dim()).isZero();
    near(alone, 1e-12, bruteForce(p, 0, 5, List.of(0L, 1L), 3));
  }

  /** Two equal labels need a blank between them, so two steps are too few. */
  @OnEachDevice
  void whatCannotBeAlignedIsInfiniteOrNothing(Device device) {
    double[][][] p = logProbs(2);
    Tensor target = Tensor.of(new long[] {3, 3, 1, 2}, Shape.of(2, 2), device);
    long[] inputs = {2, 2};
    long[] lengths = {2, 2};
    double fine = bruteForce(p, 1, 2, List.of(1L, 2L), 0);
    Tensor x = tensor(p, DType.FLOAT64, device);
    near(EACH.of(x, target, inputs, lengths), 1e-12, Double.POSITIVE_INFINITY, fine);
    Tensor scores = x.detach().requiresGrad(true);
    Tensor loss =
        new CTCLoss()
            .withZeroInfinity(true)
            .withReduction(Reduction.SUM)
            .of(scores.logSoftmax(2), target, inputs, lengths);
    near(loss, 1e-12, fine);
    loss.backward();
    Tensor g = scores.grad().orElseThrow();
    assertThat(g.select(1, 0).toDoubleArray()).containsOnly(0);
    assertThat(g.select(1, 1).narrow(0, 0, 2).toDoubleArray()).doesNotContain(0);
    // Steps behind the input's end have no part in it.
    assertThat(g.select(1, 1).narrow(0, 2, 3).toDoubleArray()).containsOnly(0);
  }

  @OnEachDevice
  void stepsOfNoProbabilityDoNoHarm(Device device) {
    double[][][] p = logProbs(1);
    for (double[][] step : p) {
      step[0][3] = Double.NEGATIVE_INFINITY;
    }
    Tensor x = tensor(p, DType.FLOAT64, device).requiresGrad(true);
    Tensor target = Tensor.of(new long[] {1, 2}, device);
    Tensor loss = new CTCLoss().of(x, target, new long[] {5}, new long[] {2});
    near(loss, 1e-12, bruteForce(p, 0, 5, List.of(1L, 2L), 0) / 2);
    loss.backward();
    for (double g : x.grad().orElseThrow().toDoubleArray()) {
      assertThat(g).isFinite();
    }
  }

  @OnEachDevice
  void refusesLengthsAndBlanksThatDoNotFit(Device device) {
    Tensor x = tensor(logProbs(2), DType.FLOAT32, device);
    Tensor target = Tensor.of(new long[] {1, 2, 1, 2}, Shape.of(2, 2), device);
    assertThatThrownBy(() -> EACH.of(x, target, new long[] {6, 5}, new long[] {2, 2}))
        .isInstanceOf(ShapeException.class)
        .hasMessage(
            "[ctc_loss] input length 6 is outside 0 to the 5 steps of log_probs f32[5,2,4]");
    assertThatThrownBy(() -> EACH.of(x, target, new long[] {5, 5}, new long[] {2, 3}))
        .hasMessageContaining("target length 3 is outside 0 to the 2 labels of targets i64[2,2]");
    assertThatThrownBy(() -> EACH.of(x, target, new long[] {5}, new long[] {2, 2}))
        .hasMessageContaining("input_lengths i64[1] must hold 2 numbers");
    assertThatThrownBy(() -> EACH.withBlank(4).of(x, target, new long[] {5, 5}, new long[] {2, 2}))
        .hasMessageContaining("blank 4 is no class");
    Tensor joined = target.reshape(4);
    assertThatThrownBy(() -> EACH.of(x, joined, new long[] {5, 5}, new long[] {2, 1}))
        .hasMessageContaining("target lengths [2, 1] add up to");
  }
}
