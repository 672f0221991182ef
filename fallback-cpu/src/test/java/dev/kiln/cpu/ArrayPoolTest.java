package dev.kiln.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.DType;
import dev.kiln.OutOfMemoryException;
import org.junit.jupiter.api.Test;

class ArrayPoolTest {
  private final ArrayPool pool = new ArrayPool();

  @Test
  void wastesAtMostAnEighth() {
    for (int n = 17; n < 100_000; n++) {
      int capacity = ArrayPool.capacity(n);
      assertThat(capacity).isBetween(n, n + n / 8);
      assertThat(ArrayPool.capacity(capacity)).isEqualTo(capacity);
    }
    assertThat(ArrayPool.capacity(0)).isEqualTo(16);
    assertThat(ArrayPool.capacity(Integer.MAX_VALUE - 8)).isEqualTo(Integer.MAX_VALUE - 8);
  }

  @Test
  void reusesArraysOfTheSameKindAndSize() {
    CpuStorage first = pool.alloc(DType.UINT8, 1000);
    byte[] array = first.bytes8();
    assertThat(pool.cachedBytes()).isZero();
    pool.free(first);
    assertThat(pool.cachedBytes()).isEqualTo(array.length);
    assertThat(pool.alloc(DType.BOOL, 1001).bytes8()).isSameAs(array);
    assertThat(pool.cachedBytes()).isZero();
    assertThat(pool.alloc(DType.UINT8, 1000).bytes8()).isNotSameAs(array);
  }

  @Test
  void trimDropsWhatIsCached() {
    pool.free(pool.alloc(DType.FLOAT64, 100));
    assertThat(pool.cachedBytes()).isEqualTo(8L * ArrayPool.capacity(100));
    pool.trim();
    assertThat(pool.cachedBytes()).isZero();
  }

  @Test
  void noticesUseAfterFree() {
    CpuStorage s = pool.alloc(DType.FLOAT32, 5);
    pool.free(s);
    assertThatThrownBy(() -> s.get(0)).hasMessageContaining("freed");
    assertThatThrownBy(() -> pool.free(s)).hasMessageContaining("freed");
  }

  @Test
  void saysWhatDidNotFit() {
    long tooLong = Integer.MAX_VALUE;
    assertThatThrownBy(() -> pool.alloc(DType.UINT8, tooLong))
        .isInstanceOf(OutOfMemoryException.class)
        .hasMessageContaining("split");
    long bytes = 8L * (Integer.MAX_VALUE - 8);
    org.junit.jupiter.api.Assumptions.assumeTrue(Runtime.getRuntime().maxMemory() < bytes);
    assertThatThrownBy(() -> pool.alloc(DType.FLOAT64, bytes / 8))
        .isInstanceOf(OutOfMemoryException.class)
        .hasMessageContaining(bytes + " bytes")
        .hasMessageContaining("" + Runtime.getRuntime().maxMemory())
        .hasMessageContaining("-Xmx");
  }
}
