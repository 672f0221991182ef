package dev.kiln.backend;

/** What is applied to each element of a product or convolution before it is stored. */
public enum Epilogue {
  /** Nothing. */
  NONE,
  /** max(x, 0). */
  RELU
}
