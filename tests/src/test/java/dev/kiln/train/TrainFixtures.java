package dev.kiln.train;

import dev.kiln.Device;
import dev.kiln.Tensor;
import dev.kiln.data.DataLoader;
import dev.kiln.data.Dataset;
import dev.kiln.nn.CrossEntropyLoss;
import dev.kiln.nn.Linear;
import dev.kiln.nn.Module;
import dev.kiln.nn.ReLU;
import dev.kiln.nn.Sequential;
import dev.kiln.ops.RandomOps;
import dev.kiln.optim.AdamW;
import dev.kiln.optim.CosineAnnealingLR;
import dev.kiln.optim.Optimizer;
import dev.kiln.optim.ReduceLROnPlateau;
import dev.kiln.optim.SGD;
import dev.kiln.optim.StepLR;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.UnaryOperator;

/** What the tests of training share: a toy problem and models for it. */
final class TrainFixtures {
  private TrainFixtures() {}

  /** The device that training is tested on. */
  static Device device() {
    return Device.of(System.getProperty("kiln.test.device", "cpu"));
  }

  /** Three clouds of points in the plane, 2 apart; labels 0, 1, 2. */
  static final class Clouds {
    final float[][] points;
    final int[] labels;

    Clouds(int n, long seed) {
      SplittableRandom random = new SplittableRandom(seed);
      points = new float[n][2];
      labels = new int[n];
      for (int i = 0; i < n; i++) {
        labels[i] = i % 3;
        double angle = 2 * Math.PI * labels[i] / 3;
        points[i][0] = (float) (2 * Math.cos(angle) + random.nextDouble(-0.5, 0.5));
        points[i][1] = (float) (2 * Math.sin(angle) + random.nextDouble(-0.5, 0.5));
      }
    }

    DataLoader loader(int batchSize) {
      return TrainFixtures.loader(points, labels, batchSize);
    }
  }

  static DataLoader loader(float[][] x, int[] labels, int batchSize) {
    return DataLoader.builder(Dataset.of(x, labels))
        .batchSize(batchSize)
        .shuffle(5)
        .device(device())
        .build();
  }

  /** A small network whose weights depend on the seed alone. */
  static Module mlp(long seed) {
    return on(seed, () -> new Sequential(new Linear(2, 16), new ReLU(), new Linear(16, 3)));
  }

  /** The same with dropout, so that training draws random numbers. */
  static Module mlpWithDropout(long seed) {
    return on(
        seed,
        () ->
            new Sequential(
                new Linear(2, 16), new ReLU(), new RandomDropout(0.3), new Linear(16, 3)));
  }

  /** Makes a model on the test device. */
  static Module on(long seed, java.util.function.Supplier<Module> maker) {
    device().generator().seed(seed);
    Device before = Device.defaultDevice();
    Device.setDefault(device());
    try {
      return maker.get();
    } finally {
      Device.setDefault(before);
    }
  }

  static Optimizer sgd(Module model, double lr) {
    return SGD.of(model.parameters(), lr);
  }

  static Trainer.Builder trainer(Module model, double lr) {
    return Trainer.builder(model, new CrossEntropyLoss(), sgd(model, lr)).metric(Accuracy::new);
  }

  /** A trainer with all kinds of state: an optimizer's, schedulers', random numbers. */
  static Trainer.Builder resumable(Module model) {
    AdamW optimizer = AdamW.of(model.parameters(), 0.01);
    return Trainer.builder(model, new CrossEntropyLoss(), optimizer)
        .clipNorm(0.5)
        .stepScheduler(CosineAnnealingLR.of(optimizer, 50))
        .scheduler(StepLR.of(optimizer, 2, 0.5))
        .scheduler(ReduceLROnPlateau.builder(optimizer).patience(0).build(), "val_loss");
  }

  /** All parameters and buffers one after another. */
  static float[] weights(Module model) {
    float[] all = new float[0];
    for (Tensor t : model.stateDict().values()) {
      float[] part = t.toFloatArray();
      int n = all.length;
      all = Arrays.copyOf(all, n + part.length);
      System.arraycopy(part, 0, all, n, part.length);
    }
    return all;
  }

  /** Dropout by the device's generator. */
  static final class RandomDropout extends Module {
    private final double p;

    RandomDropout(double p) {
      this.p = p;
    }

    @Override
    public Tensor forward(Tensor x) {
      return isTraining() ? RandomOps.dropout(x, p, x.device().generator()) : x;
    }
  }

  /** A layer that applies a function. */
  static class Apply extends Module {
    private final UnaryOperator<Tensor> f;

    Apply(UnaryOperator<Tensor> f) {
      this.f = f;
    }

    @Override
    public Tensor forward(Tensor x) {
      return f.apply(x);
    }
  }
}
