package dev.kiln.ops;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.Generator;
import dev.kiln.Scope;
import dev.kiln.Tensor;
import dev.kiln.ops.catalog.OpCatalog;
import dev.kiln.ops.catalog.Row;
import dev.kiln.testing.EachDevice;
import dev.kiln.testing.GradCheck.Input;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every op works in the 16-bit types: from inputs that they hold exactly, results are as near to
 * FLOAT64's as a few roundings allow, and gradients have the inputs' type.
 */
class HalfPrecisionTest {
  /** Ops that sum up intermediate results of 16 bits, or amplify their roundings, a little more. */
  private static final double ROUNDINGS = 24;

  /** Changes the type; jumps at a number that the type rounds, as PyTorch does. */
  private static final Set<String> LEFT_OUT = Set.of("Shaping.to", "Activations.threshold");

  static Stream<Row> rows() {
    return OpCatalog.rows().stream()
        .filter(row -> row.differentiable() && !LEFT_OUT.contains(row.op()));
  }

  private static List<Tensor> inputs(Row row, Device device, DType held, DType type) {
    List<Tensor> all = new ArrayList<>();
    for (Input input : row.inputs()) {
      Tensor t = Tensor.of(input.values(), input.shape(), device).to(held).to(type);
      all.add(input.differentiable() ? t.detach().requiresGrad(true) : t);
    }
    return all;
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("rows")
  void isAsGoodAsItsType(Row row) {
    Device oracle = Device.of("scalar");
    for (DType type : new DType[] {DType.BFLOAT16, DType.FLOAT16}) {
      double step = type == DType.BFLOAT16 ? 0x1p-8 : 0x1p-11;
      for (Device device : EachDevice.all()) {
        try (Scope scope = Scope.open()) {
          Generator.manualSeed(7);
          double[] want = row.f().of(inputs(row, oracle, type, DType.FLOAT64)).toDoubleArray();
          List<Tensor> in = inputs(row, device, type, type);
          Generator.manualSeed(7);
          Tensor y = row.f().of(in);
          assertThat(y.dtype()).as("%s of %s on %s", row, type, device).isEqualTo(type);
          double[] got = y.detach().toDoubleArray();
          double scale = 1;
          for (double w : want) {
            scale = Math.max(scale, Math.abs(w));
          }
          for (int i = 0; i < want.length; i++) {
            assertThat(Math.abs(got[i] - want[i]))
                .as("%s of %s on %s at %d: %s, want %s", row, type, device, i, got[i], want[i])
                .isLessThanOrEqualTo(ROUNDINGS * step * scale);
          }
          y.sum().backward();
          in.forEach(
              t -> t.grad().ifPresent(g -> assertThat(g.dtype()).as(row.name()).isEqualTo(type)));
        }
      }
    }
  }
}
