package dev.kiln.optim;

/**
 * Lowers the rates along half a cosine and starts again, each time over tMult times as many steps:
 * {@code etaMin + (base - etaMin) (1 + cos(pi tCur / tI)) / 2}. Loshchilov and Hutter 2017.
 */
public final class CosineAnnealingWarmRestarts extends ClosedFormSchedule {
  private final long t0;
  private final long tMult;
  private final double etaMin;

  private CosineAnnealingWarmRestarts(Optimizer optimizer, long t0, long tMult, double etaMin) {
    super(optimizer);
    this.t0 = t0;
    this.tMult = tMult;
    this.etaMin = etaMin;
    apply(0);
  }

  /**
   * Makes the schedule.
   *
   * @param optimizer whose rates it changes
   * @param t0 steps to the first restart, at least 1
   * @param tMult by how much each round is longer than the last, at least 1
   * @param etaMin the lowest rate, at least 0
   * @return the schedule, at step 0
   * @throws OptimizerException if t0 or tMult is below 1 or etaMin is negative
   */
  public static CosineAnnealingWarmRestarts of(
      Optimizer optimizer, long t0, long tMult, double etaMin) {
    String kind = "CosineAnnealingWarmRestarts";
    require(t0 >= 1, kind, "t0 = " + t0 + " must be at least 1");
    require(tMult >= 1, kind, "tMult = " + tMult + " must be at least 1");
    require(etaMin >= 0, kind, "etaMin = " + etaMin + " must be >= 0");
    return new CosineAnnealingWarmRestarts(optimizer, t0, tMult, etaMin);
  }

  /**
   * Goes to any point of time, such as {@code epoch + batch / (double) batches}.
   *
   * @param time in steps, with a fraction, at least 0
   * @throws OptimizerException if it is negative or not finite
   */
  public void stepTo(double time) {
    require(
        time >= 0 && time < Double.POSITIVE_INFINITY, kind(), "time = " + time + " must be >= 0");
    moveTo(time);
  }

  @Override
  double lr(double base, int group, double step) {
    double length = t0;
    double since = step;
    if (tMult == 1) {
      since = step % t0;
    } else {
      while (since >= length) {
        since -= length;
        length *= tMult;
      }
    }
    return etaMin + (base - etaMin) * (1 + Math.cos(Math.PI * since / length)) / 2;
  }
}
