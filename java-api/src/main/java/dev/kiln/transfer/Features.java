package dev.kiln.transfer;

import dev.kiln.KilnException;
import dev.kiln.data.Dataset;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What layers of a model made of a data set.
 *
 * @param layers a row of numbers for each example, by layer: its activation, flattened
 * @param labels the examples' classes
 * @param fromCache whether they were read from a file
 */
public record Features(Map<String, float[][]> layers, int[] labels, boolean fromCache) {
  /** Makes features; the map is copied, the numbers are not. */
  public Features {
    layers = Collections.unmodifiableMap(new LinkedHashMap<>(layers));
  }

  /**
   * Returns a layer's features as data to train a head on.
   *
   * @param layer its dotted name
   * @return fields "input" float32[features] and "label" int64[]
   * @throws KilnException if there is no such layer
   */
  public Dataset dataset(String layer) {
    float[][] rows = layers.get(layer);
    if (rows == null) {
      throw new KilnException(
          "[features] there are none of \""
              + layer
              + "\"; there are "
              + List.copyOf(layers.keySet()));
    }
    return Dataset.of(rows, labels);
  }
}
