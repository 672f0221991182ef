package dev.kiln.bench.jmh;

import dev.kiln.Tensor;
import dev.kiln.backend.Backend;
import dev.kiln.backend.BinaryOp;
import dev.kiln.backend.UnaryOp;
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

/** Elementwise operations into an existing output. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 2, jvmArgsAppend = "--add-modules=jdk.incubator.vector")
public class ElementwiseBench extends Operation {
  /** Elements: in a core's cache, and far outside. */
  @Param({"16384", "16777216"})
  public long elements;

  private Backend backend;
  private Tensor a;
  private Tensor b;
  private Tensor out;

  /** Makes the inputs. */
  @Setup
  public void setUp() {
    a = random(elements);
    b = random(elements);
    out = random(elements);
    backend = a.device().backend();
  }

  /** a + b. */
  @Benchmark
  public void add() {
    backend.binary(BinaryOp.ADD, out.view(), a.view(), b.view());
    backend.sync();
  }

  /** max(a, 0). */
  @Benchmark
  public void relu() {
    backend.unary(UnaryOp.RELU, out.view(), a.view(), 0, 0);
    backend.sync();
  }

  /** e to the a. */
  @Benchmark
  public void exp() {
    backend.unary(UnaryOp.EXP, out.view(), a.view(), 0, 0);
    backend.sync();
  }
}
