package dev.kiln.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.DType;
import dev.kiln.DTypeException;
import dev.kiln.Device;
import dev.kiln.DeviceException;
import dev.kiln.IndexException;
import dev.kiln.KilnException;
import dev.kiln.Shape;
import dev.kiln.ShapeException;
import dev.kiln.Tensor;
import dev.kiln.backend.Conv2dSpec;
import dev.kiln.backend.Pool2dSpec;
import dev.kiln.testing.OnEachDevice;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What each op says to inputs it cannot work with: op, values, rule, mend. */
class BadInputTest {
  private static final Conv2dSpec PLAIN = new Conv2dSpec(1, 1, 0, 0, 1, 1, 1);

  private static Tensor f32(Device device, long... dims) {
    return Tensor.zeros(Shape.of(dims), DType.FLOAT32, device);
  }

  private static Tensor labels(Device device, long... values) {
    return Tensor.of(values, device);
  }

  private static Pool2dSpec pool(int kernel, int padding) {
    return new Pool2dSpec(kernel, kernel, kernel, kernel, padding, padding, 1, 1, true);
  }

  @OnEachDevice
  void convolution(Device device) {
    assertThatThrownBy(
            () ->
                Convolution.conv2d(
                    f32(device, 8, 3, 32, 32), f32(device, 16, 4, 3, 3), Optional.empty(), PLAIN))
        .isInstanceOf(ShapeException.class)
        .hasMessage(
            "[conv2d] input f32[8,3,32,32] has 3 channels but weight f32[16,4,3,3] expects 4"
                + " (NCHW, weight OIHW)");
    assertThatThrownBy(
            () ->
                Convolution.conv2d(
                    f32(device, 3, 32), f32(device, 16, 3, 3, 3), Optional.empty(), PLAIN))
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("[conv2d] input f32[3,32] has rank 2 but NCHW is expected");
    assertThatThrownBy(
            () ->
                Convolution.conv2d(
                    f32(device, 1, 1, 2, 2), f32(device, 1, 1, 3, 3), Optional.empty(), PLAIN))
        .hasMessageContaining("window of 3 does not fit axis 2");
    assertThatThrownBy(
            () ->
                Convolution.conv2d(
                    f32(device, 1, 3, 8, 8),
                    f32(device, 4, 3, 3, 3),
                    Optional.empty(),
                    new Conv2dSpec(1, 1, 0, 0, 1, 1, 2)))
        .hasMessageContaining("groups 2 must divide the 3 input and 4 output channels");
    assertThatThrownBy(
            () ->
                Convolution.conv2d(
                    f32(device, 1, 3, 8, 8),
                    f32(device, 4, 3, 3, 3),
                    Optional.of(f32(device, 3)),
                    PLAIN))
        .hasMessageContaining("bias f32[3] must be [4]");
    assertThatThrownBy(
            () ->
                Convolution.conv2d(
                    f32(device, 1, 3, 8, 8),
                    f32(device, 4, 3, 3, 3).to(DType.FLOAT64),
                    Optional.empty(),
                    PLAIN))
        .isInstanceOf(DTypeException.class)
        .hasMessageContaining("f32[1,3,8,8]")
        .hasMessageContaining("f64[4,3,3,3]");
  }

  @OnEachDevice
  void pooling(Device device) {
    assertThatThrownBy(() -> Pooling.maxPool2d(f32(device, 1, 1, 4, 4), pool(2, 2), false))
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("padding (2, 2) may be at most half the kernel (2, 2)");
    assertThatThrownBy(() -> Pooling.avgPool2d(f32(device, 1, 1, 4, 4), pool(0, 0), false))
        .hasMessageContaining("[avg_pool2d] kernel (0, 0) must be 1 or more");
    assertThatThrownBy(
            () -> Pooling.maxPool2d(f32(device, 1, 1, 4, 4).to(DType.INT64), pool(2, 0), false))
        .isInstanceOf(DTypeException.class)
        .hasMessageContaining("not floating");
  }

  @OnEachDevice
  void products(Device device) {
    assertThatThrownBy(() -> f32(device, 2, 3).matmul(f32(device, 4, 5)))
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("[matmul] f32[2,3] and f32[4,5]")
        .hasMessageContaining("(3)")
        .hasMessageContaining("(4)");
    assertThatThrownBy(
            () ->
                Products.linear(f32(device, 8, 1, 28, 28), f32(device, 10, 784), Optional.empty()))
        .hasMessageContaining("784")
        .hasMessageContaining("flatten");
  }

  @OnEachDevice
  void broadcasting(Device device) {
    assertThatThrownBy(() -> f32(device, 2, 3).add(f32(device, 2)))
        .isInstanceOf(ShapeException.class)
        .hasMessage(
            "[add] f32[2,3] and f32[2] do not broadcast: sizes 3 and 2 at axis -1 differ and"
                + " neither is 1");
  }

