package dev.kiln.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.kiln.Device;
import dev.kiln.IndexException;
import dev.kiln.KilnException;
import dev.kiln.Scope;
import dev.kiln.Shape;
import dev.kiln.ShapeException;
import dev.kiln.Tensor;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Metrics against numbers worked out by hand or by plain loops. */
class MetricsTest {
  private static final Device DEVICE = TrainFixtures.device();

  private static Tensor scores(float[]... rows) {
    float[] flat = new float[rows.length * rows[0].length];
    for (int r = 0; r < rows.length; r++) {
      System.arraycopy(rows[r], 0, flat, r * rows[0].length, rows[0].length);
    }
    return Tensor.of(flat, Shape.of(rows.length, rows[0].length), DEVICE);
  }

  private static Tensor labels(long... values) {
    return Tensor.of(values, DEVICE);
  }

  private static double after(Metric metric, Tensor output, Tensor target) {
    metric.update(output, target);
    return metric.compute();
  }

  private static final float[][] FOUR = {
    {0.1f, 0.7f, 0.2f}, {0.5f, 0.3f, 0.2f}, {0.2f, 0.2f, 0.6f}, {0.4f, 0.35f, 0.25f}
  };

  @Test
  void accuracyIsTheShareOfRightClassesOverAllBatches() {
    Accuracy metric = new Accuracy();
    try (Scope scope = Scope.open()) {
      metric.update(scores(FOUR), labels(1, 0, 0, 1)); // predicted 1 0 2 0: two right
      metric.update(scores(FOUR[0]), labels(1));
    }
    assertThat(metric.compute()).isEqualTo(3.0 / 5);
    metric.reset();
    assertThat(after(metric, scores(FOUR[0]), labels(2))).isZero();
  }

  @Test
  void nothingCountedIsNaN() {
    assertThat(new Accuracy().compute()).isNaN();
  }

  @Test
  void accuracyIgnoresTheIgnoredLabelAndTakesProbabilities() {
    assertThat(after(new Accuracy(), scores(FOUR), labels(1, -100, 0, 1))).isEqualTo(1.0 / 3);
    Tensor mixed =
        scores(
            new float[] {0.1f, 0.9f, 0},
            new float[] {0.2f, 0.7f, 0.1f},
            new float[] {0, 0, 1},
            new float[] {1, 0, 0});
    assertThat(after(new Accuracy(), scores(FOUR), mixed)).isEqualTo(3.0 / 4);
  }

  @Test
  void accuracyOfPixelsHasItsClassesOnAxisOne() {
    // [1,2,2,2]: class 0 scores 1 2 3 4, class 1 scores 4 3 2 1
    Tensor output = Tensor.of(new float[] {1, 2, 3, 4, 4, 3, 2, 1}, Shape.of(1, 2, 2, 2), DEVICE);
    Tensor target = Tensor.of(new long[] {1, 1, 0, 1}, Shape.of(1, 2, 2), DEVICE);
    assertThat(after(new Accuracy(), output, target)).isEqualTo(0.75);
  }

  @Test
  void shapesThatDoNotFitAreNamed() {
    assertThatThrownBy(() -> new Accuracy().update(scores(FOUR), labels(1, 2)))
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("[accuracy] output f32[4,3] and target i64[2]");
    assertThatThrownBy(() -> new Accuracy().update(labels(1), labels(1)))
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("no class axis");
    assertThatThrownBy(() -> TopKAccuracy.of(4).update(scores(FOUR), labels(1, 0, 0, 1)))
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("only 3 classes");
    assertThatThrownBy(() -> TopKAccuracy.of(0)).isInstanceOf(KilnException.class);
  }

  @Test
  void topKCountsRanksAndBreaksTiesByClassNumber() {
    Tensor output =
        scores(
            new float[] {5, 4, 3, 2}, // target 1: rank 1
            new float[] {5, 4, 3, 2}, // target 2: rank 2
            new float[] {1, 1, 1, 1}, // target 1: rank 1, as class 0 comes first
            new float[] {1, 1, 1, 1}, // target 2: rank 2
            new float[] {Float.NaN, 9, 8, 7}, // target 2: rank 2, NaN ranks first
            new float[] {0, Float.NaN, 0, 0}); // target 1: its own score is NaN
    Tensor target = labels(1, 2, 1, 2, 2, 1);
    assertThat(after(TopKAccuracy.of(1), output, target)).isZero();
    assertThat(after(TopKAccuracy.of(2), output, target)).isEqualTo(2.0 / 6);
    assertThat(after(TopKAccuracy.of(3), output, target)).isEqualTo(5.0 / 6);
    assertThat(after(TopKAccuracy.of(4), output, target)).isEqualTo(5.0 / 6);
    assertThat(TopKAccuracy.of(5).name()).isEqualTo("top5_accuracy");
  }

