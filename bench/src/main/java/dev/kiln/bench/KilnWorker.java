package dev.kiln.bench;

import dev.kiln.Device;
import dev.kiln.Generator;
import dev.kiln.Precision;
import dev.kiln.Scope;
import dev.kiln.bench.worker.Framework;
import dev.kiln.bench.worker.Operation;
import dev.kiln.bench.worker.Unsupported;
import dev.kiln.bench.worker.Worker;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** Does one piece of work in Kiln: {@code KilnWorker WORK WARM_UP SECONDS DEVICE}. */
final class KilnWorker implements Framework {
  private final Device device;

  private KilnWorker(String name) {
    device = Device.of(name);
    Device.setDefault(device);
  }

  public static void main(String[] args) {
    Worker.measure(() -> new KilnWorker(args[2]), Arrays.copyOf(args, 2));
  }

  @Override
  public String description() {
    return device.backend().description() + ", Java " + System.getProperty("java.version");
  }

  @Override
  @SuppressWarnings("MustBeClosedChecker") // the process ends with the work
  public Runnable make(String work) {
    Generator.manualSeed(1);
    device.resetPeakMemory();
    // The peaks come after, since they need the vector module and the rest does not.
    Task task =
        named(work, Operation.isOne(work) ? List.of(Operations.task(work)) : Bench.all())
            .or(() -> named(work, Peak.tasks(device, Worker.threads())))
            .orElseThrow(() -> new Unsupported("no such work"));
    Scope.open("bench");
    return task.make().apply(new Setting(device, Precision.FP32));
  }

  private static Optional<Task> named(String work, List<Task> tasks) {
    return tasks.stream().filter(t -> t.name().equals(work)).findFirst();
  }

  @Override
  public void sync() {
    device.sync();
  }

  @Override
  public long peakDeviceBytes() {
    return device.id().type().equals("cuda") ? device.memory().peak() : 0;
  }
}
