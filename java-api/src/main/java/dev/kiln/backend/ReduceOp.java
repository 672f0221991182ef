package dev.kiln.backend;

/** The reductions that every backend computes, in an order that depends on the shape alone. */
public enum ReduceOp {
  /** The sum; 0 of nothing. */
  SUM,
  /** The sum of squares; 0 of nothing. */
  SUM_SQUARES,
  /** The mean; NaN of nothing. */
  MEAN,
  /** The product; 1 of nothing. */
  PROD,
  /** The largest; NaN if any is NaN. */
  MAX,
  /** The smallest; NaN if any is NaN. */
  MIN,
  /** Index of the first largest (the first NaN counts as largest), INT64; one axis only. */
  ARGMAX,
  /** Index of the first smallest (the first NaN counts as smallest), INT64; one axis only. */
  ARGMIN,
  /** Whether any is non-zero, BOOL. */
  ANY,
  /** Whether all are non-zero, BOOL. */
  ALL
}
