package dev.kiln.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.kiln.Device;
import dev.kiln.KilnException;
import dev.kiln.Shape;
import dev.kiln.ShapeException;
import dev.kiln.Tensor;
import dev.kiln.testing.OnEachDevice;
import org.junit.jupiter.api.Test;

class NormLayersTest {
  private static void assertClose(Tensor got, Tensor want) {
    assertThat(got.shape()).isEqualTo(want.shape());
    float[] a = got.toFloatArray();
    float[] b = want.toFloatArray();
    for (int i = 0; i < a.length; i++) {
      assertThat(a[i]).as("element %d", i).isEqualTo(b[i], within(2e-5f));
    }
  }

  private static float[] values(Module layer, String name) {
    return layer.stateDict().get(name).toFloatArray();
  }

  @OnEachDevice
  void volumesAreImagesForBatchNorm(Device device) {
    BatchNorm3d three = new BatchNorm3d(3);
    BatchNorm2d two = new BatchNorm2d(3);
    three.to(device);
    two.to(device);
    Tensor x = Tensor.rand(2, 3, 4, 5, 2).to(device);
    assertClose(three.call(x), two.call(x.reshape(2, 3, 20, 2)).reshape(2, 3, 4, 5, 2));
    assertThat(values(three, "running_var")).isEqualTo(values(two, "running_var"));
    assertThat(three.stateDict().keySet())
        .containsExactly("weight", "bias", "running_mean", "running_var", "num_batches_tracked");
    assertThatThrownBy(() -> three.call(x.select(0, 0)))
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("[batch_norm3d]")
        .hasMessageContaining("BatchNorm2d is for images");
  }

  @OnEachDevice
  void groupsGoFromOneLayerNormToInstanceNorm(Device device) {
    Tensor x = Tensor.rand(2, 6, 4, 5).to(device);
    Module one = new GroupNorm(1, 6).to(device);
    Module all = new GroupNorm(6, 6).to(device);
    assertClose(one.call(x), new LayerNorm(6, 4, 5).to(device).call(x));
    assertClose(all.call(x), new InstanceNorm2d(6).to(device).call(x));
    assertThat(one.namedParameters().get("weight").shape()).isEqualTo(Shape.of(6));
  }

  @OnEachDevice
  void instanceNormTracksTheExamplesAverage(Device device) {
    InstanceNorm1d layer =
        InstanceNorm1d.builder(1).trackRunningStats(true).momentum(0.5).eps(0).build();
    layer.to(device);
    // Means 2 and 6, unbiased variances 2 and 8.
    Tensor x = Tensor.of(new float[] {1, 3, 4, 8}, Shape.of(2, 1, 2), device);
    assertThat(layer.call(x).toFloatArray()).containsExactly(-1, 1, -1, 1);
    assertThat(values(layer, "running_mean")).containsExactly(2);
    assertThat(values(layer, "running_var")).containsExactly(3);
    assertThat(layer.stateDict().get("num_batches_tracked").toLongArray()).containsExactly(0);
    layer.eval();
    float[] y = layer.call(x).toFloatArray();
    assertThat(y[0]).isEqualTo((float) (-1 / Math.sqrt(3)), within(1e-6f));
    assertThat(y[3]).isEqualTo((float) (6 / Math.sqrt(3)), within(1e-6f));
    assertThat(values(layer, "running_mean")).containsExactly(2);
    assertThat(new InstanceNorm1d(3).stateDict()).isEmpty();
    Module plain = new InstanceNorm1d(1).to(device);
    assertThat(plain.eval().call(x).toFloatArray()[3]).isEqualTo(1, within(1e-5f));
  }

  @OnEachDevice
  void localResponsesDivideByTheirNeighbours(Device device) {
    Tensor x = Tensor.of(new float[] {1, 2, 3}, Shape.of(1, 3, 1), device);
    float[] y = new LocalResponseNorm(2, 1, 1, 1).call(x).toFloatArray();
    // A size of 2 takes the channel before and its own: 1/2, (1+4)/2, (4+9)/2.
    assertThat(y[0]).isEqualTo(1 / 1.5f, within(1e-6f));
    assertThat(y[1]).isEqualTo(2 / 3.5f, within(1e-6f));
    assertThat(y[2]).isEqualTo(3 / 7.5f, within(1e-6f));
    Tensor image = Tensor.rand(2, 5, 3, 4).to(device);
    assertClose(
        new LocalResponseNorm(5, 0.1, 0.75, 2).call(image),
        new LocalResponseNorm(5, 0.1, 0.75, 2).call(image.reshape(2, 5, 12)).reshape(2, 5, 3, 4));
  }

  @OnEachDevice
  void rootMeanSquaresBecomeOne(Device device) {
    Module layer = new RMSNorm(2).to(device);
    float[] y = layer.call(Tensor.of(new float[] {3, 4}, device)).toFloatArray();
    assertThat(y[0]).isEqualTo((float) (3 / Math.sqrt(12.5)), within(1e-6f));
    assertThat(layer.namedParameters().keySet()).containsExactly("weight");
    // Without a given eps it is the type's, too small to see but enough for zeros.
    assertThat(layer.call(Tensor.of(new float[] {0, 0}, device)).toFloatArray())
        .containsExactly(0, 0);
  }

  @Test
  void refusesWhatItCannotNormalise() {
    assertThatThrownBy(() -> new GroupNorm(4, 6))
        .isInstanceOf(KilnException.class)
        .hasMessageContaining("groups 4 must divide the 6 channels");
    assertThatThrownBy(() -> new GroupNorm(2, 6).call(Tensor.ones(2, 4, 3)))
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("must be [n, 6, ...]");
    assertThatThrownBy(() -> new InstanceNorm2d(3).call(Tensor.ones(2, 4, 3, 3)))
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("has 4 channels but the layer expects 3");
    assertThatThrownBy(() -> new InstanceNorm2d(3).call(Tensor.ones(2, 3, 1, 1)))
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("more than 1 value per channel");
    assertThatThrownBy(() -> new RMSNorm(3).call(Tensor.ones(2, 4)))
        .isInstanceOf(ShapeException.class);
  }

  @Test
  void printsAsPyTorch() {
    assertThat(new GroupNorm(2, 6)).hasToString("GroupNorm(2, 6, eps=1.0E-5, affine=true)");
    assertThat(new InstanceNorm2d(3))
        .hasToString(
            "InstanceNorm2d(3, eps=1.0E-5, momentum=0.1, affine=false, track_running_stats=false)");
    assertThat(new LocalResponseNorm(2))
        .hasToString("LocalResponseNorm(2, alpha=1.0E-4, beta=0.75, k=1.0)");
    assertThat(new RMSNorm(2, 3)).hasToString("RMSNorm([2,3], eps=none, elementwise_affine=true)");
  }
}
