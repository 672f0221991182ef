package dev.kiln.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.DType;
import dev.kiln.DTypeException;
import dev.kiln.Device;
import dev.kiln.KilnException;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.testing.OnEachDevice;

/** Integers and truth values as PyTorch treats them; expected values are worked out by hand. */
class IntegerTest {
  private static final double NAN = Double.NaN;
  private static final double INF = Double.POSITIVE_INFINITY;

  private static Tensor of(Device device, DType dtype, double... values) {
    return Tensor.of(values, device).to(dtype);
  }

  private static Tensor bools(Device device, double... values) {
    return of(device, DType.BOOL, values);
  }

  @OnEachDevice
  void arithmeticWrapsAround(Device device) {
    Tensor bytes = of(device, DType.UINT8, 200, 3, 0);
    assertThat(bytes.add(bytes).toIntArray()).containsExactly(144, 6, 0);
    assertThat(bytes.mul(2).toIntArray()).containsExactly(144, 6, 0);
    assertThat(bytes.sub(4).toIntArray()).containsExactly(196, 255, 252);
    assertThat(bytes.neg().toIntArray()).containsExactly(56, 253, 0);
    assertThat(bytes.square().toIntArray()).containsExactly(64, 9, 0);
    Tensor ints = Tensor.of(new int[] {Integer.MAX_VALUE, Integer.MIN_VALUE, -7}, device);
    assertThat(ints.add(1).toIntArray())
        .containsExactly(Integer.MIN_VALUE, Integer.MIN_VALUE + 1, -6);
    assertThat(ints.abs().toIntArray()).containsExactly(Integer.MAX_VALUE, Integer.MIN_VALUE, 7);
    assertThat(ints.mul(ints).toIntArray()).containsExactly(1, 0, 49);
    Tensor longs = Tensor.of(new long[] {Long.MAX_VALUE, -3}, device);
    assertThat(longs.add(longs).toLongArray()).containsExactly(-2, -6);
    assertThat(longs.sub(Tensor.of(new long[] {-1, 4}, device)).toLongArray())
        .containsExactly(Long.MIN_VALUE, -7);
  }

  @OnEachDevice
  void divisionAndPowers(Device device) {
    Tensor a = Tensor.of(new int[] {7, -7, 7, -7}, device);
    Tensor b = Tensor.of(new int[] {2, 2, -2, -2}, device);
    assertThat(a.div(b).dtype()).isEqualTo(DType.FLOAT32);
    assertThat(a.div(b).toDoubleArray()).containsExactly(3.5, -3.5, -3.5, 3.5);
    assertThat(Elementwise.div(a, b, Elementwise.Rounding.TRUNC).toIntArray())
        .containsExactly(3, -3, -3, 3);
    assertThat(Elementwise.div(a, b, Elementwise.Rounding.FLOOR).toIntArray())
        .containsExactly(3, -4, -4, 3);
    assertThat(Division.floorDivide(a, b).toIntArray()).containsExactly(3, -4, -4, 3);
    assertThat(Division.remainder(a, b).toIntArray()).containsExactly(1, 1, -1, -1);
    assertThat(Division.fmod(a, b).toIntArray()).containsExactly(1, -1, 1, -1);
    assertThat(a.div(Tensor.of(new int[] {0, 0, 2, 2}, device)).toDoubleArray())
        .containsExactly(INF, -INF, 3.5, -3.5);
    Tensor big = Tensor.of(new long[] {Long.MAX_VALUE}, device);
    Tensor two = Tensor.of(new long[] {2}, device);
    assertThat(Elementwise.div(big, two, Elementwise.Rounding.TRUNC).toLongArray())
        .containsExactly(Long.MAX_VALUE / 2);
    Tensor zero = Tensor.of(new int[] {0}, device);
    if (device.id().type().equals("cpu") || device.id().type().equals("scalar")) {
      assertThatThrownBy(() -> Division.floorDivide(a, zero))
          .isInstanceOf(KilnException.class)
          .hasMessageContaining("divided by 0");
    } else { // a GPU would have to be waited for
      assertThat(Division.floorDivide(a, zero).toIntArray()).containsExactly(0, 0, 0, 0);
    }
    assertThat(a.pow(3).toIntArray()).containsExactly(343, -343, 343, -343);
    assertThat(a.pow(3).dtype()).isEqualTo(DType.INT32);
    assertThat(a.pow(0.5).dtype()).isEqualTo(DType.FLOAT32);
    assertThat(
            Tensor.of(new int[] {2, 3, -2, 5}, device)
                .pow(Tensor.of(new int[] {30, 0, 3, 1}, device))
                .toIntArray())
        .containsExactly(1 << 30, 1, -8, 5);
  }

