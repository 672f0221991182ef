package dev.kiln.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.kiln.Device;
import dev.kiln.KilnException;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.autograd.NoGrad;
import dev.kiln.testing.OnEachDevice;
import org.junit.jupiter.api.Test;

class ParametrizeTest {
  private static void set(Tensor t, Tensor values) {
    NoGrad.run(() -> t.copyFrom(values));
  }

  @OnEachDevice
  void weightNormSeparatesLengthFromDirection(Device device) {
    Linear layer = new Linear(2, 2, false);
    set(layer.weight(), Tensor.of(new double[] {3, 4, 0, 2}, Shape.of(2, 2), layer.device()));
    Tensor x = Tensor.of(new float[] {1, 1}, device);
    layer.to(device);
    assertThat(layer.call(x).toFloatArray()).containsExactly(7, 2);
    Parametrize.weightNorm(layer);
    assertThat(layer.namedParameters().keySet()).containsExactly("weight_g", "weight_v");
    Tensor g = layer.namedParameters().get("weight_g");
    assertThat(g.toFloatArray()).containsExactly(5, 2);
    assertThat(g.shape()).isEqualTo(Shape.of(2, 1));
    assertThat(layer.call(x).toFloatArray()[0]).isEqualTo(7, within(1e-5f));
    set(g, Tensor.of(new double[] {10, 1}, Shape.of(2, 1), device));
    assertThat(layer.call(x).toFloatArray()[0]).isEqualTo(14, within(1e-5f));
    Parametrize.remove(layer);
    assertThat(layer.namedParameters().keySet()).containsExactly("weight");
    assertThat(layer.weight().requiresGrad()).isTrue();
    assertThat(layer.call(x).toFloatArray()[0]).isEqualTo(14, within(1e-5f));
  }

  @Test
  void weightNormHasALengthForEachIndexOfAnAxis() {
    Conv1d layer = Parametrize.weightNorm(new Conv1d(4, 6, 3), 1);
    assertThat(layer.namedParameters().keySet()).containsExactly("bias", "weight_g", "weight_v");
    assertThat(layer.namedParameters().get("weight_g").shape()).isEqualTo(Shape.of(1, 4, 1));
    assertThat(
            Parametrize.weightNorm(new Conv1d(4, 6, 3), -1)
                .namedParameters()
                .get("weight_g")
                .shape())
        .isEqualTo(Shape.scalar());
    assertThatThrownBy(() -> Parametrize.weightNorm(layer))
        .isInstanceOf(KilnException.class)
        .hasMessageContaining("Conv1d has no parameter \"weight\" of its own");
    assertThatThrownBy(() -> Parametrize.weightNorm(new ReLU())).isInstanceOf(KilnException.class);
    assertThatThrownBy(() -> Parametrize.weightNorm(new Linear(2, 2), 2))
        .isInstanceOf(KilnException.class);
    assertThatThrownBy(() -> Parametrize.remove(new Linear(2, 2)))
        .isInstanceOf(KilnException.class)
        .hasMessageContaining("is not made of other parameters");
  }

  @OnEachDevice
  void spectralNormDividesByTheLargestSingularValue(Device device) {
    Linear layer = new Linear(2, 2, false);
    // A rotation times diag(4, 1): its singular values are 4 and 1.
    set(layer.weight(), Tensor.of(new double[] {0, -1, 4, 0}, Shape.of(2, 2), layer.device()));
    layer.to(device);
    Parametrize.spectralNorm(layer, 20);
    assertThat(layer.stateDict().keySet()).containsExactly("weight_orig", "weight_u", "weight_v");
    Tensor x = Tensor.of(new float[] {1, 1}, device);
    float[] y = layer.call(x).toFloatArray();
    assertThat(y[0]).isEqualTo(-0.25f, within(1e-4f));
    assertThat(y[1]).isEqualTo(1, within(1e-4f));
    float[] u = layer.stateDict().get("weight_u").toFloatArray();
    layer.eval();
    layer.call(x);
    assertThat(layer.stateDict().get("weight_u").toFloatArray()).isEqualTo(u);
    layer.train();
    layer.call(x.requiresGrad(true)).sum().backward();
    assertThat(layer.namedParameters().get("weight_orig").grad()).isPresent();
    Parametrize.remove(layer);
    assertThat(layer.stateDict().keySet()).containsExactly("weight");
    assertThat(layer.weight().toFloatArray()[2]).isEqualTo(1, within(1e-4f));
  }

  @Test
  void spectralNormTakesTheOutputsOfTransposedConvolutions() {
    ConvTranspose2d layer = Parametrize.spectralNorm(new ConvTranspose2d(3, 5, 2));
    assertThat(layer.stateDict().get("weight_u").shape()).isEqualTo(Shape.of(5));
    assertThat(layer.stateDict().get("weight_v").shape()).isEqualTo(Shape.of(12));
    assertThatThrownBy(() -> Parametrize.spectralNorm(new Linear(2, 2), 0))
        .isInstanceOf(KilnException.class);
  }
}
