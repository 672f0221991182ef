package dev.kiln.ensemble;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.kiln.Device;
import dev.kiln.Scope;
import dev.kiln.Tensor;
import dev.kiln.data.DataLoader;
import dev.kiln.data.Dataset;
import dev.kiln.nn.BatchNorm1d;
import dev.kiln.nn.CrossEntropyLoss;
import dev.kiln.nn.Dropout;
import dev.kiln.nn.Linear;
import dev.kiln.nn.Module;
import dev.kiln.nn.ReLU;
import dev.kiln.nn.Sequential;
import dev.kiln.optim.LrScheduler;
import dev.kiln.optim.SGD;
import dev.kiln.testing.OnEachDevice;
import dev.kiln.train.Callback;
import dev.kiln.train.TrainState;
import dev.kiln.train.Trainer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.io.TempDir;

/** Weight averages and snapshots: closed forms, batch norm, exact resume. */
class WeightAveragesTest {
  @TempDir Path folder;

  private static Module net(Device d, long seed) {
    d.generator().seed(seed);
    Device before = Device.defaultDevice();
    Device.setDefault(d);
    try {
      return new Sequential(
          new Linear(2, 8), new BatchNorm1d(8), new ReLU(), new Dropout(0.2), new Linear(8, 3));
    } finally {
      Device.setDefault(before);
    }
  }

  private static float[] weights(Module m) {
    float[] all = new float[0];
    for (Tensor t : m.stateDict().values()) {
      float[] part = t.toFloatArray();
      all = Arrays.copyOf(all, all.length + part.length);
      System.arraycopy(part, 0, all, all.length - part.length, part.length);
    }
    return all;
  }

  private static Dataset data(int n) {
    SplittableRandom random = new SplittableRandom(4);
    float[][] x = new float[n][2];
    int[] y = new int[n];
    for (int i = 0; i < n; i++) {
      y[i] = i % 3;
      x[i][0] = (float) (y[i] + random.nextDouble());
      x[i][1] = (float) (y[i] * y[i] - random.nextDouble());
    }
    return Dataset.of(x, y);
  }

  private static DataLoader loader(Device d, int n, int batchSize) {
    return DataLoader.builder(data(n)).batchSize(batchSize).shuffle(3).device(d).build();
  }

  /** Sets weight and bias of a layer [1,1] to a value. */
  private static void set(Module m, double value) {
    m.parameters().forEach(p -> p.detach().fill(value));
  }

  @OnEachDevice
  void averagesOfWeightsThatStayAreThoseWeights(Device d) {
    for (boolean packed : new boolean[] {false, true}) {
      Module m = net(d, 5);
      if (packed) {
        SGD.of(m.parameters(), 0.1);
      }
      StochasticWeightAveraging swa = StochasticWeightAveraging.from(1);
      ExponentialMovingAverage ema = ExponentialMovingAverage.of(0.9);
      for (int i = 0; i < 7; i++) {
        swa.update(m);
        ema.update(m);
      }
      Module a = net(d, 6);
      Module b = net(d, 7);
      swa.copyTo(a);
      ema.copyTo(b);
      assertThat(weights(a)).isEqualTo(weights(m));
      assertThat(weights(b)).isEqualTo(weights(m));
      assertThat(swa.count()).isEqualTo(7);
    }
  }

