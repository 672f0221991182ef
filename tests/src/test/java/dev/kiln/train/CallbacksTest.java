package dev.kiln.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.KilnException;
import dev.kiln.autograd.NoGrad;
import dev.kiln.nn.CrossEntropyLoss;
import dev.kiln.nn.Module;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Early stopping, best checkpoints and logs, on validation scores that the test writes. */
class CallbacksTest {
  private static final TrainFixtures.Clouds DATA = new TrainFixtures.Clouds(6, 1);

  @TempDir Path folder;

  /** A metric whose value is the next of a script; the training pass takes none. */
  private static final class Scripted implements Metric {
    private final double value;

    Scripted(double value) {
      this.value = value;
    }

    @Override
    public String name() {
      return "score";
    }

    @Override
    public void update(dev.kiln.Tensor output, dev.kiln.Tensor target) {}

    @Override
    public double compute() {
      return value;
    }

    @Override
    public void reset() {}
  }

  /**
   * Trains with validation scores that are given, and marks the model's first weight with the
   * epoch.
   */
  private static History train(Module model, double[] scores, Callback... callbacks) {
    int[] made = {-1};
    Trainer.Builder builder =
        Trainer.builder(model, new CrossEntropyLoss(), TrainFixtures.sgd(model, 0))
            .metric(() -> new Scripted(made[0]++ < 0 ? 0 : scores[made[0] - 1]))
            .validation(DATA.loader(6))
            .callback(
                new Callback() {
                  @Override
                  public void onStepEnd(TrainState s) {
                    NoGrad.run(() -> model.parameters().get(1).fill(s.epoch()));
                  }
                });
    for (Callback c : callbacks) {
      builder.callback(c);
    }
    return builder.build().fit(DATA.loader(6), scores.length);
  }

  private static float mark(Module model) {
    return model.parameters().get(1).toFloatArray()[0];
  }

  @Test
  void whereNothingIsLeftToTrainNobodyIsTold() {
    List<String> told = new ArrayList<>();
    Callback ears =
        new Callback() {
          @Override
          public void onTrainStart(TrainState s) {
            told.add("start");
          }

          @Override
          public void onTrainEnd(TrainState s) {
            told.add("end");
          }
        };
    Module model = TrainFixtures.mlp(1);
    Trainer trainer =
        Trainer.builder(model, new CrossEntropyLoss(), TrainFixtures.sgd(model, 0))
            .callback(ears)
            .build();
    trainer.fit(DATA.loader(6), 1);
    assertThat(told).containsExactly("start", "end");
    History again = trainer.fit(DATA.loader(6), 1);
    assertThat(told).containsExactly("start", "end");
    assertThat(again.epochs()).hasSize(1);
  }

  @Test
  void earlyStoppingCountsEpochsWithoutImprovement() {
    EarlyStopping early = EarlyStopping.on("val_score").withMode(Mode.MAX).withPatience(2);
    Module model = TrainFixtures.mlp(1);
    History history = train(model, new double[] {1, 3, 2, 4, 4, 3, 9}, early);
    assertThat(history.values("val_score")).containsExactly(1, 3, 2, 4, 4, 3);
    assertThat(history.stopReason())
        .contains("val_score has not improved for 2 epochs; best 4.0000 in epoch 4");
    assertThat(early.bestEpoch()).isEqualTo(4);
    assertThat(mark(model)).isEqualTo(6);
  }

  @Test
  void earlyStoppingPutsTheBestWeightsBack() {
    Module model = TrainFixtures.mlp(1);
    train(
        model,
        new double[] {5, 2, 3, 4},
        EarlyStopping.on("val_score").withPatience(2).withRestoreBest(true));
    assertThat(mark(model)).isEqualTo(2);
    // however training ends
    Module all = TrainFixtures.mlp(1);
    train(all, new double[] {5, 2, 3}, EarlyStopping.on("val_score").withRestoreBest(true));
    assertThat(mark(all)).isEqualTo(2);
  }

