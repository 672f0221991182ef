package dev.kiln.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.IndexException;
import dev.kiln.KilnException;
import dev.kiln.Shape;
import dev.kiln.ShapeException;
import dev.kiln.Tensor;
import dev.kiln.testing.OnEachDevice;
import org.junit.jupiter.api.Test;

/** Modules of two inputs, and adaptive softmax. */
class PairAndChoiceTest {
  private static Tensor t(Device device, Shape shape, float... values) {
    return Tensor.of(values, shape, device);
  }

  @OnEachDevice
  void bilinearIsAFormForEachOutput(Device device) {
    Bilinear m = new Bilinear(2, 3, 2);
    m.to(device);
    // W0 = (1 2 3; 4 5 6), W1 picks x1[1] x2[0]; b = (10, 20)
    m.weight().detach().copyFrom(t(device, Shape.of(2, 2, 3), 1, 2, 3, 4, 5, 6, 0, 0, 0, 1, 0, 0));
    m.bias().orElseThrow().detach().copyFrom(t(device, Shape.of(2), 10, 20));
    Tensor x1 = t(device, Shape.of(2), 2, -1);
    Tensor x2 = t(device, Shape.of(3), 1, 0, 2);
    // W0 x2 = (7, 16); 2 * 7 - 16 = -2
    assertThat(m.run(x1, x2).toFloatArray()).containsExactly(8, 19);
    assertThat(m.run(x1.reshape(1, 1, 2), x2.reshape(1, 1, 3)).shape())
        .isEqualTo(Shape.of(1, 1, 2));
    assertThat(m.run(x1.reshape(1, 2).narrow(0, 0, 0), x2.reshape(1, 3).narrow(0, 0, 0)).shape())
        .isEqualTo(Shape.of(0, 2));
  }

  @Test
  void bilinearRefusesWhatDoesNotFit() {
    Bilinear m = new Bilinear(2, 3, 4, false);
    assertThat(m)
        .hasToString("Bilinear(in1_features=2, in2_features=3, out_features=4, bias=false)");
    assertThat(m.weight().shape()).isEqualTo(Shape.of(4, 2, 3));
    assertThat(m.weight().abs().amax().item()).isLessThanOrEqualTo(1 / Math.sqrt(2) + 1e-6);
    assertThatThrownBy(() -> m.run(Tensor.rand(5, 2), Tensor.rand(4, 3)))
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("inputs f32[5,2] and f32[4,3]");
    assertThatThrownBy(() -> m.call(Tensor.rand(5, 2)))
        .isInstanceOf(KilnException.class)
        .hasMessageContaining("it takes two: run(first, second)");
    assertThatThrownBy(() -> new Bilinear(2, 0, 1)).isInstanceOf(KilnException.class);
  }

  @OnEachDevice
  void distancesAndAnglesFollowTheirFormulas(Device device) {
    Tensor a = t(device, Shape.of(2, 2), 3, 4, 1, 0);
    Tensor b = t(device, Shape.of(2, 2), 0, 0, 1, 1);
    float[] d = new PairwiseDistance(2, 0, false).run(a, b).toFloatArray();
    assertThat(d).containsExactly(5, 1);
    assertThat(new PairwiseDistance(1, 0, true).run(a, b).shape()).isEqualTo(Shape.of(2, 1));
    assertThat(new PairwiseDistance().run(b, b).toDoubleArray()[0])
        .isCloseTo(Math.sqrt(2) * 1e-6, within(1e-9));
    Tensor c = new CosineSimilarity().run(a, t(device, Shape.of(2, 2), 4, 3, 1, 1));
    assertThat(c.toDoubleArray()[0]).isCloseTo(24.0 / 25, within(1e-6));
    assertThat(c.toDoubleArray()[1]).isCloseTo(Math.sqrt(0.5), within(1e-6));
  }

