package dev.kiln.train;

import dev.kiln.Device;
import dev.kiln.KilnException;

/**
 * How often training makes sure that loss and gradients are finite.
 *
 * <p>A check reads two numbers back, after the backward pass and before the weights change. On the
 * processor that costs next to nothing; a GPU must wait for it.
 */
public final class FiniteCheck {
  private static final int RARE = 50;
  private static final int BY_DEVICE = -1;

  private final int every;

  private FiniteCheck(int every) {
    this.every = every;
  }

  /**
   * Checks every step on the processor and every 50 steps elsewhere.
   *
   * @return the policy of a trainer that is given none
   */
  public static FiniteCheck byDevice() {
    return new FiniteCheck(BY_DEVICE);
  }

  /**
   * Checks every n steps; with n = 1 no bad step ever changes the weights.
   *
   * @param steps 1 or more
   * @return the policy
   */
  public static FiniteCheck every(int steps) {
    if (steps < 1) {
      throw new KilnException("[finite_check] steps " + steps + " must be 1 or more");
    }
    return new FiniteCheck(steps);
  }

  /**
   * Checks only at the end of each epoch and before saving, where numbers are read anyway.
   *
   * @return the policy
   */
  public static FiniteCheck atEpochEnd() {
    return new FiniteCheck(0);
  }

  /** Tells whether a step, counted from 1, is checked. */
  boolean isDue(long globalStep, Device device) {
    int n = every == BY_DEVICE ? usual(device) : every;
    return n > 0 && globalStep % n == 0;
  }

  private static int usual(Device device) {
    return device.backend().records() ? RARE : 1;
  }
}
