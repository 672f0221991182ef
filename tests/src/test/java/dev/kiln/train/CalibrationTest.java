package dev.kiln.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.KilnException;
import dev.kiln.Scope;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.data.DataLoader;
import dev.kiln.data.Dataset;
import dev.kiln.nn.CrossEntropyLoss;
import dev.kiln.nn.Lambda;
import dev.kiln.nn.Module;
import dev.kiln.testing.OnEachDevice;
import java.awt.image.BufferedImage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Calibration metrics, temperature and soft labels against numbers worked out by hand. */
class CalibrationTest {
  @TempDir Path folder;

  private static Tensor logits(Device d, double[]... probabilities) {
    int classes = probabilities[0].length;
    double[] all = new double[probabilities.length * classes];
    for (int i = 0; i < all.length; i++) {
      all[i] = Math.log(probabilities[i / classes][i % classes]);
    }
    return Tensor.of(all, Shape.of(probabilities.length, classes), d);
  }

  private static final double[][] FOUR = {{0.9, 0.1}, {0.85, 0.15}, {0.4, 0.6}, {0.3, 0.7}};

  @OnEachDevice
  void calibrationErrorsOfFourExamples(Device d) {
    // 5 bins of 0.2: (0.8,1] has 0.9 right and 0.85 wrong: gap |0.5 - 0.875| = 0.375;
    // (0.4,0.6] has 0.6 right: 0.4; (0.6,0.8] has 0.7 right: 0.3
    try (Scope scope = Scope.open()) {
      Tensor y = Tensor.of(new long[] {0, 1, 1, 1}, d);
      Tensor x = logits(d, FOUR).sub(1e-12); // softmax takes a shift away
      ExpectedCalibrationError ece = ExpectedCalibrationError.of(5);
      ece.update(x.narrow(0, 0, 3), y.narrow(0, 0, 3));
      ece.update(x.narrow(0, 3, 1), y.narrow(0, 3, 1));
      ReliabilityDiagram diagram = ece.diagram();
      assertThat(diagram.bins().stream().map(ReliabilityDiagram.Bin::count).toList())
          .containsExactly(0L, 0L, 1L, 1L, 2L);
      assertThat(diagram.bins().get(4).count()).isEqualTo(2);
      assertThat(diagram.bins().get(4).accuracy()).isEqualTo(0.5);
      assertThat(diagram.bins().get(4).confidence()).isCloseTo(0.875, within(1e-9));
      assertThat(ece.compute()).isCloseTo((2 * 0.375 + 0.4 + 0.3) / 4, within(1e-9));
      ExpectedCalibrationError mce = ExpectedCalibrationError.maximum(5);
      mce.update(x, y);
      assertThat(mce.compute()).isCloseTo(0.4, within(1e-9));
      assertThat(mce.name()).isEqualTo("mce");
      assertThat(diagram.accuracy()).isEqualTo(0.75);
      assertThat(diagram.confidence()).isCloseTo((0.9 + 0.85 + 0.6 + 0.7) / 4, within(1e-9));
    }
  }

