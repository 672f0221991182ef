package dev.kiln.bench.jmh;

import dev.kiln.Device;
import dev.kiln.Tensor;
import dev.kiln.autograd.NoGrad;
import dev.kiln.nn.Conv2d;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.Warmup;

/** Convolutions with padding that keeps the size, with bias. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 2, jvmArgsAppend = "--add-modules=jdk.incubator.vector")
public class Conv2dBench extends Operation {
  /** Batch, channels, height and width, output channels, kernel. */
  @Param({"32x64x32x64x3", "64x1x28x32x5", "64x32x14x64x5", "1x512x4x512x3"})
  public String shape;

  private Conv2d layer;
  private Tensor x;
  private Tensor dy;

  /** Makes the layer and its input. */
  @Setup
  public void setUp() {
    String[] sizes = shape.split("x");
    long n = Long.parseLong(sizes[0]);
    int in = Integer.parseInt(sizes[1]);
    long side = Long.parseLong(sizes[2]);
    int out = Integer.parseInt(sizes[3]);
    Device.setDefault(Device.of(device));
    layer = Conv2d.builder(in, out, Integer.parseInt(sizes[4])).samePadding().build();
    x = random(n, in, side, side).requiresGrad(true);
    dy = random(n, out, side, side);
  }

  /** The output. */
  @Benchmark
  public void forward() {
    run(
        () -> {
          try (NoGrad off = NoGrad.open()) {
            layer.call(x);
          }
        });
  }

  /** The output and the gradients of input, weight and bias. */
  @Benchmark
  public void forwardAndBackward() {
    run(
        () -> {
          x.zeroGrad();
          layer.zeroGrad();
          layer.call(x).backward(dy);
        });
  }
}
