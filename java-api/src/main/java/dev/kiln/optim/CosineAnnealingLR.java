package dev.kiln.optim;

/**
 * Lowers the rates along half a cosine: {@code etaMin + (base - etaMin) (1 + cos(pi t / tMax)) /
 * 2}; past tMax they rise again. Loshchilov and Hutter 2017, without restarts.
 */
public final class CosineAnnealingLR extends ClosedFormSchedule {
  private final long tMax;
  private final double etaMin;

  private CosineAnnealingLR(Optimizer optimizer, long tMax, double etaMin) {
    super(optimizer);
    this.tMax = tMax;
    this.etaMin = etaMin;
    apply(0);
  }

  /**
   * Makes a schedule that ends at 0.
   *
   * @param optimizer whose rates it changes
   * @param tMax steps to the lowest rate, at least 1
   * @return the schedule, at step 0
   * @throws OptimizerException if tMax is below 1
   */
  public static CosineAnnealingLR of(Optimizer optimizer, long tMax) {
    return of(optimizer, tMax, 0);
  }

  /**
   * Makes the schedule.
   *
   * @param optimizer whose rates it changes
   * @param tMax steps to the lowest rate, at least 1
   * @param etaMin the lowest rate, at least 0
   * @return the schedule, at step 0
   * @throws OptimizerException if tMax is below 1 or etaMin is negative
   */
  public static CosineAnnealingLR of(Optimizer optimizer, long tMax, double etaMin) {
    require(tMax >= 1, "CosineAnnealingLR", "tMax = " + tMax + " must be at least 1");
    require(etaMin >= 0, "CosineAnnealingLR", "etaMin = " + etaMin + " must be >= 0");
    return new CosineAnnealingLR(optimizer, tMax, etaMin);
  }

  @Override
  double lr(double base, int group, double step) {
    return etaMin + (base - etaMin) * (1 + Math.cos(Math.PI * step / tMax)) / 2;
  }
}
