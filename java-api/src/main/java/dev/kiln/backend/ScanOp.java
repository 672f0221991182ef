package dev.kiln.backend;

/** What running over an axis and combining each element with all before it gives. */
public enum ScanOp {
  /** The sum so far. */
  SUM,
  /** The product so far. */
  PROD,
  /** The position of the last largest so far, INT64; a NaN counts as largest. */
  ARGMAX,
  /** The position of the last smallest so far, INT64; a NaN counts as smallest. */
  ARGMIN,
  /** {@code ln(sum(e^x))} so far, without overflow; floating types alone. */
  LOGSUMEXP;

  /**
   * Tells whether the results are positions.
   *
   * @return true for INT64 results
   */
  public boolean isPosition() {
    return this == ARGMAX || this == ARGMIN;
  }
}
