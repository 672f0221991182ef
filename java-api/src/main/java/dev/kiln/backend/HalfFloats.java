package dev.kiln.backend;

/**
 * Converts between FLOAT32 and the bits of the 16-bit types, rounding to nearest, ties to even.
 *
 * <p>NaN stays NaN (quiet), values too large become infinite, small ones go through the subnormals
 * to zero.
 */
public final class HalfFloats {
  private HalfFloats() {}

  /**
   * Widens a bfloat16.
   *
   * @param bits its bits
   * @return the same value
   */
  public static float fromBfloat16(short bits) {
    return Float.intBitsToFloat(bits << 16);
  }

  /**
   * Rounds to bfloat16.
   *
   * @param v the value
   * @return the bits of the nearest bfloat16
   */
  public static short toBfloat16(float v) {
    int bits = Float.floatToRawIntBits(v);
    if (Float.isNaN(v)) {
      return (short) (bits >>> 16 | 0x40);
    }
    return (short) ((bits + 0x7FFF + (bits >>> 16 & 1)) >>> 16);
  }

  /**
   * Widens an IEEE binary16.
   *
   * @param bits its bits
   * @return the same value
   */
  public static float fromFloat16(short bits) {
    int sign = (bits & 0x8000) << 16;
    int magnitude = bits & 0x7FFF;
    if (magnitude >= 0x7C00) {
      return Float.intBitsToFloat(sign | 0x7F800000 | (magnitude & 0x3FF) << 13);
    }
    if (magnitude >= 0x400) {
      return Float.intBitsToFloat(sign | (magnitude << 13) + (112 << 23));
    }
    float subnormal = magnitude * 0x1p-24f;
    return sign == 0 ? subnormal : -subnormal;
  }

  /**
   * Rounds to IEEE binary16.
   *
   * @param v the value
   * @return the bits of the nearest binary16
   */
  public static short toFloat16(float v) {
    int bits = Float.floatToRawIntBits(v);
    int sign = bits >>> 16 & 0x8000;
    float magnitude = Math.abs(v);
    if (Float.isNaN(v)) {
      return (short) (sign | 0x7E00 | bits >>> 13 & 0x1FF);
    }
    if (magnitude >= 65520f) {
      return (short) (sign | 0x7C00);
    }
    if (magnitude < 0x1p-14f) {
      // Adding 1/2 leaves the last place at 2^-24, the step of the subnormals: the sum rounds.
      return (short) (sign | Float.floatToRawIntBits(magnitude + 0.5f) - 0x3F000000);
    }
    int m = Float.floatToRawIntBits(magnitude);
    return (short) (sign | (m - (112 << 23) + 0xFFF + (m >>> 13 & 1)) >>> 13);
  }
}
