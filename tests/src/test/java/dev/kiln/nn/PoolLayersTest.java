package dev.kiln.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.Generator;
import dev.kiln.KilnException;
import dev.kiln.Scope;
import dev.kiln.Shape;
import dev.kiln.ShapeException;
import dev.kiln.Tensor;
import dev.kiln.ops.Pooling.Maxima;
import dev.kiln.testing.OnEachDevice;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class PoolLayersTest {
  private static final float NAN = Float.NaN;
  private static final float LOW = Float.NEGATIVE_INFINITY;

  private static Shape out(Module layer, long... input) {
    return layer.call(Tensor.rand(input)).shape();
  }

  private static Tensor sequence(Device device, float... values) {
    return Tensor.of(values, Shape.of(1, values.length), device);
  }

  @OnEachDevice
  void positionsAreThoseOfTheFirstLargestButTheLastNaN(Device device) {
    Tensor x = sequence(device, 3, 3, 1, NAN, NAN, LOW, LOW, LOW);
    Maxima m = MaxPool1d.builder(3).stride(2).ceilMode(true).build().run(x);
    assertThat(m.values().toFloatArray()).containsExactly(3, NAN, NAN, LOW);
    assertThat(m.indices().toLongArray()).containsExactly(0, 4, 4, 6);
    assertThat(MaxPool1d.builder(3).stride(2).ceilMode(true).build().call(x).toFloatArray())
        .isEqualTo(m.values().toFloatArray());
  }

  /** PyTorch: {@code max_pool2d} and {@code avg_pool2d} of 2 with ceil_mode on 1 x 1 keep it. */
  @OnEachDevice
  void aPartialWindowMayBeTheOnlyOne(Device device) {
    try (Scope scope = Scope.open()) {
      Tensor one = Tensor.of(new float[] {-3, 5}, Shape.of(1, 2, 1, 1), device).requiresGrad(true);
      Tensor most = MaxPool2d.builder(2).ceilMode(true).build().call(one);
      Tensor mean = AvgPool2d.builder(2).ceilMode(true).build().call(one);
      assertThat(most.shape()).isEqualTo(Shape.of(1, 2, 1, 1));
      assertThat(most.toFloatArray()).containsExactly(-3, 5);
      assertThat(mean.toFloatArray()).containsExactly(-3, 5);
      most.add(mean).sum().backward();
      assertThat(one.grad().orElseThrow().toFloatArray()).containsExactly(2, 2);

      Tensor wide = Tensor.of(new float[] {1, 4, 2}, Shape.of(1, 1, 1, 3), device);
      assertThat(MaxPool2d.builder(2).ceilMode(true).build().call(wide).toFloatArray())
          .containsExactly(4, 2);
      assertThat(AvgPool2d.builder(2).ceilMode(true).build().call(wide).toFloatArray())
          .containsExactly(2.5f, 2);
      assertThat(
              AvgPool1d.builder(5)
                  .stride(3)
                  .ceilMode(true)
                  .build()
                  .call(sequence(device, 1, 3, 8))
                  .toFloatArray())
          .containsExactly(4);
      // without ceil mode, or with a stride too short to reach over, no window fits
      assertThatThrownBy(() -> new MaxPool2d(2).call(one)).isInstanceOf(ShapeException.class);
      assertThatThrownBy(() -> MaxPool2d.builder(3).stride(2).ceilMode(true).build().call(one))
          .isInstanceOf(ShapeException.class)
          .hasMessageContaining("a window of 3 does not fit axis 2");
    }
  }

  /** The largest of each box by loops, with PyTorch's order. */
  private static void checkVolume(Device device, float[] x, int d, int h, int w, int pad) {
    Maxima m =
        MaxPool3d.builder(2, 3, 2)
            .stride(1, 2, 2)
            .padding(pad)
            .build()
            .run(Tensor.of(x, Shape.of(1, d, h, w), device));
    int od = d + 2 * pad - 1;
    int oh = (h + 2 * pad - 3) / 2 + 1;
    int ow = (w + 2 * pad - 2) / 2 + 1;
    float[] values = new float[od * oh * ow];
    long[] places = new long[values.length];
    for (int o = 0; o < values.length; o++) {
      int z0 = o / (oh * ow) - pad;
      int r0 = o / ow % oh * 2 - pad;
      int c0 = o % ow * 2 - pad;
      values[o] = LOW;
      places[o] = -1;
      for (int t = 0; t < 12; t++) {
        int z = z0 + t / 6;
        int r = r0 + t / 2 % 3;
        int c = c0 + t % 2;
        if (z >= 0 && z < d && r >= 0 && r < h && c >= 0 && c < w) {
          int at = (z * h + r) * w + c;
          if (places[o] < 0 || x[at] > values[o] || Float.isNaN(x[at])) {
            values[o] = x[at];
            places[o] = at;
          }
        }
      }
    }
    assertThat(m.values().shape()).isEqualTo(Shape.of(1, od, oh, ow));
    assertThat(m.values().toFloatArray()).isEqualTo(values);
    assertThat(m.indices().toLongArray()).isEqualTo(places);
  }

  @OnEachDevice
  void volumesKeepTheOrderOfEqualsAndNaNs(Device device) {
    float[] x = new float[4 * 5 * 6];
    for (int i = 0; i < x.length; i++) {
      x[i] = i * 7 % 5; // full of ties
    }
    checkVolume(device, x, 4, 5, 6, 0);
    checkVolume(device, x, 4, 5, 6, 1);
    x[17] = NAN;
    x[18] = NAN;
    x[47] = NAN;
    x[80] = Float.POSITIVE_INFINITY;
    checkVolume(device, x, 4, 5, 6, 1);
    Arrays.fill(x, LOW);
    checkVolume(device, x, 4, 5, 6, 1);
  }

  @OnEachDevice
  void averagesOfVolumesDivideByWhatCounts(Device device) {
    Tensor x = Tensor.ones(1, 2, 2, 2).to(device);
    // A corner box has 1 of 8 elements inside, an edge 2, a face 4.
    float[] with = AvgPool3d.builder(2).stride(1).padding(1).build().call(x).toFloatArray();
    assertThat(with[0]).isEqualTo(0.125f);
    assertThat(with[1]).isEqualTo(0.25f);
    assertThat(with[4]).isEqualTo(0.5f);
    assertThat(with[13]).isEqualTo(1f);
    assertThat(
            AvgPool3d.builder(2)
                .stride(1)
                .padding(1)
                .countIncludePad(false)
                .build()
                .call(x)
                .toFloatArray())
        .containsOnly(1);
    // What hangs over in ceil mode never counts, but a given divisor always divides.
    Tensor three = Tensor.ones(1, 3, 3, 3).to(device);
    float[] over = AvgPool3d.builder(2).ceilMode(true).build().call(three).toFloatArray();
    assertThat(over).containsOnly(1);
    float[] divided =
        AvgPool3d.builder(2).ceilMode(true).divisorOverride(2).build().call(three).toFloatArray();
    assertThat(divided).containsExactly(4, 2, 2, 1, 2, 1, 1, 0.5f);
    Tensor plane = Tensor.of(new float[] {1, 2, 3, 4, 5, 6, 7, 8, 9}, Shape.of(1, 3, 3), device);
    assertThat(
            AvgPool2d.builder(2).padding(1).divisorOverride(2).build().call(plane).toFloatArray())
        .containsExactly(0.5f, 2.5f, 5.5f, 14);
  }

  @OnEachDevice
  void unpoolingPutsElementsBack(Device device) {
    Tensor x = Tensor.of(new float[] {1, 5, 2, 4, 3, 0, 8, 7, 6}, Shape.of(1, 3, 3), device);
    Maxima m = new MaxPool2d(2).run(x);
    assertThat(m.indices().toLongArray()).containsExactly(1);
    MaxUnpool2d unpool = new MaxUnpool2d(2);
    assertThat(unpool.run(m.values(), m.indices()).toFloatArray()).containsExactly(0, 5, 0, 0);
    assertThat(unpool.run(m.values(), m.indices(), 3, 3).toFloatArray())
        .containsExactly(0, 5, 0, 0, 0, 0, 0, 0, 0);
    Tensor volume = Tensor.rand(2, 3, 4, 6, 4).to(device);
    Maxima boxes = new MaxPool3d(2).run(volume);
    Tensor back = new MaxUnpool3d(2).run(boxes.values(), boxes.indices());
    assertThat(back.shape()).isEqualTo(volume.shape());
    assertThat(new MaxPool3d(2).call(back).toFloatArray()).isEqualTo(boxes.values().toFloatArray());
    assertThat(back.ne(0).to(DType.INT64).sum().item()).isEqualTo(boxes.values().numel());
    assertThatThrownBy(() -> unpool.run(m.values(), m.indices(), 4, 3))
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("less than a stride (2, 2) away from [2, 2]");
    assertThatThrownBy(() -> unpool.run(m.values(), m.indices().unsqueeze(0)))
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("must have the same shape");
    assertThatThrownBy(() -> unpool.call(x)).isInstanceOf(KilnException.class);
  }

  @OnEachDevice
  void adaptivePositionsAreThoseOfTheInput(Device device) {
    Tensor x = sequence(device, 4, 1, 9, 2, 8);
    // Parts 0-1, 1-3 and 3-4.
    Maxima m = new AdaptiveMaxPool1d(3).run(x);
    assertThat(m.values().toFloatArray()).containsExactly(4, 9, 8);
    assertThat(m.indices().toLongArray()).containsExactly(0, 2, 4);
    Tensor volume = Tensor.rand(2, 3, 5, 4, 7).to(device);
    for (AdaptiveMaxPool3d layer :
        new AdaptiveMaxPool3d[] {new AdaptiveMaxPool3d(3), new AdaptiveMaxPool3d(2, 4, 3)}) {
      Maxima boxes = layer.run(volume);
      long windows = boxes.values().numel() / 6;
      Tensor picked = volume.reshape(6, 5 * 4 * 7).gather(1, boxes.indices().reshape(6, windows));
      assertThat(picked.toFloatArray()).isEqualTo(boxes.values().toFloatArray());
    }
    assertThat(out(new AdaptiveAvgPool3d(AdaptivePoolNd.KEEP, 2, 1), 3, 5, 4, 7))
        .isEqualTo(Shape.of(3, 5, 2, 1));
    assertThat(new AdaptiveAvgPool3d(1).call(volume).toFloatArray()[0])
        .isEqualTo((float) volume.select(0, 0).select(0, 0).mean().item(), within(1e-6f));
  }

  @OnEachDevice
  void powersLieBetweenSumAndMaximum(Device device) {
    Tensor x = sequence(device, 3, 4, 0, 0, -3, -4);
    assertThat(new LPPool1d(2, 2).call(x).toFloatArray()).containsExactly(5, 0, 5);
    assertThat(new LPPool1d(1, 2).call(x).toFloatArray()).containsExactly(7, 0, -7);
    Tensor zeros = sequence(device, 0, 0).requiresGrad(true);
    new LPPool1d(2, 2).call(zeros).sum().backward();
    assertThat(zeros.grad().orElseThrow().toFloatArray()).containsExactly(0, 0);
  }

  @OnEachDevice
  void fractionsCoverTheInputInOrder(Device device) {
    Generator.manualSeed(3);
    Tensor x = Tensor.arange(7 * 9, device).to(DType.FLOAT32).reshape(1, 1, 7, 9);
    FractionalMaxPool2d layer = FractionalMaxPool2d.builder(2).outputSize(4, 5).build();
    Maxima m = layer.run(x);
    assertThat(m.values().shape()).isEqualTo(Shape.of(1, 1, 4, 5));
    float[] values = m.values().toFloatArray();
    long[] at = m.indices().toLongArray();
    for (int i = 0; i < values.length; i++) {
      // The input counts its own positions; the last of a window is its largest.
      assertThat((long) values[i]).isEqualTo(at[i]);
      if (i % 5 > 0) {
        assertThat(at[i] - at[i - 1]).isBetween(1L, 3L);
      }
    }
    assertThat(at[0]).isEqualTo(10); // the first window starts at 0
    assertThat(at[19]).isEqualTo(62); // and the last ends at the end
    assertThat(out(FractionalMaxPool3d.builder(2).outputRatio(0.5).build(), 2, 8, 6, 5))
        .isEqualTo(Shape.of(2, 4, 3, 2));
    assertThatThrownBy(() -> FractionalMaxPool2d.builder(2).build())
        .isInstanceOf(KilnException.class)
        .hasMessageContaining("either an output size or an output ratio");
    assertThatThrownBy(() -> layer.call(Tensor.ones(1, 4, 9).to(device)))
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("[fractional_max_pool]");
  }

  @Test
  void shapesAndPrintedForms() {
    assertThat(out(new MaxPool1d(3, 2), 4, 9)).isEqualTo(Shape.of(4, 4));
    assertThat(out(new AvgPool3d(2), 4, 5, 6, 7)).isEqualTo(Shape.of(4, 2, 3, 3));
    assertThat(new MaxPool1d(3, 2))
        .hasToString(
            "MaxPool1d(kernel_size=(3,), stride=(2,), padding=(0,), dilation=(1,),"
                + " ceil_mode=false)");
    assertThat(AvgPool2d.builder(2).divisorOverride(3).build().toString())
        .endsWith("count_include_pad=true, divisor_override=3)");
    assertThat(new LPPool2d(2, 3))
        .hasToString("LPPool2d(norm_type=2.0, kernel_size=(3, 3), stride=(3, 3), ceil_mode=false)");
    assertThatThrownBy(() -> MaxPool3d.builder(3).padding(2).build().call(Tensor.ones(1, 5, 5, 5)))
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("may be at most half the kernel");
    assertThatThrownBy(() -> AvgPool2d.builder(2).divisorOverride(0).build())
        .isInstanceOf(KilnException.class);
  }
}
