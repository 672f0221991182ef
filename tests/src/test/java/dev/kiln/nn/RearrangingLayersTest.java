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
import dev.kiln.nn.Upsample.Mode;
import dev.kiln.ops.Resampling;
import dev.kiln.testing.OnEachDevice;
import org.junit.jupiter.api.Test;

class RearrangingLayersTest {
  private static Tensor count(Device device, long... dims) {
    Shape shape = Shape.of(dims);
    return Tensor.arange(shape.numel(), device).to(DType.FLOAT32).reshape(dims);
  }

  @OnEachDevice
  void padsShowWhatTheyAreNamedFor(Device device) {
    Tensor x = count(device, 1, 4);
    assertThat(new ReflectionPad1d(2, 1).call(x).toFloatArray())
        .containsExactly(2, 1, 0, 1, 2, 3, 2);
    assertThat(new ReplicationPad1d(2).call(x).toFloatArray())
        .containsExactly(0, 0, 0, 1, 2, 3, 3, 3);
    assertThat(new CircularPad1d(1, 2).call(x).toFloatArray()).containsExactly(3, 0, 1, 2, 3, 0, 1);
    assertThat(new ZeroPad1d(1, -2).call(x).toFloatArray()).containsExactly(0, 0, 1);
    assertThat(new ConstantPad1d(1, 7).call(x).toFloatArray()).containsExactly(7, 0, 1, 2, 3, 7);
    // Pairs start with the last axis: 1 left, 0 right, 0 above, 1 below.
    assertThat(new ReplicationPad2d(1, 0, 0, 1).call(count(device, 1, 2, 2)).toFloatArray())
        .containsExactly(0, 0, 1, 2, 2, 3, 2, 2, 3);
    assertThat(new ZeroPad3d(1).call(count(device, 2, 1, 1, 1, 1)).shape())
        .isEqualTo(Shape.of(2, 1, 3, 3, 3));
    Tensor volume = new ReflectionPad3d(0, 0, 0, 0, 1, 1).call(count(device, 1, 3, 1, 2));
    assertThat(volume.toFloatArray()).containsExactly(2, 3, 0, 1, 2, 3, 4, 5, 2, 3);
  }

  @Test
  void padsRefuseOtherRanksAndNumbers() {
    assertThatThrownBy(() -> new ReflectionPad2d(1).call(Tensor.ones(3, 3)))
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("[reflection_pad2d] input f32[3,3] has rank 2");
    assertThatThrownBy(() -> new ReflectionPad1d(3).call(Tensor.ones(1, 3)))
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("too short");
    assertThatThrownBy(() -> new ZeroPad2d(1, 2, 3)).isInstanceOf(KilnException.class);
    assertThatThrownBy(() -> new ZeroPad2d(1).call(Tensor.ones(3)))
        .isInstanceOf(ShapeException.class);
    assertThat(new ReflectionPad2d(1)).hasToString("ReflectionPad2d((1, 1, 1, 1))");
    assertThat(new ConstantPad1d(1, 2)).hasToString("ConstantPad1d(padding=(1, 1), value=2.0)");
    assertThat(new ZeroPad1d(1, 2)).hasToString("ZeroPad1d((1, 2))");
  }

  @OnEachDevice
  void foldingAddsUpHowOftenEachPixelIsCovered(Device device) {
    Tensor x = count(device, 2, 3, 5, 4);
    Unfold unfold = Unfold.builder(3, 2).stride(2, 1).padding(1, 0).build();
    Fold fold = Fold.builder(5, 4, 3, 2).stride(2, 1).padding(1, 0).build();
    Tensor columns = unfold.call(x);
    assertThat(columns.shape()).isEqualTo(Shape.of(2, 18, 9));
    Tensor counts = fold.call(unfold.call(x.mul(0).add(1)));
    assertThat(fold.call(columns).toFloatArray()).isEqualTo(x.mul(counts).toFloatArray());
    // Rows 1 and 3 lie in two windows, columns 1 and 2 too.
    assertThat(counts.select(0, 0).select(0, 0).toFloatArray())
        .containsExactly(1, 2, 2, 1, 2, 4, 4, 2, 1, 2, 2, 1, 2, 4, 4, 2, 1, 2, 2, 1);
    assertThat(fold.call(columns.select(0, 1)).toFloatArray())
        .isEqualTo(fold.call(columns).select(0, 1).toFloatArray());
    assertThatThrownBy(() -> fold.call(Tensor.ones(1, 18, 8).to(device)))
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("has 8 windows but the image has 3 x 3");
    assertThatThrownBy(() -> fold.call(Tensor.ones(1, 17, 9).to(device)))
        .isInstanceOf(ShapeException.class);
    assertThat(new Unfold(2))
        .hasToString("Unfold(kernel_size=(2, 2), dilation=(1, 1), padding=(0, 0), stride=(1, 1))");
  }

