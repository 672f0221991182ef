package dev.kiln.optim;

/**
 * Raises the rates from {@code maxLr / divFactor} to maxLr and lowers them to {@code maxLr /
 * divFactor / finalDivFactor}, along cosines or straight lines, while the momentum goes the
 * opposite way. The momentum is SGD's and RMSprop's {@code momentum} where it is in use, Adam's
 * {@code beta1}. Smith and Topin 2018; PyTorch's two-phase form.
 *
 * <p>It has an end: after totalSteps steps, the last of which stays at the lowest rate, another one
 * is an error.
 */
public final class OneCycleLR extends ClosedFormSchedule {
  private final Builder settings;

  /** The shape of the two phases. */
  public enum Anneal {
    /** Half a cosine. */
    COS,
    /** A straight line. */
    LINEAR
  }

  private OneCycleLR(Optimizer optimizer, Builder settings) {
    super(optimizer);
    this.settings = new Builder(settings);
    apply(0);
  }

  /**
   * Makes the schedule with PyTorch's defaults.
   *
   * @param optimizer whose rates it changes
   * @param maxLr the highest rate, of all groups
   * @param totalSteps how many training steps it covers, at least 2
   * @return the schedule, at step 0
   * @throws OptimizerException if maxLr is not above 0 or totalSteps is below 2
   */
  public static OneCycleLR of(Optimizer optimizer, double maxLr, long totalSteps) {
    return builder(optimizer, maxLr, totalSteps).build();
  }

  /**
   * Starts a schedule.
   *
   * @param optimizer whose rates it changes
   * @param maxLr the highest rate, of all groups
   * @param totalSteps how many training steps it covers, at least 2
   * @return the builder
   */
  public static Builder builder(Optimizer optimizer, double maxLr, long totalSteps) {
    return new Builder(optimizer, maxLr, totalSteps);
  }

  @Override
  double lr(double base, int group, double step) {
    double initial = settings.maxLr / settings.divFactor;
    return cycle(step, initial, settings.maxLr, initial / settings.finalDivFactor);
  }

  @Override
  void setOthers(double step) {
    if (!settings.cycleMomentum) {
      return;
    }
    double momentum =
        cycle(step, settings.maxMomentum, settings.baseMomentum, settings.maxMomentum);
    for (ParameterGroup group : optimizer().groups()) {
      if (group.rule().has("beta1")) {
        group.set("beta1", momentum);
      } else if (group.rule().has("momentum") && group.get("momentum") != 0) {
        group.set("momentum", momentum);
      }
    }
  }

  private double cycle(double step, double start, double peak, double end) {
    double last = settings.totalSteps - 1.0;
    require(
        step <= settings.totalSteps,
        kind(),
        "step "
            + (long) step
            + " is past the end of a cycle of "
            + settings.totalSteps
            + " steps; give totalSteps = epochs * batches, and step once per batch");
    double top = settings.pctStart * settings.totalSteps - 1;
    if (step <= top) {
      return top == 0 ? peak : between(start, peak, step / top);
    }
    return between(peak, end, Math.min(1, (step - top) / (last - top)));
  }

  private double between(double from, double to, double part) {
    return settings.anneal == Anneal.COS
        ? to + (from - to) / 2 * (1 + Math.cos(Math.PI * part))
        : from + (to - from) * part;
  }

  /** Collects the settings; those left out have PyTorch's defaults. */
  public static final class Builder {
    private final Optimizer optimizer;
    private final double maxLr;
    private final long totalSteps;
    private double pctStart = 0.3;
    private Anneal anneal = Anneal.COS;
    private boolean cycleMomentum = true;
    private double baseMomentum = 0.85;
    private double maxMomentum = 0.95;
    private double divFactor = 25;
    private double finalDivFactor = 1e4;

    private Builder(Optimizer optimizer, double maxLr, long totalSteps) {
      require(maxLr > 0, "OneCycleLR", "maxLr = " + maxLr + " must be > 0");
      require(totalSteps >= 2, "OneCycleLR", "totalSteps = " + totalSteps + " must be >= 2");
      this.optimizer = optimizer;
      this.maxLr = maxLr;
      this.totalSteps = totalSteps;
    }

    private Builder(Builder from) {
      this(from.optimizer, from.maxLr, from.totalSteps);
      pctStart = from.pctStart;
      anneal = from.anneal;
      cycleMomentum = from.cycleMomentum;
      baseMomentum = from.baseMomentum;
      maxMomentum = from.maxMomentum;
      divFactor = from.divFactor;
      finalDivFactor = from.finalDivFactor;
    }

    /**
     * Sets which part of the steps raises the rate.
     *
     * @param part 0 to 1, 0.3 by default
     * @return this
     */
    public Builder pctStart(double part) {
      require(part >= 0 && part <= 1, "OneCycleLR", "pctStart = " + part + " must be in 0 .. 1");
      pctStart = part;
      return this;
    }

    /**
     * Chooses the shape of both phases.
     *
     * @param shape COS by default
     * @return this
     */
    public Builder anneal(Anneal shape) {
      anneal = shape;
      return this;
    }

    /**
     * Decides whether the momentum goes the opposite way.
     *
     * @param wanted true by default
     * @return this
     */
    public Builder cycleMomentum(boolean wanted) {
      cycleMomentum = wanted;
      return this;
    }

    /**
     * Sets between which values the momentum goes.
     *
     * @param base the lowest, at the highest rate; in [0, 1), 0.85 by default
     * @param max the highest, at start and end; in [0, 1), 0.95 by default
     * @return this
     */
    public Builder momentum(double base, double max) {
      require(
          base >= 0 && base <= max && max < 1,
          "OneCycleLR",
          "momentum " + base + " .. " + max + " must ascend in [0, 1)");
      baseMomentum = base;
      maxMomentum = max;
      return this;
    }

    /**
     * Sets by how much the first rate is below the highest.
     *
     * @param factor above 0, 25 by default
     * @return this
     */
    public Builder divFactor(double factor) {
      require(factor > 0, "OneCycleLR", "divFactor = " + factor + " must be > 0");
      divFactor = factor;
      return this;
    }

    /**
     * Sets by how much the last rate is below the first.
     *
     * @param factor above 0, 10000 by default
     * @return this
     */
    public Builder finalDivFactor(double factor) {
      require(factor > 0, "OneCycleLR", "finalDivFactor = " + factor + " must be > 0");
      finalDivFactor = factor;
      return this;
    }

    /**
     * Makes the schedule and sets the first rates.
     *
     * @return the schedule, at step 0
     */
    public OneCycleLR build() {
      return new OneCycleLR(optimizer, this);
    }
  }
}
