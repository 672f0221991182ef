package dev.kiln.ensemble;

import dev.kiln.KilnException;
import dev.kiln.Tensor;
import dev.kiln.nn.Module;
import dev.kiln.train.Callback;
import dev.kiln.train.TrainState;
import java.util.Map;

/**
 * Keeps an exponential moving average of the weights in training: {@code average = decay average +
 * (1 - decay) weights} after every step; the first one is copied. Polyak and Juditsky 1992.
 *
 * <pre>{@code
 * ExponentialMovingAverage ema = ExponentialMovingAverage.of(0.999).withWarmup();
 * Trainer.builder(model, loss, optimizer).callback(ema).build().fit(data, 10);
 * ema.copyTo(model);
 * }</pre>
 *
 * <p>Floating buffers, such as batch norm's statistics, are averaged too, as timm does; others are
 * copied. All happens on the device, between steps, in the parameters' type. The average is part of
 * checkpoints, so resumed training gives the same bits.
 */
public final class ExponentialMovingAverage implements Callback {
  private final double decay;
  private final int every;
  private final double gamma;
  private final double power;
  private final boolean averageBuffers;
  private final AveragedWeights weights;
  private long updates;

  private ExponentialMovingAverage(
      double decay, int every, double gamma, double power, boolean averageBuffers) {
    if (!(decay >= 0 && decay <= 1)) {
      throw new KilnException("[ema] decay " + decay + " must be between 0 and 1");
    }
    if (every < 1) {
      throw new KilnException("[ema] every " + every + " steps must be 1 or more");
    }
    this.decay = decay;
    this.every = every;
    this.gamma = gamma;
    this.power = power;
    this.weights = new AveragedWeights(averageBuffers);
    this.averageBuffers = averageBuffers;
  }

  /**
   * Averages after every step.
   *
   * @param decay 0 to 1; 0.999 suits some thousand steps
   * @return the callback
   */
  public static ExponentialMovingAverage of(double decay) {
    return new ExponentialMovingAverage(decay, 1, 0, 0, true);
  }

  /** Returns one that takes only every n-th step. */
  public ExponentialMovingAverage withEvery(int steps) {
    return new ExponentialMovingAverage(decay, steps, gamma, power, averageBuffers);
  }

  /** Returns one that warms up as timm's does by default: with gamma 1 and power 2/3. */
  public ExponentialMovingAverage withWarmup() {
    return withWarmup(1, 2.0 / 3);
  }

  /**
   * Returns one that forgets faster at first: the decay of update t, from 0, is the smaller one of
   * {@code 1 - (1 + t / gamma)^-power} and the decay itself.
   *
   * @param gammaValue above 0
   * @param powerValue above 0
   */
  public ExponentialMovingAverage withWarmup(double gammaValue, double powerValue) {
    if (!(gammaValue > 0 && powerValue > 0)) {
      throw new KilnException(
          "[ema] warm-up with gamma %s and power %s must be above 0"
              .formatted(gammaValue, powerValue));
    }
    return new ExponentialMovingAverage(decay, every, gammaValue, powerValue, averageBuffers);
  }

  /** Returns one that copies all buffers from the model, as PyTorch's AveragedModel does. */
  public ExponentialMovingAverage withCopiedBuffers() {
    return new ExponentialMovingAverage(decay, every, gamma, power, false);
  }

  /**
   * Takes a model's weights in, as the callback does after a step.
   *
   * @param model always the same one
   */
  public void update(Module model) {
    if (updates == 0) {
      weights.copyFrom(model);
    } else {
      double share = 1 - decayAt(updates);
      weights.update(model, d -> d.mul(share));
    }
    updates++;
  }

  /**
   * Returns the decay of an update.
   *
   * @param update its number, from 0; the first copies the weights
   */
  public double decayAt(long update) {
    if (update == 0) {
      return 0;
    }
    return gamma == 0 ? decay : Math.min(decay, 1 - Math.pow(1 + update / gamma, -power));
  }

  /** Returns how many times weights were taken in. */
  public long updates() {
    return updates;
  }

  /**
   * Copies the average into a model of the same structure, the trained one or another.
   *
   * @param model takes the average
   * @throws KilnException if nothing was averaged yet, or the model is another one
   */
  public void copyTo(Module model) {
    weights.copyTo("ema", model);
  }

  @Override
  public void onStepEnd(TrainState state) {
    if (state.globalStep() % every == 0) {
      update(state.model());
    }
  }

  @Override
  public Map<String, String> state() {
    return Map.of("updates", Long.toString(updates));
  }

  @Override
  public Map<String, Tensor> tensors() {
    return weights.tensors();
  }

  @Override
  public void restore(Map<String, String> state, Map<String, Tensor> tensors) {
    updates = Long.parseLong(state.get("updates"));
    weights.restore(tensors);
  }
}
