package dev.kiln.cuda.sim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.KilnException;
import dev.kiln.Scope;
import dev.kiln.Shape;
import dev.kiln.StepGraph;
import dev.kiln.Tensor;
import dev.kiln.testing.SettledMemory;
import jcuda.driver.CUresult;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Recording on a device whose calls fail, and copies on a device that is late. */
class RecordingFaultTest {
  private Device device;

  @BeforeEach
  void open() {
    Sim.control();
    device = Device.of("sim");
    SimControl.setQuiet(true);
    SimControl.resetCalls();
  }

  @AfterEach
  void close() {
    SimControl.clearFailures();
    SimControl.setDeferred(false);
    SimControl.setQuiet(false);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "cuStreamBeginCapture",
        "cuMemAlloc",
        "cuLaunchKernel",
        "cuStreamEndCapture",
        "cuGraphInstantiate",
        "cuGraphLaunch"
      })
  void aFailedCallIsReportedAndTheStepCanBeTakenAgain(String function) {
    long used = SettledMemory.used(device);
    Tensor sum = Tensor.zeros(Shape.of(3), DType.FLOAT32, device);
    try (StepGraph graph =
        StepGraph.of(device, () -> sum.copyFrom(sum.add(1).mul(2).sub(sum).sub(1)))) {
      graph.run();
      graph.run();
      SimControl.fail(function, 1, 1, CUresult.CUDA_ERROR_UNKNOWN);
      assertThatThrownBy(graph::run)
          .isInstanceOf(KilnException.class)
          .hasMessageContaining("error 999")
          .hasMessageContaining("unknown");
      SimControl.clearFailures();
      float before = sum.toFloatArray()[0];
      assertThat(before).as("nothing has run").isEqualTo(2 * 1);
      graph.run();
      graph.run();
      assertThat(sum.toFloatArray()).containsOnly(4);
      assertThat(graph.isRecorded()).isTrue();
    }
    sum.close();
    assertThat(device.memory().used()).isEqualTo(used);
  }

  @Test
  void aFirstRunWithoutMemoryForAllInputsCanBeTakenAgain() {
    long used = SettledMemory.used(device);
    Tensor x = Tensor.ones(Shape.of(6_000_000), DType.FLOAT32, device);
    device.backend().trim(); // so that each input's place is asked of the driver
    try (StepGraph graph = StepGraph.of(device, in -> in.get(0).add(in.get(1)).sum())) {
      SimControl.fail("cuMemAlloc", 2, 1, CUresult.CUDA_ERROR_UNKNOWN);
      assertThatThrownBy(() -> graph.run(x, x)).isInstanceOf(KilnException.class);
      SimControl.clearFailures();
      assertThat(graph.run(x, x).item()).isEqualTo(12_000_000);
    }
    x.close();
    assertThat(device.memory().used()).isEqualTo(used);
  }

  @Test
  void closingARecordingGivesItsMemoryBackEvenIfTheDeviceFails() {
    long used = SettledMemory.used(device);
    Tensor sum = Tensor.zeros(Shape.of(3), DType.FLOAT32, device);
    StepGraph graph = StepGraph.of(device, () -> sum.copyFrom(sum.add(1)));
    for (int i = 0; i < 4; i++) {
      graph.run();
    }
    long cached = device.memory().cached();
    SimControl.fail("cuStreamSynchronize", 1, 1, CUresult.CUDA_ERROR_UNKNOWN);
    assertThatThrownBy(graph::close)
        .isInstanceOf(KilnException.class)
        .hasMessageContaining("cuStreamSynchronize");
    SimControl.clearFailures();
    sum.close();
    device.backend().trim();
    assertThat(device.memory().used()).isEqualTo(used);
    assertThat(device.memory().cached()).isLessThan(cached);
  }

  @Test
  void aReplayIsOneCallThatWaitsForNothing() {
    Tensor x = Tensor.zeros(Shape.of(5), DType.FLOAT32, device);
    try (StepGraph graph = StepGraph.of(device, () -> x.copyFrom(x.mul(2).add(1)))) {
      for (int i = 0; i < 3; i++) {
        graph.run();
      }
      SimControl.resetCalls();
      for (int i = 0; i < 10; i++) {
        graph.run();
      }
      assertThat(SimControl.calls("cuGraphLaunch")).isEqualTo(10);
      assertThat(SimControl.calls("*")).isEqualTo(10);
    }
    assertThat(x.toFloatArray()).containsOnly((1 << 13) - 1);
  }

  @Test
  void anEagerStepWaitsForNothingEither() {
    try (Scope scope = Scope.open()) {
      Tensor x = Tensor.zeros(Shape.of(5), DType.FLOAT32, device);
      SimControl.resetCalls();
      Tensor y = x.mul(2).add(1).sum();
      assertThat(SimControl.calls("cuStreamSynchronize")).isZero();
      assertThat(y.item()).isEqualTo(5);
    }
  }

  @Test
  void uploadsStandInOrderOnALateDevice() {
    SimControl.setDeferred(true);
    int n = 700_000; // more than one piece of staging memory
    float[] values = new float[n];
    try (Scope scope = Scope.open()) {
      Tensor x = Tensor.zeros(Shape.of(n), DType.FLOAT32, device);
      Tensor sum = Tensor.zeros(Shape.of(n), DType.FLOAT32, device);
      for (int step = 1; step <= 5; step++) {
        java.util.Arrays.fill(values, step);
        x.copyFrom(Tensor.of(values, device));
        sum.copyFrom(sum.add(x));
      }
      assertThat(sum.amin().item()).isEqualTo(15);
      assertThat(sum.amax().item()).isEqualTo(15);
    }
  }

  @Test
  void replaysStandInOrderOnALateDevice() {
    Tensor sum = Tensor.zeros(Shape.of(30_000), DType.FLOAT32, device);
    SimControl.setDeferred(true);
    float[] values = new float[30_000];
    try (StepGraph graph =
        StepGraph.of(
            device,
            in -> {
              sum.copyFrom(sum.add(in.get(0).mul(2)));
              return in.get(0).sum();
            })) {
      for (int step = 1; step <= 6; step++) {
        java.util.Arrays.fill(values, step);
        try (Scope scope = Scope.open()) {
          Tensor total = graph.run(Tensor.of(values, device));
          if (step == 6) {
            assertThat(total.item()).isEqualTo(180_000);
          }
        }
      }
      assertThat(sum.amin().item()).isEqualTo(42);
      assertThat(sum.amax().item()).isEqualTo(42);
    }
    sum.close();
  }
}
