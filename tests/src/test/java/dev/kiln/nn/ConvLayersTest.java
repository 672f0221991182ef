package dev.kiln.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.kiln.Device;
import dev.kiln.Generator;
import dev.kiln.KilnException;
import dev.kiln.Shape;
import dev.kiln.ShapeException;
import dev.kiln.Tensor;
import dev.kiln.autograd.NoGrad;
import dev.kiln.ops.Rearranging.PadMode;
import dev.kiln.testing.OnEachDevice;
import java.util.List;
import org.junit.jupiter.api.Test;

class ConvLayersTest {
  private static void set(Tensor t, Tensor values) {
    NoGrad.run(() -> t.copyFrom(values));
  }

  private static Shape out(Module layer, long... input) {
    return layer.call(Tensor.rand(input)).shape();
  }

  private static void assertClose(Tensor got, Tensor want) {
    assertThat(got.shape()).isEqualTo(want.shape());
    float[] a = got.toFloatArray();
    float[] b = want.toFloatArray();
    for (int i = 0; i < a.length; i++) {
      assertThat(a[i]).as("element %d", i).isEqualTo(b[i], within(2e-5f));
    }
  }

  /** Gives a layer the parameters of another, whose weight has another shape. */
  private static void share(ConvNd to, ConvNd from) {
    set(to.weight(), from.weight().detach().reshape(to.weight().shape().dims()));
    set(to.bias().orElseThrow(), from.bias().orElseThrow().detach());
  }

  @OnEachDevice
  void sequencesAreImagesOfOneRow(Device device) {
    for (PadMode mode : PadMode.values()) {
      Conv1d one = Conv1d.builder(4, 6, 3).stride(2).padding(2).groups(2).paddingMode(mode).build();
      Conv2d two =
          Conv2d.builder(4, 6, 1, 3).stride(1, 2).padding(0, 2).groups(2).paddingMode(mode).build();
      share(two, one);
      one.to(device);
      two.to(device);
      Tensor x = Tensor.rand(2, 4, 9).to(device);
      assertClose(one.call(x), two.call(x.unsqueeze(2)).squeeze(2));
    }
  }

  @OnEachDevice
  void volumesOfOneLayerAreImages(Device device) {
    Conv3d three = Conv3d.builder(2, 3, 1, 3, 2).padding(0, 1, 1).dilation(1, 2, 1).build();
    Conv2d two = Conv2d.builder(2, 3, 3, 2).padding(1).dilation(2, 1).build();
    share(two, three);
    three.to(device);
    two.to(device);
    Tensor x = Tensor.rand(2, 2, 1, 7, 6).to(device);
    assertClose(three.call(x), two.call(x.squeeze(2)).unsqueeze(2));
  }

  @OnEachDevice
  void aVolumesLayersAreSummed(Device device) {
    // Depth 3, height and width 1: the same as a sequence.
    Conv3d three = Conv3d.builder(2, 3, 3, 1, 1).stride(2, 1, 1).padding(1, 0, 0).build();
    Conv1d one = Conv1d.builder(2, 3, 3).stride(2).padding(1).build();
    share(one, three);
    three.to(device);
    one.to(device);
    Tensor x = Tensor.rand(2, 2, 8).to(device);
    assertClose(three.call(x.reshape(2, 2, 8, 1, 1)).reshape(2, 3, 4), one.call(x));
  }

  /**
   * With the same weight a transposed convolution T and the convolution C have (C x, y) = (x, T y).
   */
  private static void transposes(ConvNd conv, ConvNd transposed, Device device, long... input) {
    set(transposed.weight(), conv.weight().detach());
    conv.to(device);
    transposed.to(device);
    Tensor x = Tensor.rand(input).to(device);
    Tensor cx = conv.call(x);
    Tensor y = Tensor.rand(cx.shape().dims()).to(device);
    double left = cx.mul(y).sum().item();
    Tensor back = transposed.call(y);
    assertThat(back.shape()).isEqualTo(x.shape());
    assertThat(back.mul(x).sum().item()).isEqualTo(left, within(1e-4 * (1 + Math.abs(left))));
  }

