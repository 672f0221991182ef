package dev.kiln.bench;

import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.Generator;
import dev.kiln.Scope;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.models.LeNet;
import dev.kiln.models.Mlp;
import dev.kiln.models.ResNet;
import dev.kiln.nn.CrossEntropyLoss;
import dev.kiln.nn.Loss;
import dev.kiln.optim.Adam;
import dev.kiln.optim.Optimizer;
import dev.kiln.optim.SGD;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * Times whole training steps: forward, loss, backward and optimizer.
 *
 * <pre>{@code
 * TrainingSteps [--device cpu] [--seconds 5] [W1 W2 W3]
 * }</pre>
 *
 * <ul>
 *   <li>W1: MLP 784-512-512-10, batch 128, Adam
 *   <li>W2: LeNet with 32 and 64 5x5 filters on 1x28x28, batch 64, SGD with momentum 0.9
 *   <li>W3: ResNet-18 for 3x32x32, batch 32, SGD with momentum 0.9 and weight decay
 * </ul>
 */
public final class TrainingSteps {
  private final Device device;
  private final double seconds;
  private final PrintStream out;

  private TrainingSteps(Device device, double seconds, PrintStream out) {
    this.device = device;
    this.seconds = seconds;
    this.out = out;
  }

  /** A model with what it takes to train it. */
  private record Work(
      String name, dev.kiln.nn.Module model, Optimizer optimizer, Tensor input, Tensor target) {}

  /**
   * Runs the benchmark.
   *
   * @param args options and the names of works; all works when none is named
   */
  public static void main(String[] args) {
    String device = "best";
    double seconds = 5;
    List<String> works = new ArrayList<>();
    for (int i = 0; i < args.length; i++) {
      switch (args[i]) {
        case "--device" -> device = args[++i];
        case "--seconds" -> seconds = Double.parseDouble(args[++i]);
        default -> works.add(args[i]);
      }
    }
    Device where = Device.of(device);
    Device.setDefault(where);
    PrintStream out = System.out;
    out.printf(
        "%s: %s, Java %s%n",
        where, where.backend().description(), System.getProperty("java.version"));
    TrainingSteps bench = new TrainingSteps(where, seconds, out);
    for (String name : works.isEmpty() ? List.of("W1", "W2", "W3") : works) {
      Generator.manualSeed(1);
      bench.time(bench.work(name));
    }
  }

  private Work work(String name) {
    return switch (name) {
      case "W1" -> {
        dev.kiln.nn.Module m = new Mlp(784, 512, 512, 10);
        yield work(name, m, Adam.of(m.parameters(), 1e-3), 128, 784);
      }
      case "W2" -> {
        dev.kiln.nn.Module m = new LeNet();
        yield work(
            name, m, SGD.builder(m.parameters()).lr(0.01).momentum(0.9).build(), 64, 1, 28, 28);
      }
      case "W3" -> {
        dev.kiln.nn.Module m = ResNet.resnet18(10);
        yield work(
            name,
            m,
            SGD.builder(m.parameters()).lr(0.01).momentum(0.9).weightDecay(5e-4).build(),
            32,
            3,
            32,
            32);
      }
      default ->
          throw new IllegalArgumentException(
              "no work is called " + name + "; there are W1, W2 and W3");
    };
  }

  private Work work(String name, dev.kiln.nn.Module model, Optimizer optimizer, long... shape) {
    long[] labels = new long[(int) shape[0]];
    Arrays.setAll(labels, i -> i * 7L % 10);
    return new Work(
        name,
        model,
        optimizer,
        Tensor.randn(Shape.of(shape), DType.FLOAT32, device),
        Tensor.of(labels, device));
  }

  private void time(Work w) {
    Loss loss = new CrossEntropyLoss();
    run(w, loss, seconds, 5);
    double[] ms = run(w, loss, seconds * 2, 7);
    Arrays.sort(ms);
    out.printf(
        Locale.ROOT,
        "%s  median %.2f ms  best %.2f ms  n %d  %s%n",
        w.name(),
        ms[ms.length / 2],
        ms[0],
        ms.length,
        device.memory());
  }

  private double[] run(Work w, Loss loss, double limit, int least) {
    List<Double> ms = new ArrayList<>();
    long start = System.nanoTime();
    while (ms.size() < least || System.nanoTime() - start < limit * 1e9) {
      long t = System.nanoTime();
      try (Scope step = Scope.open("step")) {
        w.optimizer().zeroGrad();
        loss.of(w.model().call(w.input()), w.target()).backward();
        w.optimizer().step();
      }
      device.sync();
      ms.add((System.nanoTime() - t) / 1e6);
    }
    return ms.stream().mapToDouble(Double::doubleValue).toArray();
  }
}
