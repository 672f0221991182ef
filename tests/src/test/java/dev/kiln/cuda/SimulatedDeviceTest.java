package dev.kiln.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.Scope;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * That tensors live and compute on the simulated CUDA device at all; the other tests do the rest.
 */
class SimulatedDeviceTest {
  private static Device sim;

  @BeforeAll
  static void open() {
    assumeThat(System.getProperty("kiln.sim")).as("needs g++ to build it").isNotNull();
    sim = Device.of("sim");
  }

  @Test
  void computesWithKernels() {
    try (Scope scope = Scope.open()) {
      Tensor x = Tensor.of(new float[] {1, 2, 3, 4, 5, 6}, Shape.of(2, 3), sim);
      Tensor row = Tensor.of(new float[] {10, 20, 30}, sim);
      assertThat(x.mul(x).add(row).toFloatArray()).containsExactly(11, 24, 39, 26, 45, 66);
      assertThat(x.t().contiguous().toFloatArray()).containsExactly(1, 4, 2, 5, 3, 6);
      assertThat(x.to(DType.INT64).gt(Tensor.of(new long[] {3}, sim)).toLongArray())
          .containsExactly(0, 0, 0, 1, 1, 1);
      assertThat(x.tanh().toDoubleArray()[0]).isCloseTo(Math.tanh(1), within(1e-7));
    }
  }

  @Test
  void isNeverChosenByItself() {
    assertThat(Device.best().id().type()).isNotEqualTo("sim");
  }
}
