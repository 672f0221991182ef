package dev.kiln.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.DType;
import org.junit.jupiter.api.Test;

class CpuStorageTest {
  private final ArrayPool pool = new ArrayPool();

  private double stored(DType dtype, double v) {
    CpuStorage s = pool.alloc(dtype, 3);
    s.set(1, v);
    return s.get(1);
  }

  private double storedLong(DType dtype, long v) {
    CpuStorage s = pool.alloc(dtype, 3);
    s.setLong(1, v);
    return s.get(1);
  }

  @Test
  void integersCutOffTheFraction() {
    for (DType t : new DType[] {DType.INT32, DType.INT64}) {
      assertThat(stored(t, 2.9)).isEqualTo(2);
      assertThat(stored(t, -2.9)).isEqualTo(-2);
    }
    assertThat(stored(DType.UINT8, 254.9)).isEqualTo(254);
    assertThat(stored(DType.UINT8, 300)).isEqualTo(44);
    assertThat(stored(DType.UINT8, -1)).isEqualTo(255);
    assertThat(storedLong(DType.UINT8, -1)).isEqualTo(255);
    assertThat(storedLong(DType.INT32, 0x1_0000_0005L)).isEqualTo(5);
  }

  @Test
  void boolIsWhetherNotZero() {
    assertThat(stored(DType.BOOL, 0.25)).isEqualTo(1);
    assertThat(stored(DType.BOOL, -0.0)).isEqualTo(0);
    assertThat(stored(DType.BOOL, Double.NaN)).isEqualTo(1);
    assertThat(storedLong(DType.BOOL, 256)).isEqualTo(1);
  }

  @Test
  void floatsRoundToNearestEven() {
    assertThat(stored(DType.FLOAT32, 0.1)).isEqualTo(0.1f);
    assertThat(stored(DType.FLOAT64, 0.1)).isEqualTo(0.1);
    assertThat(stored(DType.BFLOAT16, 1 + 0x1p-8)).isEqualTo(1);
    assertThat(stored(DType.BFLOAT16, 1 + 3 * 0x1p-8)).isEqualTo(1 + 0x1p-6);
    assertThat(stored(DType.FLOAT16, 1 + 0x1p-11)).isEqualTo(1);
    assertThat(stored(DType.FLOAT16, 65520)).isInfinite();
    assertThat(stored(DType.FLOAT16, Double.NaN)).isNaN();
    assertThat(storedLong(DType.FLOAT32, (1L << 24) + 1)).isEqualTo(1 << 24);
  }

  @Test
  void int64IsExact() {
    long big = Long.MAX_VALUE - 2;
    CpuStorage a = pool.alloc(DType.INT64, 1);
    CpuStorage b = pool.alloc(DType.INT64, 1);
    a.setLong(0, big);
    b.setFrom(0, a, 0);
    assertThat(b.getLong(0)).isEqualTo(big);
  }
}
