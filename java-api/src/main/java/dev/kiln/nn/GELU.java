package dev.kiln.nn;

import dev.kiln.Tensor;
import dev.kiln.ops.Elementwise;
import java.util.Locale;

/** {@code x Phi(x)}, with the normal distribution function; Hendrycks and Gimpel 2016. */
public final class GELU extends Module {
  private final Approximate approximate;

  /** How the distribution function is computed. */
  public enum Approximate {
    /** By the error function. */
    NONE,
    /** By a hyperbolic tangent. */
    TANH
  }

  /** Takes the error function. */
  public GELU() {
    this(Approximate.NONE);
  }

  /**
   * Makes the layer.
   *
   * @param approximate how the distribution function is computed
   */
  public GELU(Approximate approximate) {
    this.approximate = approximate;
  }

  @Override
  public Tensor forward(Tensor x) {
    return approximate == Approximate.TANH ? Elementwise.geluTanh(x) : Elementwise.gelu(x);
  }

  @Override
  protected String extraRepr() {
    return "approximate=" + approximate.name().toLowerCase(Locale.ROOT);
  }
}
