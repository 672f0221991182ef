package dev.kiln.backend;

/**
 * Functions of one element besides {@link UnaryOp}: rarer ones, whose gradients are composed of
 * other ops, so that a backend computes the values alone. One has a parameter {@code a}.
 */
public enum MathOp {
  /** The tangent of x in radians. */
  TAN,
  /** The arc sine, in radians; NaN outside -1 .. 1. */
  ASIN,
  /** The arc cosine, in radians; NaN outside -1 .. 1. */
  ACOS,
  /** The arc tangent, in radians. */
  ATAN,
  /** The hyperbolic sine. */
  SINH,
  /** The hyperbolic cosine. */
  COSH,
  /** The inverse hyperbolic sine. */
  ASINH,
  /** The inverse hyperbolic cosine; NaN below 1. */
  ACOSH,
  /** The inverse hyperbolic tangent; NaN outside -1 .. 1. */
  ATANH,
  /** 2^x. */
  EXP2,
  /** The logarithm to base 2, exact for powers of 2. */
  LOG2,
  /** The logarithm to base 10. */
  LOG10,
  /** 1 - erf(x), exact where erf is close to 1. */
  ERFC,
  /** The inverse of the error function; NaN outside -1 .. 1. */
  ERFINV,
  /** ln |Gamma(x)|. */
  LGAMMA,
  /** The derivative of lgamma. */
  DIGAMMA,
  /** The a-th derivative of digamma, a = 1, 2, ... */
  POLYGAMMA,
  /** x without its fraction. */
  TRUNC
}
