package dev.kiln.train;

import dev.kiln.KilnException;
import java.util.Optional;

/**
 * Says that loss, gradients or weights became NaN or infinite, where that began, and what helps.
 */
public final class NonFiniteLossException extends KilnException {
  private static final long serialVersionUID = 1L;

  private final int epoch;
  private final long globalStep;
  private final String culprit;

  NonFiniteLossException(String message, int epoch, long globalStep, String culprit) {
    super(message);
    this.epoch = epoch;
    this.globalStep = globalStep;
    this.culprit = culprit;
  }

  /**
   * Returns the epoch in which it happened.
   *
   * @return from 1
   */
  public int epoch() {
    return epoch;
  }

  /**
   * Returns the step in which it was found.
   *
   * @return from 1, counted over all epochs
   */
  public long globalStep() {
    return globalStep;
  }

  /**
   * Returns the dotted name of the layer or parameter where it began.
   *
   * @return the name, or nothing if it began in the input, the target or the loss itself
   */
  public Optional<String> culprit() {
    return culprit.isEmpty() ? Optional.empty() : Optional.of(culprit);
  }
}
