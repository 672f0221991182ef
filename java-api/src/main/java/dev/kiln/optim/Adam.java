package dev.kiln.optim;

import dev.kiln.Tensor;
import dev.kiln.backend.OptimizerKind;
import java.util.List;

/**
 * Steps by bias-corrected running means of the gradient and its square: {@code p -= lr m' /
 * (sqrt(v') + eps)}, where the gradient includes {@code weightDecay p}. Kingma and Ba 2015;
 * PyTorch's formulas.
 */
public final class Adam extends Optimizer {
  private static final Rule RULE =
      Rule.of("Adam", OptimizerKind.ADAM, 1e-3)
          .setting("beta1", 0.9, Setting.Domain.FRACTION)
          .setting("beta2", 0.999, Setting.Domain.FRACTION)
          .setting("eps", 1e-8, Setting.Domain.NOT_NEGATIVE)
          .setting("weightDecay", 0, Setting.Domain.NOT_NEGATIVE)
          .setting("amsgrad", 0, Setting.Domain.FLAG)
          .states(
              Rule.State.always("exp_avg"),
              Rule.State.always("exp_avg_sq"),
              Rule.State.when("max_exp_avg_sq", g -> g.get("amsgrad") == 1));

  private Adam(Builder builder) {
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
  public static Adam of(List<Tensor> parameters, double lr) {
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
     * Sets the decay of the mean and of the square of gradients.
     *
     * @param beta1 in [0, 1), 0.9 by default
     * @param beta2 in [0, 1), 0.999 by default
     * @return this
     */
    public Builder betas(double beta1, double beta2) {
      return set("beta1", beta1).set("beta2", beta2);
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
     * Chooses to divide by the largest square so far. Reddi et al. 2018.
     *
     * @param amsgrad false by default
     * @return this
     */
    public Builder amsgrad(boolean amsgrad) {
      return set("amsgrad", amsgrad ? 1 : 0);
    }

    /**
     * Makes the optimizer and packs its parameters.
     *
     * @return the optimizer
     * @throws OptimizerException if there are no parameters, one cannot be optimized, or settings
     *     contradict each other
     */
    public Adam build() {
      return new Adam(this);
    }
  }
}
