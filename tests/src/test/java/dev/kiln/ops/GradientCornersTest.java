package dev.kiln.ops;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.Device;
import dev.kiln.Tensor;
import dev.kiln.testing.OnEachDevice;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * Gradients at numbers where a formula has no value of its own; as libtorch has them on the CPU.
 */
class GradientCornersTest {
  private static final double NAN = Double.NaN;
  private static final double INF = Double.POSITIVE_INFINITY;

  private static double[] gradient(Device device, UnaryOperator<Tensor> f, double... at) {
    Tensor x = Tensor.of(at, device).requiresGrad(true);
    f.apply(x).sum().backward();
    return x.grad().orElseThrow().toDoubleArray();
  }

  @OnEachDevice
  void activationsPassNaNOn(Device device) {
    Map<String, UnaryOperator<Tensor>> activations =
        Map.of(
            "elu",
            x -> Elementwise.elu(x, 1),
            "celu",
            x -> Elementwise.celu(x, 1),
            "selu",
            Elementwise::selu,
            "hardswish",
            Elementwise::hardswish);
    activations.forEach((name, f) -> assertThat(gradient(device, f, NAN, 4)[0]).as(name).isNaN());
  }

  @OnEachDevice
  void aLearntSlopeLearnsFromNegativeElementsOnly(Device device) {
    Tensor x = Tensor.of(new double[] {INF, -2, 3, -0.5}, device).requiresGrad(true);
    Tensor weight = Tensor.of(new double[] {0.25}, device).requiresGrad(true);
    Activations.prelu(x, weight).sum().backward();
    assertThat(weight.grad().orElseThrow().toDoubleArray()).containsExactly(-2.5);
    assertThat(x.grad().orElseThrow().toDoubleArray()).containsExactly(1, 0.25, 1, 0.25);
  }

  @OnEachDevice
  void aRoundedQuotientBy0HasTheGradient0(Device device) {
    for (Elementwise.Rounding rounding : Elementwise.Rounding.values()) {
      Tensor a = Tensor.of(new float[] {1, -3, 7}, device).requiresGrad(true);
      Tensor b = Tensor.of(new float[] {0, 2, 0}, device).requiresGrad(true);
      Elementwise.div(a, b, rounding).sum().backward();
      assertThat(a.grad().orElseThrow().toDoubleArray()).containsExactly(0, 0, 0);
      assertThat(b.grad().orElseThrow().toDoubleArray()).containsExactly(0, 0, 0);
    }
  }
}
