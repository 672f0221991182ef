package dev.kiln.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.kiln.Device;
import dev.kiln.Tensor;
import dev.kiln.data.DataLoader;
import dev.kiln.data.Dataset;
import dev.kiln.models.LeNet;
import dev.kiln.nn.CrossEntropyLoss;
import dev.kiln.nn.Linear;
import dev.kiln.nn.Module;
import dev.kiln.nn.ReLU;
import dev.kiln.nn.Sequential;
import dev.kiln.ops.RandomOps;
import dev.kiln.optim.AdamW;
import dev.kiln.optim.CosineAnnealingLR;
import dev.kiln.optim.SGD;
import dev.kiln.testing.EachDevice;
import dev.kiln.testing.OnEachDevice;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** The trainer on devices that record steps: the same numbers as without, whatever happens. */
class RecordedTrainingTest {
  private static final TrainFixtures.Clouds DATA = new TrainFixtures.Clouds(50, 3);

  private static DataLoader loader(Device device, int batchSize) {
    return DataLoader.builder(Dataset.of(DATA.points, DATA.labels))
        .batchSize(batchSize)
        .shuffle(5)
        .device(device)
        .build();
  }

  /** Counts how often its code runs. */
  private static final class Net extends Module {
    private final Sequential layers;
    private final AtomicInteger runs = new AtomicInteger();
    private final boolean reads;

    Net(Device device, boolean reads) {
      this.reads = reads;
      Device before = Device.defaultDevice();
      Device.setDefault(device);
      try {
        device.generator().seed(11);
        layers = module("layers", new Sequential(new Linear(2, 16), new ReLU(), new Linear(16, 3)));
      } finally {
        Device.setDefault(before);
      }
    }

    @Override
    public Tensor forward(Tensor x) {
      runs.incrementAndGet();
      if (reads && Double.isNaN(x.sum().item())) {
        return x;
      }
      return layers.call(isTraining() ? RandomOps.dropout(x, 0.1, x.device().generator()) : x);
    }
  }

  private static Trainer.Builder trainer(Net net) {
    AdamW optimizer = AdamW.of(net.parameters(), 0.02);
    return Trainer.builder(net, new CrossEntropyLoss(), optimizer)
        .metric(Accuracy::new)
        .clipNorm(0.5)
        .finiteCheck(FiniteCheck.every(7))
        .stepScheduler(CosineAnnealingLR.of(optimizer, 40));
  }

  /** Trains with and without recording; both must agree bit for bit. Returns the recorded one. */
  private static Net same(
      Device device, boolean reads, int epochs, Consumer<Trainer.Builder> settings) {
    Net plain = new Net(device, reads);
    Trainer.Builder eager = trainer(plain).recordSteps(false);
    settings.accept(eager);
    History expected = eager.build().fit(loader(device, 8), epochs);
    Net net = new Net(device, reads);
    Trainer.Builder recorded = trainer(net);
    settings.accept(recorded);
    History actual = recorded.build().fit(loader(device, 8), epochs);
    for (int e = 0; e < epochs; e++) {
      assertThat(actual.epochs().get(e).loss()).isEqualTo(expected.epochs().get(e).loss());
      assertThat(actual.epochs().get(e).values().get("accuracy"))
          .isEqualTo(expected.epochs().get(e).values().get("accuracy"));
    }
    assertThat(TrainFixtures.weights(net)).containsExactly(TrainFixtures.weights(plain));
    return net;
  }

  @OnEachDevice
  void changesNoNumber(Device device) {
    Net net = same(device, false, 3, b -> {});
    // 7 steps an epoch: the last is smaller, every 7th is checked; two come before the recording.
    assertThat(net.runs.get()).isEqualTo(device.backend().records() ? 3 + 3 : 21);
  }

  @OnEachDevice
  void changesNoNumberWithSeveralBatchesAStep(Device device) {
    same(device, false, 4, b -> b.accumulate(2));
  }

  @OnEachDevice
  void seesWhatChangesBetweenSteps(Device device) {
    same(
        device,
        false,
        3,
        b ->
            b.callback(
                new Callback() {
                  @Override
                  public void onEpochEnd(TrainState s) {
                    s.model().parameters().get(0).requiresGrad(s.epoch() % 2 == 0);
                    s.optimizer().groups().get(0).set("weightDecay", 0.1 * s.epoch());
                  }
                }));
  }

  @OnEachDevice
  void runsAModelThatReadsValuesAsItIs(Device device) {
    Net net = same(device, true, 2, b -> {});
    assertThat(net.runs.get()).isGreaterThanOrEqualTo(14);
  }

  /** Ten steps of LeNet from seed 42; what comes of them differs only by rounding. */
  @Test
  void tenGoldenStepsAgreeOnAllDevices() {
    List<Double> oracle = golden(Device.of("scalar"), false);
    assertThat(oracle).as("the weights move").doesNotHaveDuplicates();
    for (Device device : EachDevice.all()) {
      if (device.id().type().equals("scalar")) {
        continue; // that is the oracle
      }
      for (boolean record :
          device.backend().records() ? new boolean[] {false, true} : new boolean[1]) {
        List<Double> losses = golden(device, record);
        for (int i = 0; i < losses.size(); i++) {
          assertThat(losses.get(i))
              .as("%s, recorded %s, step %d", device, record, i + 1)
              .isCloseTo(oracle.get(i), within(2e-4 * Math.abs(oracle.get(i)) + 2e-5));
        }
      }
    }
  }

  private static List<Double> golden(Device device, boolean record) {
    SplittableRandom random = new SplittableRandom(42);
    int n = 20;
    float[][] images = new float[n][28 * 28];
    int[] labels = new int[n];
    for (int i = 0; i < n; i++) {
      labels[i] = i % 10;
      for (int p = 0; p < 28 * 28; p++) {
        boolean bar = p / 28 / 3 == labels[i] || p % 28 / 3 == labels[i];
        images[i][p] = (float) ((bar ? 0.8 : 0) + 0.2 * random.nextDouble());
      }
    }
    DataLoader data =
        DataLoader.builder(Dataset.of(images, labels))
            .batchSize(2)
            .shuffle(42)
            .device(device)
            .build();
    Device before = Device.defaultDevice();
    Device.setDefault(device);
    Module model;
    try {
      device.generator().seed(42);
      model = new LeNet();
    } finally {
      Device.setDefault(before);
    }
    SGD optimizer = SGD.builder(model.parameters()).lr(0.02).momentum(0.9).build();
    List<Double> losses = new ArrayList<>();
    double[] sum = new double[1];
    Trainer.builder(model, new CrossEntropyLoss(), optimizer)
        .inputTransform(x -> x.reshape(x.size(0), 1, 28, 28))
        .finiteCheck(FiniteCheck.atEpochEnd())
        .recordSteps(record)
        .callback(
            new Callback() {
              @Override
              public void onStepEnd(TrainState s) {
                double total = s.loss() * s.step();
                losses.add(total - sum[0]);
                sum[0] = total;
              }
            })
        .build()
        .fit(data, 1);
    assertThat(losses).hasSize(10);
    return losses;
  }
}