  @OnEachDevice
  void brierAndLikelihoodOfFourExamples(Device d) {
    try (Scope scope = Scope.open()) {
      Tensor y = Tensor.of(new long[] {0, 1, -100, 1}, d);
      Tensor x = logits(d, FOUR);
      BrierScore brier = new BrierScore();
      brier.update(x, y);
      // two classes: 2 (1 - p)^2
      assertThat(brier.compute())
          .isCloseTo(2 * (0.1 * 0.1 + 0.85 * 0.85 + 0.3 * 0.3) / 3, within(1e-9));
      NegativeLogLikelihood nll = new NegativeLogLikelihood();
      nll.update(x, y);
      double expected = -(Math.log(0.9) + Math.log(0.15) + Math.log(0.7)) / 3;
      assertThat(nll.compute()).isCloseTo(expected, within(1e-9));
      ExpectedCalibrationError ece = ExpectedCalibrationError.of(1);
      ece.update(x, y);
      assertThat(ece.compute()).isCloseTo(Math.abs(2.0 / 3 - (0.9 + 0.85 + 0.7) / 3), within(1e-9));

      Tensor q = Tensor.of(new double[] {0.75, 0.25, 0, 1, 1, 0, 0.5, 0.5}, Shape.of(4, 2), d);
      brier.reset();
      brier.update(x, q);
      assertThat(brier.compute())
          .isCloseTo(2 * (0.15 * 0.15 + 0.85 * 0.85 + 0.6 * 0.6 + 0.2 * 0.2) / 4, within(1e-9));
      nll.reset();
      nll.update(x, q);
      expected =
          -(0.75 * Math.log(0.9)
                  + 0.25 * Math.log(0.1)
                  + Math.log(0.15)
                  + Math.log(0.4)
                  + 0.5 * Math.log(0.3 * 0.7))
              / 4;
      assertThat(nll.compute()).isCloseTo(expected, within(1e-9));
    }
  }

  @OnEachDevice
  void pixelsCountLikeRows(Device d) {
    try (Scope scope = Scope.open()) {
      // [1,2,2]: two places of two classes
      Tensor rows = logits(d, FOUR[0], FOUR[1]);
      Tensor pixels = rows.t().contiguous().reshape(1, 2, 2);
      Tensor y = Tensor.of(new long[] {0, 0}, d);
      for (Metric m :
          List.of(new BrierScore(), new NegativeLogLikelihood(), new ExpectedCalibrationError())) {
        m.update(rows, y);
        double byRows = m.compute();
        m.reset();
        m.update(pixels, y.reshape(1, 2));
        assertThat(m.compute()).as(m.name()).isCloseTo(byRows, within(1e-12)).isNotNaN();
      }
    }
  }

  @OnEachDevice
  void metricsAreSavedInTheMiddle(Device d) {
    try (Scope scope = Scope.open()) {
      Tensor y = Tensor.of(new long[] {0, 1, 1, 1}, d);
      Tensor x = logits(d, FOUR);
      ExpectedCalibrationError whole = ExpectedCalibrationError.of(10);
      whole.update(x, y);
      whole.update(x, y.mul(0));
      ExpectedCalibrationError half = ExpectedCalibrationError.of(10);
      half.update(x, y);
      ExpectedCalibrationError other = ExpectedCalibrationError.of(10);
      other.restore(half.state());
      other.update(x, y.mul(0));
      assertThat(other.compute()).isEqualTo(whole.compute());
    }
  }

  @Test
  void binsThatAreEmptyCountNothingAndNoExamplesAreNaN() {
    assertThat(new ExpectedCalibrationError().compute()).isNaN();
    assertThat(ExpectedCalibrationError.maximum(3).compute()).isNaN();
    assertThat(new BrierScore().compute()).isNaN();
    assertThatThrownBy(() -> ExpectedCalibrationError.of(0)).isInstanceOf(KilnException.class);
  }

  @OnEachDevice
  void confidenceOneAndBinEdgesHaveAPlace(Device d) {
    try (Scope scope = Scope.open()) {
      // two classes at 0.5 each: exactly the edge, which belongs to the bin below it
      Tensor x = Tensor.of(new double[] {0, 0, 1000, 0}, Shape.of(2, 2), d);
      ExpectedCalibrationError ece = ExpectedCalibrationError.of(2);
      ece.update(x, Tensor.of(new long[] {0, 0}, d));
      assertThat(ece.diagram().bins().get(0).count()).isEqualTo(1);
      assertThat(ece.diagram().bins().get(1).count()).isEqualTo(1);
      assertThat(ece.diagram().bins().get(1).confidence()).isEqualTo(1);
    }
  }

