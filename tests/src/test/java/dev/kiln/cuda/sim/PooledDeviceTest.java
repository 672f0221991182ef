package dev.kiln.cuda.sim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.KilnException;
import dev.kiln.OutOfMemoryException;
import dev.kiln.Scope;
import dev.kiln.Shape;
import dev.kiln.StepGraph;
import dev.kiln.Tensor;
import dev.kiln.cuda.CudaBackend;
import dev.kiln.nn.Linear;
import dev.kiln.nn.MSELoss;
import dev.kiln.nn.Module;
import dev.kiln.nn.ReLU;
import dev.kiln.nn.Sequential;
import dev.kiln.optim.AdamW;
import java.util.ArrayList;
import java.util.List;
import jcuda.driver.CUresult;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The device with the memory pool that GPUs have, which the other tests do without. */
class PooledDeviceTest {
  private static final long MIB = 1 << 20;
  private static final long ALL = 64L << 30;

  private CudaBackend backend;
  private Device device;

  @BeforeEach
  void open() {
    backend = SimDevice.pooled();
    device = Device.on(backend);
    SimControl.setQuiet(true);
  }

  @AfterEach
  void close() {
    SimControl.clearFailures();
    SimControl.setDeferred(false);
    SimControl.setTotalMemory(ALL);
    SimControl.setQuiet(false);
    if (backend != null) {
      backend.close();
    }
  }

  private static Module model(Device device) {
    Device before = Device.defaultDevice();
    Device.setDefault(device);
    try {
      device.generator().seed(3);
      return new Sequential(new Linear(20, 300), new ReLU(), new Linear(300, 4));
    } finally {
      Device.setDefault(before);
    }
  }

  private static Tensor data(Device device, int step, long columns) {
    float[] values = new float[(int) (64 * columns)];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) Math.sin(i + step);
    }
    return Tensor.of(values, Shape.of(64, columns), device);
  }

  /** Losses of steps between which other work takes all free memory and overwrites it. */
  private static List<Double> losses(Device device, boolean record) {
    Module model = model(device);
    AdamW optimizer = AdamW.of(model.parameters(), 0.01);
    List<Double> losses = new ArrayList<>();
    try (StepGraph graph =
        StepGraph.of(
            device,
            in -> {
              optimizer.zeroGrad();
              Tensor loss = new MSELoss().of(model.call(in.get(0)), in.get(1));
              loss.backward();
              optimizer.step();
              return loss;
            })) {
      for (int step = 0; step < 7; step++) {
        try (Scope scope = Scope.open()) {
          Tensor x = data(device, step, 20);
          Tensor y = data(device, step + 9, 4);
          if (record) {
            losses.add(graph.run(x, y).item());
          } else {
            optimizer.zeroGrad();
            Tensor loss = new MSELoss().of(model.call(x), y);
            loss.backward();
            optimizer.step();
            losses.add(loss.item());
          }
        }
        try (Scope scope = Scope.open()) {
          for (long n : new long[] {3, 64, 5000, 64 * 300, 400_000}) {
            for (int i = 0; i < 6; i++) {
              Tensor.full(Shape.of(n), Double.NaN, DType.FLOAT32, device);
            }
          }
          // A segment of its own, wholly free afterwards: a recording gives it back as it begins.
          Tensor.full(Shape.of(4 * MIB), Double.NaN, DType.FLOAT32, device);
        }
      }
      assertThat(graph.isRecorded()).isEqualTo(record);
    }
    return losses;
  }

  @Test
  void replaysKeepTheirMemoryToThemselves() {
    assertThat(losses(device, true)).isEqualTo(losses(Device.of("sim"), false));
  }

  @Test
  void memoryIsUsedAgainInOrderOnALateDevice() {
    List<Double> expected = losses(Device.of("sim"), false);
    SimControl.setDeferred(true);
    assertThat(losses(device, false)).isEqualTo(expected);
    assertThat(losses(device, true)).isEqualTo(expected);
  }

  @Test
  void aStepAsksTheDriverForMemoryOnlyOnce() {
    for (int i = 0; i < 3; i++) {
      SimControl.resetCalls();
      try (Scope scope = Scope.open()) {
        Tensor x = data(device, 1, 20);
        x.mul(x).sum(1).add(1).exp();
      }
    }
    assertThat(SimControl.calls("cuMemAlloc")).isZero();
    assertThat(SimControl.calls("cuMemFree")).isZero();
    assertThat(device.memory().cached()).isPositive();
  }

  @Test
  void aRecordingThatCannotBeginLeavesThePoolAsItWas() {
    Tensor sum = Tensor.zeros(Shape.of(3), DType.FLOAT32, device);
    try (StepGraph graph = StepGraph.of(device, () -> sum.copyFrom(sum.add(1).mul(1)))) {
      graph.run();
      graph.run();
      SimControl.fail("cuStreamBeginCapture", 1, 1, CUresult.CUDA_ERROR_UNKNOWN);
      assertThatThrownBy(graph::run)
          .isInstanceOf(KilnException.class)
          .hasMessageContaining("cuStreamBeginCapture");
      graph.run();
      graph.run();
      assertThat(sum.toFloatArray()).containsOnly(4);
    }
    assertThat(sum.add(1).toFloatArray()).containsOnly(5);
  }

  @Test
  void whatIsKeptIsGivenBackBeforeThereIsNoRoom() {
    SimControl.setTotalMemory(SimControl.memoryUsed() + 40 * MIB);
    try (Scope scope = Scope.open()) {
      Tensor.empty(Shape.of(30 * MIB / 4), DType.FLOAT32, device);
    }
    try (Scope scope = Scope.open()) {
      Tensor x = Tensor.empty(Shape.of(34 * MIB / 4), DType.FLOAT32, device);
      assertThat(x.fill(1).amax().item()).isEqualTo(1);
      assertThatThrownBy(() -> Tensor.empty(Shape.of(9 * MIB), DType.FLOAT32, device))
          .isInstanceOf(OutOfMemoryException.class)
          .hasMessageContaining("34.0 MiB  f32");
    }
  }
}
