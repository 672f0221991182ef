package dev.kiln.optim;

import dev.kiln.Tensor;
import dev.kiln.backend.OptimizerKind;
import java.util.List;

/**
 * Divides each gradient by a running root mean square: {@code s = alpha s + (1 - alpha) g^2},
 * {@code p -= lr g / (sqrt(s) + eps)}, where g includes {@code weightDecay p}; with momentum, the
 * quotient joins a velocity; centered subtracts the squared running mean from s. Hinton 2012,
 * Graves 2013; PyTorch's formulas.
 */
public final class RMSprop extends Optimizer {
  private static final Rule RULE =
      Rule.of("RMSprop", OptimizerKind.RMSPROP, 1e-2)
          .setting("alpha", 0.99, Setting.Domain.NOT_NEGATIVE)
          .setting("eps", 1e-8, Setting.Domain.NOT_NEGATIVE)
          .setting("weightDecay", 0, Setting.Domain.NOT_NEGATIVE)
          .setting("momentum", 0, Setting.Domain.NOT_NEGATIVE)
          .setting("centered", 0, Setting.Domain.FLAG)
          .states(
              Rule.State.always("square_avg"),
              Rule.State.when("momentum_buffer", g -> g.get("momentum") != 0),
              Rule.State.when("grad_avg", g -> g.get("centered") == 1));

  private RMSprop(Builder builder) {
    super(RULE, builder);
  }

  /**
   * Makes the optimizer with one group and PyTorch's other defaults.
   *
   * @param parameters floating leaves, such as a module's parameters
   * @param lr the learning rate
   * @return the optimizer
   * @throws OptimizerException if there are no parameters, one cannot be optimized, or the rate is
   *     negative
   */
  public static RMSprop of(List<Tensor> parameters, double lr) {
    return builder(parameters).lr(lr).build();
  }

  /**
   * Starts an optimizer with no group yet.
   *
   * @return the builder
   */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Starts an optimizer with a first group.
   *
   * @param parameters floating leaves, such as a module's parameters
   * @return the builder
   */
  public static Builder builder(List<Tensor> parameters) {
    return builder().group(parameters);
  }

  /** Collects the settings; those left out have PyTorch's defaults (lr = 1e-2). */
  public static final class Builder extends OptimizerBuilder<Builder> {
    private Builder() {
      super(RULE);
    }

    @Override
    Builder self() {
      return this;
    }

    /**
     * Sets the decay of the running mean of squares.
     *
     * @param alpha at least 0, 0.99 by default
     * @return this
     */
    public Builder alpha(double alpha) {
      return set("alpha", alpha);
    }

    /**
     * Sets what is added to the denominator.
     *
     * @param eps at least 0, 1e-8 by default
     * @return this
     */
    public Builder eps(double eps) {
      return set("eps", eps);
    }

    /**
     * Sets how much of the last step is kept.
     *
     * @param momentum at least 0, 0 by default
     * @return this
     */
    public Builder momentum(double momentum) {
      return set("momentum", momentum);
    }

    /**
     * Chooses to divide by the standard deviation.
     *
     * @param centered false by default
     * @return this
     */
    public Builder centered(boolean centered) {
      return set("centered", centered ? 1 : 0);
    }

    /**
     * Makes the optimizer and packs its parameters.
     *
     * @return the optimizer
     * @throws OptimizerException if there are no parameters, one cannot be optimized, or settings
     *     contradict each other
     */
    public RMSprop build() {
      return new RMSprop(this);
    }
  }
}
