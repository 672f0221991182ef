package dev.kiln.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.kiln.Device;
import dev.kiln.KilnException;
import dev.kiln.Scope;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.autograd.NoGrad;
import dev.kiln.junit.NoLeaks;
import dev.kiln.nn.CrossEntropyLoss;
import dev.kiln.nn.Module;
import dev.kiln.nn.ReLU;
import dev.kiln.nn.Sequential;
import dev.kiln.optim.ExponentialLR;
import dev.kiln.optim.ReduceLROnPlateau;
import dev.kiln.optim.SGD;
import dev.kiln.testing.SettledMemory;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The training loop on a toy problem. */
class TrainerTest {
  private static final TrainFixtures.Clouds CLOUDS = new TrainFixtures.Clouds(96, 1);
  private static final TrainFixtures.Clouds OTHERS = new TrainFixtures.Clouds(30, 2);

  @Test
  void learnsAndKeepsAHistory() {
    Module model = TrainFixtures.mlp(7);
    Trainer trainer =
        TrainFixtures.trainer(model, 0.2)
            .metric(() -> ConfusionMatrix.of(3))
            .validation(OTHERS.loader(8))
            .build();
    History history = trainer.fit(CLOUDS.loader(16), 5);
    assertThat(history.epochs()).extracting(EpochRecord::epoch).containsExactly(1, 2, 3, 4, 5);
    assertThat(history.interrupted()).isFalse();
    assertThat(history.stopReason()).isEmpty();
    double[] losses = history.values("loss");
    assertThat(losses[4]).isLessThan(losses[0] / 2);
    EpochRecord last = history.last().orElseThrow();
    assertThat(last.values().keySet())
        .containsExactly(
            "loss",
            "accuracy",
            "confusion_matrix",
            "val_loss",
            "val_accuracy",
            "val_confusion_matrix",
            "lr");
    assertThat(last.value("accuracy")).isGreaterThan(0.95);
    assertThat(last.value("lr")).isEqualTo(0.2);
    assertThat(history.best("loss", Mode.MIN).epoch()).isEqualTo(5);

    Evaluation evaluation = trainer.evaluate(OTHERS.loader(7));
    assertThat(evaluation.samples()).isEqualTo(30);
    assertThat(evaluation.metrics().get("accuracy")).isGreaterThan(0.95);
    assertThat(evaluation.confusion().orElseThrow().total()).isEqualTo(30);
    assertThat(evaluation.loss()).isCloseTo(last.value("val_loss"), within(1e-6));
  }

  @Test
  void lossesAreMeansOverExamplesNotBatches() {
    // 10 examples in batches of 4, 4 and 2; nothing is learned, so all of them see one model
    Module model = TrainFixtures.mlp(7);
    TrainFixtures.Clouds ten = new TrainFixtures.Clouds(10, 5);
    double expected;
    try (Scope scope = Scope.open();
        NoGrad off = NoGrad.open()) {
      float[] flat = new float[20];
      long[] labels = new long[10];
      for (int i = 0; i < 10; i++) {
        System.arraycopy(ten.points[i], 0, flat, 2 * i, 2);
        labels[i] = ten.labels[i];
      }
      Device d = TrainFixtures.device();
      expected =
          new CrossEntropyLoss()
              .of(model.call(Tensor.of(flat, Shape.of(10, 2), d)), Tensor.of(labels, d))
              .item();
    }
    Trainer trainer = TrainFixtures.trainer(model, 0).build();
    EpochRecord epoch = trainer.fit(ten.loader(4), 1).last().orElseThrow();
    assertThat(epoch.loss()).isCloseTo(expected, within(1e-6));
    assertThat(trainer.evaluate(ten.loader(4)).loss()).isCloseTo(expected, within(1e-6));
  }

  @Test
  void accumulatedBatchesAreOneLargeBatch() {
    // 22 examples: the last step has 6 of them, in batches of 4 and 2
    TrainFixtures.Clouds data = new TrainFixtures.Clouds(22, 5);
    Module large = TrainFixtures.mlp(7);
    Module small = TrainFixtures.mlp(7);
    History a = TrainFixtures.trainer(large, 0.2).build().fit(data.loader(8), 3);
    History b = TrainFixtures.trainer(small, 0.2).accumulate(2).build().fit(data.loader(4), 3);
    float[] expected = TrainFixtures.weights(large);
    float[] found = TrainFixtures.weights(small);
    assertThat(expected).isNotEqualTo(TrainFixtures.weights(TrainFixtures.mlp(7)));
    for (int i = 0; i < expected.length; i++) {
      assertThat(found[i]).isCloseTo(expected[i], within(1e-5f));
    }
    assertThat(b.values("loss")[2]).isCloseTo(a.values("loss")[2], within(1e-5));
  }