  @Test
  void minDeltaIsAMargin() {
    EarlyStopping early = EarlyStopping.on("val_score").withPatience(2).withMinDelta(0.5);
    History history = train(TrainFixtures.mlp(1), new double[] {5, 4.6, 4.5, 4.4, 1}, early);
    assertThat(history.epochs()).hasSize(3);
    assertThat(early.best()).isEqualTo(5);
  }

  @Test
  void nanIsNeverAnImprovement() {
    EarlyStopping early = EarlyStopping.on("val_score").withPatience(2);
    History history =
        train(TrainFixtures.mlp(1), new double[] {Double.NaN, 3, Double.NaN, 3, 1}, early);
    assertThat(history.epochs()).hasSize(4);
    assertThat(early.bestEpoch()).isEqualTo(2);
    assertThat(history.best("val_score", Mode.MIN).epoch()).isEqualTo(2);
  }

  @Test
  void badSettingsAreRefused() {
    assertThatThrownBy(() -> EarlyStopping.on("loss").withPatience(0))
        .isInstanceOf(KilnException.class);
    assertThatThrownBy(() -> EarlyStopping.on("loss").withMinDelta(-1))
        .isInstanceOf(KilnException.class);
    assertThatThrownBy(() -> PeriodicCheckpoint.everyEpochs(0, folder))
        .isInstanceOf(KilnException.class);
  }

  @Test
  void modesAreGuessedFromNames() {
    assertThat(Mode.of("val_accuracy")).isEqualTo(Mode.MAX);
    assertThat(Mode.of("top5_accuracy")).isEqualTo(Mode.MAX);
    assertThat(Mode.of("val_f1")).isEqualTo(Mode.MAX);
    assertThat(Mode.of("val_loss")).isEqualTo(Mode.MIN);
    assertThat(Mode.of("mae")).isEqualTo(Mode.MIN);
  }

  @Test
  void bestCheckpointHoldsTheBestEpoch() {
    Path best = folder.resolve("best.safetensors");
    Path last = folder.resolve("last.safetensors");
    BestCheckpoint callback = BestCheckpoint.on("val_score", best);
    assertThat(callback.saved()).isEmpty();
    train(
        TrainFixtures.mlp(1),
        new double[] {5, 2, 3},
        callback,
        PeriodicCheckpoint.everyEpochs(1, last));
    assertThat(callback.saved()).contains(best);
    Module model = TrainFixtures.mlp(1);
    Trainer trainer =
        Trainer.builder(model, new CrossEntropyLoss(), TrainFixtures.sgd(model, 0)).build();
    trainer.resume(best);
    assertThat(mark(model)).isEqualTo(2);
    trainer.resume(last);
    assertThat(mark(model)).isEqualTo(3);
  }

  @Test
  void csvHasARowPerEpochAndSurvivesAResume() throws Exception {
    Path log = folder.resolve("log.csv");
    Path checkpoint = folder.resolve("last.safetensors");
    TrainFixtures.trainer(TrainFixtures.mlp(1), 0.5)
        .checkpoint(checkpoint)
        .build()
        .fit(DATA.loader(6), 2);
    History history =
        TrainFixtures.trainer(TrainFixtures.mlp(1), 0.5)
            .callback(CsvLogger.to(log))
            .build()
            .resume(checkpoint)
            .fit(DATA.loader(6), 3);
    List<String> lines = Files.readAllLines(log);
    assertThat(lines).hasSize(4);
    assertThat(lines.get(0)).isEqualTo("epoch,loss,accuracy,lr,seconds,samples_per_second");
    List<String> third = new ArrayList<>(List.of(lines.get(3).split(",")));
    EpochRecord r = history.last().orElseThrow();
    assertThat(third)
        .containsExactly(
            "3",
            Double.toString(r.loss()),
            Double.toString(r.value("accuracy")),
            "0.5",
            Double.toString(r.seconds()),
            Double.toString(r.samplesPerSecond()));
    assertThat(Optional.of(lines.get(1))).hasValueSatisfying(l -> assertThat(l).startsWith("1,"));
  }
}
