package dev.kiln.ops;

/** How the losses of single elements or examples become one. */
public enum Reduction {
  /** They stay as they are. */
  NONE,
  /** Their mean; weighted losses divide by the sum of weights. */
  MEAN,
  /** Their sum. */
  SUM,
  /** Their sum divided by the size of the first axis; for the KL divergence. */
  BATCHMEAN
}