  @Test
  void modesAreSetForTrainingAndValidationAndPutBack() {
    List<Boolean> seen = new ArrayList<>();
    TrainFixtures.Apply probe =
        new TrainFixtures.Apply(x -> x) {
          @Override
          public Tensor forward(Tensor x) {
            seen.add(isTraining());
            return x;
          }
        };
    Module model = new Sequential(probe, TrainFixtures.mlp(7), new ReLU());
    model.eval();
    model.namedModules().get("2").train();
    TrainFixtures.Clouds data = new TrainFixtures.Clouds(8, 5);
    TrainFixtures.trainer(model, 0.1).validation(data.loader(8)).build().fit(data.loader(4), 2);
    assertThat(seen).containsExactly(true, true, false, true, true, false);
    assertThat(model.isTraining()).isFalse();
    assertThat(probe.isTraining()).isFalse();
    assertThat(model.namedModules().get("2").isTraining()).isTrue();
  }

  @Test
  void inputsAreTransformedOnTheDevice() {
    Module model = TrainFixtures.mlp(7);
    List<String> seen = new ArrayList<>();
    Trainer trainer =
        TrainFixtures.trainer(model, 0.1)
            .inputTransform(
                x -> {
                  seen.add(x.describe() + x.requiresGrad() + NoGrad.isRecording());
                  return x.mul(2);
                })
            .build();
    trainer.fit(new TrainFixtures.Clouds(4, 5).loader(4), 1);
    trainer.evaluate(new TrainFixtures.Clouds(4, 5).loader(2));
    assertThat(seen)
        .containsExactly("f32[4,2]falsefalse", "f32[2,2]falsefalse", "f32[2,2]falsefalse");
  }

  @Test
  void callbacksHearEverythingInOrder() {
    List<String> heard = new ArrayList<>();
    Callback listener =
        new Callback() {
          @Override
          public void onTrainStart(TrainState s) {
            heard.add("start " + s.epoch() + "/" + s.epochs());
          }

          @Override
          public void onEpochStart(TrainState s) {
            heard.add("epoch " + s.epoch());
          }

          @Override
          public void onStepEnd(TrainState s) {
            heard.add(s.step() + "/" + s.steps() + " " + s.samples() + " " + s.globalStep());
          }

          @Override
          public void onValidationStart(TrainState s) {
            heard.add("validating");
          }

          @Override
          public void onValidationEnd(TrainState s, Evaluation e) {
            heard.add("validated " + e.samples());
          }

          @Override
          public void onEpochEnd(TrainState s) {
            heard.add("end " + s.epoch() + " " + s.step() + " " + s.history().epochs().size());
          }

          @Override
          public void onTrainEnd(TrainState s) {
            heard.add("over");
          }
        };
    TrainFixtures.Clouds data = new TrainFixtures.Clouds(6, 5);
    TrainFixtures.trainer(TrainFixtures.mlp(7), 0.1)
        .callback(listener)
        .validation(data.loader(6))
        .build()
        .fit(data.loader(4), 2);
    assertThat(heard)
        .containsExactly(
            "start 0/2",
            "epoch 1",
            "1/2 4 1",
            "2/2 6 2",
            "validating",
            "validated 6",
            "end 1 2 1",
            "epoch 2",
            "1/2 4 3",
            "2/2 6 4",
            "validating",
            "validated 6",
            "end 2 2 2",
            "over");
  }

  @Test
  void stopEndsAfterTheStepAndFitGoesOnFromThere() {
    Callback stopper =
        new Callback() {
          @Override
          public void onStepEnd(TrainState s) {
            if (s.globalStep() == 3) {
              s.stop("enough");
            }
          }
        };
    TrainFixtures.Clouds data = new TrainFixtures.Clouds(8, 5);
    Trainer trainer = TrainFixtures.trainer(TrainFixtures.mlp(7), 0.1).callback(stopper).build();
    History first = trainer.fit(data.loader(4), 3);
    assertThat(first.epochs()).hasSize(1);
    assertThat(first.stopReason()).contains("enough");
    assertThat(trainer.fit(data.loader(4), 3).epochs()).hasSize(3);
    assertThat(trainer.fit(data.loader(4), 3).epochs()).hasSize(3);
  }

  @Test
  void aCallbackThatThrowsEndsTrainingAndTheOthersHearOfIt() {
    List<String> heard = new ArrayList<>();
    Module model = TrainFixtures.mlp(7).eval();
    Trainer trainer =
        TrainFixtures.trainer(model, 0.1)
            .callback(
                new Callback() {
                  @Override
                  public void onEpochEnd(TrainState s) {
                    throw new IllegalStateException("mine");
                  }
                })
            .callback(
                new Callback() {
                  @Override
                  public void onTrainEnd(TrainState s) {
                    heard.add("over");
                    throw new IllegalStateException("theirs");
                  }
                })
            .build();
    assertThatThrownBy(() -> trainer.fit(CLOUDS.loader(48), 1))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("mine")
        .satisfies(e -> assertThat(e.getSuppressed()).hasSize(1));
    assertThat(heard).containsExactly("over");
    assertThat(model.isTraining()).isFalse();
  }

