package dev.kiln.optim;

import java.util.List;
import java.util.Map;

/**
 * Multiplies the rates by a factor when a metric has not improved for more than {@code patience}
 * steps. PyTorch's formulas and defaults.
 */
public final class ReduceLROnPlateau extends LrScheduler {
  private static final String BEST = "best";
  private static final String BAD_STEPS = "badSteps";
  private static final String COOLDOWN_LEFT = "cooldownLeft";

  private final Builder settings;
  private double best;
  private long badSteps;
  private long cooldownLeft;

  /** What counts as better. */
  public enum Mode {
    /** A smaller metric, such as a loss. */
    MIN,
    /** A larger metric, such as an accuracy. */
    MAX
  }

  /** How much better it must be. */
  public enum ThresholdMode {
    /** By a fraction of the best. */
    REL,
    /** By an amount. */
    ABS
  }

  private ReduceLROnPlateau(Builder settings) {
    super(settings.optimizer);
    this.settings = new Builder(settings);
    this.best = worst();
  }

  /**
   * Makes a schedule with PyTorch's defaults, for a metric that should become smaller.
   *
   * @param optimizer whose rates it changes
   * @return the schedule
   */
  public static ReduceLROnPlateau of(Optimizer optimizer) {
    return builder(optimizer).build();
  }

  /**
   * Starts a schedule.
   *
   * @param optimizer whose rates it changes
   * @return the builder
   */
  public static Builder builder(Optimizer optimizer) {
    return new Builder(optimizer);
  }

  private double worst() {
    return settings.mode == Mode.MIN ? Double.POSITIVE_INFINITY : Double.NEGATIVE_INFINITY;
  }

  /**
   * Cannot be used: this schedule needs a metric.
   *
   * @throws OptimizerException always
   */
  @Override
  public void step() {
    throw new OptimizerException(
        "[ReduceLROnPlateau] it needs the metric that it watches: call step(metric)");
  }

  /**
   * Looks at a metric and lowers the rates if it has not improved for too long.
   *
   * @param metric the newest value; NaN is never an improvement
   */
  @Override
  public void step(double metric) {
    if (isBetter(metric)) {
      best = metric;
      badSteps = 0;
    } else {
      badSteps++;
    }
    if (cooldownLeft > 0) {
      cooldownLeft--;
      badSteps = 0;
    }
    if (badSteps > settings.patience) {
      optimizer().groups().forEach(this::reduce);
      cooldownLeft = settings.cooldown;
      badSteps = 0;
    }
  }

  private void reduce(ParameterGroup group) {
    double lr = Math.max(group.lr() * settings.factor, settings.minLr);
    if (group.lr() - lr > settings.eps) {
      group.scheduledLr(lr);
    }
  }

  private boolean isBetter(double metric) {
    double t = settings.threshold;
    if (settings.thresholdMode == ThresholdMode.REL) {
      return settings.mode == Mode.MIN ? metric < best * (1 - t) : metric > best * (1 + t);
    }
    return settings.mode == Mode.MIN ? metric < best - t : metric > best + t;
  }

  @Override
  void save(Map<String, Object> into) {
    into.put(BEST, Double.isFinite(best) ? List.of(best) : List.of());
    into.put(BAD_STEPS, badSteps);
    into.put(COOLDOWN_LEFT, cooldownLeft);
  }

  @Override
  void restore(Map<String, ?> saved) {
    List<Double> savedBest = numbers(saved, BEST);
    long bad = (long) number(saved, BAD_STEPS);
    long left = (long) number(saved, COOLDOWN_LEFT);
    best = savedBest.isEmpty() ? worst() : savedBest.get(0);
    badSteps = bad;
    cooldownLeft = left;
  }

  /** Collects the settings; those left out have PyTorch's defaults. */
  public static final class Builder {
    private static final String KIND = "ReduceLROnPlateau";

    private final Optimizer optimizer;
    private Mode mode = Mode.MIN;
    private double factor = 0.1;
    private long patience = 10;
    private double threshold = 1e-4;
    private ThresholdMode thresholdMode = ThresholdMode.REL;
    private long cooldown;
    private double minLr;
    private double eps = 1e-8;

    private Builder(Optimizer optimizer) {
      this.optimizer = optimizer;
    }

    private Builder(Builder from) {
      this(from.optimizer);
      mode = from.mode;
      factor = from.factor;
      patience = from.patience;
      threshold = from.threshold;
      thresholdMode = from.thresholdMode;
      cooldown = from.cooldown;
      minLr = from.minLr;
      eps = from.eps;
    }

    /**
     * Chooses what counts as better.
     *
     * @param wanted MIN by default
     * @return this
     */
    public Builder mode(Mode wanted) {
      mode = wanted;
      return this;
    }

    /**
     * Sets what the rates are multiplied by.
     *
     * @param by in [0, 1), 0.1 by default
     * @return this
     */
    public Builder factor(double by) {
      require(by >= 0 && by < 1, KIND, "factor = " + by + " must be in [0, 1)");
      factor = by;
      return this;
    }

    /**
     * Sets how many steps without improvement are tolerated.
     *
     * @param steps at least 0, 10 by default
     * @return this
     */
    public Builder patience(long steps) {
      require(steps >= 0, KIND, "patience = " + steps + " must be >= 0");
      patience = steps;
      return this;
    }

    /**
     * Sets how much better the metric must be.
     *
     * @param by at least 0, 1e-4 by default
     * @param how REL by default
     * @return this
     */
    public Builder threshold(double by, ThresholdMode how) {
      require(by >= 0, KIND, "threshold = " + by + " must be >= 0");
      threshold = by;
      thresholdMode = how;
      return this;
    }

    /**
     * Sets how many steps after a reduction are not counted.
     *
     * @param steps at least 0, 0 by default
     * @return this
     */
    public Builder cooldown(long steps) {
      require(steps >= 0, KIND, "cooldown = " + steps + " must be >= 0");
      cooldown = steps;
      return this;
    }

    /**
     * Sets the lowest rate.
     *
     * @param lr at least 0, 0 by default
     * @return this
     */
    public Builder minLr(double lr) {
      require(lr >= 0, KIND, "minLr = " + lr + " must be >= 0");
      minLr = lr;
      return this;
    }

    /**
     * Sets the smallest change that is made at all.
     *
     * @param change at least 0, 1e-8 by default
     * @return this
     */
    public Builder eps(double change) {
      require(change >= 0, KIND, "eps = " + change + " must be >= 0");
      eps = change;
      return this;
    }

    /**
     * Makes the schedule.
     *
     * @return the schedule, which has seen no metric yet
     */
    public ReduceLROnPlateau build() {
      return new ReduceLROnPlateau(this);
    }
  }
}
