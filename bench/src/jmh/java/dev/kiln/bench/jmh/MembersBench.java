package dev.kiln.bench.jmh;

import dev.kiln.Device;
import dev.kiln.Tensor;
import dev.kiln.autograd.NoGrad;
import dev.kiln.models.LeNet;
import dev.kiln.models.Mlp;
import dev.kiln.nn.BatchedModules;
import dev.kiln.nn.Module;
import java.util.ArrayList;
import java.util.List;
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

/** The answers of five networks of one structure to 1 x 28 x 28, together and one by one. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 2, jvmArgsAppend = "--add-modules=jdk.incubator.vector")
public class MembersBench extends Operation {
  private static final int MEMBERS = 5;

  /** The network: {@code mlp}, 784-128-64-10, or {@code lenet}. */
  @Param({"mlp", "lenet"})
  public String network;

  /** How many images. */
  @Param({"1", "64"})
  public long batch;

  private final List<Module> members = new ArrayList<>();
  private BatchedModules together;
  private Tensor x;

  /** Makes input and networks. */
  @Setup
  public void setUp() {
    x = random(batch, 1, 28, 28);
    for (int i = 0; i < MEMBERS; i++) {
      Module member = network.equals("mlp") ? new Mlp(784, 128, 64, 10) : new LeNet();
      members.add(member.to(Device.of(device)).eval());
    }
    together = BatchedModules.of(members);
  }

  /** With one op for each layer, where the device gains by it. */
  @Benchmark
  public void together() {
    run(
        () ->
            NoGrad.run(
                () ->
                    together
                        .call(x)
                        .map(List::of)
                        .orElseGet(() -> members.stream().map(m -> m.call(x)).toList())));
  }

  /** Member after member. */
  @Benchmark
  public void oneByOne() {
    run(() -> NoGrad.run(() -> members.stream().map(m -> m.call(x)).toList()));
  }
}
