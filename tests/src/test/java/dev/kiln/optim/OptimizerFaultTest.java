package dev.kiln.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.Device;
import dev.kiln.KilnException;
import dev.kiln.Tensor;
import dev.kiln.cuda.sim.SimControl;
import dev.kiln.cuda.sim.SimDevice;
import java.util.List;
import java.util.Optional;
import jcuda.driver.CUresult;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What an optimizer leaves where the device fails in the midst of a step. */
class OptimizerFaultTest {
  private static final String LAUNCH = "cuLaunchKernel";

  private Device device;

  @BeforeEach
  void open() {
    device = SimDevice.open();
    SimControl.setQuiet(true);
  }

  @AfterEach
  void close() {
    SimControl.clearFailures();
    SimControl.setQuiet(false);
  }

  private Tensor parameter() {
    Tensor p = Tensor.of(new float[] {1, -2, 3}, device).requiresGrad(true);
    p.mul(p).sum().backward();
    return p;
  }

  private static double steps(Optimizer optimizer) {
    return optimizer.state().get("0.step").item();
  }

  @Test
  void aStepThatCouldNotBeTakenIsNotCounted() {
    Tensor p = parameter();
    Tensor undisturbed = parameter();
    Adam optimizer = Adam.of(List.of(p), 0.1);
    Adam other = Adam.of(List.of(undisturbed), 0.1);
    optimizer.step();
    other.step();
    float[] before = p.toFloatArray();
    for (int launch = 1; launch <= 2; launch++) { // the count of steps, the update
      SimControl.fail(LAUNCH, launch, 1, CUresult.CUDA_ERROR_UNKNOWN);
      assertThatThrownBy(optimizer::step)
          .isInstanceOf(KilnException.class)
          .isNotInstanceOf(OptimizerException.class)
          .hasMessageContaining(LAUNCH);
      assertThat(p.toFloatArray()).containsExactly(before);
      assertThat(steps(optimizer)).isEqualTo(1);
    }
    optimizer.step();
    other.step();
    assertThat(p.toFloatArray()).containsExactly(undisturbed.toFloatArray());
    assertThat(steps(optimizer)).isEqualTo(2);
  }

  @Test
  void aStepThatAFactorSkippedWasNotCountedAnyway() {
    Tensor p = parameter();
    Adam optimizer = Adam.of(List.of(p), 0.1);
    optimizer.step();
    Tensor skip = Tensor.of(new double[] {0}, device);
    SimControl.fail(LAUNCH, 2, 1, CUresult.CUDA_ERROR_UNKNOWN);
    assertThatThrownBy(() -> optimizer.step(Optional.of(skip))).hasMessageContaining(LAUNCH);
    assertThat(steps(optimizer)).isEqualTo(1);
  }

  @Test
  void aStepThatWasTakenInPartSaysSo() {
    Tensor a = parameter();
    Tensor b = parameter();
    SGD optimizer = SGD.builder().group(List.of(a)).group(List.of(b)).lr(0.1).build();
    float[] before = b.toFloatArray();
    SimControl.fail(LAUNCH, 4, 1, CUresult.CUDA_ERROR_UNKNOWN); // the second group's update
    assertThatThrownBy(optimizer::step)
        .isInstanceOf(OptimizerException.class)
        .hasMessageContaining("a part of the parameters is updated")
        .hasMessageContaining("load the last checkpoint")
        .hasMessageContaining(LAUNCH)
        .hasMessageContaining("error 999");
    assertThat(a.toFloatArray()).isNotEqualTo(before);
    assertThat(b.toFloatArray()).isEqualTo(before);
  }
}
