package dev.kiln.bench;

import dev.kiln.Device;
import dev.kiln.Generator;
import dev.kiln.Precision;
import dev.kiln.Scope;
import dev.kiln.bench.worker.Framework;
import dev.kiln.bench.worker.Unsupported;
import dev.kiln.bench.worker.Worker;
import java.util.Arrays;
import java.util.stream.Stream;

/** Does one piece of work in Kiln: {@code KilnWorker WORK WARM_UP SECONDS DEVICE}. */
final class KilnWorker implements Framework {
  private final Device device;

  private KilnWorker(String name) {
    device = Device.of(name);
    Device.setDefault(device);
  }

  public static void main(String[] args) {
    Worker.measure(() -> new KilnWorker(args[3]), Arrays.copyOf(args, 3));
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
    Task task =
        Stream.concat(Bench.all().stream(), Peak.tasks(device, Worker.threads()).stream())
            .filter(t -> t.name().equals(work))
            .findFirst()
            .orElseThrow(() -> new Unsupported("no such work"));
    Scope.open("bench");
    return task.make().apply(new Setting(device, Precision.FP32));
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
