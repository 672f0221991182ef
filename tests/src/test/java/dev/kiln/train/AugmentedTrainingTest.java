package dev.kiln.train;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.Shape;
import dev.kiln.data.DataLoader;
import dev.kiln.data.Dataset;
import dev.kiln.data.Field;
import dev.kiln.data.augment.Augment;
import dev.kiln.nn.CrossEntropyLoss;
import dev.kiln.nn.Flatten;
import dev.kiln.nn.Linear;
import dev.kiln.nn.Module;
import dev.kiln.nn.Sequential;
import dev.kiln.optim.AdamW;
import dev.kiln.testing.OnEachDevice;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Training on augmented bytes: it resumes exactly, and neither batches nor workers matter to it.
 */
class AugmentedTrainingTest {
  private static final int N = 22;

  @TempDir Path folder;

  private static DataLoader loader(int batchSize, int workers) {
    return loader(TrainFixtures.device(), batchSize, workers);
  }

  private static DataLoader loader(Device device, int batchSize, int workers) {
    byte[] pixels = new byte[N * 3 * 8 * 8];
    new SplittableRandom(1).nextBytes(pixels);
    ByteBuffer labels = ByteBuffer.allocate(8 * N).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < N; i++) {
      labels.putLong(i % 3);
    }
    List<Field> fields =
        List.of(
            new Field("image", DType.UINT8, Shape.of(3, 8, 8)),
            new Field("label", DType.INT64, Shape.scalar()));
    return DataLoader.builder(Dataset.ofBytes(fields, pixels, labels.array()))
        .batchSize(batchSize)
        .shuffle(4)
        .prefetch(workers + 1)
        .workers(workers)
        .device(device)
        .build();
  }

  private static Augment augment() {
    return Augment.builder()
        .seed(8)
        .randomCrop(8, 1)
        .horizontalFlip(0.5)
        .colorJitter(0.3, 0.3, 0.3, 0.1)
        .gaussianNoise(0, 0.05, false)
        .mixup(0.4, 3)
        .build();
  }

  private static Module model(long seed) {
    return TrainFixtures.on(
        seed,
        () ->
            new Sequential(
                new Flatten(), new TrainFixtures.RandomDropout(0.2), new Linear(192, 3)));
  }

  private static Trainer.Builder trainer(Module model) {
    return Trainer.builder(model, new CrossEntropyLoss(), AdamW.of(model.parameters(), 0.01))
        .metric(Accuracy::new)
        .augment(augment())
        .seed(3);
  }

  private static Callback stopAt(long step, Path checkpoint) {
    return new Callback() {
      @Override
      public void onStepEnd(TrainState s) {
        if (s.globalStep() == step) {
          s.save(checkpoint);
          s.stop("test");
        }
      }
    };
  }

  @Test
  void tenStepsAreFiveAndFive() {
    Module whole = model(1);
    History expected = trainer(whole).build().fit(loader(5, 1), 2);
    for (int cut : new int[] {3, 5, 8}) {
      Path checkpoint = folder.resolve(cut + ".safetensors");
      trainer(model(1)).callback(stopAt(cut, checkpoint)).build().fit(loader(5, 2), 2);
      Module second = model(2);
      History found = trainer(second).build().resume(checkpoint).fit(loader(5, 3), 2);
      assertThat(TrainFixtures.weights(second)).isEqualTo(TrainFixtures.weights(whole));
      assertThat(found.epochs().get(1).values()).isEqualTo(expected.epochs().get(1).values());
    }
  }

  @Test
  void evaluationIsNotAugmented() {
    Module model = model(1);
    Device device = TrainFixtures.device();
    Evaluation with = trainer(model).device(device).build().evaluate(loader(5, 1));
    Evaluation without =
        Trainer.builder(model, new CrossEntropyLoss(), AdamW.of(model.parameters(), 0.01))
            .metric(Accuracy::new)
            .inputTransform(x -> Augment.builder().build().evaluate(x))
            .build()
            .evaluate(loader(5, 1));
    assertThat(with.loss()).isEqualTo(without.loss());
    assertThat(with.values()).isEqualTo(without.values());
  }

  /** What is drawn goes to a recorded step too. */
  @OnEachDevice
  void recordedStepsSeeNewDraws(Device device) {
    float[][] weights = new float[2][];
    for (int i = 0; i < 2; i++) {
      Device before = Device.defaultDevice();
      Device.setDefault(device);
      try {
        device.generator().seed(6);
        Module model = new Sequential(new Flatten(), new Linear(192, 3));
        trainer(model).recordSteps(i == 0).build().fit(loader(device, 5, 1), 3);
        weights[i] = TrainFixtures.weights(model);
      } finally {
        Device.setDefault(before);
      }
    }
    assertThat(weights[0]).containsExactly(weights[1]);
  }
}
