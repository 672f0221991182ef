package dev.kiln.optim;

import static dev.kiln.optim.OptimizerCases.give;
import static dev.kiln.optim.OptimizerCases.numbers;
import static dev.kiln.optim.OptimizerCases.parameter;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.Scope;
import dev.kiln.Tensor;
import dev.kiln.testing.OnEachDevice;
import java.util.ArrayList;
import java.util.List;

/** Every optimizer computes PyTorch's documented formulas. */
class OptimizerFormulaTest {
  private static final int[] SIZES = {1, 7, 16, 33, 1025};
  private static final int STEPS = 6;

  @OnEachDevice
  void followsTheFormulasInFloat64(Device device) {
    for (OptimizerCases.Case c : OptimizerCases.all()) {
      run(c, DType.FLOAT64, device, 1e-12);
    }
  }

  @OnEachDevice
  void followsTheFormulasInFloat32(Device device) {
    for (OptimizerCases.Case c : OptimizerCases.all()) {
      run(c, DType.FLOAT32, device, 2e-5);
    }
  }

  private static void run(OptimizerCases.Case c, DType dtype, Device device, double tolerance) {
    List<Tensor> parameters = new ArrayList<>();
    List<double[]> expected = new ArrayList<>();
    List<Oracle.Rule> rules = new ArrayList<>();
    for (int i = 0; i < SIZES.length; i++) {
      parameters.add(parameter(SIZES[i], i, dtype, device));
      expected.add(numbers(SIZES[i], i));
      rules.add(c.oracle().get());
    }
    Optimizer optimizer = c.make().apply(parameters);
    for (int step = 1; step <= STEPS; step++) {
      try (Scope scope = Scope.open("step")) {
        optimizer.zeroGrad();
        for (int i = 0; i < SIZES.length; i++) {
          double[] g = numbers(SIZES[i], 100 * step + i);
          rules.get(i).step(expected.get(i), g);
          give(parameters.get(i), g);
        }
        optimizer.step();
        for (int i = 0; i < SIZES.length; i++) {
          assertClose(c + " step " + step, parameters.get(i), expected.get(i), tolerance);
        }
      }
    }
  }

  private static void assertClose(String what, Tensor got, double[] want, double tolerance) {
    double[] values = got.toDoubleArray();
    for (int k = 0; k < want.length; k++) {
      assertThat(values[k])
          .as("%s %s [%d]", what, got.describe(), k)
          .isCloseTo(want[k], within(tolerance * Math.max(1, Math.abs(want[k]))));
    }
  }

  @OnEachDevice
  void eachParameterCountsItsOwnSteps(Device device) {
    for (OptimizerCases.Case c : OptimizerCases.all()) {
      Tensor a = parameter(5, 1, DType.FLOAT64, device);
      Tensor b = parameter(20, 2, DType.FLOAT64, device);
      Tensor d = parameter(3, 3, DType.FLOAT64, device);
      List<Tensor> parameters = List.of(a, b, d);
      List<double[]> expected = List.of(numbers(5, 1), numbers(20, 2), numbers(3, 3));
      List<Oracle.Rule> rules = List.of(c.oracle().get(), c.oracle().get(), c.oracle().get());
      Optimizer optimizer = c.make().apply(parameters);
      // who has a gradient in which step: b joins late, d misses one, a pauses for two
      boolean[][] present = {
        {true, false, true},
        {true, false, false},
        {true, true, true},
        {false, true, true},
        {false, true, true},
        {true, true, true}
      };
      for (int step = 0; step < present.length; step++) {
        optimizer.zeroGrad();
        for (int i = 0; i < 3; i++) {
          if (present[step][i]) {
            double[] g = numbers(expected.get(i).length, 10 * step + i);
            rules.get(i).step(expected.get(i), g);
            give(parameters.get(i), g);
          }
        }
        optimizer.step();
        for (int i = 0; i < 3; i++) {
          assertClose(c + " step " + step, parameters.get(i), expected.get(i), 1e-12);
        }
      }
      assertThat(optimizer.state().get("0.step").item()).isEqualTo(4);
      assertThat(optimizer.state().get("1.step").item()).isEqualTo(4);
      assertThat(optimizer.state().get("2.step").item()).isEqualTo(5);
    }
  }

  @OnEachDevice
  void microBatchesAddUpToOneBatch(Device device) {
    double[] start = numbers(6, 1);
    double[] first = numbers(6, 2);
    double[] second = numbers(6, 3);
    double[] mean = new double[6];
    for (int i = 0; i < 6; i++) {
      mean[i] = (first[i] + second[i]) / 2;
    }
    Oracle.Rule rule = Oracle.adam(0.1, 0.9, 0.999, 1e-8, 0, false, false);
    Tensor p = parameter(6, 1, DType.FLOAT64, device);
    Optimizer optimizer = Adam.of(List.of(p), 0.1);
    for (int step = 0; step < 3; step++) {
      rule.step(start, mean);
      optimizer.zeroGrad();
      for (double[] g : List.of(first, second)) {
        p.mul(Tensor.of(g, device)).sum().div(2).backward();
      }
      optimizer.step();
    }
    assertClose("accumulated", p, start, 1e-12);
  }
}
