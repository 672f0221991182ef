package dev.kiln.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.Scope;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.autograd.NoGrad;
import dev.kiln.nn.BatchNorm1d;
import dev.kiln.nn.Init;
import dev.kiln.nn.Linear;
import dev.kiln.optim.AdamW;
import dev.kiln.testing.OnEachDevice;
import java.nio.ByteBuffer;

/** The versions of tensors: they grow with each change in place and with nothing else. */
class TensorVersionTest {
  private static void assertGrows(Tensor t, Runnable change) {
    long before = t.version();
    change.run();
    assertThat(t.version()).isGreaterThan(before);
  }

  private static void assertStays(Tensor t, Runnable reading) {
    long before = t.version();
    reading.run();
    assertThat(t.version()).isEqualTo(before);
  }

  @OnEachDevice
  void growWithEachChangeInPlace(Device d) {
    try (Scope scope = Scope.open()) {
      Tensor t = Tensor.zeros(Shape.of(2, 3), DType.FLOAT32, d);
      assertGrows(t, () -> t.fill(1));
      assertGrows(t, () -> t.copyFrom(Tensor.scalar(2, DType.FLOAT32, d)));
      assertGrows(t, () -> t.upload(ByteBuffer.allocate(24)));
      assertGrows(t, () -> Init.normal(t, 0, 1));
      assertGrows(t, t::incrementVersion);
      assertGrows(t, () -> t.select(0, 1).fill(4)); // by a view
      Tensor row = t.narrow(0, 0, 1);
      assertGrows(row, () -> t.fill(5)); // and seen in one
    }
  }

  @OnEachDevice
  void stayWhereNothingIsWritten(Device d) {
    try (Scope scope = Scope.open()) {
      Tensor t = Tensor.ones(Shape.of(2, 3), DType.FLOAT32, d);
      assertStays(t, () -> t.add(t).relu().sum().item());
      assertStays(t, () -> t.mul(2).fill(3));
      assertStays(t, t::toFloatArray);
    }
  }

  @OnEachDevice
  void growWithTraining(Device d) {
    try (Scope scope = Scope.open()) {
      Linear dense = new Linear(3, 2);
      BatchNorm1d norm = new BatchNorm1d(2);
      dense.to(d);
      norm.to(d);
      AdamW optimizer = AdamW.builder(dense.parameters()).lr(0.1).build();
      Tensor x = Tensor.randn(Shape.of(4, 3), DType.FLOAT32, d);
      for (int step = 0; step < 2; step++) {
        optimizer.zeroGrad();
        assertGrows(
            norm.runningMean().orElseThrow(),
            () -> norm.call(dense.call(x)).square().sum().backward());
        assertGrows(dense.weight(), optimizer::step);
      }
      assertGrows(
          norm.runningVar().orElseThrow(), () -> NoGrad.run(() -> norm.call(dense.call(x))));
      norm.eval();
      assertStays(norm.runningVar().orElseThrow(), () -> norm.call(dense.call(x)));
      assertStays(dense.weight(), () -> norm.call(dense.call(x)));
    }
  }
}