  @OnEachDevice
  void averagesHaveTheirClosedForms(Device d) {
    double[] values = {1, 3, -2, 8, 5};
    for (boolean packed : new boolean[] {false, true}) {
      Module m = new Linear(2, 3).to(d);
      if (packed) {
        SGD.of(m.parameters(), 0.1);
      }
      StochasticWeightAveraging swa = StochasticWeightAveraging.from(1);
      ExponentialMovingAverage ema = ExponentialMovingAverage.of(0.75);
      ExponentialMovingAverage warm = ExponentialMovingAverage.of(0.75).withWarmup(1, 1);
      double sum = 0;
      double decayed = 0;
      double warmed = 0;
      for (int i = 0; i < values.length; i++) {
        set(m, values[i]);
        swa.update(m);
        ema.update(m);
        warm.update(m);
        sum += values[i];
        // d^(k-1) v1 + (1-d) sum of d^(k-i) vi
        decayed = decayed + (i == 0 ? 1 : 0.25) * Math.pow(0.75, values.length - 1 - i) * values[i];
        // decays 0, 1/2, 2/3, 3/4, 3/4 (4/5 is more than 3/4)
        double w = i == 0 ? 0 : Math.min(0.75, i / (i + 1.0));
        warmed = w * warmed + (1 - w) * values[i];
      }
      assertAll(swa::copyTo, d, sum / values.length);
      assertAll(ema::copyTo, d, decayed);
      assertAll(warm::copyTo, d, warmed);
      assertThat(m.parameters()).allMatch(Tensor::requiresGrad);
    }
    assertThat(ExponentialMovingAverage.of(0.999).withWarmup().decayAt(1))
        .isCloseTo(1 - Math.pow(2, -2.0 / 3), within(1e-12));
  }

  private static void assertAll(
      java.util.function.Consumer<Module> average, Device d, double expected) {
    Module into = new Linear(2, 3).to(d);
    average.accept(into);
    for (float v : weights(into)) {
      assertThat(v).isCloseTo((float) expected, within(1e-5f));
    }
  }

  @OnEachDevice
  void parametersThatMoveIntoASlabAreFollowed(Device d) {
    Module m = new Linear(2, 3).to(d);
    StochasticWeightAveraging swa = StochasticWeightAveraging.from(1);
    set(m, 1);
    swa.update(m);
    SGD.of(m.parameters(), 0.1);
    set(m, 4);
    swa.update(m);
    assertAll(swa::copyTo, d, 2.5);
  }

  @OnEachDevice
  void batchNormIsMeasuredOverAllData(Device d) {
    Module m = new Sequential(new BatchNorm1d(2));
    m.to(d);
    m.namedBuffers().get("0.running_mean").fill(7);
    m.eval();
    int n = 24;
    StochasticWeightAveraging.updateBatchNorm(m, loader(d, n, n), x -> x);
    try (Scope scope = Scope.open()) {
      Tensor all = loader(d, n, n).epoch(0).iterator().next().input();
      assertClose(m, "0.running_mean", all.mean(0).toDoubleArray());
      assertClose(m, "0.running_var", all.var(0).toDoubleArray());
      assertThat(m.isTraining()).isFalse();
      // several batches: the mean is that of all, the variance the mean of the batches'
      StochasticWeightAveraging.updateBatchNorm(m, loader(d, n, 8), x -> x);
      assertClose(m, "0.running_mean", all.mean(0).toDoubleArray());
      double[] variance = new double[2];
      for (int b = 0; b < 3; b++) {
        double[] v = all.narrow(0, 8L * b, 8).contiguous().var(0).toDoubleArray();
        variance[0] += v[0] / 3;
        variance[1] += v[1] / 3;
      }
      assertClose(m, "0.running_var", variance);
      assertThat(m.namedBuffers().get("0.num_batches_tracked").item()).isEqualTo(3);
    }
  }

  private static void assertClose(Module m, String buffer, double[] expected) {
    double[] found = m.namedBuffers().get(buffer).toDoubleArray();
    for (int i = 0; i < expected.length; i++) {
      assertThat(found[i]).isCloseTo(expected[i], within(1e-4));
    }
  }

  /** A training run with all three callbacks. */
  private static final class Run {
    final Module model;
    final ExponentialMovingAverage ema = ExponentialMovingAverage.of(0.9).withWarmup();
    final StochasticWeightAveraging swa = StochasticWeightAveraging.fromStep(2, 2);
    final SnapshotEnsemble snapshots = SnapshotEnsemble.of(3);
    final List<Double> rates = new ArrayList<>();
    final Trainer trainer;

