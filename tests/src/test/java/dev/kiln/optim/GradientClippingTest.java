package dev.kiln.optim;

import static dev.kiln.optim.OptimizerCases.give;
import static dev.kiln.optim.OptimizerCases.numbers;
import static dev.kiln.optim.OptimizerCases.parameter;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.Scope;
import dev.kiln.Tensor;
import dev.kiln.testing.OnEachDevice;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Clipping is PyTorch's, in slabs and out of them. */
class GradientClippingTest {
  private static final int[] SIZES = {3, 16, 33, 1};

  private static List<Tensor> parameters(Device device, DType dtype) {
    List<Tensor> out = new ArrayList<>();
    for (int i = 0; i < SIZES.length; i++) {
      out.add(parameter(SIZES[i], i, dtype, device));
    }
    return out;
  }

  private static double[] gradient(int i) {
    return numbers(SIZES[i], 50 + i);
  }

  private static void giveAll(List<Tensor> parameters) {
    for (int i = 0; i < SIZES.length; i++) {
      give(parameters.get(i), gradient(i));
    }
  }

  private static double norm(int... chosen) {
    double sum = 0;
    for (int i : chosen) {
      for (double g : gradient(i)) {
        sum += g * g;
      }
    }
    return Math.sqrt(sum);
  }

  private static void assertGradients(List<Tensor> parameters, double scale, double tolerance) {
    for (int i = 0; i < SIZES.length; i++) {
      double[] got = parameters.get(i).grad().orElseThrow().toDoubleArray();
      double[] want = gradient(i);
      for (int k = 0; k < want.length; k++) {
        assertThat(got[k]).isCloseTo(want[k] * scale, within(tolerance));
      }
    }
  }

  @OnEachDevice
  void scalesToTheNorm(Device device) {
    double total = norm(0, 1, 2, 3);
    for (boolean packed : new boolean[] {false, true}) {
      for (DType dtype : List.of(DType.FLOAT32, DType.FLOAT64)) {
        List<Tensor> p = parameters(device, dtype);
        if (packed) {
          SGD.of(p, 1);
        }
        giveAll(p);
        double exact = dtype == DType.FLOAT64 ? 1e-12 : 1e-5;
        Tensor n = GradientClipping.norm(p, 2 * total);
        assertThat(n.item()).isCloseTo(total, within(exact * total));
        assertThat(n.dim()).isZero();
        assertGradients(p, 1, 0);
        assertThat(GradientClipping.norm(p, 0.5).item()).isCloseTo(total, within(exact * total));
        assertGradients(p, 0.5 / (total + 1e-6), exact);
        giveAll(p);
      }
    }
  }

  @OnEachDevice
  void someOfASlab(Device device) {
    List<Tensor> p = parameters(device, DType.FLOAT64);
    SGD.of(p, 1);
    giveAll(p);
    List<Tensor> some = List.of(p.get(0), p.get(2), p.get(3), p.get(3));
    assertThat(GradientClipping.norm(some, 0.5).item()).isCloseTo(norm(0, 2, 3), within(1e-12));
    assertThat(p.get(1).grad().orElseThrow().toDoubleArray()).isEqualTo(gradient(1));
    assertThat(p.get(2).grad().orElseThrow().toDoubleArray()[0])
        .isCloseTo(gradient(2)[0] * 0.5 / (norm(0, 2, 3) + 1e-6), within(1e-12));
    p.get(0).zeroGrad();
    p.get(2).zeroGrad();
    p.get(3).zeroGrad();
    assertThat(GradientClipping.norm(p, 100).item()).isCloseTo(norm(1), within(1e-12));
  }

  @OnEachDevice
  void aNormThatIsNotANumberIsForgottenWithItsGradients(Device device) {
    List<Tensor> p = parameters(device, DType.FLOAT32);
    SGD.of(p, 1);
    giveAll(p);
    p.get(0).zeroGrad();
    give(p.get(0), 1, Double.NaN, 1);
    assertThat(GradientClipping.norm(p, 0.5).item()).isNaN();
    assertThat(p.get(1).grad().orElseThrow().toDoubleArray()).containsOnly(Double.NaN);
    p.forEach(Tensor::zeroGrad);
    giveAll(p);
    assertThat(GradientClipping.norm(p, 100).item()).isCloseTo(norm(0, 1, 2, 3), within(1e-4));
  }

  @OnEachDevice
  void limitsEachValue(Device device) {
    for (boolean packed : new boolean[] {false, true}) {
      List<Tensor> p = parameters(device, DType.FLOAT64);
      if (packed) {
        SGD.of(p, 1);
      }
      giveAll(p);
      GradientClipping.value(p, 0.75);
      for (int i = 0; i < SIZES.length; i++) {
        double[] want = gradient(i);
        for (int k = 0; k < want.length; k++) {
          want[k] = Math.max(-0.75, Math.min(0.75, want[k]));
        }
        assertThat(p.get(i).grad().orElseThrow().toDoubleArray()).isEqualTo(want);
      }
    }
  }

  @OnEachDevice
  void leavesNothingBehindAndSurvivesItsScope(Device device) {
    List<Tensor> p = parameters(device, DType.FLOAT32);
    giveAll(p);
    long before;
    Tensor norm;
    try (Scope scope = Scope.open()) {
      before = device.memory().tensors();
      norm = GradientClipping.norm(p, 1);
      assertThat(device.memory().tensors()).isEqualTo(before + 1);
      scope.keep(norm);
    }
    assertThat(norm.item()).isPositive();
  }

  @Test
  void nothingToClip() {
    Device device = Device.of("scalar");
    List<Tensor> p = parameters(device, DType.FLOAT32);
    assertThat(GradientClipping.norm(p, 1).item()).isZero();
    GradientClipping.value(p, 1);
    assertThatThrownBy(() -> GradientClipping.norm(List.of(), 1))
        .hasMessageContaining("no parameters");
    assertThatThrownBy(() -> GradientClipping.norm(p, -1)).hasMessageContaining("maxNorm = -1.0");
    assertThatThrownBy(() -> GradientClipping.value(p, Double.NaN))
        .hasMessageContaining("limit = NaN");
  }
}