  @Test
  void topOneIsAccuracyAndTopKAgreesWithSorting() {
    SplittableRandom random = new SplittableRandom(3);
    int n = 50;
    int classes = 7;
    float[][] rows = new float[n][classes];
    long[] target = new long[n];
    for (int i = 0; i < n; i++) {
      for (int c = 0; c < classes; c++) {
        rows[i][c] = random.nextInt(5); // many ties
      }
      target[i] = i % 9 == 0 ? -100 : random.nextInt(classes);
    }
    for (int k = 1; k <= classes; k++) {
      int hits = 0;
      int counted = 0;
      for (int i = 0; i < n; i++) {
        if (target[i] == -100) {
          continue;
        }
        counted++;
        float[] row = rows[i];
        List<Integer> order =
            java.util.stream.IntStream.range(0, classes)
                .boxed()
                .sorted((a, b) -> Float.compare(row[b], row[a])) // stable: lower class first
                .toList();
        hits += order.subList(0, k).contains((int) target[i]) ? 1 : 0;
      }
      assertThat(after(TopKAccuracy.of(k), scores(rows), labels(target)))
          .isEqualTo((double) hits / counted);
    }
    assertThat(after(TopKAccuracy.of(1), scores(rows), labels(target)))
        .isEqualTo(after(new Accuracy(), scores(rows), labels(target)));
  }

  @Test
  void binaryAccuracyComparesWithItsThreshold() {
    Tensor logits = Tensor.of(new float[] {-2, 0.1f, 3, -0.5f}, Shape.of(4, 1), DEVICE);
    Tensor target = Tensor.of(new float[] {0, 1, 0, 0}, Shape.of(4, 1), DEVICE);
    assertThat(after(BinaryAccuracy.ofLogits(), logits, target)).isEqualTo(0.75);
    assertThat(after(BinaryAccuracy.ofProbabilities(0.5), logits, target)).isEqualTo(0.5);
  }

  private static ConfusionMatrix threeClasses() {
    ConfusionMatrix matrix = ConfusionMatrix.of(List.of("cat", "dog", "owl"));
    // (target, predicted): (0,1) (0,0) (1,2) (1,0), the second batch again without one
    matrix.update(scores(FOUR), labels(0, 0, 1, 1));
    matrix.update(scores(FOUR), labels(1, 0, 2, -100));
    return matrix;
  }

  @Test
  void confusionMatrixCountsPairs() {
    ConfusionTable table = threeClasses().table();
    assertThat(table)
        .isEqualTo(
            ConfusionTable.of(
                new long[][] {{2, 1, 0}, {1, 1, 1}, {0, 0, 1}}, List.of("cat", "dog", "owl")));
    assertThat(table.accuracy()).isEqualTo(4.0 / 7);
    assertThat(threeClasses().compute()).isEqualTo(4.0 / 7);
    assertThat(table.toString())
        .isEqualTo(
            """
            true \\ predicted  cat  dog  owl
            cat                 2    1    0
            dog                 1    1    1
            owl                 0    0    1""");
  }

  @Test
  void confusionMatrixRefusesLabelsThatAreNoClass() {
    for (long bad : new long[] {3, -1, 100}) {
      assertThatThrownBy(
              () -> {
                ConfusionMatrix matrix = ConfusionMatrix.of(3);
                matrix.update(scores(FOUR), labels(0, 0, bad, 1));
                matrix.table();
              })
          .isInstanceOf(IndexException.class);
    }
    assertThatThrownBy(() -> ConfusionMatrix.of(4).update(scores(FOUR), labels(0, 0, 1, 1)))
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("has 3 classes but the matrix 4");
  }

