package dev.kiln.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonObject;
import dev.kiln.KilnException;
import dev.kiln.data.DataLoader;
import dev.kiln.data.Dataset;
import dev.kiln.data.augment.Augment;
import dev.kiln.io.Checkpoint;
import dev.kiln.io.Safetensors;
import dev.kiln.nn.CrossEntropyLoss;
import dev.kiln.nn.Module;
import dev.kiln.optim.AdamW;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
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
    // also the rate that further schedules would start from
    assertThat(second.trainer.settings().optimizer().hyperParameters())
        .isEqualTo(whole.trainer.settings().optimizer().hyperParameters());
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

  private static DataLoader loader(int examples, int batchSize, long seed, boolean dropLast) {
    float[][] points = Arrays.copyOf(DATA.points, examples);
    return DataLoader.builder(Dataset.of(points, Arrays.copyOf(DATA.labels, examples)))
        .batchSize(batchSize)
        .shuffle(seed)
        .dropLast(dropLast)
        .device(TrainFixtures.device())
        .build();
  }

  /** All but the last have as many steps per epoch as the run that stopped. */
  static List<Arguments> otherOrders() {
    return List.of(
        Arguments.of(loader(30, 7, 5, false), "batch size 6 but these data have 7"),
        Arguments.of(loader(29, 6, 5, false), "examples 30 but these data have 29"),
        Arguments.of(loader(30, 6, 9, false), "shuffle seed 5 but these data have 9"),
        Arguments.of(loader(30, 6, 5, true), "drop last false but these data have true"),
        Arguments.of(loader(30, 10, 5, false), "batch size 6 but these data have 10"));
  }

  @ParameterizedTest
  @MethodSource("otherOrders")
  void dataInAnotherOrderAreRefused(DataLoader other, String difference) {
    for (int cut : new int[] {3, 5}) { // inside an epoch and at its end
      Path checkpoint = folder.resolve(cut + ".safetensors");
      new Run(7, stopAt(cut, checkpoint)).trainer.fit(DATA.loader(6), 3);
      Run resumed = new Run(7);
      resumed.trainer.resume(checkpoint);
      float[] before = TrainFixtures.weights(resumed.model);
      assertThatThrownBy(() -> resumed.trainer.fit(other, 3))
          .isInstanceOf(ResumeException.class)
          .hasMessageContaining("[fit] training stopped after step " + cut + " with " + difference)
          .hasMessageContaining("Trainer.loadWeights");
      assertThat(TrainFixtures.weights(resumed.model)).isEqualTo(before);
      resumed.trainer.fit(DATA.loader(6), 3); // and the right data are still taken
    }
  }

  /** A script that trains in stages says so again when it is resumed, wherever it stopped. */
  @ParameterizedTest
  @ValueSource(ints = {3, 5, 7, 8})
  void stagesWithOtherBatchesGoOn(int cut) {
    Module whole = TrainFixtures.mlpWithDropout(7);
    Trainer unbroken = plain(whole).seed(11).build();
    unbroken.fit(DATA.loader(6), 1);
    unbroken.fit(DATA.loader(10), 3);

    Path checkpoint = folder.resolve("cut.safetensors");
    Trainer stopped =
        plain(TrainFixtures.mlpWithDropout(7)).seed(11).callback(stopAt(cut, checkpoint)).build();
    stopped.fit(DATA.loader(6), 1);
    if (cut > 5) {
      stopped.fit(DATA.loader(10), 3);
    }

    Module second = TrainFixtures.mlpWithDropout(999);
    Trainer resumed = plain(second).build().resume(checkpoint);
    resumed.fit(DATA.loader(6), 1);
    resumed.fit(DATA.loader(10), 3);
    assertThat(TrainFixtures.weights(second)).isEqualTo(TrainFixtures.weights(whole));
  }

  /** Files of before the order of the data was saved know the number of steps alone. */
  @Test
  void olderCheckpointsLoadAndAreCheckedByTheirSteps() {
    Path checkpoint = folder.resolve("cut.safetensors");
    new Run(7, stopAt(3, checkpoint)).trainer.fit(DATA.loader(6), 3);
    Checkpoint saved = Checkpoint.load(checkpoint, TrainFixtures.device());
    JsonObject json = saved.json();
    json.remove("data");
    json.remove("same");
    json.addProperty("steps", 5);
    Path older = folder.resolve("older.safetensors");
    Checkpoint.save(older, saved.tensors(), json);

    Run run = new Run(1);
    run.trainer.resume(older);
    assertThatThrownBy(() -> run.trainer.fit(DATA.loader(10), 3))
        .hasMessageContaining("steps per epoch 5 but these data have 3");
    assertThat(run.trainer.fit(DATA.loader(6), 3).epochs()).hasSize(3);
  }

  private static Trainer.Builder plain(Module model) {
    return TrainFixtures.trainer(model, 0.1);
  }

  private static Augment augment(long seed, double flip) {
    return Augment.builder().seed(seed).randomCrop(8, 1).horizontalFlip(flip).build();
  }

  @Test
  void anotherAugmentationOrClippingIsRefused() {
    Path checkpoint = folder.resolve("augmented.safetensors");
    plain(TrainFixtures.mlp(7)).augment(augment(1, 0.5)).clipNorm(2).build().save(checkpoint);
    Module model = TrainFixtures.mlp(8);
    float[] before = TrainFixtures.weights(model);
    Map<String, Trainer.Builder> wrong =
        Map.of(
            "augmentation seed 1 but this trainer has 2",
            plain(model).augment(augment(2, 0.5)).clipNorm(2),
            "augmentation randomCrop(8, 8, 1), horizontalFlip(0.5) but this trainer has"
                + " randomCrop(8, 8, 1), horizontalFlip(0.25)",
            plain(model).augment(augment(1, 0.25)).clipNorm(2),
            "horizontalFlip(0.5) but this trainer has none",
            plain(model).clipNorm(2),
            "clipping norm 2.0 but this trainer has value 2.0",
            plain(model).augment(augment(1, 0.5)).clipValue(2),
            "clipping norm 2.0 but this trainer has none",
            plain(model).augment(augment(1, 0.5)));
    wrong.forEach(
        (message, builder) ->
            assertThatThrownBy(() -> builder.build().resume(checkpoint))
                .isInstanceOf(ResumeException.class)
                .hasMessageContaining(message)
                .hasMessageContaining("build it the same way"));
    assertThat(TrainFixtures.weights(model)).isEqualTo(before);
    plain(model).augment(augment(1, 0.5)).clipNorm(2).build().resume(checkpoint);
    assertThat(TrainFixtures.weights(model)).isNotEqualTo(before);
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