  @Test
  void theDiagramIsDrawnAndWritten() throws Exception {
    ReliabilityDiagram diagram =
        new ReliabilityDiagram(
            List.of(
                new ReliabilityDiagram.Bin(0, 0.5, 10, 0.4, 0.2),
                new ReliabilityDiagram.Bin(0.5, 1, 0, Double.NaN, Double.NaN)));
    BufferedImage picture =
        ReliabilityDiagram.draw(List.of("one", "two"), List.of(diagram, diagram));
    Path file = folder.resolve("reliability.png");
    ReliabilityDiagram.save(picture, file);
    BufferedImage read = ImageIO.read(Files.newInputStream(file));
    assertThat(read.getWidth()).isEqualTo(2 * diagram.draw("one").getWidth());
    // inside the first bar, below an accuracy of 0.2, it is blue; right of the middle white
    int bar = read.getRGB(52 + 40, 34 + 284 - 20);
    assertThat(bar & 0xFF).isGreaterThan(bar >> 16 & 0xFF);
    assertThat(read.getRGB(52 + 200, 34 + 284 - 20)).isEqualTo(0xFFFFFFFF);
  }

  // ---- temperature ----

  @OnEachDevice
  void temperatureOfCountedFrequencies(Device d) {
    // scores 2 : 0 say sigmoid(2/T); three of four are right, so sigmoid(2/T) = 3/4, T = 2/ln 3
    try (Scope scope = Scope.open()) {
      Tensor x = Tensor.of(new float[] {2, 0, 2, 0, 2, 0, 2, 0}, Shape.of(4, 2), d);
      Tensor y = Tensor.of(new long[] {0, 0, 0, 1}, d);
      assertThat(TemperatureScaling.fit(x, y)).isCloseTo(2 / Math.log(3), within(1e-9));
      Tensor q = Tensor.of(new double[] {.75, .25, .75, .25}, Shape.of(2, 2), d);
      assertThat(TemperatureScaling.fit(x.narrow(0, 0, 2), q.to(DType.FLOAT32)))
          .isCloseTo(2 / Math.log(3), within(1e-7));
      Tensor some = Tensor.of(new long[] {0, 0, 0, -100}, d);
      assertThat(TemperatureScaling.fit(x, some)).isEqualTo(TemperatureScaling.LEAST);
      assertThat(TemperatureScaling.fit(x, y.mul(0).add(1))).isEqualTo(TemperatureScaling.LARGEST);
      assertThatThrownBy(() -> TemperatureScaling.fit(x, y.mul(0).sub(100)))
          .hasMessageContaining("[temperature] 0.0 rows count");
    }
  }

  @OnEachDevice
  void temperatureMinimisesTheCrossEntropyAndKeepsPredictions(Device d) {
    SplittableRandom random = new SplittableRandom(5);
    float[][] x = new float[200][4];
    int[] labels = new int[200];
    for (int i = 0; i < 200; i++) {
      labels[i] = random.nextInt(4);
      for (int c = 0; c < 4; c++) {
        x[i][c] = (float) (random.nextDouble(-8, 8) + (c == labels[i] ? 4 : 0));
      }
    }
    Lambda model = new Lambda(v -> v);
    TemperatureScaling scaling = new TemperatureScaling(model);
    scaling.to(d);
    DataLoader data = DataLoader.builder(Dataset.of(x, labels)).batchSize(64).device(d).build();
    try (Scope scope = Scope.open()) {
      Predictions plain =
          new Predictions(
              Tensor.of(flat(x), Shape.of(200, 4), d), Tensor.of(labels, d).to(DType.INT64));
      double t = TemperatureScaling.fit(plain.scores(), plain.targets());
      double best = nll(plain, t);
      assertThat(t).isGreaterThan(1.5);
      for (double other : new double[] {1, 0.99 * t, 1.01 * t, 0.999 * t, 1.001 * t}) {
        assertThat(nll(plain, other)).isGreaterThan(best);
      }
      assertThat(scaling.fit(data, v -> v)).isEqualTo((float) t);
      Tensor scaled = scaling.call(plain.scores());
      assertThat(scaled.argmax(1).toLongArray()).isEqualTo(plain.scores().argmax(1).toLongArray());
      assertThat(scaling.stateDict()).containsOnlyKeys("temperature");
    }
  }