  @Test
  void emptyDataAndUnknownMonitorsAreErrors() {
    Trainer trainer =
        TrainFixtures.trainer(TrainFixtures.mlp(7), 0.1)
            .callback(EarlyStopping.on("val_loss"))
            .build();
    assertThatThrownBy(() -> trainer.fit(CLOUDS.loader(48), 1))
        .isInstanceOf(KilnException.class)
        .hasMessageContaining("there is no \"val_loss\"; there are loss, accuracy, lr")
        .hasMessageContaining("validation data");
    assertThatThrownBy(() -> TrainFixtures.trainer(TrainFixtures.mlp(7), 0.1).accumulate(0))
        .isInstanceOf(KilnException.class);
    assertThatThrownBy(() -> TrainFixtures.trainer(TrainFixtures.mlp(7), 0.1).clipNorm(0))
        .isInstanceOf(KilnException.class);
  }

  @Test
  void schedulersStepAtTheirPace() {
    Module model = TrainFixtures.mlp(7);
    SGD perStep = SGD.of(model.parameters(), 1);
    List<Double> rates = new ArrayList<>();
    Callback probe =
        new Callback() {
          @Override
          public void onStepEnd(TrainState s) {
            rates.add(s.lr());
          }
        };
    TrainFixtures.Clouds data = new TrainFixtures.Clouds(8, 5);
    History a =
        Trainer.builder(model, new CrossEntropyLoss(), perStep)
            .stepScheduler(ExponentialLR.of(perStep, 0.5))
            .callback(probe)
            .build()
            .fit(data.loader(4), 2);
    assertThat(rates).containsExactly(0.5, 0.25, 0.125, 0.0625);
    assertThat(a.values("lr")).containsExactly(0.25, 0.0625);
    rates.clear();
    SGD perEpoch = SGD.of(model.parameters(), 1);
    Trainer.builder(model, new CrossEntropyLoss(), perEpoch)
        .scheduler(ExponentialLR.of(perEpoch, 0.5))
        .callback(probe)
        .build()
        .fit(data.loader(4), 2);
    assertThat(rates).containsExactly(1.0, 1.0, 0.5, 0.5);
    rates.clear();
    SGD watching = SGD.of(model.parameters(), 1e-30); // learns nothing, so nothing improves
    Trainer.builder(model, new CrossEntropyLoss(), watching)
        .scheduler(
            ReduceLROnPlateau.builder(watching).patience(0).factor(0.5).eps(0).build(), "loss")
        .callback(probe)
        .build()
        .fit(data.loader(8), 3);
    assertThat(rates).containsExactly(1e-30, 1e-30, 0.5e-30);
  }

  @Test
  void clippingBoundsTheStep() {
    for (boolean byNorm : new boolean[] {true, false}) {
      Module model = TrainFixtures.mlp(7);
      float[] before = TrainFixtures.weights(model);
      Trainer.Builder builder = TrainFixtures.trainer(model, 1);
      (byNorm ? builder.clipNorm(1e-3) : builder.clipValue(1e-3))
          .build()
          .fit(new TrainFixtures.Clouds(8, 5).loader(8), 1);
      float[] after = TrainFixtures.weights(model);
      double squares = 0;
      double largest = 0;
      for (int i = 0; i < before.length; i++) {
        double d = (double) after[i] - before[i];
        squares += d * d;
        largest = Math.max(largest, Math.abs(d));
      }
      assertThat(byNorm ? Math.sqrt(squares) : largest).isCloseTo(1e-3, within(1e-6));
    }
  }

  @Test
  void memoryStaysTheSameFromStepToStep() {
    List<Long> used = new ArrayList<>();
    Callback probe =
        new Callback() {
          @Override
          public void onStepEnd(TrainState s) {
            if (s.globalStep() == 10 || s.globalStep() == 100) {
              used.add(SettledMemory.used(TrainFixtures.device()));
            }
          }
        };
    TrainFixtures.trainer(TrainFixtures.mlp(7), 0.1)
        .metric(() -> TopKAccuracy.of(2))
        .metric(() -> F1.of(3, Average.MACRO))
        .callback(probe)
        .build()
        .fit(CLOUDS.loader(4), 5);
    assertThat(used).hasSize(2);
    assertThat(used.get(1)).isEqualTo(used.get(0));
  }

  @Test
  @NoLeaks
  void trainersOneAfterAnotherLeaveNothingBehind() {
    for (int i = 0; i < 2; i++) {
      Module model = TrainFixtures.mlp(7);
      Trainer trainer =
          TrainFixtures.trainer(model, 0.1)
              .callback(EarlyStopping.on("loss").withRestoreBest(true))
              .validation(OTHERS.loader(8))
              .build();
      trainer.fit(CLOUDS.loader(16), 2);
      trainer.evaluate(OTHERS.loader(8));
    }
  }
}
