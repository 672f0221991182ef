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

/** Softmax over the rows of 4096 of them. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 2, jvmArgsAppend = "--add-modules=jdk.incubator.vector")
public class SoftmaxBench extends Operation {
  /** Elements of a row. */
  @Param({"1024", "10"})
  public long columns;

  private Tensor x;

  /** Makes the input. */
  @Setup
  public void setUp() {
    x = random(4096, columns);
  }

  /** Of each row. */
  @Benchmark
  public void rows() {
    run(() -> x.softmax(1));
  }
}
