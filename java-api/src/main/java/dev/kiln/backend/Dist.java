package dev.kiln.backend;

/** The distributions that {@link Backend#random} draws from. */
public enum Dist {
  /** Uniform in [a, b). */
  UNIFORM,
  /** Normal with mean a and standard deviation b. */
  NORMAL,
  /** b with probability a, else 0. */
  BERNOULLI
}