  @OnEachDevice
  void shufflesMoveChannelsAndPixels(Device device) {
    Tensor x = count(device, 1, 4, 1, 2);
    assertThat(new PixelShuffle(2).call(x).toFloatArray()).containsExactly(0, 2, 1, 3, 4, 6, 5, 7);
    Tensor images = count(device, 2, 3, 4, 8, 6);
    assertThat(new PixelUnshuffle(2).call(images).shape()).isEqualTo(Shape.of(2, 3, 16, 4, 3));
    assertThat(new PixelShuffle(2).call(new PixelUnshuffle(2).call(images)).toFloatArray())
        .isEqualTo(images.toFloatArray());
    assertThat(new ChannelShuffle(2).call(count(device, 1, 6, 1)).toFloatArray())
        .containsExactly(0, 3, 1, 4, 2, 5);
    assertThatThrownBy(() -> new PixelUnshuffle(2).call(Tensor.ones(1, 1, 3, 4).to(device)))
        .isInstanceOf(ShapeException.class);
    assertThatThrownBy(() -> new ChannelShuffle(4).call(Tensor.ones(1, 6, 4).to(device)))
        .isInstanceOf(ShapeException.class);
  }

  @OnEachDevice
  void sizesAndFactorsUpsample(Device device) {
    Tensor x = count(device, 1, 1, 3);
    assertThat(Upsample.builder().scaleFactor(2).build().call(x).toFloatArray())
        .containsExactly(0, 0, 1, 1, 2, 2);
    assertThat(
            Upsample.builder()
                .size(5)
                .mode(Mode.LINEAR)
                .alignCorners(true)
                .build()
                .call(x)
                .toFloatArray())
        .containsExactly(0, 0.5f, 1, 1.5f, 2);
    assertThat(Upsample.builder().size(2).mode(Mode.AREA).build().call(x).toFloatArray())
        .containsExactly(0.5f, 1.5f);
    // 3 * 1.4 = 4.2: four elements, 1 / 1.4 or 3 / 4 of the input apart.
    assertThat(at(x, false)).isEqualTo((float) (1.5 / 1.4 - 0.5), within(1e-6f));
    assertThat(at(x, true)).isEqualTo(1.5f * 3 / 4 - 0.5f, within(1e-6f));
    Tensor image = Tensor.rand(2, 3, 4, 5).to(device);
    assertThat(new UpsamplingBilinear2d(2).call(image).toFloatArray())
        .isEqualTo(
            Resampling.interpolate(image, 8, 10, Resampling.Mode.BILINEAR, true).toFloatArray());
    assertThat(UpsamplingNearest2d.toSize(3, 7).call(image).toFloatArray())
        .isEqualTo(
            Resampling.interpolate(image, 3, 7, Resampling.Mode.NEAREST, false).toFloatArray());
    // Volumes of equal layers stay equal; of one row they are sequences.
    Tensor volume = image.reshape(2, 3, 1, 4, 5).expand(2, 3, 2, 4, 5);
    Tensor larger = Upsample.builder().size(3, 8, 10).mode(Mode.TRILINEAR).build().call(volume);
    float[] want =
        Resampling.interpolate(image, 8, 10, Resampling.Mode.BILINEAR, false).toFloatArray();
    float[] got = larger.select(2, 1).toFloatArray();
    for (int i = 0; i < want.length; i++) {
      assertThat(got[i]).isEqualTo(want[i], within(1e-6f));
    }
  }

  private static float at(Tensor x, boolean recompute) {
    return Upsample.builder()
        .scaleFactor(1.4)
        .mode(Mode.LINEAR)
        .recomputeScaleFactor(recompute)
        .build()
        .call(x)
        .toFloatArray()[1];
  }

  @Test
  void upsamplingRefusesWhatDoesNotFit() {
    assertThatThrownBy(() -> Upsample.builder().build())
        .isInstanceOf(KilnException.class)
        .hasMessageContaining("either a size or a scale factor");
    assertThatThrownBy(() -> Upsample.builder().size(2).scaleFactor(2).build())
        .isInstanceOf(KilnException.class);
    assertThatThrownBy(() -> Upsample.builder().size(2).alignCorners(true).build())
        .isInstanceOf(KilnException.class)
        .hasMessageContaining("not in NEAREST");
    assertThatThrownBy(
            () ->
                Upsample.builder().size(2).mode(Mode.LINEAR).build().call(Tensor.ones(1, 1, 2, 2)))
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("1 axes, as mode LINEAR has");
    assertThatThrownBy(() -> new UpsamplingNearest2d(2).call(Tensor.ones(1, 1, 4)))
        .isInstanceOf(ShapeException.class);
    assertThat(Upsample.builder().scaleFactor(2).build())
        .hasToString("Upsample(scale_factor=[2.0], mode=nearest)");
  }

  @Test
  void unflatteningSplitsAnAxis() {
    Tensor x = Tensor.rand(2, 12, 3);
    assertThat(new Unflatten(1, 3, -1).call(x).shape()).isEqualTo(Shape.of(2, 3, 4, 3));
    assertThat(new Unflatten(-2, 2, 2, 3).call(x).shape()).isEqualTo(Shape.of(2, 2, 2, 3, 3));
    assertThat(new Unflatten(1, 3, 4).call(x).toFloatArray()).isEqualTo(x.toFloatArray());
    assertThatThrownBy(() -> new Unflatten(1, 5, -1).call(x))
        .isInstanceOf(ShapeException.class)
        .hasMessage("[unflatten] axis 1 of input f32[2,12,3] does not split into [5, -1]");
    assertThatThrownBy(() -> new Unflatten(3, 3).call(x)).isInstanceOf(ShapeException.class);
    assertThatThrownBy(() -> new Unflatten(1, -1, -1).call(x)).isInstanceOf(ShapeException.class);
    assertThat(new Unflatten(1, 3, 4)).hasToString("Unflatten(dim=1, unflattened_size=[3, 4])");
  }
}