  private static float[] flat(float[][] rows) {
    float[] all = new float[rows.length * rows[0].length];
    for (int i = 0; i < all.length; i++) {
      all[i] = rows[i / rows[0].length][i % rows[0].length];
    }
    return all;
  }

  private static double nll(Predictions p, double t) {
    NegativeLogLikelihood m = new NegativeLogLikelihood();
    m.update(p.scores().to(DType.FLOAT64).div(t), p.targets());
    return m.compute();
  }

  // ---- soft labels ----

  @OnEachDevice
  void softLabelsByHand(Device d) {
    try (Scope scope = Scope.open()) {
      Tensor y = Tensor.of(new int[] {2, 0, -100}, d);
      assertThat(SoftLabels.oneHot(3).apply(y).toFloatArray())
          .containsExactly(0, 0, 1, 1, 0, 0, 0, 0, 0);
      assertClose(
          SoftLabels.uniform(4, 0.2).apply(y),
          0.05,
          0.05,
          0.85,
          0.05,
          0.85,
          0.05,
          0.05,
          0.05,
          0,
          0,
          0,
          0);
      Tensor matrix = Tensor.of(new float[] {0, 3, 1, 1, 0, 1, 2, 2, 0}, Shape.of(3, 3), d);
      SoftLabels alike = SoftLabels.similarity(matrix, 0.4);
      assertClose(alike.apply(y), 0.2, 0.2, 0.6, 0.6, 0.3, 0.1, 0, 0, 0);
      Tensor mixed = Tensor.of(new float[] {0.5f, 0, 0.5f}, Shape.of(1, 3), d);
      assertClose(alike.apply(mixed), 0.4, 0.25, 0.35);
      // places of one image: [1,2] becomes [1,3,2]
      assertClose(alike.apply(y.narrow(0, 0, 2).reshape(1, 2)), 0.2, 0.6, 0.2, 0.3, 0.6, 0.1);
      assertThat(alike.apply(y.narrow(0, 0, 0)).shape()).isEqualTo(Shape.of(0, 3));
    }
  }

  @Test
  void softLabelsThatMakeNoSenseAreRefused() {
    Device d = TrainFixtures.device();
    assertThatThrownBy(() -> SoftLabels.uniform(0, 0.1)).hasMessageContaining("classes 0");
    assertThatThrownBy(() -> SoftLabels.uniform(3, 1.5)).hasMessageContaining("share 1.5");
    Tensor zeros = Tensor.of(new float[] {1, 0, 0, 0}, Shape.of(2, 2), d);
    assertThatThrownBy(() -> SoftLabels.similarity(zeros, 0.1)).hasMessageContaining("row 1");
    Tensor negative = Tensor.of(new float[] {1, 0, -1, 0}, Shape.of(2, 2), d);
    assertThatThrownBy(() -> SoftLabels.similarity(negative, 0.1)).hasMessageContaining("-1.0");
    assertThatThrownBy(() -> SoftLabels.oneHot(3).apply(zeros)).hasMessageContaining("[n,3,...]");
  }

  private static void assertClose(Tensor t, double... expected) {
    assertThat(t.toDoubleArray()).hasSameSizeAs(expected);
    for (int i = 0; i < expected.length; i++) {
      assertThat(t.toDoubleArray()[i]).isCloseTo(expected[i], within(1e-6));
    }
  }

  @OnEachDevice
  void smoothingInTheLossAndInTheTargetsAgree(Device d) {
    try (Scope scope = Scope.open()) {
      Tensor x = Tensor.of(new float[] {1, 2, 0.5f, -1, 0, 3}, Shape.of(2, 3), d);
      Tensor y = Tensor.of(new long[] {1, 0}, d);
      double byLoss = new CrossEntropyLoss().withLabelSmoothing(0.3).of(x, y).item();
      double byTarget = new CrossEntropyLoss().of(x, SoftLabels.uniform(3, 0.3).apply(y)).item();
      double byBoth =
          new CrossEntropyLoss()
              .withLabelSmoothing(0.3)
              .of(x, SoftLabels.oneHot(3).apply(y))
              .item();
      assertThat(byTarget).isCloseTo(byLoss, within(1e-6));
      assertThat(byBoth).isCloseTo(byLoss, within(1e-6));
    }
  }

