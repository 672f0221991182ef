package dev.kiln.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.kiln.Device;
import dev.kiln.Scope;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.autograd.Autograd;
import dev.kiln.ops.catalog.OpCatalog;
import dev.kiln.ops.catalog.Row;
import dev.kiln.testing.GradCheck;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The gradient of every op of the catalog has the gradient that its differences show. No op is left
 * out: one whose backward refuses to be recorded fails here.
 */
class OpSecondGradientTest {
  /** Kinks of the activations, both sides of them, both zeros, and numbers whose e^x overflows. */
  private static final double[] SPECIAL = {
    -1e6, -800, -50, -8, -3, -1, -0.3, -1e-9, -0.0, 0.0, 1e-9, 0.3, 1, 2, 3, 6, 8, 50, 800, 1e6
  };

  private static final Device ORACLE = Device.of("scalar");

  static Stream<Row> differentiable() {
    return OpCatalog.rows().stream().filter(Row::differentiable);
  }

  static Stream<Row> ofOneElement() {
    return differentiable()
        .filter(row -> row.op().startsWith("Elementwise.") && row.inputs().size() == 1);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("differentiable")
  void secondGradient(Row row) {
    GradCheck.checkSecond(row.name(), row.f(), row.inputArray());
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("differentiable")
  void secondGradientOfTensorsThatAreNotDense(Row row) {
    GradCheck.Function onViews =
        x -> view(row.f().of(x.stream().map(OpSecondGradientTest::view).toList()));
    GradCheck.checkSame(
        row.name(),
        GradCheck.gradientOf(x -> GradCheck.curved(onViews.of(x)), row.inputArray()),
        GradCheck.gradientOf(x -> GradCheck.curved(row.f().of(x)), row.inputArray()),
        row.inputArray());
  }

  /** The same values, every second element of its memory. */
  private static Tensor view(Tensor x) {
    Tensor last = x.unsqueeze(-1);
    return Shaping.cat(List.of(last, last.mul(-3)), x.dim()).select(-1, 0);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("ofOneElement")
  void aRecordedGradientIsThatOfTheKernelAtKinksAndFarOut(Row row) {
    try (Scope scope = Scope.open()) {
      Tensor x = Tensor.of(SPECIAL, ORACLE).requiresGrad(true);
      List<Tensor> of = List.of(x);
      double[] fused = Autograd.grad(row.f().of(of).sum(), of, false).get(0).toDoubleArray();
      Tensor first = Autograd.grad(row.f().of(of).sum(), of, true).get(0);
      double[] composed = first.toDoubleArray();
      double[] second =
          first.requiresGrad()
              ? Autograd.grad(first.sum(), of, false).get(0).toDoubleArray()
              : new double[SPECIAL.length];
      for (int i = 0; i < SPECIAL.length; i++) {
        String where = row + " at " + SPECIAL[i];
        if (Double.isFinite(fused[i])) {
          double near = 1e-12 * (1 + Math.abs(fused[i]));
          assertThat(composed[i]).as(where).isCloseTo(fused[i], within(near));
          assertThat(second[i]).as("second gradient of " + where).isFinite();
        } else {
          assertThat(composed[i]).as(where).isEqualTo(Double.valueOf(fused[i])); // NaN is NaN
        }
      }
    }
  }

  @Test
  void aProductWithZerosHasTheCurvatureOfItsOtherFactors() {
    // Row 0 has the Hessian [[0, 3, 2], [3, 0, 0], [2, 0, 0]]; in row 1 only d2/dx0 dx1 is not 0.
    double[] values = {0, 2, 3, 0, 0, 5};
    Tensor x = Tensor.of(values, Shape.of(2, 3), ORACLE).requiresGrad(true);
    Tensor first =
        Autograd.grad(Reductions.prod(x, new int[] {1}, false).sum(), List.of(x), true).get(0);
    assertThat(first.toDoubleArray()).containsExactly(6, 0, 0, 0, 0, 0);
    Tensor second = Autograd.grad(first.sum(), List.of(x), false).get(0);
    assertThat(second.toDoubleArray()).containsExactly(5, 3, 2, 5, 5, 0);
  }

  @Test
  void aNormOfZeroHasNoCurvature() {
    Tensor x = Tensor.of(new double[] {0, 0, 3, 4}, Shape.of(2, 2), ORACLE).requiresGrad(true);
    Tensor norms = Norms.norm(x, 2, new int[] {1}, false);
    Tensor first = Autograd.grad(norms.sum(), List.of(x), true).get(0);
    assertThat(first.toDoubleArray()).containsExactly(0, 0, 0.6, 0.8);
    // H = (I - n n^T) / |x|, times (1, 1)
    Tensor second = Autograd.grad(first.sum(), List.of(x), false).get(0);
    double[] want = {0, 0, (0.64 - 0.48) / 5, (0.36 - 0.48) / 5};
    assertThat(second.toDoubleArray()).containsExactly(want, within(1e-15));
  }

  @Test
  void aPowerOfZeroHasNoCurvatureInItsExponent() {
    Tensor x = Tensor.of(new double[] {0, 2}, ORACLE).requiresGrad(true);
    Tensor e = Tensor.of(new double[] {2, 2}, ORACLE).requiresGrad(true);
    Tensor first = Autograd.grad(Elementwise.pow(x, e).sum(), List.of(e), true).get(0);
    List<Tensor> second = Autograd.grad(first.sum(), List.of(x, e), false);
    // d/de x^e = x^e ln x; again d/dx: x^(e-1) (e ln x + 1), d/de: x^e ln(x)^2
    double ln = Math.log(2);
    assertThat(second.get(0).toDoubleArray())
        .containsExactly(new double[] {0, 2 * (2 * ln + 1)}, within(1e-14));
    assertThat(second.get(1).toDoubleArray())
        .containsExactly(new double[] {0, 4 * ln * ln}, within(1e-14));
  }
}
