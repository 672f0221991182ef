package dev.kiln.train;

import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.Precision;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.data.DataLoader;
import dev.kiln.data.Dataset;
import dev.kiln.data.Field;
import dev.kiln.data.augment.Augment;
import dev.kiln.nn.BatchNorm1d;
import dev.kiln.nn.CrossEntropyLoss;
import dev.kiln.nn.Flatten;
import dev.kiln.nn.Linear;
import dev.kiln.nn.Module;
import dev.kiln.nn.ReLU;
import dev.kiln.nn.Sequential;
import dev.kiln.optim.AdamW;
import dev.kiln.optim.CosineAnnealingLR;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * A process that trains with everything that has state: augmentation, dropout, batch norm, workers
 * that read ahead, several batches a step, 16-bit arithmetic with its loss scale, a schedule,
 * recorded steps. It goes on from its folder's newest checkpoint and saves after every step.
 */
final class TrainingProcess {
  private static final int N = 26;
  private static final int EPOCHS = 1000;

  private final Device device;
  private final Checkpoints checkpoints;
  private final Trainer trainer;
  private final Module model;
  private final AdamW optimizer;

  /**
   * What training came to: all numbers, as text without rounding, and the random numbers' state.
   */
  record Result(Resumed resumed, String numbers, long[] generator, float[] weights) {}

  private TrainingProcess(Device device, Path folder, Precision precision, Callback more) {
    this.device = device;
    this.checkpoints = Checkpoints.in(folder).everySteps(1).keepLast(2);
    Device before = Device.defaultDevice();
    Device.setDefault(device);
    try {
      device.generator().seed(6);
      this.model =
          new Sequential(
              new Flatten(),
              new TrainFixtures.RandomDropout(0.2),
              new Linear(192, 16, false),
              new BatchNorm1d(16),
              new ReLU(),
              new Linear(16, 3));
    } finally {
      Device.setDefault(before);
    }
    this.optimizer = AdamW.of(model.parameters(), 0.01);
    this.trainer =
        Trainer.builder(model, new CrossEntropyLoss(), optimizer)
            .device(device)
            .metric(Accuracy::new)
            .augment(
                Augment.builder()
                    .seed(8)
                    .randomCrop(8, 1)
                    .horizontalFlip(0.5)
                    .colorJitter(0.3, 0.3, 0.3, 0.1)
                    .randomErasing(0.5)
                    .mixup(0.4, 3)
                    .build())
            .clipNorm(0.5)
            .accumulate(2)
            .precision(precision)
            .finiteCheck(FiniteCheck.atEpochEnd())
            .stepScheduler(CosineAnnealingLR.of(optimizer, 150))
            .seed(3)
            .callback(checkpoints)
            .callback(more)
            .build();
  }

  private DataLoader loader() {
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
        .batchSize(4)
        .shuffle(4)
        .prefetch(3)
        .workers(2)
        .device(device)
        .build();
  }

  /** Goes on until a step, counted over all epochs, is done. */
  static Result train(Device device, Path folder, Precision precision, long until) {
    return train(device, folder, precision, until, state -> state.stop("far enough"));
  }

  private interface AtEnd {
    void reached(TrainState state);
  }

  private static Result train(
      Device device, Path folder, Precision precision, long until, AtEnd end) {
    TrainingProcess p =
        new TrainingProcess(
            device,
            folder,
            precision,
            new Callback() {
              @Override
              public void onStepEnd(TrainState state) {
                if (state.globalStep() >= until) {
                  end.reached(state);
                }
              }
            });
    Resumed resumed = p.trainer.resumeLatest(folder);
    if (resumed.steps() < until) {
      p.trainer.fit(p.loader(), EPOCHS);
    }
    return p.result(resumed);
  }

  private Result result(Resumed resumed) {
    List<String> numbers = new ArrayList<>();
    for (Map<String, Tensor> part :
        List.of(
            model.stateDict(),
            optimizer.state(),
            trainer.training().state(),
            trainer.settings().scaler().map(s -> s.state()).orElse(Map.of()))) {
      part.forEach((name, t) -> numbers.add(name + Arrays.toString(t.toDoubleArray())));
    }
    numbers.add("lr " + optimizer.groups().get(0).lr());
    trainer.progress().records.forEach(r -> numbers.add(r.values().toString()));
    long[] generator = device.generator().state();
    numbers.add("generator " + Arrays.toString(generator));
    return new Result(resumed, String.join("\n", numbers), generator, TrainFixtures.weights(model));
  }

  /** Trains until a step and then saves again and again until it is killed. */
  private static void saveForever(Device device, Path folder, Precision precision, long until) {
    TrainingProcess[] p = new TrainingProcess[1];
    p[0] =
        new TrainingProcess(
            device,
            folder,
            precision,
            new Callback() {
              private boolean said;

              @Override
              public void onStepEnd(TrainState state) {
                if (!said) {
                  said = true;
                  System.out.println("ready");
                }
                while (state.globalStep() >= until) {
                  Path next = p[0].checkpoints.next(state);
                  p[0].trainer.save(next);
                  p[0].checkpoints.onSave(state, next);
                }
              }
            });
    p[0].trainer.resumeLatest(folder).lines().forEach(System.out::println);
    p[0].trainer.fit(p[0].loader(), EPOCHS);
  }

  /** Starts such a process. */
  static ProcessBuilder start(String how, String device, Path folder, Precision p, long until) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("--add-modules", "jdk.incubator.vector"));
    command.addAll(List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-XX:-UsePerfData"));
    if (System.getProperty("kiln.sim") != null) {
      command.add("-Dkiln.sim=" + System.getProperty("kiln.sim"));
    }
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.addAll(List.of(TrainingProcess.class.getName(), how, device, folder.toString()));
    command.addAll(List.of(p.name(), Long.toString(until)));
    return new ProcessBuilder(command);
  }

  /** Trains; the arguments are once or forever, the device, the folder, precision and last step. */
  public static void main(String[] args) throws IOException {
    Device device = Device.of(args[1]);
    Path folder = Path.of(args[2]);
    Precision precision = Precision.valueOf(args[3]);
    long until = Long.parseLong(args[4]);
    if (args[0].equals("forever")) {
      System.in.read(); // this process was started early, while another was still at work
      saveForever(device, folder, precision, until);
    } else {
      Result result = train(device, folder, precision, until);
      System.out.println(result.numbers());
    }
  }
}
