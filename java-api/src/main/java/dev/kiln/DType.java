package dev.kiln;

/** The element type of a tensor. */
public enum DType {
  /** IEEE 754 binary32. */
  FLOAT32("f32", 4, Kind.FLOATING),
  /** IEEE 754 binary64. */
  FLOAT64("f64", 8, Kind.FLOATING),
  /** Signed 32-bit integer. */
  INT32("i32", 4, Kind.INTEGRAL),
  /** Signed 64-bit integer. */
  INT64("i64", 8, Kind.INTEGRAL),
  /** Unsigned 8-bit integer. */
  UINT8("u8", 1, Kind.INTEGRAL),
  /** Truth value, one byte, 0 or 1. */
  BOOL("bool", 1, Kind.BOOLEAN),
  /** bfloat16 storage; arithmetic accumulates in FLOAT32. */
  BFLOAT16("bf16", 2, Kind.FLOATING),
  /** IEEE 754 binary16 storage; arithmetic accumulates in FLOAT32. */
  FLOAT16("f16", 2, Kind.FLOATING);

  private enum Kind {
    BOOLEAN,
    INTEGRAL,
    FLOATING
  }

  private final String shortName;
  private final int bytes;
  private final Kind kind;

  DType(String shortName, int bytes, Kind kind) {
    this.shortName = shortName;
    this.bytes = bytes;
    this.kind = kind;
  }

  /**
   * Returns the size of one element.
   *
   * @return bytes per element
   */
  public int bytes() {
    return bytes;
  }

  /**
   * Tells whether elements are floating-point numbers, the only ones that carry gradients.
   *
   * @return true for FLOAT16, BFLOAT16, FLOAT32 and FLOAT64
   */
  public boolean isFloating() {
    return kind == Kind.FLOATING;
  }

  /**
   * Tells whether elements are integers (truth values are not).
   *
   * @return true for UINT8, INT32 and INT64
   */
  public boolean isIntegral() {
    return kind == Kind.INTEGRAL;
  }

  /**
   * Returns the type of a result that mixes two types, by PyTorch's promotion rules.
   *
   * @param a one operand's type
   * @param b the other operand's type
   * @return the type both are converted to
   */
  public static DType promote(DType a, DType b) {
    if (a == b) {
      return a;
    }
    if (a.kind != b.kind) {
      return a.kind.compareTo(b.kind) > 0 ? a : b;
    }
    if (a.bytes == b.bytes) {
      return FLOAT32; // bfloat16 with float16
    }
    return a.bytes > b.bytes ? a : b;
  }

  /** Returns the short name used in messages and tables, such as {@code f32}. */
  @Override
  public String toString() {
    return shortName;
  }
}
