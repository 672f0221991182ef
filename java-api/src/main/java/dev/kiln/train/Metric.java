package dev.kiln.train;

import dev.kiln.Tensor;
import java.util.Map;

/**
 * Adds up a measure of a model's outputs on the device and reads it back only when asked.
 *
 * <p>{@link #update} launches ops and never waits for the device, so a metric costs no
 * synchronisation per step; {@link #compute} waits. Not thread-safe.
 */
public interface Metric {
  /**
   * Returns the name under which histories, logs and monitors know the metric.
   *
   * @return such as {@code accuracy}; the same metric on validation data is {@code val_accuracy}
   */
  String name();

  /**
   * Adds one batch, without waiting for the device.
   *
   * @param output what the model gave
   * @param target what it should have given
   */
  void update(Tensor output, Tensor target);

  /**
   * Reads the value over all batches since the last reset; waits for the device.
   *
   * @return the value; NaN when there is nothing to average
   */
  double compute();

  /** Starts again from nothing. */
  void reset();

  /**
   * Returns what has been added up so far, for a checkpoint in the middle of an epoch.
   *
   * @return live tensors by name; empty if the metric cannot be saved or nothing was added
   */
  default Map<String, Tensor> state() {
    return Map.of();
  }

  /**
   * Puts back what {@link #state()} gave.
   *
   * @param saved tensors by name, copied
   */
  default void restore(Map<String, Tensor> saved) {}
}