    Run(Device d, long seed, Callback... more) {
      model = net(d, seed);
      SGD optimizer = SGD.builder(model.parameters()).lr(0.1).momentum(0.9).build();
      LrScheduler schedule = snapshots.schedule(optimizer);
      Trainer.Builder b =
          Trainer.builder(model, new CrossEntropyLoss(), optimizer)
              .stepScheduler(schedule)
              .callback(ema)
              .callback(swa)
              .callback(snapshots)
              .seed(11);
      for (Callback c : more) {
        b.callback(c);
      }
      b.callback(
          new Callback() {
            @Override
            public void onStepEnd(TrainState s) {
              rates.add(s.lr());
            }
          });
      trainer = b.build();
    }

    List<float[]> all(Device d) {
      List<float[]> found = new ArrayList<>();
      found.add(weights(model));
      Module into = net(d, 1);
      ema.copyTo(into);
      found.add(weights(into));
      swa.copyTo(into);
      found.add(weights(into));
      for (int i = 0; i < snapshots.count(); i++) {
        snapshots.copyTo(i, into);
        found.add(weights(into));
      }
      return found;
    }
  }

  @OnEachDevice
  void resumedTrainingGivesTheSameBits(Device d) {
    Run whole = new Run(d, 7);
    whole.trainer.fit(loader(d, 30, 6), 3);
    List<float[]> expected = whole.all(d);
    assertThat(whole.snapshots.count()).isEqualTo(5);
    for (int cut : new int[] {1, 4, 10}) {
      Path checkpoint = folder.resolve(d.id().type() + cut + ".safetensors");
      Callback stop =
          new Callback() {
            @Override
            public void onStepEnd(TrainState s) {
              if (s.globalStep() == cut) {
                s.save(checkpoint);
                s.stop("test");
              }
            }
          };
      new Run(d, 7, stop).trainer.fit(loader(d, 30, 6), 3);
      Run second = new Run(d, 99);
      second.trainer.resume(checkpoint).fit(loader(d, 30, 6), 3);
      List<float[]> found = second.all(d);
      assertThat(found).hasSameSizeAs(expected);
      for (int i = 0; i < found.size(); i++) {
        assertThat(found.get(i)).as("part %d, cut after %d", i, cut).isEqualTo(expected.get(i));
      }
    }
  }

  @OnEachDevice
  void snapshotsAreTheWeightsAtTheEndsOfCycles(Device d) {
    List<float[]> ends = new ArrayList<>();
    Run run =
        new Run(
            d,
            7,
            new Callback() {
              @Override
              public void onStepEnd(TrainState s) {
                if (s.globalStep() % 3 == 0) {
                  ends.add(weights(s.model()));
                }
              }
            });
    run.trainer.fit(loader(d, 30, 6), 2);
    // Huang et al., equation 2: lr/2 (cos(pi mod(t-1, 3) / 3) + 1)
    for (int t = 1; t < run.rates.size(); t++) {
      assertThat(run.rates.get(t - 1))
          .isCloseTo(0.05 * (Math.cos(Math.PI * (t % 3) / 3) + 1), within(1e-12));
    }
    Ensemble ensemble = run.snapshots.ensemble(Combining.PROBABILITIES, () -> net(d, 1), 2);
    assertThat(run.snapshots.count()).isEqualTo(3);
    assertThat(weights(ensemble.member(0))).isEqualTo(ends.get(1));
    assertThat(weights(ensemble.member(1))).isEqualTo(ends.get(2));
    assertThatThrownBy(() -> run.snapshots.ensemble(Combining.LOGITS, () -> net(d, 1), 4))
        .hasMessageContaining("4 of 3 snapshots");
  }

  @OnEachDevice
  void whatIsNotThereIsSaid(Device d) {
    Module m = new Linear(2, 3).to(d);
    assertThatThrownBy(() -> ExponentialMovingAverage.of(0.5).copyTo(m))
        .hasMessageContaining("[ema] no weights were averaged yet");
    StochasticWeightAveraging swa = StochasticWeightAveraging.from(1);
    swa.update(m);
    assertThatThrownBy(() -> swa.copyTo(net(d, 1))).hasMessageContaining("give the same model");
    assertThatThrownBy(() -> ExponentialMovingAverage.of(1.5)).hasMessageContaining("1.5");
    assertThatThrownBy(() -> StochasticWeightAveraging.from(0)).hasMessageContaining("start 0");
  }
}
