package dev.kiln.train;

import dev.kiln.KilnException;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What one epoch of training came to.
 *
 * @param epoch its number, from 1
 * @param loss the mean training loss, each batch weighted by its size
 * @param metrics the training metrics by name, measured while the model was learning
 * @param validation what it scored on the validation data, if there are any
 * @param lr the learning rate of the last step
 * @param seconds how long the training steps took, without validation
 * @param samplesPerSecond training examples per second
 */
public record EpochRecord(
    int epoch,
    double loss,
    Map<String, Double> metrics,
    Optional<Evaluation> validation,
    double lr,
    double seconds,
    double samplesPerSecond) {

  /** Makes a record; the map is copied. */
  public EpochRecord {
    metrics = Collections.unmodifiableMap(new LinkedHashMap<>(metrics));
  }

  /**
   * Returns everything that can be monitored.
   *
   * @return {@code loss}, metrics such as {@code accuracy}, those of validation data as {@code
   *     val_loss} and {@code val_accuracy}, and {@code lr}
   */
  public Map<String, Double> values() {
    Map<String, Double> all = new LinkedHashMap<>();
    all.put("loss", loss);
    all.putAll(metrics);
    validation.ifPresent(v -> v.values().forEach((name, x) -> all.put("val_" + name, x)));
    all.put("lr", lr);
    return all;
  }

  /**
   * Returns one monitored value.
   *
   * @param monitor its name, such as {@code val_loss}
   * @return the value
   * @throws KilnException if there is none of that name; the message lists those there are
   */
  public double value(String monitor) {
    Double v = values().get(monitor);
    if (v == null) {
      String mend =
          monitor.startsWith("val_") && validation.isEmpty()
              ? "; give the trainer validation data"
              : "";
      throw new KilnException(
          "[monitor] there is no \"%s\"; there are %s%s"
              .formatted(monitor, String.join(", ", values().keySet()), mend));
    }
    return v;
  }
}
