package dev.kiln.ensemble;

import dev.kiln.data.Dataset;
import dev.kiln.nn.Module;

/** Trains a model: what makes the members of ensembles that choose their own data. */
@FunctionalInterface
public interface Learner {
  /**
   * Trains a new model.
   *
   * @param data what it may learn from, and nothing else
   * @return the trained model, on its device
   */
  Module learn(Dataset data);
}
