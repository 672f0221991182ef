package dev.kiln.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.Generator;
import dev.kiln.KilnException;
import dev.kiln.Shape;
import dev.kiln.ShapeException;
import dev.kiln.Tensor;
import dev.kiln.testing.OnEachDevice;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class LayerTest {
  private static Shape out(Module layer, long... input) {
    return layer.call(Tensor.rand(input)).shape();
  }

  @Test
  void linearMapsTheLastAxis() {
    Linear layer = new Linear(3, 5);
    assertThat(layer.weight().shape()).isEqualTo(Shape.of(5, 3));
    assertThat(layer.bias().orElseThrow().shape()).isEqualTo(Shape.of(5));
    assertThat(out(layer, 7, 3)).isEqualTo(Shape.of(7, 5));
    assertThat(out(layer, 2, 7, 3)).isEqualTo(Shape.of(2, 7, 5));
    assertThat(out(layer, 3)).isEqualTo(Shape.of(5));
    assertThat(out(layer, 0, 3)).isEqualTo(Shape.of(0, 5));
    assertThat(new Linear(3, 5, false).bias()).isEmpty();
    assertThatThrownBy(() -> new Linear(0, 5)).isInstanceOf(KilnException.class);
  }

  @Test
  void convolutionsFollowTheSizeFormula() {
    assertThat(out(new Conv2d(3, 8, 5), 2, 3, 28, 20)).isEqualTo(Shape.of(2, 8, 24, 16));
    assertThat(out(new Conv2d(3, 8, 5), 3, 28, 20)).isEqualTo(Shape.of(8, 24, 16));
    Conv2d layer =
        Conv2d.builder(4, 6, 3, 5).stride(2, 3).padding(1, 2).dilation(2, 1).groups(2).build();
    assertThat(layer.weight().shape()).isEqualTo(Shape.of(6, 2, 3, 5));
    // (28 + 2 - 4 - 1) / 2 + 1 = 13, (20 + 4 - 4 - 1) / 3 + 1 = 7
    assertThat(out(layer, 1, 4, 28, 20)).isEqualTo(Shape.of(1, 6, 13, 7));
    assertThat(layer.toString())
        .isEqualTo(
            "Conv2d(4, 6, kernel_size=(3, 5), stride=(2, 3), padding=(1, 2), dilation=(2, 1),"
                + " groups=2)");
  }

  @Test
  void samePaddingKeepsTheSizeAndPadsMoreAtTheEnd() {
    assertThat(out(Conv2d.builder(1, 2, 5).samePadding().build(), 1, 1, 9, 7))
        .isEqualTo(Shape.of(1, 2, 9, 7));
    assertThat(out(Conv2d.builder(1, 2, 4, 2).samePadding().dilation(1, 3).build(), 1, 1, 9, 7))
        .isEqualTo(Shape.of(1, 2, 9, 7));
    Conv2d layer = Conv2d.builder(1, 1, 1, 2).samePadding().bias(false).build();
    Init.ones(layer.weight());
    Tensor x = Tensor.of(1, 2, 4).reshape(1, 1, 1, 3);
    assertThat(layer.call(x).toFloatArray()).containsExactly(3, 6, 4);
  }

  @Test
  void convolutionsRefuseImpossibleOptions() {
    assertThatThrownBy(() -> Conv2d.builder(4, 6, 3).samePadding().stride(2).build())
        .isInstanceOf(KilnException.class)
        .hasMessageContaining("same padding needs stride 1, not (2, 2)");
    assertThatThrownBy(() -> Conv2d.builder(4, 6, 3).groups(4).build())
        .hasMessageContaining("groups 4 must divide the 4 input and 6 output channels");
    assertThatThrownBy(() -> Conv2d.builder(4, 6, 0).build()).hasMessageContaining("kernel (0, 0)");
    assertThatThrownBy(() -> Conv2d.builder(4, 6, 3).padding(-1).build())
        .hasMessageContaining("padding (-1, -1)");
    assertThatThrownBy(() -> new Conv2d(3, 4, 3).call(Tensor.ones(5, 5)))
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("input f32[5,5] has rank 2 but NCHW");
    assertThatThrownBy(() -> new Conv2d(3, 4, 3).call(Tensor.ones(1, 5, 5)))
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("has 1 channels");
  }

  @Test
  void poolsFollowTheSizeFormula() {
    assertThat(out(new MaxPool2d(2), 2, 3, 9, 8)).isEqualTo(Shape.of(2, 3, 4, 4));
    assertThat(out(new MaxPool2d(3, 2), 2, 3, 9, 8)).isEqualTo(Shape.of(2, 3, 4, 3));
    assertThat(out(MaxPool2d.builder(3).stride(2).ceilMode(true).build(), 3, 9, 8))
        .isEqualTo(Shape.of(3, 4, 4));
    assertThat(out(MaxPool2d.builder(2, 3).dilation(2).padding(1).stride(1).build(), 1, 1, 6, 6))
        .isEqualTo(Shape.of(1, 1, 6, 4));
    assertThat(out(new AvgPool2d(2), 1, 3, 9, 8)).isEqualTo(Shape.of(1, 3, 4, 4));
    assertThat(out(new AdaptiveAvgPool2d(1), 2, 5, 4, 3)).isEqualTo(Shape.of(2, 5, 1, 1));
    assertThat(out(new AdaptiveAvgPool2d(3, 2), 5, 4, 3)).isEqualTo(Shape.of(5, 3, 2));
    assertThatThrownBy(() -> new MaxPool2d(0)).isInstanceOf(KilnException.class);
    assertThatThrownBy(() -> new AvgPool2d(2, 0)).isInstanceOf(KilnException.class);
    assertThatThrownBy(() -> new AdaptiveAvgPool2d(0)).isInstanceOf(KilnException.class);
    assertThatThrownBy(() -> new MaxPool2d(2).call(Tensor.ones(4, 4)))
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("[max_pool2d] input f32[4,4] has rank 2");
  }

  @Test
  void averagesMayLeavePaddingOut() {
    Tensor x = Tensor.ones(1, 1, 2, 2);
    Tensor with = AvgPool2d.builder(2).stride(1).padding(1).build().call(x);
    Tensor without =
        AvgPool2d.builder(2).stride(1).padding(1).countIncludePad(false).build().call(x);
    assertThat(with.toFloatArray()).containsExactly(.25f, .5f, .25f, .5f, 1, .5f, .25f, .5f, .25f);
    assertThat(without.toFloatArray()).containsOnly(1);
  }

  @Test
  void flattenMergesAxes() {
    assertThat(out(new Flatten(), 2, 3, 4, 5)).isEqualTo(Shape.of(2, 60));
    assertThat(out(new Flatten(0, 1), 2, 3, 4)).isEqualTo(Shape.of(6, 4));
    assertThat(out(new Flatten(-2, -1), 2, 3, 4)).isEqualTo(Shape.of(2, 12));
    assertThatThrownBy(() -> out(new Flatten(), 7))
        .isInstanceOf(ShapeException.class)
        .hasMessage("[flatten] axis 1 is outside f32[7]; valid are -1 to 0");
  }

  @Test
  void layerNormRefusesOtherShapes() {
    LayerNorm layer = new LayerNorm(3, 4);
    assertThat(layer.namedParameters().get("weight").shape()).isEqualTo(Shape.of(3, 4));
    assertThat(out(layer, 2, 5, 3, 4)).isEqualTo(Shape.of(2, 5, 3, 4));
    assertThatThrownBy(() -> layer.call(Tensor.ones(2, 4, 3)))
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("does not end in the normalised shape [3,4]");
    assertThatThrownBy(() -> new LayerNorm()).isInstanceOf(KilnException.class);
  }

  @OnEachDevice
  void layerNormStandardisesEachRow(Device device) {
    Module layer = LayerNorm.builder(4).eps(0).build().to(device);
    float[] y = layer.call(Tensor.of(new float[] {1, 2, 3, 6}, device)).toFloatArray();
    assertThat(y[0]).isEqualTo((float) (-2 / Math.sqrt(3.5)), within(1e-5f));
    assertThat(y[3]).isEqualTo((float) (3 / Math.sqrt(3.5)), within(1e-5f));
  }

  @OnEachDevice
  void dropoutScalesWhatItLeaves(Device device) {
    Dropout layer = new Dropout(0.4);
    Tensor x = Tensor.ones(Shape.of(10000), DType.FLOAT32, device);
    float[] y = layer.call(x).toFloatArray();
    int zeros = 0;
    for (float v : y) {
      assertThat(v == 0 || v == (float) (1 / 0.6)).isTrue();
      zeros += v == 0 ? 1 : 0;
    }
    assertThat(zeros).isBetween(3800, 4200);
    assertThat(layer.call(x).toFloatArray()).isNotEqualTo(y);
    layer.eval();
    assertThat(layer.call(x)).isSameAs(x);
    assertThatThrownBy(() -> new Dropout(1.2)).isInstanceOf(KilnException.class);
  }

  @OnEachDevice
  void dropoutMayHaveItsOwnNumbers(Device device) {
    Tensor x = Tensor.ones(Shape.of(64), DType.FLOAT32, device);
    long[] before = device.generator().state();
    float[] first = new Dropout(0.5, Generator.of(device, 5, 1)).call(x).toFloatArray();
    float[] second = new Dropout(0.5, Generator.of(device, 5, 1)).call(x).toFloatArray();
    assertThat(second).isEqualTo(first);
    assertThat(device.generator().state()).isEqualTo(before);
  }

  @Test
  void residualAddsItsShortcut() {
    Tensor x = Tensor.of(-1, 2);
    assertThat(new Residual(new Lambda(t -> t.mul(3))).call(x).toFloatArray())
        .containsExactly(-4, 8);
    Module both = new Lambda(t -> t.mul(2));
    assertThat(new Residual(both, new ReLU(), new ReLU()).call(x).toFloatArray())
        .containsExactly(0, 6);
    assertThat(new Residual(new Linear(2, 2), new Linear(2, 2)).namedParameters().keySet())
        .containsExactly("body.weight", "body.bias", "shortcut.weight", "shortcut.bias");
    assertThatThrownBy(() -> new Residual(new Linear(2, 3)).call(Tensor.ones(1, 2)))
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("body made f32[1,3] but the shortcut made f32[1,2]");
  }

  @Test
  void sequencesKnowTheirLayers() {
    ReLU relu = new ReLU();
    Sequential s = Sequential.builder().add("in", new Linear(2, 3)).add(relu).build();
    assertThat(s.size()).isEqualTo(2);
    assertThat(s.get(1)).isSameAs(relu);
    assertThat(s.namedChildren().keySet()).containsExactly("in", "1");
    assertThatThrownBy(() -> s.get(2)).isInstanceOf(KilnException.class);
  }

  /** One value on each side of 0, worked out with the formulas in double precision. */
  @OnEachDevice
  void activationsFollowTheirFormulas(Device device) {
    double x = 0.75;
    double n = -1.25;
    double e = Math.exp(n);
    value(device, new Sigmoid(), x, 1 / (1 + Math.exp(-x)));
    value(device, new ReLU(), n, 0);
    value(device, new ReLU6(), 7, 6);
    value(device, new Tanh(), x, Math.tanh(x));
    value(device, new LeakyReLU(), n, 0.01 * n);
    value(device, new LeakyReLU(0.2), n, 0.2 * n);
    value(device, new ELU(2), n, 2 * (e - 1));
    value(device, new CELU(2), n, 2 * (Math.exp(n / 2) - 1));
    value(device, new SELU(), n, 1.0507009873554805 * 1.6732632423543772 * (e - 1));
    value(device, new SiLU(), n, n / (1 + Math.exp(-n)));
    value(device, new Mish(), x, x * Math.tanh(Math.log1p(Math.exp(x))));
    value(device, new Softplus(2, 20), x, Math.log1p(Math.exp(2 * x)) / 2);
    value(device, new Softplus(2, 1), x, x);
    value(device, new Softsign(), n, n / (1 - n));
    value(device, new Hardsigmoid(), x, x / 6 + 0.5);
    value(device, new Hardswish(), x, x * (x / 6 + 0.5));
    value(device, new Hardtanh(-0.5, 0.5), n, -0.5);
    value(device, new LogSigmoid(), n, -Math.log1p(Math.exp(-n)));
    // Phi(0.75) = 0.7733726476231317
    value(device, new GELU(), x, x * 0.7733726476231317);
    value(
        device,
        new GELU(GELU.Approximate.TANH),
        x,
        x / 2 * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x))));
    double[] p = {1 / (1 + Math.exp(1)), 1 / (1 + Math.exp(-1))};
    Tensor row = Tensor.of(new float[] {0, 1}, Shape.of(1, 2), device);
    close(new Softmax(1).call(row).toDoubleArray(), p);
    close(new LogSoftmax(-1).call(row).toDoubleArray(), Arrays.stream(p).map(Math::log).toArray());
    close(new Softmax(0).call(row).toDoubleArray(), 1, 1);
  }

  private static void value(Device device, Module layer, double x, double want) {
    double[] got = layer.call(Tensor.of(new float[] {(float) x}, device)).toDoubleArray();
    assertThat(got[0]).as("%s at %s", layer, x).isCloseTo(want, within(2e-6));
  }

  private static void close(double[] got, double... want) {
    assertThat(got).hasSameSizeAs(want);
    for (int i = 0; i < want.length; i++) {
      assertThat(got[i]).isCloseTo(want[i], within(2e-6));
    }
  }
}
