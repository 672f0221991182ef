package dev.kiln.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.KilnException;
import dev.kiln.io.Safetensors;
import dev.kiln.nn.CrossEntropyLoss;
import dev.kiln.nn.Module;
import dev.kiln.optim.AdamW;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A resumed run gives the same bits as an unbroken one. */
class ResumeTest {
  private static final TrainFixtures.Clouds DATA = new TrainFixtures.Clouds(30, 1);
  private static final TrainFixtures.Clouds OTHERS = new TrainFixtures.Clouds(12, 2);

  @TempDir Path folder;

  /** A model, its trainer and what it went through. */
  private static final class Run {
    final Module model;
    final EarlyStopping early = EarlyStopping.on("val_loss").withPatience(50).withRestoreBest(true);
    final Trainer trainer;

    Run(long seed, Callback... more) {
      model = TrainFixtures.mlpWithDropout(seed);
      Trainer.Builder builder =
          TrainFixtures.resumable(model)
              .metric(Accuracy::new)
              .metric(() -> F1.of(3, Average.MACRO))
              .validation(OTHERS.loader(5))
              .callback(early)
              .seed(11);
      for (Callback c : more) {
        builder.callback(c);
      }
      trainer = builder.build();
    }
  }

  /** Stops after a number of steps in all, with or without saving right there. */
  private static Callback stopAt(long globalStep, Path checkpoint) {
    return new Callback() {
      @Override
      public void onStepEnd(TrainState s) {
        if (s.globalStep() == globalStep) {
          s.save(checkpoint);
          s.stop("test");
        }
      }
    };
  }

  private static List<Object> figures(History h) {
    List<Object> all = new ArrayList<>();
    h.epochs().forEach(r -> all.add(List.copyOf(r.values().entrySet())));
    return all;
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3, 5, 7, 10, 13})
  void tenStepsAreFiveAndFiveWhereverTheyAreCut(int cut) {
    // 30 examples in batches of 6: 5 steps per epoch, so cuts fall inside and between epochs
    Run whole = new Run(7);
    History expected = whole.trainer.fit(DATA.loader(6), 3);

    Path checkpoint = folder.resolve("cut.safetensors");
    new Run(7, stopAt(cut, checkpoint)).trainer.fit(DATA.loader(6), 3);

    Run second = new Run(999); // other weights and random numbers, until they are loaded
    History found = second.trainer.resume(checkpoint).fit(DATA.loader(6), 3);
    assertThat(TrainFixtures.weights(second.model)).isEqualTo(TrainFixtures.weights(whole.model));
    assertThat(figures(found)).isEqualTo(figures(expected));
    assertThat(second.early.bestEpoch()).isEqualTo(whole.early.bestEpoch());
    assertThat(second.early.best()).isEqualTo(whole.early.best());
  }

  @Test
  void aCheckpointOfAnEpochsEndHasHeardItsNews() {
    // the checkpoint is added first, but early stopping must have seen the epoch it saves
    Path checkpoint = folder.resolve("epoch.safetensors");
    Module model = TrainFixtures.mlp(7);
    EarlyStopping early = EarlyStopping.on("loss");
    TrainFixtures.trainer(model, 0.1)
        .checkpoint(checkpoint)
        .callback(early)
        .build()
        .fit(DATA.loader(6), 2);
    EarlyStopping resumed = EarlyStopping.on("loss");
    TrainFixtures.trainer(TrainFixtures.mlp(1), 0.1).callback(resumed).build().resume(checkpoint);
    assertThat(resumed.bestEpoch()).isEqualTo(early.bestEpoch()).isEqualTo(2);
  }

  @Test
  void otherDataInsideAnEpochAreRefused() {
    Path checkpoint = folder.resolve("cut.safetensors");
    new Run(7, stopAt(3, checkpoint)).trainer.fit(DATA.loader(6), 3);
    Trainer resumed = new Run(7).trainer.resume(checkpoint);
    assertThatThrownBy(() -> resumed.fit(DATA.loader(10), 3))
        .isInstanceOf(KilnException.class)
        .hasMessageContaining("epoch 1 stopped after 3 of 5 steps but these data have 3 steps");
  }

  @Test
  void aCheckpointThatDoesNotFitChangesNothing() {
    Path checkpoint = folder.resolve("other.safetensors");
    TrainFixtures.trainer(TrainFixtures.mlp(7), 0.1).build().save(checkpoint);
    Module model = TrainFixtures.mlp(8);
    float[] before = TrainFixtures.weights(model);
    Trainer accumulating = TrainFixtures.trainer(model, 0.1).accumulate(2).build();
    assertThatThrownBy(() -> accumulating.resume(checkpoint))
        .isInstanceOf(KilnException.class)
        .hasMessageContaining("was saved with accumulate 1 but this trainer has 2");
    Trainer other =
        Trainer.builder(model, new CrossEntropyLoss(), AdamW.of(model.parameters(), 0.1)).build();
    assertThatThrownBy(() -> other.resume(checkpoint))
        .isInstanceOf(KilnException.class)
        .hasMessageContaining("SGD")
        .hasMessageContaining("AdamW");
    assertThat(TrainFixtures.weights(model)).isEqualTo(before);
  }

  @Test
  void savingLeavesNothingButTheCheckpointAndItsDescription() throws Exception {
    Path checkpoint = folder.resolve("last.safetensors");
    TrainFixtures.trainer(TrainFixtures.mlp(7), 0.1)
        .callback(PeriodicCheckpoint.everySteps(1, checkpoint))
        .build()
        .fit(DATA.loader(6), 1);
    try (var files = Files.list(folder)) {
      assertThat(files).containsExactlyInAnyOrder(checkpoint, folder.resolve("last.json"));
    }
  }

  @Test
  void weightsAloneLoadFromCheckpointsAndPlainFiles() {
    Path checkpoint = folder.resolve("last.safetensors");
    Path plain = folder.resolve("plain.safetensors");
    Module model = TrainFixtures.mlp(7);
    TrainFixtures.trainer(model, 0.1).build().save(checkpoint);
    Safetensors.save(model.stateDict(), plain);
    for (Path file : List.of(checkpoint, plain)) {
      Module other = TrainFixtures.mlp(8);
      Trainer.loadWeights(other, file);
      assertThat(TrainFixtures.weights(other)).isEqualTo(TrainFixtures.weights(model));
    }
    assertThatThrownBy(() -> TrainFixtures.trainer(model, 0.1).build().resume(plain))
        .isInstanceOf(KilnException.class)
        .hasMessageContaining("is no training checkpoint");
  }
}
