package dev.kiln.ops;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.Generator;
import dev.kiln.Scope;
import dev.kiln.Tensor;
import dev.kiln.autograd.NoGrad;
import dev.kiln.ops.catalog.OpCatalog;
import dev.kiln.ops.catalog.Row;
import dev.kiln.testing.EachDevice;
import dev.kiln.testing.GradCheck.Input;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every op keeps FLOAT64: its results and gradients on all devices agree with the oracle's to 12
 * digits, and inputs with all 53 bits lead to results that no float can hold.
 */
class Precision64Test {
  /** Ops whose results are whole numbers or constants by nature. */
  private static final Set<String> COARSE =
      Set.of("Elementwise.sign", "Elementwise.floor", "Elementwise.ceil", "Elementwise.round");

  static Stream<Row> rows() {
    return OpCatalog.rows().stream().filter(Row::differentiable);
  }

  /** The inputs moved a little, so that their last bits are set. */
  private static List<Tensor> inputs(Row row, Device device) {
    SplittableRandom random = new SplittableRandom(11);
    List<Tensor> all = new ArrayList<>();
    for (Input input : row.inputs()) {
      double[] values = input.values().clone();
      for (int i = 0; i < values.length; i++) {
        values[i] *= 1 - random.nextDouble() * 1e-5;
      }
      Tensor t = Tensor.of(values, input.shape(), device);
      all.add(input.differentiable() ? t.requiresGrad(true) : t);
    }
    return all;
  }

  private static List<double[]> run(Row row, Device device) {
    try (Scope scope = Scope.open()) {
      List<Tensor> in = inputs(row, device);
      Generator.manualSeed(7);
      Tensor y = row.f().of(in);
      assertThat(y.dtype()).as(row.name()).isEqualTo(DType.FLOAT64);
      double[] weights = new double[(int) y.numel()];
      for (int i = 0; i < weights.length; i++) {
        weights[i] = 1 + 1.0 / (i + 3);
      }
      y.mul(Tensor.of(weights, y.shape(), device)).sum().backward();
      List<double[]> all = new ArrayList<>();
      all.add(NoGrad.run(y::toDoubleArray));
      for (Tensor t : in) {
        t.grad().ifPresent(g -> all.add(g.toDoubleArray()));
      }
      return all;
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("rows")
  void keepsAllDigits(Row row) {
    List<double[]> want = run(row, Device.of("scalar"));
    for (Device device : EachDevice.all()) {
      List<double[]> got = run(row, device);
      for (int k = 0; k < want.size(); k++) {
        double scale = 1;
        for (double w : want.get(k)) {
          scale = Math.max(scale, Math.abs(w));
        }
        for (int i = 0; i < want.get(k).length; i++) {
          assertThat(Math.abs(got.get(k)[i] - want.get(k)[i]))
              .as("%s on %s, %s", row, device, k == 0 ? "result" : "gradient " + k)
              .isLessThanOrEqualTo(1e-12 * scale);
        }
      }
      finer(row, device, got.get(0));
    }
  }

  /** Fewer than one in four of the results is a float by chance or by nature, as 0 and 1 are. */
  private static void finer(Row row, Device device, double[] y) {
    if (COARSE.contains(row.op())) {
      return;
    }
    int held = 0;
    int counted = 0;
    for (double v : y) {
      if (v != Math.rint(v)) {
        counted++;
        held += v == (float) v ? 1 : 0;
      }
    }
    assertThat(held)
        .as("%s on %s: floats among %d results", row, device, counted)
        .isLessThanOrEqualTo(counted / 4);
  }
}
