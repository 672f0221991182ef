package dev.kiln.backend;

/**
 * The functions of one element that every backend computes, with up to two parameters {@code a} and
 * {@code b}.
 */
public enum UnaryOp {
  /** |x|. */
  ABS(Saves.X),
  /** -x. */
  NEG(Saves.NOTHING),
  /** The sign, -1, 0 or 1; its gradient is 0. */
  SIGN(Saves.NOTHING),
  /** Largest integer not above x; its gradient is 0. */
  FLOOR(Saves.NOTHING),
  /** Smallest integer not below x; its gradient is 0. */
  CEIL(Saves.NOTHING),
  /** Nearest integer, ties to even; its gradient is 0. */
  ROUND(Saves.NOTHING),
  /** x * x. */
  SQUARE(Saves.X),
  /** The square root. */
  SQRT(Saves.Y),
  /** 1 / sqrt(x). */
  RSQRT(Saves.Y),
  /** 1 / x. */
  RECIPROCAL(Saves.Y),
  /** e^x. */
  EXP(Saves.Y),
  /** e^x - 1, exact near 0. */
  EXPM1(Saves.Y),
  /** The natural logarithm. */
  LOG(Saves.X),
  /** ln(1 + x), exact near 0. */
  LOG1P(Saves.X),
  /** The sine of x in radians. */
  SIN(Saves.X),
  /** The cosine of x in radians. */
  COS(Saves.X),
  /** The Gauss error function. */
  ERF(Saves.X),
  /** a * x + b. */
  AFFINE(Saves.NOTHING),
  /** x^a. */
  POW(Saves.X),
  /** x limited to a .. b; the gradient passes where {@code a <= x <= b}. */
  CLAMP(Saves.X),
  /** max(x, 0). */
  RELU(Saves.Y),
  /** x where x > 0, else a * x. */
  LEAKY_RELU(Saves.X),
  /** x where x > 0, else a * (e^x - 1). Clevert et al. 2015. */
  ELU(Saves.X),
  /** x where x > 0, else a * (e^(x/a) - 1). Barron 2017. */
  CELU(Saves.X),
  /** Scaled ELU with the constants of Klambauer et al. 2017. */
  SELU(Saves.X),
  /** x * Phi(x), by the error function. Hendrycks and Gimpel 2016. */
  GELU(Saves.X),
  /** GELU by its tanh approximation. */
  GELU_TANH(Saves.X),
  /** x * sigmoid(x). */
  SILU(Saves.X),
  /** x * tanh(softplus(x)). Misra 2019. */
  MISH(Saves.X),
  /** 1 / (1 + e^-x). */
  SIGMOID(Saves.Y),
  /** ln(sigmoid(x)). */
  LOG_SIGMOID(Saves.X),
  /** The hyperbolic tangent. */
  TANH(Saves.Y),
  /** ln(1 + e^(a x)) / a, and x where a x > b. */
  SOFTPLUS(Saves.X),
  /** x / (1 + |x|). */
  SOFTSIGN(Saves.X),
  /** x limited to a .. b; the gradient passes where {@code a < x < b}. */
  HARDTANH(Saves.X),
  /** clamp(x / 6 + 1/2, 0, 1). */
  HARDSIGMOID(Saves.X),
  /** x * hardsigmoid(x). */
  HARDSWISH(Saves.X);

  /** What the gradient needs of the forward pass. */
  public enum Saves {
    /** Neither input nor output. */
    NOTHING,
    /** The input. */
    X,
    /** The output. */
    Y
  }

  private final Saves saves;

  UnaryOp(Saves saves) {
    this.saves = saves;
  }

  /**
   * Returns what the gradient needs of the forward pass.
   *
   * @return input, output or nothing
   */
  public Saves saves() {
    return saves;
  }
}