  @OnEachDevice
  void truthValues(Device device) {
    Tensor p = bools(device, 0, 0, 1, 1);
    Tensor q = bools(device, 0, 1, 0, 1);
    assertThat(p.add(q).dtype()).isEqualTo(DType.BOOL);
    assertThat(p.add(q).toIntArray()).containsExactly(0, 1, 1, 1);
    assertThat(p.mul(q).toIntArray()).containsExactly(0, 0, 0, 1);
    assertThat(p.maximum(q).toIntArray()).containsExactly(0, 1, 1, 1);
    assertThat(p.minimum(q).dtype()).isEqualTo(DType.BOOL);
    assertThat(Predicates.logicalXor(p, q).toIntArray()).containsExactly(0, 1, 1, 0);
    assertThat(Bitwise.bitwiseNot(p).toIntArray()).containsExactly(1, 1, 0, 0);
    assertThat(p.add(2).toIntArray()).containsExactly(2, 2, 3, 3);
    assertThat(p.div(q).toDoubleArray()).containsExactly(NAN, 0, INF, 1);
    assertThat(p.sum().item()).isEqualTo(2);
    assertThat(p.sum().dtype()).isEqualTo(DType.INT64);
    assertThat(p.sign().dtype()).isEqualTo(DType.BOOL);
    assertThat(p.square().dtype()).isEqualTo(DType.INT64);
    assertThat(p.lt(q).toIntArray()).containsExactly(0, 1, 0, 0);
    assertThat(p.where(q, p).dtype()).isEqualTo(DType.BOOL);
    assertThat(Rearranging.maskedFill(p, q, 1).dtype()).isEqualTo(DType.BOOL);
    assertThat(Sorting.sort(q, 0, true).indices().toIntArray()).containsExactly(1, 3, 0, 2);
    assertThat(Reductions.max(q, 0, false).indices().item()).isEqualTo(1);
    assertThatThrownBy(() -> p.sub(q)).isInstanceOf(DTypeException.class);
    assertThatThrownBy(() -> p.sub(1)).isInstanceOf(DTypeException.class);
    assertThatThrownBy(() -> Tensor.ones(1).to(device).sub(p)).isInstanceOf(DTypeException.class);
    assertThatThrownBy(p::neg).isInstanceOf(DTypeException.class);
    assertThatThrownBy(p::mean).isInstanceOf(DTypeException.class);
    assertThatThrownBy(p::relu).isInstanceOf(DTypeException.class);
    assertThatThrownBy(() -> p.argmax(0)).isInstanceOf(DTypeException.class);
  }

  @OnEachDevice
  void reductions(Device device) {
    Tensor bytes = of(device, DType.UINT8, 200, 100, 3).reshape(1, 3);
    assertThat(bytes.sum().item()).isEqualTo(303);
    assertThat(bytes.sum(1).dtype()).isEqualTo(DType.INT64);
    assertThat(Reductions.prod(bytes, new int[0], false).item()).isEqualTo(60_000);
    assertThat(Scans.cumsum(bytes, 1).toLongArray()).containsExactly(200, 300, 303);
    assertThat(Scans.cummax(bytes, 1).values().dtype()).isEqualTo(DType.UINT8);
    assertThat(bytes.amax().dtype()).isEqualTo(DType.UINT8);
    assertThat(bytes.argmin(1).toIntArray()).containsExactly(2);
    assertThat(Reductions.all(bytes, new int[0], false).dtype()).isEqualTo(DType.UINT8);
    assertThatThrownBy(bytes::mean).isInstanceOf(DTypeException.class);
    assertThatThrownBy(bytes::var).isInstanceOf(DTypeException.class);
    Tensor longs = Tensor.of(new long[] {(1L << 53) + 1, 1}, device);
    assertThat(longs.sum().toLongArray()).containsExactly((1L << 53) + 2);
    assertThat(longs.amax().toLongArray()).containsExactly((1L << 53) + 1);
    Tensor a = Tensor.of(new long[] {1, 2, 3, 4}, Shape.of(2, 2), device);
    assertThat(a.matmul(a).dtype()).isEqualTo(DType.INT64);
    assertThat(a.matmul(a).toLongArray()).containsExactly(7, 10, 15, 22);
    assertThat(Reductions.any(of(device, DType.FLOAT32, 0, NAN), new int[0], false).item())
        .isEqualTo(1);
  }

