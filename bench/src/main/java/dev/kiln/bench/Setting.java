package dev.kiln.bench;

import dev.kiln.Autocast;
import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.Precision;
import dev.kiln.Scope;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.nn.CrossEntropyLoss;
import dev.kiln.nn.Loss;
import dev.kiln.nn.Module;
import dev.kiln.optim.Optimizer;
import java.util.Arrays;

/**
 * Where and in what precision work is done.
 *
 * @param device the device
 * @param precision what products compute in
 */
record Setting(Device device, Precision precision) {
  /** Normal random values. */
  Tensor random(long... shape) {
    return Tensor.randn(Shape.of(shape), DType.FLOAT32, device);
  }

  /** Uniform random values in [0, 1). */
  Tensor uniform(long... shape) {
    return Tensor.rand(Shape.of(shape), DType.FLOAT32, device);
  }

  /** Class labels below 10. */
  Tensor labels(int n) {
    long[] labels = new long[n];
    Arrays.setAll(labels, i -> i * 7L % 10);
    return Tensor.of(labels, device);
  }

  /** A training step: forward, cross-entropy, backward, optimizer. */
  Runnable training(Module model, Optimizer optimizer, Tensor input, Tensor target) {
    Loss loss = new CrossEntropyLoss();
    return () -> {
      try (Scope step = Scope.open("step")) {
        optimizer.zeroGrad();
        try (Autocast cast = Autocast.open(precision)) {
          loss.of(model.call(input), target).backward();
        }
        optimizer.step();
      }
    };
  }

  /** A run whose temporaries are released. */
  Runnable run(Runnable body) {
    return () -> {
      try (Scope step = Scope.open("step");
          Autocast cast = Autocast.open(precision)) {
        body.run();
      }
    };
  }
}
