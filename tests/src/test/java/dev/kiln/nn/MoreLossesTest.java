package dev.kiln.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.kiln.Device;
import dev.kiln.IndexException;
import dev.kiln.KilnException;
import dev.kiln.ShapeException;
import dev.kiln.Tensor;
import dev.kiln.ops.Reduction;
import dev.kiln.testing.OnEachDevice;
import org.junit.jupiter.api.Test;

/** Losses of margins, likelihoods and three inputs against numbers worked out by hand. */
class MoreLossesTest {
  private static Tensor t(Device device, double... values) {
    float[] f = new float[values.length];
    for (int i = 0; i < f.length; i++) {
      f[i] = (float) values[i];
    }
    return Tensor.of(f, device);
  }

  private static Tensor rows(Device device, int n, double... values) {
    return t(device, values).reshape(n, -1);
  }

  private static void value(Tensor loss, double want) {
    assertThat(loss.item()).isCloseTo(want, within(3e-6 * Math.max(1, want)));
  }

  private static void values(Tensor loss, double... want) {
    double[] got = loss.toDoubleArray();
    assertThat(got).hasSameSizeAs(want);
    for (int i = 0; i < want.length; i++) {
      assertThat(got[i]).isCloseTo(want[i], within(3e-6));
    }
  }

  @OnEachDevice
  void binaryCrossEntropyOfProbabilities(Device device) {
    Tensor p = t(device, 0.25, 0.5, 0);
    Tensor y = t(device, 1, 0, 1);
    value(new BCELoss().withReduction(Reduction.SUM).of(p, y), Math.log(4) + Math.log(2) + 100);
    value(
        new BCELoss().withWeight(t(device, 1, 2, 0)).of(p, y), (Math.log(4) + 2 * Math.log(2)) / 3);
  }

  @OnEachDevice
  void scoresMayBeWeightedEachAndByClass(Device device) {
    Tensor x = t(device, 0, 0);
    Tensor y = t(device, 1, 0);
    BCEWithLogitsLoss loss = new BCEWithLogitsLoss().withReduction(Reduction.NONE);
    values(loss.withWeight(t(device, 2, 3)).of(x, y), 2 * Math.log(2), 3 * Math.log(2));
    values(
        loss.withWeight(t(device, 2, 3)).withPosWeight(t(device, 5)).of(x, y),
        10 * Math.log(2),
        3 * Math.log(2));
  }

  @OnEachDevice
  void marginsBetweenClasses(Device device) {
    Tensor x = rows(device, 1, 0.1, 0.2, 0.4, 0.8);
    Tensor y = Tensor.of(new long[] {3}, device);
    value(new MultiMarginLoss().of(x, y), (0.3 + 0.4 + 0.6) / 4);
    value(new MultiMarginLoss().withP(2).of(x, y), (0.09 + 0.16 + 0.36) / 4);
    value(new MultiMarginLoss().withMargin(0.5).of(x, y), 0.1 / 4);
    value(
        new MultiMarginLoss().withWeight(t(device, 1, 1, 1, 3)).of(x, y),
        3 * (0.3 + 0.4 + 0.6) / 4);
    Tensor one = x.reshape(4);
    value(new MultiMarginLoss().of(one, Tensor.scalar(3, dev.kiln.DType.INT64, device)), 1.3 / 4);
    // Right are 3 and 0; the 1 behind the -1 does not count.
    Tensor several = Tensor.of(new long[] {3, 0, -1, 1}, device);
    double want = ((1 - 0.6) + (1 - 0.4) + (1 + 0.1) + (1 + 0.3)) / 4;
    value(new MultiLabelMarginLoss().of(one, several), want);
    value(new MultiLabelMarginLoss().of(x, several.reshape(1, 4)), want);
    value(new MultiLabelMarginLoss().of(one, several.sub(9)), 0);
    assertThatThrownBy(() -> new MultiMarginLoss().of(x, y.add(1)))
        .isInstanceOf(IndexException.class);
  }

  @OnEachDevice
  void softMarginsDoNotOverflow(Device device) {
    Tensor x = t(device, Math.log(3), 200, 200);
    Tensor y = t(device, 1, -1, 1);
    values(new SoftMarginLoss(Reduction.NONE).of(x, y), Math.log(4.0 / 3), 200, 0);
    Tensor scores = rows(device, 1, 0, Math.log(3));
    Tensor labels = rows(device, 1, 1, 0);
    value(new MultiLabelSoftMarginLoss().of(scores, labels), (Math.log(2) + Math.log(4)) / 2);
    value(
        new MultiLabelSoftMarginLoss().withWeight(t(device, 3, 1)).of(scores, labels),
        (3 * Math.log(2) + Math.log(4)) / 2);
  }

