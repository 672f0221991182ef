package dev.kiln.backend;

/** The functions of two elements that every backend computes, with broadcasting. */
public enum BinaryOp {
  /** a + b. */
  ADD,
  /** a - b. */
  SUB,
  /** a * b. */
  MUL,
  /** a / b. */
  DIV,
  /** The larger; NaN if either is NaN. */
  MAXIMUM,
  /** The smaller; NaN if either is NaN. */
  MINIMUM,
  /** a^b. */
  POW,
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
}
