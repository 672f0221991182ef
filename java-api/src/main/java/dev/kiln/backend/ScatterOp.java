package dev.kiln.backend;

/** How a scattered element meets what stands in its place. */
public enum ScatterOp {
  /** The element replaces it; of several elements with one place, the last stays. */
  SET,
  /** The product of both. */
  PROD,
  /** The larger; NaN if either is NaN. */
  MAX,
  /** The smaller; NaN if either is NaN. */
  MIN
}
