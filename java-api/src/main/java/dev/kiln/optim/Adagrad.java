package dev.kiln.optim;

import dev.kiln.Tensor;
import dev.kiln.backend.OptimizerKind;
import java.util.List;

/**
 * Divides each gradient by the root of the sum of its squares: {@code s += g^2}, {@code p -= lr /
 * (1 + (step - 1) lrDecay) g / (sqrt(s) + eps)}, where g includes {@code weightDecay p}. Duchi et
 * al. 2011; PyTorch's formulas.
 */
public final class Adagrad extends Optimizer {
  private static final Rule RULE =
      Rule.of("Adagrad", OptimizerKind.ADAGRAD, 1e-2)
          .setting("lrDecay", 0, Setting.Domain.NOT_NEGATIVE)
          .setting("weightDecay", 0, Setting.Domain.NOT_NEGATIVE)
          .setting("eps", 1e-10, Setting.Domain.NOT_NEGATIVE)
          .hostSetting("initialAccumulatorValue", 0, Setting.Domain.NOT_NEGATIVE)
          .states(new Rule.State("sum", g -> true, g -> g.get("initialAccumulatorValue")));

  private Adagrad(Builder builder) {
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
  public static Adagrad of(List<Tensor> parameters, double lr) {
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
     * Sets the decay of the learning rate per step.
     *
     * @param lrDecay at least 0, 0 by default
     * @return this
     */
    public Builder lrDecay(double lrDecay) {
      return set("lrDecay", lrDecay);
    }

    /**
     * Sets what the sums of squares start from.
     *
     * @param initialAccumulatorValue at least 0, 0 by default
     * @return this
     */
    public Builder initialAccumulatorValue(double initialAccumulatorValue) {
      return set("initialAccumulatorValue", initialAccumulatorValue);
    }

    /**
     * Sets what is added to the denominator.
     *
     * @param eps at least 0, 1e-10 by default
     * @return this
     */
    public Builder eps(double eps) {
      return set("eps", eps);
    }

    /**
     * Makes the optimizer and packs its parameters.
     *
     * @return the optimizer
     * @throws OptimizerException if there are no parameters, one cannot be optimized, or settings
     *     contradict each other
     */
    public Adagrad build() {
      return new Adagrad(this);
    }
  }
}
