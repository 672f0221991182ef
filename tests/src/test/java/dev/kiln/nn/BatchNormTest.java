package dev.kiln.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.kiln.Device;
import dev.kiln.Shape;
import dev.kiln.ShapeException;
import dev.kiln.Tensor;
import dev.kiln.ops.Normalization;
import dev.kiln.testing.OnEachDevice;
import java.util.Optional;
import org.assertj.core.data.Offset;

class BatchNormTest {
  private static final Offset<Float> NEAR = within(1e-5f);

  /** Two channels; channel 0 holds 1 2 3 6 (mean 3, variance 3.5 or 14/3 unbiased). */
  private static Tensor rows(Device device) {
    return Tensor.of(new float[] {1, 0, 2, 0, 3, 4, 6, 4}, Shape.of(4, 2), device);
  }

  private static long counted(Module m) {
    return m.namedBuffers().get("num_batches_tracked").toLongArray()[0];
  }

  @OnEachDevice
  void trainingUsesTheBatchAndUpdatesTheRunningStatistics(Device device) {
    BatchNorm1d bn = new BatchNorm1d(2);
    bn.to(device);
    float[] y = bn.call(rows(device)).toFloatArray();
    assertThat(y[0]).isEqualTo((float) (-2 / Math.sqrt(3.5 + 1e-5)), NEAR);
    assertThat(y[6]).isEqualTo((float) (3 / Math.sqrt(3.5 + 1e-5)), NEAR);
    assertThat(y[1]).isEqualTo((float) (-2 / Math.sqrt(4 + 1e-5)), NEAR);
    float[] mean = bn.runningMean().orElseThrow().toFloatArray();
    assertThat(mean[0]).isEqualTo(0.3f, NEAR);
    assertThat(mean[1]).isEqualTo(0.2f, NEAR);
    float[] variance = bn.runningVar().orElseThrow().toFloatArray();
    assertThat(variance[0]).isEqualTo((float) (0.9 + 0.1 * 14 / 3), NEAR);
    assertThat(variance[1]).isEqualTo((float) (0.9 + 0.1 * 16 / 3), NEAR);
    assertThat(counted(bn)).isEqualTo(1);
    bn.call(rows(device));
    assertThat(bn.runningMean().orElseThrow().toFloatArray()[0]).isEqualTo(0.57f, NEAR);
    assertThat(counted(bn)).isEqualTo(2);
  }

  @OnEachDevice
  void runningStatisticsMayBeAColumn(Device device) {
    Tensor both = Tensor.of(new float[] {0, 1, 7, 0, 1, 7}, Shape.of(2, 3), device);
    Normalization.batchNorm(
        rows(device),
        Optional.of(both.select(1, 0)),
        Optional.of(both.select(1, 1)),
        Optional.empty(),
        Optional.empty(),
        true,
        0.1,
        1e-5);
    assertThat(both.toFloatArray())
        .containsExactly(
            new float[] {0.3f, (float) (0.9 + 1.4 / 3), 7, 0.2f, (float) (0.9 + 1.6 / 3), 7}, NEAR);
  }

  @OnEachDevice
  void evaluationUsesAndKeepsTheRunningStatistics(Device device) {
    BatchNorm1d bn = new BatchNorm1d(2);
    bn.to(device);
    bn.runningMean().orElseThrow().fill(2);
    bn.runningVar().orElseThrow().fill(4);
    Init.constant(bn.weight().orElseThrow(), 3);
    Init.constant(bn.bias().orElseThrow(), 1);
    bn.eval();
    // One example is fine in eval mode.
    float[] y = bn.call(Tensor.of(new float[] {4, 2}, Shape.of(1, 2), device)).toFloatArray();
    assertThat(y[0]).isEqualTo((float) (3 * 2 / Math.sqrt(4 + 1e-5) + 1), NEAR);
    assertThat(y[1]).isEqualTo(1f, NEAR);
    assertThat(bn.runningMean().orElseThrow().toFloatArray()).containsExactly(2, 2);
    assertThat(bn.runningVar().orElseThrow().toFloatArray()).containsExactly(4, 4);
    assertThat(counted(bn)).isZero();
  }

  @OnEachDevice
  void cumulativeAveragesCountEveryBatchTheSame(Device device) {
    BatchNorm1d bn = BatchNorm1d.builder(2).cumulativeAverage().build();
    bn.to(device);
    bn.call(rows(device));
    assertThat(bn.runningMean().orElseThrow().toFloatArray()[0]).isEqualTo(3f, NEAR);
    assertThat(bn.runningVar().orElseThrow().toFloatArray()[0]).isEqualTo(14f / 3, NEAR);
    bn.call(rows(device).mul(2));
    bn.call(rows(device).mul(3));
    // Means 3, 6, 9; variances 14/3 times 1, 4, 9.
    assertThat(bn.runningMean().orElseThrow().toFloatArray()[0]).isEqualTo(6f, NEAR);
    assertThat(bn.runningVar().orElseThrow().toFloatArray()[0])
        .isEqualTo(14f / 3 * 14 / 3, within(1e-4f));
    assertThat(counted(bn)).isEqualTo(3);
  }

  @OnEachDevice
  void imagesShareStatisticsWithinAChannel(Device device) {
    BatchNorm2d bn = BatchNorm2d.builder(1).momentum(1).eps(0).build();
    bn.to(device);
    float[] y =
        bn.call(Tensor.of(new float[] {1, 2, 3, 6}, Shape.of(1, 1, 2, 2), device)).toFloatArray();
    assertThat(y[3]).isEqualTo((float) (3 / Math.sqrt(3.5)), NEAR);
    assertThat(bn.runningMean().orElseThrow().toFloatArray()[0]).isEqualTo(3f, NEAR);
  }

  @OnEachDevice
  void withoutRunningStatisticsEvaluationUsesTheBatch(Device device) {
    BatchNorm1d bn = BatchNorm1d.builder(2).trackRunningStats(false).affine(false).build();
    bn.to(device);
    assertThat(bn.stateDict()).isEmpty();
    float[] training = bn.call(rows(device)).toFloatArray();
    bn.eval();
    assertThat(bn.call(rows(device)).toFloatArray()).isEqualTo(training);
  }

  @OnEachDevice
  void refusesWhatItCannotNormalise(Device device) {
    Module bn2 = new BatchNorm2d(3).to(device);
    assertThatThrownBy(() -> bn2.call(Tensor.ones(2, 3).to(device)))
        .isInstanceOf(ShapeException.class)
        .hasMessage(
            "[batch_norm2d] input f32[2,3] has rank 2 but [n, features, h, w] is expected;"
                + " BatchNorm1d is for rows");
    Module bn1 = new BatchNorm1d(3).to(device);
    assertThatThrownBy(() -> bn1.call(Tensor.ones(2, 3, 4, 4).to(device)))
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("BatchNorm2d is for images");
    assertThatThrownBy(() -> bn1.call(Tensor.ones(1, 3).to(device)))
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("at least 2: use a larger batch, or eval()");
    assertThatThrownBy(() -> bn1.call(Tensor.ones(4, 5).to(device)))
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("running_mean");
    assertThat(counted(bn1)).isZero();
  }
}