  @OnEachDevice
  void transposedConvolutionsTranspose(Device device) {
    transposes(
        Conv1d.builder(4, 6, 3).stride(3).padding(1).groups(2).bias(false).build(),
        ConvTranspose1d.builder(6, 4, 3)
            .stride(3)
            .padding(1)
            .outputPadding(2)
            .groups(2)
            .bias(false)
            .build(),
        device,
        2,
        4,
        9);
    transposes(
        Conv2d.builder(2, 3, 3, 2).stride(2, 1).dilation(1, 3).padding(1, 2).bias(false).build(),
        ConvTranspose2d.builder(3, 2, 3, 2)
            .stride(2, 1)
            .dilation(1, 3)
            .padding(1, 2)
            .outputPadding(1, 0)
            .bias(false)
            .build(),
        device,
        2,
        2,
        8,
        5);
    transposes(
        Conv3d.builder(2, 4, 2, 3, 1)
            .stride(2, 1, 2)
            .padding(1, 1, 0)
            .groups(2)
            .bias(false)
            .build(),
        ConvTranspose3d.builder(4, 2, 2, 3, 1)
            .stride(2, 1, 2)
            .padding(1, 1, 0)
            .outputPadding(1, 0, 1)
            .groups(2)
            .bias(false)
            .build(),
        device,
        2,
        2,
        5,
        4,
        6);
    transposes(
        Conv3d.builder(1, 2, 3, 1, 2).dilation(2, 1, 1).bias(false).build(),
        ConvTranspose3d.builder(2, 1, 3, 1, 2).dilation(2, 1, 1).bias(false).build(),
        device,
        1,
        1,
        6,
        2,
        3);
  }

  @Test
  void outputSizesAreChosenAmongThoseThatFit() {
    ConvTranspose2d layer = ConvTranspose2d.builder(2, 3, 3).stride(2).padding(1).build();
    Tensor x = Tensor.rand(1, 2, 4, 5);
    assertThat(layer.call(x).shape()).isEqualTo(Shape.of(1, 3, 7, 9));
    assertThat(layer.run(x, 8, 9).shape()).isEqualTo(Shape.of(1, 3, 8, 9));
    assertThat(layer.run(x.squeeze(0), 7, 10).shape()).isEqualTo(Shape.of(3, 7, 10));
    assertThatThrownBy(() -> layer.run(x, 9, 9))
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("[conv_transpose2d] output size [9, 9] is not among those");
    assertThatThrownBy(() -> layer.run(x, 8)).isInstanceOf(ShapeException.class);
  }

  @Test
  void paddingModesShowTheInput() {
    Tensor x = Tensor.of(1, 2, 3).reshape(1, 3);
    assertThat(summing(PadMode.CONSTANT).call(x).toFloatArray()).containsExactly(3, 6, 5);
    assertThat(summing(PadMode.REFLECT).call(x).toFloatArray()).containsExactly(5, 6, 7);
    assertThat(summing(PadMode.REPLICATE).call(x).toFloatArray()).containsExactly(4, 6, 8);
    assertThat(summing(PadMode.CIRCULAR).call(x).toFloatArray()).containsExactly(6, 6, 6);
  }

  private static Conv1d summing(PadMode mode) {
    Conv1d layer = Conv1d.builder(1, 1, 3).samePadding().paddingMode(mode).bias(false).build();
    Init.ones(layer.weight());
    return layer;
  }

