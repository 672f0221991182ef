package dev.kiln.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.DType;
import dev.kiln.Precision;
import dev.kiln.nn.CrossEntropyLoss;
import dev.kiln.nn.Module;
import dev.kiln.optim.AdamW;
import dev.kiln.optim.GradScaler;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The trainer in every precision. */
class MixedPrecisionTest {
  private static final TrainFixtures.Clouds DATA = new TrainFixtures.Clouds(48, 2);

  @TempDir private Path folder;

  private static Trainer trainer(Module model, Precision precision) {
    return Trainer.builder(model, new CrossEntropyLoss(), AdamW.of(model.parameters(), 0.02))
        .metric(Accuracy::new)
        .clipNorm(5)
        .precision(precision)
        .build();
  }

  private static Map<String, float[]> weights(Module model) {
    Map<String, float[]> all = new TreeMap<>();
    model.stateDict().forEach((name, t) -> all.put(name, t.toFloatArray()));
    return all;
  }

  @ParameterizedTest
  @EnumSource
  void learns(Precision precision) {
    Module model = TrainFixtures.mlp(1);
    Trainer trainer = trainer(model, precision);
    History history = trainer.fit(DATA.loader(8), 8);
    assertThat(history.epochs().get(7).loss()).isLessThan(0.25 * history.epochs().get(0).loss());
    assertThat(trainer.evaluate(DATA.loader(16)).values().get("accuracy")).isGreaterThan(0.95);
    model.stateDict().forEach((name, t) -> assertThat(t.dtype()).as(name).isEqualTo(DType.FLOAT32));
  }

  @Test
  void aResumedRunInHalfPrecisionGivesTheSameBits() {
    Module whole = TrainFixtures.mlp(1);
    trainer(whole, Precision.FP16).fit(DATA.loader(8), 4);
    Path file = folder.resolve("half.ckpt");
    Trainer first = trainer(TrainFixtures.mlp(1), Precision.FP16);
    first.fit(DATA.loader(8), 2);
    first.save(file);
    Module resumed = TrainFixtures.mlp(9);
    trainer(resumed, Precision.FP16).resume(file).fit(DATA.loader(8), 4);
    assertThat(weights(resumed)).usingRecursiveComparison().isEqualTo(weights(whole));
    assertThatThrownBy(() -> trainer(TrainFixtures.mlp(1), Precision.BF16).resume(file))
        .hasMessageContaining("precision FP16")
        .hasMessageContaining("BF16");
  }

  @Test
  void gradientsThatOverflowMakeTheScaleSmaller() {
    Module model = TrainFixtures.mlp(1);
    GradScaler scaler =
        GradScaler.builder(TrainFixtures.device()).initScale(0x1p100).growthInterval(1000).build();
    Trainer trainer =
        Trainer.builder(model, new CrossEntropyLoss(), AdamW.of(model.parameters(), 0.02))
            .precision(Precision.FP16)
            .gradScaler(scaler)
            .build();
    Map<String, float[]> before = weights(model);
    trainer.fit(DATA.loader(8), 1);
    assertThat(weights(model)).usingRecursiveComparison().isEqualTo(before);
    assertThat(scaler.scale()).isEqualTo(0x1p94);
  }
}
