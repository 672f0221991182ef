package dev.kiln.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.kiln.Device;
import dev.kiln.KilnException;
import dev.kiln.Scope;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.ops.Reduction;
import dev.kiln.testing.OnEachDevice;
import org.junit.jupiter.api.Test;

class LossTest {
  private static Tensor t(Device device, double... values) {
    float[] f = new float[values.length];
    for (int i = 0; i < f.length; i++) {
      f[i] = (float) values[i];
    }
    return Tensor.of(f, device);
  }

  private static void value(Loss loss, Tensor output, Tensor target, double want) {
    assertThat(loss.of(output, target).item()).as("%s", loss).isCloseTo(want, within(3e-6));
  }

  @OnEachDevice
  void distancesFollowTheirFormulas(Device device) {
    Tensor x = t(device, 0, 1, 5);
    Tensor y = t(device, 0.5, 1, 2); // distances 0.5, 0, 3
    value(new MSELoss(), x, y, 9.25 / 3);
    value(new MSELoss(Reduction.SUM), x, y, 9.25);
    value(new L1Loss(), x, y, 3.5 / 3);
    value(new HuberLoss(), x, y, (0.125 + 2.5) / 3);
    value(new HuberLoss(2), x, y, (0.125 + 2 * (3 - 1)) / 3);
    value(new SmoothL1Loss(), x, y, (0.125 + 2.5) / 3);
    value(new SmoothL1Loss(2), x, y, (0.25 / 4 + 3 - 1) / 3);
    value(new SmoothL1Loss(0), x, y, 3.5 / 3);
    assertThat(new L1Loss(Reduction.NONE).of(x, y).toFloatArray()).containsExactly(0.5f, 0, 3);
  }

  @OnEachDevice
  void crossEntropyTakesLabelsOrProbabilities(Device device) {
    // Softmax of (0, ln 3) is (1/4, 3/4).
    Tensor x = t(device, 0, Math.log(3), 0, Math.log(3)).reshape(2, 2);
    Tensor labels = Tensor.of(new long[] {0, 1}, device);
    double a = Math.log(4);
    double b = Math.log(4.0 / 3);
    value(new CrossEntropyLoss(), x, labels, (a + b) / 2);
    value(new CrossEntropyLoss().withReduction(Reduction.SUM), x, labels, a + b);
    value(new CrossEntropyLoss().withWeight(t(device, 3, 1)), x, labels, (3 * a + b) / 4);
    value(new CrossEntropyLoss().withIgnoreIndex(1), x, labels, a);
    value(new CrossEntropyLoss().withLabelSmoothing(0.2), x, labels, (a + b) / 2);
    value(
        new CrossEntropyLoss().withLabelSmoothing(0.2).withReduction(Reduction.SUM),
        x.narrow(0, 0, 1),
        labels.narrow(0, 0, 1),
        0.9 * a + 0.1 * b);
    Tensor half = t(device, 0.5, 0.5, 0, 1).reshape(2, 2);
    value(new CrossEntropyLoss(), x, half, ((a + b) / 2 + b) / 2);
    value(new NLLLoss(), x.logSoftmax(1), labels, (a + b) / 2);
    value(new NLLLoss().withWeight(t(device, 3, 1)), x.logSoftmax(1), labels, (3 * a + b) / 4);
    value(new NLLLoss().withIgnoreIndex(0), x.logSoftmax(1), labels, b);
  }

  @OnEachDevice
  void binaryCrossEntropyAndDivergence(Device device) {
    Tensor x = t(device, 0, Math.log(3));
    Tensor y = t(device, 1, 0);
    value(new BCEWithLogitsLoss(), x, y, (Math.log(2) + Math.log(4)) / 2);
    value(
        new BCEWithLogitsLoss().withPosWeight(t(device, 5)),
        x,
        y,
        (5 * Math.log(2) + Math.log(4)) / 2);
    Tensor log = t(device, Math.log(0.5), Math.log(0.5)).reshape(1, 2);
    Tensor p = t(device, 0.25, 0.75).reshape(1, 2);
    double kl = 0.25 * Math.log(0.5) + 0.75 * Math.log(1.5);
    value(new KLDivLoss(Reduction.BATCHMEAN), log, p, kl);
    value(new KLDivLoss(), log, p, kl / 2);
    value(new KLDivLoss(true, Reduction.SUM), log, p.log(), kl);
  }

  @Test
  void weightsOutliveTheScopeTheyWereMadeIn() {
    Device device = Device.defaultDevice();
    Loss loss;
    try (Scope scope = Scope.open()) {
      loss = new CrossEntropyLoss().withWeight(t(device, 1, 1));
    }
    Tensor x = Tensor.zeros(Shape.of(1, 2), dev.kiln.DType.FLOAT32, device);
    value(loss, x, Tensor.of(new long[] {1}, device), Math.log(2));
  }

  @Test
  void badOptionsAreRefusedAtOnce() {
    assertThatThrownBy(() -> new CrossEntropyLoss().withLabelSmoothing(1.5))
        .isInstanceOf(KilnException.class)
        .hasMessageContaining("label smoothing 1.5");
    Device device = Device.defaultDevice();
    assertThatThrownBy(() -> new HuberLoss(0).of(t(device, 1), t(device, 1)))
        .isInstanceOf(KilnException.class);
  }
}
