package dev.kiln.backend;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class HalfFloatsTest {
  /** The value of a binary16 by the definition of the format. */
  private static double float16(int bits) {
    int e = bits >> 10 & 31;
    int m = bits & 1023;
    double v = e == 0 ? Math.scalb((double) m, -24) : Math.scalb(1024.0 + m, e - 25);
    return (bits & 0x8000) == 0 ? v : -v;
  }

  @Test
  void float16WidensByItsDefinition() {
    for (int bits = 0; bits < 0x7C00; bits++) {
      assertThat(HalfFloats.fromFloat16((short) bits)).isEqualTo((float) float16(bits));
      assertThat(HalfFloats.fromFloat16((short) (bits | 0x8000)))
          .isEqualTo((float) float16(bits | 0x8000));
    }
    assertThat(HalfFloats.fromFloat16((short) 0x7C00)).isEqualTo(Float.POSITIVE_INFINITY);
    assertThat(HalfFloats.fromFloat16((short) 0xFC00)).isEqualTo(Float.NEGATIVE_INFINITY);
    assertThat(HalfFloats.fromFloat16((short) 0x7E01)).isNaN();
    assertThat(HalfFloats.fromFloat16((short) 0x7C01)).isNaN();
  }

  @Test
  void float16RoundsToNearestTiesToEven() {
    for (int bits = 0; bits < 0x7C00; bits++) {
      float mid = (float) ((float16(bits) + (bits == 0x7BFF ? 65536 : float16(bits + 1))) / 2);
      int even = (bits & 1) == 0 ? bits : bits + 1;
      for (int sign : new int[] {0, 0x8000}) {
        float s = sign == 0 ? 1 : -1;
        assertThat(HalfFloats.toFloat16((float) float16(bits) * s))
            .isEqualTo((short) (bits | sign));
        assertThat(HalfFloats.toFloat16(mid * s)).isEqualTo((short) (even | sign));
        assertThat(HalfFloats.toFloat16(Math.nextDown(mid) * s)).isEqualTo((short) (bits | sign));
        assertThat(HalfFloats.toFloat16(Math.nextUp(mid) * s)).isEqualTo((short) (bits + 1 | sign));
      }
    }
    assertThat(HalfFloats.toFloat16(Float.MAX_VALUE)).isEqualTo((short) 0x7C00);
    assertThat(HalfFloats.toFloat16(Float.NEGATIVE_INFINITY)).isEqualTo((short) 0xFC00);
    assertThat(HalfFloats.fromFloat16(HalfFloats.toFloat16(Float.NaN))).isNaN();
    assertThat(HalfFloats.fromFloat16(HalfFloats.toFloat16(Float.intBitsToFloat(0xFF800001))))
        .isNaN();
    assertThat(HalfFloats.toFloat16(Float.MIN_VALUE)).isEqualTo((short) 0);
  }

  @Test
  void bfloat16RoundsToNearestTiesToEven() {
    for (int bits = 0; bits < 0x7F80; bits++) {
      float value = Float.intBitsToFloat(bits << 16);
      float mid = Float.intBitsToFloat(bits << 16 | 0x8000);
      int even = (bits & 1) == 0 ? bits : bits + 1;
      assertThat(HalfFloats.fromBfloat16((short) bits)).isEqualTo(value);
      for (int sign : new int[] {0, 0x8000}) {
        float s = sign == 0 ? 1 : -1;
        assertThat(HalfFloats.toBfloat16(value * s)).isEqualTo((short) (bits | sign));
        assertThat(HalfFloats.toBfloat16(mid * s)).isEqualTo((short) (even | sign));
        assertThat(HalfFloats.toBfloat16(Math.nextDown(mid) * s)).isEqualTo((short) (bits | sign));
        assertThat(HalfFloats.toBfloat16(Math.nextUp(mid) * s))
            .isEqualTo((short) (bits + 1 | sign));
      }
    }
    assertThat(HalfFloats.toBfloat16(Float.POSITIVE_INFINITY)).isEqualTo((short) 0x7F80);
    assertThat(HalfFloats.fromBfloat16(HalfFloats.toBfloat16(Float.NaN))).isNaN();
    assertThat(HalfFloats.fromBfloat16(HalfFloats.toBfloat16(Float.intBitsToFloat(0x7F800001))))
        .isNaN();
  }
}