  @OnEachDevice
  void likelihoodsOfCountsAndSamples(Device device) {
    Tensor x = t(device, 0, Math.log(2));
    Tensor counts = t(device, 1, 3);
    PoissonNLLLoss poisson = new PoissonNLLLoss().withReduction(Reduction.NONE);
    values(poisson.of(x, counts), 1, 2 - 3 * Math.log(2));
    values(poisson.withLogInput(false).of(t(device, 1, 2), counts), 1, 2 - 3 * Math.log(2));
    values(
        poisson.withFull(true).of(x, counts),
        1,
        2 - 3 * Math.log(2) + 3 * Math.log(3) - 3 + 0.5 * Math.log(6 * Math.PI));
    Tensor mean = rows(device, 2, 1, 2, 3, 4);
    Tensor target = rows(device, 2, 2, 2, 5, 4);
    GaussianNLLLoss gauss = new GaussianNLLLoss().withReduction(Reduction.NONE);
    double a = Math.log(2) / 2;
    double b = Math.log(4) / 2;
    values(gauss.of(mean, target, rows(device, 2, 2, 2, 4, 4)), a + 0.25, a, b + 0.5, b);
    values(gauss.of(mean, target, t(device, 2, 4)), a + 0.25, a, b + 0.5, b);
    values(gauss.of(mean, target, rows(device, 2, 2, 4)), a + 0.25, a, b + 0.5, b);
    value(
        new GaussianNLLLoss().withFull(true).of(mean, target, t(device, 2, 4)),
        (2 * a + 2 * b + 0.75) / 4 + Math.log(2 * Math.PI) / 2);
    // Below eps the variance counts as eps, and so does its gradient: 1 / eps (1 - d^2 / eps) / 2.
    Tensor var = t(device, 0).requiresGrad(true);
    Tensor loss =
        new GaussianNLLLoss(false, 0.5, Reduction.SUM).of(t(device, 1), t(device, 2), var);
    value(loss, Math.log(0.5) / 2 + 1);
    loss.backward();
    values(var.grad().orElseThrow(), -1);
  }

  @OnEachDevice
  void lossesOfThreeInputs(Device device) {
    Tensor x1 = t(device, 1, 2);
    Tensor x2 = t(device, 3, 0);
    Tensor order = t(device, 1, 1);
    value(new MarginRankingLoss().of(x1, x2, order), 1);
    values(new MarginRankingLoss(3, Reduction.NONE).of(x1, x2, order), 5, 1);
    Tensor a = rows(device, 2, 3, 4, 1, 0);
    Tensor b = rows(device, 2, 4, 3, 0, 1);
    Tensor alike = t(device, 1, -1);
    value(new CosineEmbeddingLoss().of(a, b, alike), (1 - 0.96) / 2);
    values(new CosineEmbeddingLoss(-0.5, Reduction.NONE).of(a, b, alike), 1 - 0.96, 0.5);
    Tensor anchor = rows(device, 1, 0, 0);
    Tensor positive = rows(device, 1, 3, 4);
    Tensor negative = rows(device, 1, 0, 4.5);
    TripletMarginLoss triplet = new TripletMarginLoss(1, 2, 0, false, Reduction.MEAN);
    value(triplet.of(anchor, positive, negative), 1 + 5 - 4.5);
    value(triplet.withSwap(true).of(anchor, positive, negative), 6 - Math.sqrt(9.25));
    value(triplet.withP(1).withMargin(2).of(anchor, positive, negative), 2 + 7 - 4.5);
    value(new TripletMarginWithDistanceLoss().of(anchor, positive, negative), 1.5);
    value(
        new TripletMarginWithDistanceLoss()
            .withDistance((p, q) -> p.sub(q).abs().amax(1))
            .withSwap(true)
            .of(anchor, positive, negative),
        1 + 4 - 3);
    value(new HingeEmbeddingLoss().of(t(device, 0.25, 0.25, 4), t(device, 1, -1, -1)), 1.0 / 3);
  }

  @Test
  void badOptionsAndShapesAreRefused() {
    Device device = Device.defaultDevice();
    Tensor x = Tensor.rand(2, 3);
    assertThatThrownBy(() -> new MultiMarginLoss().withP(3).of(x, Tensor.of(new long[2], device)))
        .isInstanceOf(KilnException.class)
        .hasMessage("[multi_margin_loss] p 3 must be 1 or 2");
    assertThatThrownBy(() -> new MultiMarginLoss().of(x, Tensor.of(new long[3], device)))
        .isInstanceOf(ShapeException.class);
    assertThatThrownBy(() -> new MultiLabelMarginLoss().of(x, Tensor.of(new long[3], device)))
        .isInstanceOf(ShapeException.class);
    assertThatThrownBy(() -> new GaussianNLLLoss().of(x, x, Tensor.rand(3)))
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("var f32[3] must have the shape of input f32[2,3]");
    assertThatThrownBy(() -> new GaussianNLLLoss(false, 0, Reduction.MEAN).of(x, x, x))
        .hasMessageContaining("eps 0.0 must be above 0");
    assertThatThrownBy(() -> new CTCLoss().withBlank(-1)).isInstanceOf(KilnException.class);
  }
}