  @OnEachDevice
  void weightsAndSmoothingFollowPyTorch(Device d) {
    double[][] logp = {logSoftmax(1, 2, 0.5), logSoftmax(-1, 0, 3)};
    double[] w = {1, 2, 4};
    int[] y = {1, 0};
    double s = 0.3;
    // labels: (1-s) sum w_y (-logp_y) / sum w_y + s/C sum_rows sum_c w_c (-logp_c) / sum w_y
    double own = 0;
    double spread = 0;
    double mass = 0;
    double soft = 0;
    for (int i = 0; i < 2; i++) {
      own -= w[y[i]] * logp[i][y[i]];
      mass += w[y[i]];
      for (int c = 0; c < 3; c++) {
        spread -= w[c] * logp[i][c];
        soft -= ((c == y[i] ? 1 - s : 0) + s / 3) * w[c] * logp[i][c];
      }
    }
    try (Scope scope = Scope.open()) {
      Tensor x = Tensor.of(new double[] {1, 2, 0.5, -1, 0, 3}, Shape.of(2, 3), d);
      Tensor labels = Tensor.of(new long[] {1, 0}, d);
      CrossEntropyLoss loss =
          new CrossEntropyLoss().withWeight(Tensor.of(w, d)).withLabelSmoothing(s);
      assertThat(loss.of(x, labels).item())
          .isCloseTo((1 - s) * own / mass + s / 3 * spread / mass, within(1e-9));
      // distributions: the mean is over rows, whatever the weights
      assertThat(loss.of(x, SoftLabels.oneHot(3).apply(labels).to(DType.FLOAT64)).item())
          .isCloseTo(soft / 2, within(1e-9));
    }
  }

  private static double[] logSoftmax(double... x) {
    double sum = 0;
    for (double v : x) {
      sum += Math.exp(v);
    }
    double[] y = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      y[i] = x[i] - Math.log(sum);
    }
    return y;
  }

  @Test
  void aTargetTransformInTheTrainerIsSmoothingInTheLoss() {
    TrainFixtures.Clouds data = new TrainFixtures.Clouds(30, 1);
    Module first = TrainFixtures.mlp(3);
    Module second = TrainFixtures.mlp(3);
    CrossEntropyLoss loss = new CrossEntropyLoss();
    History expected =
        Trainer.builder(first, loss.withLabelSmoothing(0.2), TrainFixtures.sgd(first, 0.1))
            .metric(Accuracy::new)
            .build()
            .fit(data.loader(6), 2);
    Trainer trainer =
        Trainer.builder(second, loss, TrainFixtures.sgd(second, 0.1))
            .metric(Accuracy::new)
            .metric(ExpectedCalibrationError::new)
            .targetTransform(SoftLabels.uniform(3, 0.2))
            .build();
    History found = trainer.fit(data.loader(6), 2);
    assertThat(found.last().orElseThrow().loss())
        .isCloseTo(expected.last().orElseThrow().loss(), within(1e-5));
    float[] a = TrainFixtures.weights(first);
    float[] b = TrainFixtures.weights(second);
    for (int i = 0; i < a.length; i++) {
      assertThat(b[i]).isCloseTo(a[i], within(1e-5f));
    }
    // evaluation has plain labels, so its loss is without smoothing
    Map<String, Double> values = trainer.evaluate(data.loader(6)).values();
    try (Scope scope = Scope.open()) {
      double nll =
          Predictions.of(second, data.loader(6), x -> x).measure(new NegativeLogLikelihood());
      assertThat(values.get("loss")).isCloseTo(nll, within(1e-6));
    }
    assertThat(values).containsKey("ece");
  }
}
