package dev.kiln.bench.jmh;

import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.Scope;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.State;

/** What every benchmark has: a device, inputs on it, and a step whose temporaries are released. */
@State(org.openjdk.jmh.annotations.Scope.Thread)
public abstract class Operation {
  /** The device. */
  @Param("cpu")
  public String device;

  private Device on;

  /** Returns normal random values that last as long as the benchmark. */
  Tensor random(long... shape) {
    on = Device.of(device);
    return Tensor.randn(Shape.of(shape), DType.FLOAT32, on);
  }

  /** Runs an operation to its end. */
  void run(Runnable operation) {
    try (Scope step = Scope.open("step")) {
      operation.run();
      on.sync();
    }
  }
}