  @OnEachDevice
  void adaptiveSoftmaxIsADistribution(Device device) {
    AdaptiveLogSoftmaxWithLoss m = new AdaptiveLogSoftmaxWithLoss(16, 10, 3, 7);
    m.to(device);
    Tensor x = Tensor.randn(Shape.of(6, 16), DType.FLOAT32, device);
    Tensor all = m.logProb(x);
    assertThat(all.shape()).isEqualTo(Shape.of(6, 10));
    for (double total : all.exp().sum(1).toDoubleArray()) {
      assertThat(total).isCloseTo(1, within(1e-5));
    }
    long[] labels = {0, 9, 5, 2, 7, 3};
    AdaptiveLogSoftmaxWithLoss.Output o = m.run(x, Tensor.of(labels, device));
    double[] got = o.output().toDoubleArray();
    double[] each = all.toDoubleArray();
    double sum = 0;
    for (int i = 0; i < 6; i++) {
      assertThat(got[i]).isCloseTo(each[i * 10 + (int) labels[i]], within(1e-5));
      sum -= got[i] / 6;
    }
    assertThat(o.loss().item()).isCloseTo(sum, within(1e-5));
    assertThat(m.predict(x).toLongArray()).isEqualTo(all.argmax(1).toLongArray());
    AdaptiveLogSoftmaxWithLoss.Output one =
        m.run(x.select(0, 1), Tensor.scalar(9, DType.INT64, device));
    assertThat(one.output().dim()).isZero();
    assertThat(one.output().item()).isCloseTo(got[1], within(1e-5));
    assertThat(m.call(x.select(0, 1)).shape()).isEqualTo(Shape.of(10));
  }

  /** Worked out by hand: head scores (0, ln 3), and two classes of the cluster alike. */
  @Test
  void adaptiveSoftmaxSplitsAClustersShare() {
    AdaptiveLogSoftmaxWithLoss m = new AdaptiveLogSoftmaxWithLoss(1, 3, new long[] {1}, 1, false);
    Init.constant(m.namedParameters().get("head.weight"), 0);
    m.namedParameters().get("head.weight").detach().select(0, 1).fill(Math.log(3));
    // Whatever the cluster's inner map is, equal rows of its outer map share 3/4.
    Init.constant(m.namedParameters().get("tail.0.1.weight"), 0.3);
    double[] p = m.call(Tensor.ones(1, 1)).exp().toDoubleArray();
    assertThat(p[0]).isCloseTo(0.25, within(1e-6));
    assertThat(p[1]).isCloseTo(0.375, within(1e-6));
    assertThat(p[2]).isCloseTo(0.375, within(1e-6));
  }

  @Test
  void adaptiveSoftmaxHasPyTorchsParts() {
    AdaptiveLogSoftmaxWithLoss m =
        new AdaptiveLogSoftmaxWithLoss(16, 1000, new long[] {10, 100}, 4, true);
    assertThat(m.namedParameters().keySet())
        .containsExactly(
            "head.weight",
            "head.bias",
            "tail.0.0.weight",
            "tail.0.1.weight",
            "tail.1.0.weight",
            "tail.1.1.weight");
    assertThat(m.namedParameters().get("head.weight").shape()).isEqualTo(Shape.of(12, 16));
    assertThat(m.namedParameters().get("tail.0.0.weight").shape()).isEqualTo(Shape.of(4, 16));
    assertThat(m.namedParameters().get("tail.1.1.weight").shape()).isEqualTo(Shape.of(900, 1));
    Device device = Device.defaultDevice();
    assertThatThrownBy(() -> m.run(Tensor.rand(1, 16), Tensor.of(new long[] {1000}, device)))
        .isInstanceOf(IndexException.class)
        .hasMessageContaining("target 1000 is no class; valid are 0 to 999");
    assertThatThrownBy(() -> m.run(Tensor.rand(2, 16), Tensor.of(new long[] {1}, device)))
        .isInstanceOf(ShapeException.class);
    assertThatThrownBy(() -> new AdaptiveLogSoftmaxWithLoss(16, 10, 5, 5))
        .hasMessageContaining("cutoffs [5, 5] must ascend");
    assertThatThrownBy(() -> new AdaptiveLogSoftmaxWithLoss(16, 10, 10))
        .isInstanceOf(KilnException.class);
    assertThatThrownBy(() -> new AdaptiveLogSoftmaxWithLoss(3, 10, 5))
        .hasMessageContaining("lower divValue");
  }
}
