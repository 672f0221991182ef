package dev.kiln.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.KilnException;
import dev.kiln.Shape;
import dev.kiln.ShapeException;
import dev.kiln.Tensor;
import dev.kiln.testing.OnEachDevice;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** Dropouts, and activations that shrink, split or learn, against their formulas. */
class DropoutAndShrinkTest {
  private static final float NAN = Float.NaN;

  private static Tensor t(Device device, double... values) {
    float[] f = new float[values.length];
    for (int i = 0; i < f.length; i++) {
      f[i] = (float) values[i];
    }
    return Tensor.of(f, device);
  }

  private static float[] of(Module m, Tensor x) {
    return m.call(x).toFloatArray();
  }

  @OnEachDevice
  void shrinksFollowTheirFormulasAndKeepNaN(Device device) {
    Tensor x = t(device, -2, -0.5, 0.25, 0.5, 2, NAN);
    assertThat(of(new Hardshrink(), x)).containsExactly(-2, 0, 0, 0, 2, NAN);
    assertThat(of(new Softshrink(), x)).containsExactly(-1.5f, 0, 0, 0, 1.5f, NAN);
    assertThat(of(new Threshold(0.25, 9), x)).containsExactly(9, 9, 9, 0.5f, 2, NAN);
    double[] y = new Tanhshrink().call(t(device, 1.5)).toDoubleArray();
    assertThat(y[0]).isCloseTo(1.5 - Math.tanh(1.5), within(1e-6));
    assertThat(new Hardshrink(0.25)).hasToString("Hardshrink(0.25)");
    assertThat(new Threshold(0.1, 20)).hasToString("Threshold(threshold=0.1, value=20.0)");
    assertThatThrownBy(() -> new Softshrink(-1)).isInstanceOf(KilnException.class);
  }

  /** At the limits, where both sides meet, the gradient is PyTorch's. */
  @OnEachDevice
  void gradientsAtTheLimitsAreNothing(Device device) {
    for (Module m : new Module[] {new Hardshrink(), new Softshrink(), new Threshold(0.5, 3)}) {
      Tensor x = t(device, 0.5, 0.75).requiresGrad(true);
      m.call(x).sum().backward();
      assertThat(x.grad().orElseThrow().toFloatArray()).as("%s", m).containsExactly(0, 1);
    }
  }

  @OnEachDevice
  void slopesAreLearntOrDrawn(Device device) {
    Module prelu = new PReLU().to(device);
    assertThat(of(prelu, t(device, -4, 0, 4))).containsExactly(-1, 0, 4);
    Module each = new PReLU(2, 0.5).to(device);
    assertThat(of(each, t(device, -4, -2).reshape(1, 2))).containsExactly(-2, -1);
    assertThat(new PReLU(2, 0.5)).hasToString("PReLU(num_parameters=2)");
    assertThatThrownBy(() -> each.call(t(device, 1, 2, 3).reshape(1, 3)))
        .isInstanceOf(ShapeException.class);

    RReLU rrelu = new RReLU(0.25, 0.5);
    Tensor x = Tensor.full(Shape.of(4000), -1, DType.FLOAT32, device);
    double[] y = rrelu.call(x).toDoubleArray();
    assertThat(Arrays.stream(y).min().orElseThrow()).isBetween(-0.5, -0.49);
    assertThat(Arrays.stream(y).max().orElseThrow()).isBetween(-0.26, -0.25);
    assertThat(Arrays.stream(y).average().orElseThrow()).isCloseTo(-0.375, within(0.01));
    assertThat(of(rrelu, t(device, 3))).containsExactly(3);
    rrelu.eval();
    assertThat(of(rrelu, t(device, -8, 8))).containsExactly(-3, 8);
    assertThatThrownBy(() -> new RReLU(0.5, 0.25)).isInstanceOf(KilnException.class);
  }

  @OnEachDevice
  void splitsAndSoftmaxes(Device device) {
    assertThat(of(new GLU(), t(device, 3, 5, 0, 200).reshape(2, 2).reshape(4)))
        .containsExactly(1.5f, 5);
    assertThat(new GLU(0).call(Tensor.rand(Shape.of(4, 3), DType.FLOAT32, device)).shape())
        .isEqualTo(Shape.of(2, 3));
    double[] p = new Softmin(0).call(t(device, 0, Math.log(3))).toDoubleArray();
    assertThat(p[0]).isCloseTo(0.75, within(1e-6));
    Tensor x = Tensor.rand(Shape.of(2, 3, 2, 2), DType.FLOAT32, device);
    for (double sum : new Softmax2d().call(x).sum(1).toDoubleArray()) {
      assertThat(sum).isCloseTo(1, within(1e-6));
    }
    assertThat(new Softmax2d().call(x.select(0, 0)).sum(0).toDoubleArray()[0])
        .isCloseTo(1, within(1e-6));
    assertThatThrownBy(() -> new Softmax2d().call(x.reshape(6, 4)))
        .isInstanceOf(ShapeException.class);
    assertThatThrownBy(() -> new GLU().call(t(device, 1, 2, 3)))
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("must have an even size");
  }

