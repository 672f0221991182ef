package dev.kiln.train;

import dev.kiln.Tensor;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * Is told what happens during training. All methods run in the training thread; what they throw
 * ends training.
 */
public interface Callback {
  /** Called before the first step, and again when training is resumed. */
  default void onTrainStart(TrainState state) {}

  /** Called before the first step of an epoch, and when one is resumed in the middle. */
  default void onEpochStart(TrainState state) {}

  /** Called after each batch. */
  default void onStepEnd(TrainState state) {}

  /** Called before the validation data are gone through. */
  default void onValidationStart(TrainState state) {}

  /** Called with what the model scored on the validation data. */
  default void onValidationEnd(TrainState state, Evaluation evaluation) {}

  /** Called after an epoch's steps and validation; its record is in the history. */
  default void onEpochEnd(TrainState state) {}

  /** Called after a checkpoint was written, and before training goes on. */
  default void onSave(TrainState state, Path checkpoint) {}

  /**
   * Called when Ctrl-C, SIGTERM or a thread interrupt ended training and the state is saved.
   *
   * @param checkpoint where, if the trainer was told to save on interrupt
   */
  default void onInterrupt(TrainState state, Optional<Path> checkpoint) {}

  /** Called once at the end, however training ended. */
  default void onTrainEnd(TrainState state) {}

  /**
   * Returns what the callback must remember across a resume.
   *
   * @return texts by name
   */
  default Map<String, String> state() {
    return Map.of();
  }

  /**
   * Returns the tensors that the callback must remember across a resume.
   *
   * @return tensors by name
   */
  default Map<String, Tensor> tensors() {
    return Map.of();
  }

  /**
   * Puts back what was remembered, before training goes on.
   *
   * @param state as {@link #state()} gave it
   * @param tensors as {@link #tensors()} gave them; to be copied
   */
  default void restore(Map<String, String> state, Map<String, Tensor> tensors) {}
}
