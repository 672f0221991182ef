package dev.kiln.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.Generator;
import dev.kiln.IndexException;
import dev.kiln.KilnException;
import dev.kiln.Scope;
import dev.kiln.Shape;
import dev.kiln.ShapeException;
import dev.kiln.Tensor;
import dev.kiln.ops.Embeddings.Mode;
import dev.kiln.testing.OnEachDevice;
import java.util.Arrays;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class EmbeddingTest {
  private static Tensor index(Device device, long... values) {
    return Tensor.of(values, device);
  }

  /** Rows 1 2, 3 4, 5 6, 7 8. */
  private static Tensor table(Device device) {
    return Tensor.of(new float[] {1, 2, 3, 4, 5, 6, 7, 8}, Shape.of(4, 2), device);
  }

  @OnEachDevice
  void looksUpIndicesOfAnyShape(Device device) {
    Embedding e = Embedding.fromPretrained(table(device));
    assertThat(e.call(index(device, 3, 0, 0, 1).reshape(2, 2)).shape())
        .isEqualTo(Shape.of(2, 2, 2));
    assertThat(e.call(index(device, 3, 0)).toFloatArray()).containsExactly(7, 8, 1, 2);
    assertThat(e.call(Tensor.scalar(2, DType.INT64, device)).toFloatArray()).containsExactly(5, 6);
    assertThat(e.call(index(device)).shape()).isEqualTo(Shape.of(0, 2));
    assertThat(e.weight().requiresGrad()).isFalse();
    assertThat(Embedding.fromPretrained(table(device), false).weight().requiresGrad()).isTrue();
    assertThatThrownBy(() -> e.call(index(device, 4))).isInstanceOf(IndexException.class);
  }

  @Test
  void pretrainedVectorsAreCopiedOutOfTheirScope() {
    Embedding e;
    try (Scope scope = Scope.open()) {
      Tensor vectors = table(Device.defaultDevice());
      e = Embedding.fromPretrained(vectors);
      vectors.fill(0);
    }
    assertThat(e.weight().toFloatArray()).containsExactly(1, 2, 3, 4, 5, 6, 7, 8);
  }

  @Test
  void beginsStandardNormalWithZerosForPadding() {
    Generator.manualSeed(5);
    Embedding e = Embedding.builder(100, 100).paddingIdx(-2).build();
    double[] w = e.weight().toDoubleArray();
    assertThat(Arrays.copyOfRange(w, 9800, 9900)).containsOnly(0);
    double sum = Arrays.stream(w).sum();
    double squares = Arrays.stream(w).map(v -> v * v).sum();
    assertThat(sum / 9900).isCloseTo(0, within(0.04));
    assertThat(squares / 9900).isCloseTo(1, within(0.06));
    assertThat(e).hasToString("Embedding(100, 100, padding_idx=98)");
    assertThat(new EmbeddingBag(4, 2)).hasToString("EmbeddingBag(4, 2, mode=mean)");
    assertThat(Embedding.builder(4, 2).maxNorm(1).normType(1).scaleGradByFreq(true).build())
        .hasToString("Embedding(4, 2, max_norm=1.0, norm_type=1.0, scale_grad_by_freq=true)");
  }

  @OnEachDevice
  void paddingLearnsNothing(Device device) {
    Embedding e = Embedding.builder(4, 2).pretrained(table(device), false).paddingIdx(1).build();
    e.call(index(device, 1, 1, 2, 2, 2)).sum().backward();
    assertThat(e.weight().grad().orElseThrow().toFloatArray())
        .containsExactly(0, 0, 0, 0, 3, 3, 0, 0);
  }

  @OnEachDevice
  void gradientsMayBeDividedByFrequency(Device device) {
    Embedding e =
        Embedding.builder(4, 2).pretrained(table(device), false).scaleGradByFreq(true).build();
    Tensor scale = Tensor.of(new float[] {1, 2, 6, 1}, Shape.of(4, 1), device);
    e.call(index(device, 2, 2, 2, 0)).mul(scale).sum().backward();
    assertThat(e.weight().grad().orElseThrow().toFloatArray())
        .containsExactly(1, 1, 0, 0, 3, 3, 0, 0);
    EmbeddingBag bag =
        EmbeddingBag.builder(4, 2)
            .pretrained(table(device), false)
            .scaleGradByFreq(true)
            .mode(Mode.SUM)
            .build();
    bag.run(index(device, 2, 2, 2, 0), index(device, 0, 3)).sum().backward();
    assertThat(bag.weight().grad().orElseThrow().toFloatArray())
        .containsExactly(1, 1, 0, 0, 1, 1, 0, 0);
  }

  /** Row 3 has norm 7 + 8 = 15 in order 1; rows that are short or not named stay. */
  @OnEachDevice
  void lookedUpRowsAreShortened(Device device) {
    Embedding e =
        Embedding.builder(4, 2).pretrained(table(device), false).maxNorm(5).normType(1).build();
    float[] y = e.call(index(device, 3, 0, 3)).toFloatArray();
    assertThat(y[0]).isEqualTo(7f / 3, within(1e-5f));
    assertThat(y[1]).isEqualTo(8f / 3, within(1e-5f));
    float[] w = e.weight().toFloatArray();
    assertThat(Arrays.copyOf(w, 6)).containsExactly(1, 2, 3, 4, 5, 6);
    assertThat(w[7]).isEqualTo(y[1]);
    assertThat(e.weight().requiresGrad()).isTrue();
  }

  @OnEachDevice
  void bagsAreSumsMeansAndMaximaOfLookups(Device device) {
    Tensor at = index(device, 3, 1, 1, 0, 2, 1);
    Tensor offsets = index(device, 0, 2, 2, 5);
    for (Mode mode : Mode.values()) {
      EmbeddingBag bag =
          EmbeddingBag.builder(4, 2).pretrained(table(device), false).mode(mode).build();
      float[] want =
          switch (mode) {
            case SUM -> new float[] {10, 12, 0, 0, 9, 12, 3, 4};
            case MEAN -> new float[] {5, 6, 0, 0, 3, 4, 3, 4};
            case MAX -> new float[] {7, 8, 0, 0, 5, 6, 3, 4};
          };
      assertThat(bag.run(at, offsets).toFloatArray()).as("%s", mode).isEqualTo(want);
      EmbeddingBag closed =
          EmbeddingBag.builder(4, 2)
              .pretrained(table(device), false)
              .mode(mode)
              .includeLastOffset(true)
              .build();
      // The index behind the last offset is in no bag.
      assertThat(
              closed
                  .run(index(device, 3, 1, 1, 0, 2, 1, 3), index(device, 0, 2, 2, 5, 6))
                  .toFloatArray())
          .as("%s", mode)
          .isEqualTo(want);
      Tensor matrix = at.reshape(2, 3);
      Tensor rows = Embedding.fromPretrained(table(device)).call(matrix);
      Tensor equal =
          switch (mode) {
            case SUM -> rows.sum(1);
            case MEAN -> rows.mean(1);
            case MAX -> rows.amax(1);
          };
      float[] got = bag.call(matrix).toFloatArray();
      float[] expected = equal.toFloatArray();
      for (int i = 0; i < expected.length; i++) {
        assertThat(got[i]).as("%s", mode).isEqualTo(expected[i], within(1e-6f));
      }
    }
  }

  @OnEachDevice
  void bagsLeavePaddingOut(Device device) {
    for (Mode mode : Mode.values()) {
      EmbeddingBag bag =
          EmbeddingBag.builder(4, 2)
              .pretrained(table(device).neg(), false)
              .mode(mode)
              .paddingIdx(0)
              .build();
      float[] want =
          switch (mode) {
            case SUM -> new float[] {-8, -10, 0, 0};
            case MEAN -> new float[] {-4, -5, 0, 0};
            case MAX -> new float[] {-3, -4, 0, 0};
          };
      assertThat(bag.call(index(device, 1, 0, 2, 0, 0, 0).reshape(2, 3)).toFloatArray())
          .as("%s", mode)
          .isEqualTo(want);
      Tensor y = bag.run(index(device, 1, 0, 2, 0), index(device, 0, 3));
      assertThat(y.toFloatArray()).as("%s", mode).isEqualTo(want);
      y.sum().backward();
      assertThat(bag.weight().grad().orElseThrow().select(0, 0).toFloatArray()).containsOnly(0);
    }
  }

  @OnEachDevice
  void sumsMayBeWeighted(Device device) {
    EmbeddingBag bag =
        EmbeddingBag.builder(4, 2).pretrained(table(device), false).mode(Mode.SUM).build();
    Tensor weights = Tensor.of(new float[] {2, -1, 0.5f}, device).requiresGrad(true);
    Tensor y =
        bag.run(index(device, 0, 1, 2), Optional.of(index(device, 0, 2)), Optional.of(weights));
    assertThat(y.toFloatArray()).containsExactly(-1, 0, 2.5f, 3);
    y.sum().backward();
    assertThat(weights.grad().orElseThrow().toFloatArray()).containsExactly(3, 7, 11);
  }

  @Test
  void refusesWhatDoesNotFit() {
    Device device = Device.defaultDevice();
    EmbeddingBag bag = new EmbeddingBag(4, 2);
    assertThatThrownBy(() -> bag.call(index(device, 0, 1)))
        .isInstanceOf(ShapeException.class)
        .hasMessage(
            "[embedding_bag] indices i64[2] and offsets (none) must be [bags, rows of each] and"
                + " none, or both vectors");
    assertThatThrownBy(
            () ->
                bag.run(
                    index(device, 0, 1),
                    Optional.of(index(device, 0)),
                    Optional.of(Tensor.ones(2))))
        .isInstanceOf(KilnException.class)
        .hasMessageContaining("mode mean takes no per-sample weights");
    assertThatThrownBy(() -> Embedding.builder(4, 2).paddingIdx(4).build())
        .hasMessageContaining("padding index 4 is no row; valid are -4 to 3");
    assertThatThrownBy(() -> Embedding.builder(4, 2).maxNorm(0).build())
        .hasMessageContaining("max norm 0.0");
    assertThatThrownBy(() -> new Embedding(0, 2)).isInstanceOf(KilnException.class);
    assertThatThrownBy(() -> Embedding.fromPretrained(Tensor.ones(3)))
        .isInstanceOf(ShapeException.class);
    assertThatThrownBy(
            () -> EmbeddingBag.builder(4, 2).mode(Mode.MAX).scaleGradByFreq(true).build())
        .hasMessageContaining("no scaling by frequency");
    EmbeddingBag max = EmbeddingBag.builder(4, 2).mode(Mode.MAX).build();
    assertThatThrownBy(() -> max.run(index(device, 0, 1), index(device, 1, 0)))
        .hasMessageContaining("offsets [1, 0] must ascend");
  }
}