  @OnEachDevice
  void labelsOutOfRange(Device device) {
    assertThatThrownBy(
            () ->
                Losses.crossEntropy(
                    f32(device, 2, 10),
                    labels(device, 3, 12),
                    Optional.empty(),
                    0,
                    Losses.IGNORE_INDEX,
                    Reduction.MEAN))
        .isInstanceOf(IndexException.class)
        .hasMessageContaining("[cross_entropy] target 12 at row 1 is no class; valid are 0 to 9");
    assertThatThrownBy(
            () ->
                Losses.nll(
                    f32(device, 2, 10),
                    labels(device, -1, 3),
                    Optional.empty(),
                    Losses.IGNORE_INDEX,
                    Reduction.MEAN))
        .isInstanceOf(IndexException.class)
        .hasMessageContaining("[nll_loss] target -1 at row 0 is no class");
    assertThatThrownBy(
            () ->
                Losses.crossEntropy(
                    f32(device, 2, 10),
                    labels(device, 1, 2, 3),
                    Optional.empty(),
                    0,
                    Losses.IGNORE_INDEX,
                    Reduction.MEAN))
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("target labels of shape [2] but got i64[3]");
    assertThatThrownBy(
            () ->
                Losses.crossEntropy(
                    f32(device, 2, 10),
                    f32(device, 2),
                    Optional.empty(),
                    0,
                    Losses.IGNORE_INDEX,
                    Reduction.MEAN))
        .isInstanceOf(DTypeException.class)
        .hasMessageContaining("crossEntropyProbabilities");
    assertThatThrownBy(() -> f32(device, 2, 5).gather(1, labels(device, 0, 7).reshape(2, 1)))
        .isInstanceOf(IndexException.class)
        .hasMessageContaining("[gather] index 7")
        .hasMessageContaining("0 to 4");
  }

  @OnEachDevice
  void losses(Device device) {
    assertThatThrownBy(() -> Losses.mse(f32(device, 2), f32(device, 3), Reduction.MEAN))
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("[mse_loss] input f32[2] and target f32[3] must have the same shape");
    assertThatThrownBy(() -> Losses.huber(f32(device, 2), f32(device, 2), 0, Reduction.MEAN))
        .isInstanceOf(KilnException.class)
        .hasMessageContaining("delta 0.0 must be above 0");
  }

  @OnEachDevice
  void aBatchOfOneHasNoStatistics(Device device) {
    assertThatThrownBy(
            () ->
                Normalization.batchNorm(
                    f32(device, 1, 4),
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty(),
                    true,
                    0.1,
                    1e-5))
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("1 value per channel")
        .hasMessageContaining("eval()");
  }

  @OnEachDevice
  void shapesAndViews(Device device) {
    Tensor x = f32(device, 2, 6);
    assertThatThrownBy(() -> x.reshape(5, -1)).hasMessageContaining("does not divide");
    assertThatThrownBy(() -> x.reshape(-1, -1)).hasMessageContaining("two -1");
    assertThatThrownBy(() -> x.reshape(3, 3)).hasMessageContaining("needs 9");
    assertThatThrownBy(() -> x.sum(2)).hasMessageContaining("[sum] axis 2 is outside f32[2,6]");
    assertThatThrownBy(() -> x.sum(0, -2)).hasMessageContaining("named twice");
    assertThatThrownBy(() -> x.permute(0)).hasMessageContaining("must name all axes");
    assertThatThrownBy(() -> x.narrow(1, 4, 3)).hasMessageContaining("outside axis 1");
    assertThatThrownBy(() -> x.select(0, 2))
        .isInstanceOf(IndexException.class)
        .hasMessageContaining("-2 to 1");
    assertThatThrownBy(() -> x.expand(3, 6)).hasMessageContaining("only axes of size 1 can grow");
    assertThatThrownBy(() -> Shaping.cat(List.of(x, f32(device, 2, 5)), 0))
        .hasMessageContaining("[cat] f32[2,6] and f32[2,5]");
    assertThatThrownBy(x::item).hasMessageContaining("12 elements");
    assertThatThrownBy(() -> f32(device, 0, 3).amax())
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("is empty");
  }

  @OnEachDevice
  void typesAndBuffers(Device device) {
    assertThatThrownBy(() -> labels(device, 1).requiresGrad(true))
        .isInstanceOf(DTypeException.class)
        .hasMessageContaining("only floats have gradients");
    assertThatThrownBy(() -> labels(device, 1, 2).mean())
        .isInstanceOf(DTypeException.class)
        .hasMessageContaining("[mean]");
    assertThatThrownBy(
            () -> Tensor.fromBuffer(ByteBuffer.allocate(8), DType.FLOAT32, Shape.of(3), device))
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("needs 12 bytes but the buffer has 8");
    assertThatThrownBy(() -> RandomOps.dropout(f32(device, 2), 1.5, device.generator()))
        .hasMessageContaining("probability 1.5 must be between 0 and 1");
  }

  @Test
  void devicesAreNotMixed() {
    Tensor a = f32(Device.of("scalar"), 2);
    Tensor b = f32(Device.cpu(), 2);
    assertThatThrownBy(() -> a.add(b))
        .isInstanceOf(DeviceException.class)
        .hasMessageContaining("is on scalar")
        .hasMessageContaining("is on cpu")
        .hasMessageContaining("to(device)");
    assertThat(a.to(Device.cpu()).add(b).toFloatArray()).containsExactly(0, 0);
  }

  @Test
  void unknownDevices() {
    assertThatThrownBy(() -> Device.of("tpu"))
        .isInstanceOf(DeviceException.class)
        .hasMessageContaining("\"tpu\"")
        .hasMessageContaining("cpu");
    assertThatThrownBy(() -> Device.of("cpu:x")).hasMessageContaining("is no device name");
    assertThatThrownBy(() -> Device.of("cpu:7")).hasMessageContaining("there is no cpu:7");
    assertThatThrownBy(() -> Device.cuda(0)).isInstanceOf(DeviceException.class);
  }

  @Test
  void badShapes() {
    assertThatThrownBy(() -> Shape.of(2, -3)).hasMessageContaining("negative size");
    assertThatThrownBy(() -> Shape.of(1, 1, 1, 1, 1, 1, 1)).hasMessageContaining("highest rank");
    assertThatThrownBy(() -> Shape.of(1L << 40, 1L << 40)).hasMessageContaining("63 bits");
  }
}