  @OnEachDevice
  void wholeChannelsAreDropped(Device device) {
    channels(new Dropout1d(0.25), Shape.of(20, 50, 3), 3, device);
    channels(new Dropout1d(0.25), Shape.of(1000, 3), 3, device);
    channels(new Dropout2d(0.25), Shape.of(20, 50, 2, 2), 4, device);
    channels(new Dropout2d(0.25), Shape.of(20, 50, 3), 3, device);
    channels(new Dropout3d(0.25), Shape.of(20, 50, 2, 1, 2), 4, device);
    channels(new Dropout3d(0.25), Shape.of(1000, 2, 1, 2), 4, device);
  }

  private static void channels(Module m, Shape shape, int size, Device device) {
    Tensor x = Tensor.ones(shape, DType.FLOAT32, device);
    float[] y = of(m, x);
    int dropped = 0;
    for (int i = 0; i < y.length; i += size) {
      for (int j = 1; j < size; j++) {
        assertThat(y[i + j]).as("%s", m).isEqualTo(y[i]);
      }
      assertThat(y[i] == 0 || y[i] == (float) (1 / 0.75)).as("%s: %s", m, y[i]).isTrue();
      dropped += y[i] == 0 ? 1 : 0;
    }
    assertThat(dropped).as("%s of 1000", m).isBetween(190, 310);
    m.eval();
    assertThat(m.call(x)).isSameAs(x);
  }

  @OnEachDevice
  void alphaDropoutKeepsMeanAndVariance(Device device) {
    Tensor x = Tensor.randn(Shape.of(200, 500), DType.FLOAT32, device);
    for (Module m : new Module[] {new AlphaDropout(0.3), new FeatureAlphaDropout(0.3)}) {
      Tensor y = m.call(x);
      assertThat(y.mean().item()).as("%s", m).isCloseTo(0, within(0.02));
      assertThat(y.var().item()).as("%s", m).isCloseTo(1, within(0.03));
    }
    // p = 1/2: a = 1 / sqrt((s^2 / 2 + 1) / 2) and dropped ones become -a s / 2.
    double s = 1.0507009873554805 * 1.6732632423543772;
    double a = 1 / Math.sqrt((s * s / 2 + 1) / 2);
    float[] y = of(new AlphaDropout(), Tensor.ones(Shape.of(1000), DType.FLOAT32, device));
    int dropped = 0;
    for (float v : y) {
      boolean low = Math.abs(v + a * s / 2) < 1e-5;
      assertThat(low || Math.abs(v - (a + a * s / 2)) < 1e-5).as("%s", v).isTrue();
      dropped += low ? 1 : 0;
    }
    assertThat(dropped).isBetween(430, 570);
    float[] f =
        of(new FeatureAlphaDropout(), Tensor.ones(Shape.of(10, 10, 5), DType.FLOAT32, device));
    for (int i = 0; i < f.length; i += 5) {
      assertThat(Arrays.copyOfRange(f, i, i + 5)).containsOnly(f[i]);
    }
  }

  @OnEachDevice
  void extremeProbabilities(Device device) {
    Tensor x = t(device, 1, 2, 3, 4).reshape(1, 2, 2);
    for (Module m :
        new Module[] {new Dropout1d(1), new AlphaDropout(1), new FeatureAlphaDropout(1)}) {
      assertThat(of(m, x)).as("%s", m).containsOnly(0);
    }
    for (Module m :
        new Module[] {new Dropout1d(0), new AlphaDropout(0), new FeatureAlphaDropout(0)}) {
      assertThat(of(m, x)).as("%s", m).containsExactly(1, 2, 3, 4);
    }
  }

  @Test
  void refusesWhatDoesNotFit() {
    assertThatThrownBy(() -> new Dropout2d(1.5))
        .isInstanceOf(KilnException.class)
        .hasMessage("[dropout2d] probability 1.5 must be between 0 and 1");
    assertThatThrownBy(() -> new AlphaDropout(Double.NaN)).isInstanceOf(KilnException.class);
    assertThatThrownBy(() -> new Dropout1d().call(Tensor.ones(3)))
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("[dropout1d] input f32[3] must be [n, c, length]");
    assertThatThrownBy(() -> new Dropout2d().call(Tensor.ones(3)))
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("must be [n, channels, ...]");
    assertThat(new FeatureAlphaDropout(0.2)).hasToString("FeatureAlphaDropout(p=0.2)");
  }
}
