package dev.kiln.bench.jmh;

import dev.kiln.Tensor;
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

/** Products of [m, k] and [k, n]: square ones, and those of dense layers and their gradients. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 2, jvmArgsAppend = "--add-modules=jdk.incubator.vector")
public class MatmulBench extends Operation {
  /** Rows, common side, columns. */
  @Param({
    "512x512x512",
    "1024x1024x1024",
    "2048x2048x2048",
    "128x784x512",
    "128x512x10",
    "1x512x512",
    "33x65x129"
  })
  public String shape;

  private Tensor a;
  private Tensor b;

  /** Makes the inputs. */
  @Setup
  public void setUp() {
    String[] sizes = shape.split("x");
    long common = Long.parseLong(sizes[1]);
    a = random(Long.parseLong(sizes[0]), common);
    b = random(common, Long.parseLong(sizes[2]));
  }

  /** a b. */
  @Benchmark
  public void product() {
    run(() -> a.matmul(b));
  }
}
