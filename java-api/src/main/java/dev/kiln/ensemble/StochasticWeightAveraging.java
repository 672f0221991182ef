package dev.kiln.ensemble;

import dev.kiln.KilnException;
import dev.kiln.Scope;
import dev.kiln.Tensor;
import dev.kiln.data.Batch;
import dev.kiln.data.DataLoader;
import dev.kiln.nn.BatchNorm;
import dev.kiln.nn.Module;
import dev.kiln.train.Callback;
import dev.kiln.train.TrainState;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * Keeps the plain average of the weights at the ends of the last epochs of training. Izmailov et
 * al. 2018.
 *
 * <pre>{@code
 * StochasticWeightAveraging swa = StochasticWeightAveraging.from(8);
 * Trainer.builder(model, loss, optimizer).callback(swa).build().fit(data, 10);
 * swa.copyTo(model);
 * StochasticWeightAveraging.updateBatchNorm(model, data, normalize);
 * }</pre>
 *
 * <p>It wants a learning rate that stays high, constant or cyclic, while weights are averaged.
 * Buffers are copied from the model; batch norm's statistics do not fit averaged weights, so {@link
 * #updateBatchNorm measure them anew}. All happens on the device; the average is part of
 * checkpoints, so resumed training gives the same bits.
 */
public final class StochasticWeightAveraging implements Callback {
  private final int start;
  private final int every;
  private final boolean bySteps;
  private final AveragedWeights weights = new AveragedWeights(false);
  private long count;

  private StochasticWeightAveraging(int start, int every, boolean bySteps) {
    if (start < 1 || every < 1) {
      throw new KilnException(
          "[swa] start %d and every %d must be 1 or more".formatted(start, every));
    }
    this.start = start;
    this.every = every;
    this.bySteps = bySteps;
  }

  /**
   * Averages at the end of each epoch.
   *
   * @param epoch the first epoch that counts, from 1
   * @return the callback
   */
  public static StochasticWeightAveraging from(int epoch) {
    return new StochasticWeightAveraging(epoch, 1, false);
  }

  /**
   * Averages after every n-th step, counted over all epochs, such as at the end of each cycle of
   * the learning rate.
   *
   * @param step the first step that counts, from 1
   * @param n how many steps are between averages
   * @return the callback
   */
  public static StochasticWeightAveraging fromStep(int step, int n) {
    return new StochasticWeightAveraging(step, n, true);
  }

  /** Returns the same, averaging only every n-th epoch, or step. */
  public StochasticWeightAveraging withEvery(int n) {
    return new StochasticWeightAveraging(start, n, bySteps);
  }

  /**
   * Takes a model's weights in, as the callback does.
   *
   * @param model always the same one
   */
  public void update(Module model) {
    if (count == 0) {
      weights.copyFrom(model);
    } else {
      double n = count + 1.0;
      weights.update(model, d -> d.div(n));
    }
    count++;
  }

  /** Returns how many weights are in the average. */
  public long count() {
    return count;
  }

  /**
   * Copies the average into a model of the same structure, the trained one or another.
   *
   * @param model takes the average
   * @throws KilnException if nothing was averaged yet, or the model is another one
   */
  public void copyTo(Module model) {
    weights.copyTo("swa", model);
  }

  /**
   * Measures batch norm's running statistics anew, as plain averages over one epoch of data.
   *
   * @param model with any layers; it is in training mode meanwhile
   * @param data the training data
   * @param input what is done to inputs on the device, as the trainer's input transform
   */
  public static void updateBatchNorm(Module model, DataLoader data, UnaryOperator<Tensor> input) {
    BatchNorm.reestimate(
        model,
        () -> {
          for (Batch batch : data.epoch(0)) {
            try (Scope scope = Scope.open("update_bn");
                Batch b = batch) {
              model.call(input.apply(b.input().to(model.device())));
            }
          }
        });
  }

  @Override
  public void onStepEnd(TrainState state) {
    if (bySteps && isDue(state.globalStep())) {
      update(state.model());
    }
  }

  @Override
  public void onEpochEnd(TrainState state) {
    if (!bySteps && isDue(state.epoch())) {
      update(state.model());
    }
  }

  private boolean isDue(long now) {
    return now >= start && (now - start) % every == 0;
  }

  @Override
  public Map<String, String> state() {
    return Map.of("count", Long.toString(count));
  }

  @Override
  public Map<String, Tensor> tensors() {
    return weights.tensors();
  }

  @Override
  public void restore(Map<String, String> state, Map<String, Tensor> tensors) {
    count = Long.parseLong(state.get("count"));
    weights.restore(tensors);
  }
}