  @Test
  void precisionRecallAndF1FollowFromTheCounts() {
    // rows: target; tp 2 1 1, predicted 3 2 2, support 3 3 1
    ConfusionTable t = threeClasses().table();
    double[] p = {2 / 3.0, 1 / 2.0, 1 / 2.0};
    double[] r = {2 / 3.0, 1 / 3.0, 1.0};
    double[] f = {2 / 3.0, 2 / 5.0, 2 / 3.0};
    for (int c = 0; c < 3; c++) {
      assertThat(t.precision(c)).isEqualTo(p[c]);
      assertThat(t.recall(c)).isEqualTo(r[c]);
      assertThat(t.f1(c)).isCloseTo(f[c], within(1e-15));
    }
    assertThat(t.precision(Average.MACRO)).isCloseTo((p[0] + p[1] + p[2]) / 3, within(1e-15));
    assertThat(t.recall(Average.MACRO)).isCloseTo(2 / 3.0, within(1e-15));
    assertThat(t.f1(Average.MACRO)).isCloseTo((2 / 3.0 + 0.4 + 2 / 3.0) / 3, within(1e-15));
    assertThat(t.precision(Average.WEIGHTED))
        .isCloseTo((3 * p[0] + 3 * p[1] + p[2]) / 7, within(1e-15));
    assertThat(t.recall(Average.WEIGHTED)).isCloseTo(4 / 7.0, within(1e-15));
    assertThat(t.f1(Average.MICRO)).isEqualTo(4 / 7.0);
  }

  @Test
  void metricsOfOneFigureAgreeWithTheTable() {
    ConfusionTable t = ConfusionTable.of(new long[][] {{1, 1, 0}, {1, 0, 1}, {0, 0, 0}}, List.of());
    Tensor output = scores(FOUR);
    Tensor target = labels(0, 0, 1, 1);
    assertThat(after(Precision.of(3, Average.MACRO), output, target))
        .isEqualTo(t.precision(Average.MACRO));
    assertThat(after(Recall.of(3, Average.WEIGHTED), output, target))
        .isEqualTo(t.recall(Average.WEIGHTED));
    F1 f1 = F1.of(3, Average.MICRO);
    assertThat(after(f1, output, target)).isEqualTo(0.25);
    assertThat(f1.perClass()).containsExactly(0.5, 0, 0);
  }

  @Test
  void zeroByZeroIsZeroAndStillCounts() {
    ConfusionTable t = ConfusionTable.of(new long[][] {{2, 0}, {0, 0}}, List.of());
    assertThat(t.precision(1)).isZero();
    assertThat(t.recall(1)).isZero();
    assertThat(t.f1(1)).isZero();
    assertThat(t.f1(Average.MACRO)).isEqualTo(0.5);
    assertThat(t.report()).contains("macro").contains("accuracy 1.0000");
  }

  @Test
  void longClassNamesAreShortenedSoThatColumnsStayEven() {
    ConfusionTable t =
        ConfusionTable.of(
            new long[][] {{100000000000L, 2}, {3, 4}}, List.of("Ankle boot of leather", "T-shirt"));
    String[] lines = t.toString().split("\n");
    assertThat(lines).hasSize(3);
    assertThat(lines[1]).hasSameSizeAs(lines[0]).hasSameSizeAs(lines[2]);
    assertThat(lines[1]).startsWith("Ankle boot of leath.").contains("100000000000");
  }

  @Test
  void meanLossWeighsBatchesByTheirSize() {
    MeanLoss mean = MeanLoss.of("loss", (output, target) -> output);
    mean.add(Tensor.scalar(2, dev.kiln.DType.FLOAT32, DEVICE), 3);
    mean.add(Tensor.scalar(10, dev.kiln.DType.FLOAT32, DEVICE), 1);
    assertThat(mean.compute()).isEqualTo(4);
    Metric mae = MeanLoss.of("mae", (output, target) -> output.sub(target).abs().mean());
    mae.update(Tensor.of(new float[] {1, 2, 3}, DEVICE), Tensor.of(new float[] {1, 0, 0}, DEVICE));
    mae.update(Tensor.of(new float[] {7}, DEVICE), Tensor.of(new float[] {0}, DEVICE));
    assertThat(mae.compute()).isCloseTo((0 + 2 + 3 + 7) / 4.0, within(1e-6));
  }

  @Test
  void stateCarriesOverToANewMetric() {
    List<Metric> old = List.of(new Accuracy(), TopKAccuracy.of(2), ConfusionMatrix.of(3));
    List<Metric> fresh = List.of(new Accuracy(), TopKAccuracy.of(2), ConfusionMatrix.of(3));
    for (int i = 0; i < old.size(); i++) {
      old.get(i).update(scores(FOUR), labels(0, 0, 1, 1));
      fresh.get(i).restore(old.get(i).state());
      old.get(i).update(scores(FOUR), labels(1, 0, 2, 0));
      fresh.get(i).update(scores(FOUR), labels(1, 0, 2, 0));
      assertThat(fresh.get(i).compute()).isEqualTo(old.get(i).compute());
    }
  }
}
