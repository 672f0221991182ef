package dev.kiln.cuda.sim;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.Device;
import dev.kiln.Precision;
import dev.kiln.cuda.CudaBackend;
import dev.kiln.data.DataLoader;
import dev.kiln.data.Dataset;
import dev.kiln.nn.BatchNorm2d;
import dev.kiln.nn.Conv2d;
import dev.kiln.nn.CrossEntropyLoss;
import dev.kiln.nn.Dropout;
import dev.kiln.nn.Flatten;
import dev.kiln.nn.Linear;
import dev.kiln.nn.MaxPool2d;
import dev.kiln.nn.Module;
import dev.kiln.nn.ReLU;
import dev.kiln.nn.Sequential;
import dev.kiln.optim.AdamW;
import dev.kiln.train.Accuracy;
import dev.kiln.train.History;
import dev.kiln.train.Trainer;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Training with the memory pool that GPUs have gives the numbers of training without one, bit for
 * bit: convolutions and their workspaces, uploads, smaller batches and evaluation between replays.
 */
class PooledTrainingTest {
  private static final int SIDE = 12;
  private static final int CLASSES = 3;
  private static final int EPOCHS = 3;

  private CudaBackend pooled;

  @BeforeEach
  void open() {
    pooled = SimDevice.pooled();
  }

  @AfterEach
  void close() {
    SimControl.setDeferred(false);
    if (pooled != null) {
      pooled.close();
    }
  }

  private static Module model(Device device) {
    Device before = Device.defaultDevice();
    Device.setDefault(device);
    try {
      device.generator().seed(7);
      return new Sequential(
          new Conv2d(1, 6, 3),
          new BatchNorm2d(6),
          new ReLU(),
          new MaxPool2d(2),
          new Flatten(),
          new Dropout(0.2),
          new Linear(6 * 5 * 5, CLASSES));
    } finally {
      Device.setDefault(before);
    }
  }

  private static DataLoader data(Device device, int seed) {
    SplittableRandom random = new SplittableRandom(seed);
    float[][] images = new float[22][SIDE * SIDE];
    int[] labels = new int[images.length];
    for (int i = 0; i < images.length; i++) {
      labels[i] = i % CLASSES;
      for (int p = 0; p < SIDE * SIDE; p++) {
        images[i][p] = (float) ((p % CLASSES == labels[i] ? 1 : 0) + random.nextDouble());
      }
    }
    return DataLoader.builder(Dataset.of(images, labels))
        .batchSize(4)
        .shuffle(seed)
        .device(device)
        .build();
  }

  /** What a training run leaves: the losses and all numbers of the model. */
  private static List<Object> train(Device device, Precision precision, boolean record) {
    Module model = model(device);
    History history =
        Trainer.builder(model, new CrossEntropyLoss(), AdamW.of(model.parameters(), 0.01))
            .inputTransform(x -> x.reshape(x.size(0), 1, SIDE, SIDE))
            .metric(Accuracy::new)
            .precision(precision)
            .clipNorm(1)
            .validation(data(device, 2))
            .recordSteps(record)
            .build()
            .fit(data(device, 1), EPOCHS);
    List<Object> all = new ArrayList<>();
    history.epochs().forEach(e -> all.add(List.of(e.loss(), e.values())));
    model.stateDict().forEach((name, t) -> all.add(List.of(name, t.toBuffer())));
    return all;
  }

  @ParameterizedTest
  @CsvSource({"FP32, false", "FP32, true", "FP16, false", "FP16, true"})
  void givesTheNumbersOfADeviceWithoutAPool(Precision precision, boolean record) {
    List<Object> expected = train(Device.of("sim"), precision, false);
    assertThat(train(Device.on(pooled), precision, record)).isEqualTo(expected);
    SimControl.setDeferred(true);
    assertThat(train(Device.on(pooled), precision, record))
        .as("on a late device")
        .isEqualTo(expected);
  }
}
