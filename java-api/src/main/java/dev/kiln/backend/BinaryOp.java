package dev.kiln.backend;

/** The functions of two elements that every backend computes, with broadcasting. */
public enum BinaryOp {
  /** a + b. */
  ADD,
  /** a - b. */
  SUB,
  /** a * b. */
  MUL,
  /** a / b; of integers the quotient without its fraction, where the CPU refuses a b of 0. */
  DIV,
  /** The largest integer not above a / b; of integers, b must not be 0. */
  FLOOR_DIV,
  /** a - b trunc(a / b), of a's sign; of integers, b must not be 0. */
  FMOD,
  /** a - b floor(a / b), of b's sign; of integers, b must not be 0. */
  REMAINDER,
  /** The larger; NaN if either is NaN. */
  MAXIMUM,
  /** The smaller; NaN if either is NaN. */
  MINIMUM,
  /** a^b. */
  POW,
  /** The angle of the point (b, a) in radians; floating types. */
  ATAN2,
  /** sqrt(a^2 + b^2) without overflow on the way; floating types. */
  HYPOT,
  /** Bits set in both; integers and BOOL, as the next four. */
  BIT_AND,
  /** Bits set in either. */
  BIT_OR,
  /** Bits set in one alone. */
  BIT_XOR,
  /** a moved up by b bits; 0 if b is negative or as large as the type. */
  SHIFT_LEFT,
  /** a moved down by b bits, its sign repeated; so by all bits if b is negative or too large. */
  SHIFT_RIGHT,
  /** a = b, as BOOL. */
  EQ,
  /** a != b, as BOOL. */
  NE,
  /** a &lt; b, as BOOL. */
  LT,
  /** a &lt;= b, as BOOL. */
  LE,
  /** a &gt; b, as BOOL. */
  GT,
  /** a &gt;= b, as BOOL. */
  GE,
  /** Both are non-zero, as BOOL. */
  AND,
  /** Either is non-zero, as BOOL. */
  OR;

  /**
   * Tells whether the result is BOOL whatever the operands are.
   *
   * @return true for comparisons and logic
   */
  public boolean isPredicate() {
    return compareTo(EQ) >= 0;
  }

  /**
   * Tells whether only integers and BOOL have the function.
   *
   * @return true for operations on bits
   */
  public boolean isBitwise() {
    return compareTo(BIT_AND) >= 0 && compareTo(SHIFT_RIGHT) <= 0;
  }
}
