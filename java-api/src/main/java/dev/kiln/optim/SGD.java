package dev.kiln.optim;

import dev.kiln.Tensor;
import dev.kiln.backend.OptimizerKind;
import java.util.List;

/**
 * Stochastic gradient descent, with momentum if wanted: {@code v = momentum v + (1 - dampening) g},
 * {@code p -= lr v}, where g includes {@code weightDecay p}; Nesterov steps by {@code g + momentum
 * v}. A parameter's first step sets v to g, without dampening. Sutskever et al. 2013; PyTorch's
 * formulas.
 */
public final class SGD extends Optimizer {
  private static final Rule RULE =
      Rule.of("SGD", OptimizerKind.SGD, 1e-3)
          .setting("momentum", 0, Setting.Domain.NOT_NEGATIVE)
          .setting("dampening", 0, Setting.Domain.ANY)
          .setting("weightDecay", 0, Setting.Domain.NOT_NEGATIVE)
          .setting("nesterov", 0, Setting.Domain.FLAG)
          .checked(SGD::check, Rule.State.when("momentum_buffer", g -> g.get("momentum") != 0));

  private static void check(ParameterGroup g) {
    if (g.get("nesterov") == 1 && (g.get("momentum") == 0 || g.get("dampening") != 0)) {
      throw new OptimizerException(
          "[SGD] nesterov with momentum = "
              + g.get("momentum")
              + " and dampening = "
              + g.get("dampening")
              + " has no meaning; it needs a momentum > 0 and no dampening");
    }
  }

  private SGD(Builder builder) {
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
  public static SGD of(List<Tensor> parameters, double lr) {
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

  /** Collects the settings; those left out have PyTorch's defaults (lr = 1e-3). */
  public static final class Builder extends OptimizerBuilder<Builder> {
    private Builder() {
      super(RULE);
    }

    @Override
    Builder self() {
      return this;
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
     * Sets by how much a gradient that joins the momentum is reduced.
     *
     * @param dampening 0 by default
     * @return this
     */
    public Builder dampening(double dampening) {
      return set("dampening", dampening);
    }

    /**
     * Chooses Nesterov momentum, which needs momentum and no dampening.
     *
     * @param nesterov false by default
     * @return this
     */
    public Builder nesterov(boolean nesterov) {
      return set("nesterov", nesterov ? 1 : 0);
    }

    /**
     * Makes the optimizer and packs its parameters.
     *
     * @return the optimizer
     * @throws OptimizerException if there are no parameters, one cannot be optimized, or settings
     *     contradict each other
     */
    public SGD build() {
      return new SGD(this);
    }
  }
}
