package dev.kiln.train;

import dev.kiln.KilnException;
import dev.kiln.Scope;
import dev.kiln.Tensor;
import dev.kiln.autograd.NoGrad;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Ends training when a value has not improved for some epochs.
 *
 * <pre>{@code
 * EarlyStopping.on("val_loss").withPatience(5).withRestoreBest(true)
 * }</pre>
 */
public final class EarlyStopping implements Callback {
  private final String monitor;
  private final Mode mode;
  private final int patience;
  private final double minDelta;
  private final boolean restoreBest;

  private double best = Double.NaN;
  private int bestEpoch;
  private int bad;
  private final Map<String, Tensor> weights = new LinkedHashMap<>();

  private EarlyStopping(
      String monitor, Mode mode, int patience, double minDelta, boolean restoreBest) {
    this.monitor = monitor;
    this.mode = mode;
    this.patience = patience;
    this.minDelta = minDelta;
    this.restoreBest = restoreBest;
  }

  /**
   * Watches a value with a patience of 5 epochs, in the direction that {@link Mode#of} guesses.
   *
   * @param monitor such as {@code val_loss}; see {@link EpochRecord#values()}
   * @return the callback
   */
  public static EarlyStopping on(String monitor) {
    return new EarlyStopping(monitor, Mode.of(monitor), 5, 0, false);
  }

  /**
   * Sets how many epochs in a row may pass without an improvement: training ends with the last.
   *
   * @param epochs 1 or more
   * @return a new callback
   */
  public EarlyStopping withPatience(int epochs) {
    if (epochs < 1) {
      throw new KilnException("[early_stopping] patience " + epochs + " must be 1 or more");
    }
    return new EarlyStopping(monitor, mode, epochs, minDelta, restoreBest);
  }

  /**
   * Sets which direction is good.
   *
   * @return a new callback
   */
  public EarlyStopping withMode(Mode better) {
    return new EarlyStopping(monitor, better, patience, minDelta, restoreBest);
  }

  /**
   * Sets by how much a value must beat the best to count as an improvement.
   *
   * @param margin 0 or more
   * @return a new callback
   */
  public EarlyStopping withMinDelta(double margin) {
    if (!(margin >= 0)) {
      throw new KilnException("[early_stopping] minDelta " + margin + " must be 0 or more");
    }
    return new EarlyStopping(monitor, mode, patience, margin, restoreBest);
  }

  /**
   * Decides whether the model ends with the weights of its best epoch, however training ends. They
   * are kept on the device in the meantime.
   *
   * @return a new callback
   */
  public EarlyStopping withRestoreBest(boolean wanted) {
    return new EarlyStopping(monitor, mode, patience, minDelta, wanted);
  }

  /** Returns the best value so far; NaN before the first epoch. */
  public double best() {
    return best;
  }

  /** Returns the epoch of the best value, from 1; 0 before the first. */
  public int bestEpoch() {
    return bestEpoch;
  }

  @Override
  public void onEpochEnd(TrainState state) {
    double value = state.history().last().orElseThrow().value(monitor);
    if (mode.isBetter(value, best, minDelta)) {
      best = value;
      bestEpoch = state.epoch();
      bad = 0;
      if (restoreBest) {
        copy(state.model().stateDict(), weights);
      }
      return;
    }
    bad++;
    if (bad >= patience) {
      state.stop(
          "%s has not improved for %d epochs; best %s in epoch %d"
              .formatted(monitor, bad, Format.number(best), bestEpoch));
    }
  }

  @Override
  public void onTrainEnd(TrainState state) {
    if (restoreBest) {
      Map<String, Tensor> model = state.model().stateDict();
      try (NoGrad off = NoGrad.open()) {
        weights.forEach((name, t) -> model.get(name).copyFrom(t));
      }
    }
  }

  private static void copy(Map<String, Tensor> from, Map<String, Tensor> into) {
    try (NoGrad off = NoGrad.open()) {
      from.forEach(
          (name, t) -> {
            Tensor kept = into.get(name);
            if (kept == null) {
              into.put(name, Scope.outside(() -> t.detach().copy()));
            } else {
              kept.copyFrom(t);
            }
          });
    }
  }

  @Override
  public Map<String, String> state() {
    return Map.of(
        "best",
        Double.toString(best),
        "bestEpoch",
        Integer.toString(bestEpoch),
        "bad",
        Integer.toString(bad));
  }

  @Override
  public Map<String, Tensor> tensors() {
    return Collections.unmodifiableMap(weights);
  }

  @Override
  public void restore(Map<String, String> state, Map<String, Tensor> tensors) {
    best = Double.parseDouble(state.get("best"));
    bestEpoch = Integer.parseInt(state.get("bestEpoch"));
    bad = Integer.parseInt(state.get("bad"));
    weights.clear();
    copy(tensors, weights);
  }
}
