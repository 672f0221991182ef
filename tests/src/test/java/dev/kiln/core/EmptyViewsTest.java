package dev.kiln.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.ops.Shaping;
import dev.kiln.testing.OnEachDevice;
import java.util.List;

/** Views of no elements, wherever in memory they would stand. */
class EmptyViewsTest {
  @OnEachDevice
  void aPartBehindTheLastElement(Device device) {
    for (DType type : new DType[] {DType.FLOAT32, DType.FLOAT64, DType.INT64, DType.FLOAT16}) {
      Tensor x = Tensor.ones(Shape.of(6, 16), type, device);
      Tensor turned = x.slice(0, 0, 6, 2).permute(1, 0);
      List<Tensor> parts = Shaping.split(turned, new long[] {16, 0}, 0);
      assertThat(parts.get(1).toDoubleArray()).isEmpty();
      assertThat(parts.get(1).copy().shape()).isEqualTo(Shape.of(0, 3));
      assertThat(parts.get(1).sum().item()).isZero();
      assertThat(Shaping.cat(parts, 0).shape()).isEqualTo(Shape.of(16, 3));
      assertThat(x.narrow(0, 6, 0).add(1).toDoubleArray()).isEmpty();
    }
  }

  @OnEachDevice
  void anIndexOfATensorWithoutElements(Device device) {
    Tensor x = Tensor.zeros(Shape.of(31, 0, 100), DType.FLOAT64, device);
    assertThat(x.select(2, 99).select(0, 30).toDoubleArray()).isEmpty();
    assertThat(x.slice(0, 5, 31, 3).permute(2, 1, 0).contiguous().shape())
        .isEqualTo(Shape.of(100, 0, 9));
  }

  @OnEachDevice
  void turnedAxesWithoutElementsAreCopied(Device device) {
    for (int[] axes : new int[][] {{2, 1, 0}, {1, 0, 2}, {1, 2, 0}, {0, 2, 1}}) {
      for (long[] dims : new long[][] {{0, 32, 4}, {32, 0, 4}, {32, 4, 0}}) {
        Tensor x = Tensor.zeros(Shape.of(dims), DType.FLOAT32, device).requiresGrad(true);
        Tensor y = x.permute(axes).slice(2, 0, Long.MAX_VALUE, 2).copy();
        assertThat(y.toDoubleArray()).isEmpty();
        y.mul(2).sum().backward();
        assertThat(x.grad().orElseThrow().shape()).isEqualTo(x.shape());
      }
    }
  }
}