  @OnEachDevice
  void limitsAndComparisons(Device device) {
    Tensor x = Tensor.of(new int[] {-3, 0, 5}, device);
    assertThat(x.clamp(-1, 2).toIntArray()).containsExactly(-1, 0, 2);
    assertThat(x.clamp(-1, 2).dtype()).isEqualTo(DType.INT32);
    assertThat(x.clamp(-1, INF).dtype()).isEqualTo(DType.INT32);
    assertThat(x.clamp(0.5, INF).toDoubleArray()).containsExactly(0.5, 0.5, 5);
    assertThat(x.sign().toIntArray()).containsExactly(-1, 0, 1);
    assertThat(x.relu().toIntArray()).containsExactly(0, 0, 5);
    assertThat(Elementwise.floor(x).dtype()).isEqualTo(DType.INT32);
    assertThat(Division.trunc(x).dtype()).isEqualTo(DType.INT32);
    assertThat(x.gt(-0.5).toIntArray()).containsExactly(0, 1, 1);
    assertThat(x.lt(INF).toIntArray()).containsExactly(1, 1, 1);
    Tensor bytes = of(device, DType.UINT8, 44, 200);
    assertThat(bytes.eq(300).toIntArray()).containsExactly(0, 0);
    assertThat(bytes.gt(-1).toIntArray()).containsExactly(1, 1);
    assertThat(bytes.le(255).toIntArray()).containsExactly(1, 1);
    assertThat(bytes.ge(45).toIntArray()).containsExactly(0, 1);
    assertThat(
            Tensor.of(new long[] {(1L << 62) + 1}, device)
                .eq(Tensor.of(new long[] {1L << 62}, device))
                .item())
        .isZero();
    assertThat(Rearranging.maskedFill(x, x.eq(0), 9).toIntArray()).containsExactly(-3, 9, 5);
    assertThat(Rearranging.maskedFill(x, x.eq(0), 9.9).toIntArray()).containsExactly(-3, 9, 5);
  }

  @OnEachDevice
  void conversions(Device device) {
    Tensor x = of(device, DType.FLOAT64, -1.9, 1.9, 256.5, -1, NAN, 0, -0.0, 1e-300);
    assertThat(x.narrow(0, 0, 4).to(DType.INT32).toIntArray()).containsExactly(-1, 1, 256, -1);
    assertThat(x.narrow(0, 0, 4).to(DType.INT64).toLongArray()).containsExactly(-1, 1, 256, -1);
    assertThat(x.narrow(0, 0, 4).to(DType.UINT8).toIntArray()).containsExactly(255, 1, 0, 255);
    assertThat(x.to(DType.FLOAT32).narrow(0, 0, 4).to(DType.UINT8).toIntArray())
        .containsExactly(255, 1, 0, 255);
    assertThat(x.to(DType.BOOL).toIntArray()).containsExactly(1, 1, 1, 1, 1, 0, 0, 1);
    Tensor big = of(device, DType.FLOAT64, 1e39, -1e39, 65519, 65520, 3.4e38);
    assertThat(big.to(DType.FLOAT32).toDoubleArray())
        .containsExactly(INF, -INF, 65519, 65520, (float) 3.4e38);
    assertThat(big.to(DType.FLOAT16).toDoubleArray()).containsExactly(INF, -INF, 65504, INF, INF);
    Tensor longs = Tensor.of(new long[] {(1L << 53) + 1, -1, 1L << 40}, device);
    assertThat(longs.to(DType.INT32).toIntArray()).containsExactly(1, -1, 0);
    assertThat(longs.to(DType.UINT8).toIntArray()).containsExactly(1, 255, 0);
    assertThat(longs.to(DType.FLOAT64).toDoubleArray()[0]).isEqualTo(0x1p53);
    Tensor halves = of(device, DType.FLOAT32, 1 + 0x1p-8f, 1 + 3 * 0x1p-8f, 1 + 0x1p-11f, 0x1p-25f);
    assertThat(halves.to(DType.BFLOAT16).toDoubleArray())
        .containsExactly(1, 1 + 0x1p-6, 1, 0x1p-25);
    assertThat(halves.to(DType.FLOAT16).toDoubleArray())
        .containsExactly(1 + 0x1p-8, 1 + 3 * 0x1p-8, 1, 0);
  }

  @OnEachDevice
  void aProductOfNothingKeepsItsSign(Device device) {
    Tensor x = of(device, DType.FLOAT32, -1, 1).mul(0);
    assertThat(Predicates.signbit(x).toIntArray()).containsExactly(1, 0);
  }
}