  @Test
  void shapesFollowPyTorch() {
    assertThat(new Conv1d(4, 6, 3).weight().shape()).isEqualTo(Shape.of(6, 4, 3));
    assertThat(Conv3d.builder(4, 6, 1, 2, 3).groups(2).build().weight().shape())
        .isEqualTo(Shape.of(6, 2, 1, 2, 3));
    ConvTranspose3d layer = ConvTranspose3d.builder(4, 6, 1, 2, 3).groups(2).build();
    assertThat(layer.weight().shape()).isEqualTo(Shape.of(4, 3, 1, 2, 3));
    assertThat(layer.namedParameters().keySet()).containsExactly("weight", "bias");
    assertThat(layer.bias().orElseThrow().shape()).isEqualTo(Shape.of(6));
    assertThat(out(new Conv1d(4, 6, 3), 4, 9)).isEqualTo(Shape.of(6, 7));
    assertThat(out(new Conv3d(4, 6, 3), 4, 9, 5, 3)).isEqualTo(Shape.of(6, 7, 3, 1));
    assertThat(out(new ConvTranspose1d(4, 6, 3), 2, 4, 9)).isEqualTo(Shape.of(2, 6, 11));
    assertThat(out(new Conv1d(4, 6, 3), 0, 4, 9)).isEqualTo(Shape.of(0, 6, 7));
    assertThat(out(Conv1d.builder(4, 6, 3).validPadding().build(), 1, 4, 9))
        .isEqualTo(Shape.of(1, 6, 7));
  }

  @Test
  void firstValuesLieWithinOneOverTheRootOfTheFan() {
    Generator.manualSeed(1);
    for (ConvNd layer :
        List.of(
            new Conv1d(4, 64, 4), // fan in 16
            Conv3d.builder(8, 64, 2, 2, 1).groups(2).build(), // 4 channels, 4 taps
            ConvTranspose2d.builder(64, 4, 2).build())) { // PyTorch counts its outputs
      for (Tensor t : layer.parameters()) {
        double largest = t.detach().abs().amax().item();
        assertThat(largest).isLessThanOrEqualTo(0.25);
        if (t.numel() > 100) { // of fewer values none may lie near the bound
          assertThat(largest).isGreaterThan(0.24);
        }
      }
    }
  }

  @Test
  void printsAsPyTorch() {
    assertThat(Conv1d.builder(4, 6, 3).padding(1).paddingMode(PadMode.REFLECT).build())
        .hasToString(
            "Conv1d(4, 6, kernel_size=(3,), stride=(1,), padding=(1,), padding_mode=reflect)");
    assertThat(Conv3d.builder(4, 6, 1, 2, 3).samePadding().bias(false).build())
        .hasToString(
            "Conv3d(4, 6, kernel_size=(1, 2, 3), stride=(1, 1, 1), padding=same, bias=false)");
    assertThat(ConvTranspose1d.builder(4, 6, 3).stride(2).outputPadding(1).build())
        .hasToString("ConvTranspose1d(4, 6, kernel_size=(3,), stride=(2,), output_padding=(1,))");
  }

  @Test
  void refusesWhatDoesNotFit() {
    assertThatThrownBy(() -> new Conv1d(4, 6, 3).call(Tensor.ones(2, 3, 9)))
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("[conv1d] input f32[2,3,9] has 3 channels but the layer expects 4");
    assertThatThrownBy(() -> new Conv3d(4, 6, 3).call(Tensor.ones(4, 9, 9)))
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("[conv3d] input f32[4,9,9] has rank 3 but NCDHW");
    assertThatThrownBy(() -> Conv3d.builder(4, 6, 1, 2))
        .isInstanceOf(KilnException.class)
        .hasMessageContaining("[conv3d] kernel [1, 2] must be 1 number, or 3");
    assertThatThrownBy(() -> ConvTranspose1d.builder(4, 6, 3).outputPadding(1).build())
        .isInstanceOf(KilnException.class)
        .hasMessageContaining("output padding (1,) must be smaller than the stride (1,)");
    assertThatThrownBy(
            () ->
                Conv1d.builder(1, 1, 7)
                    .padding(3)
                    .paddingMode(PadMode.REFLECT)
                    .build()
                    .call(Tensor.ones(1, 3)))
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("too short");
  }
}
