package dev.kiln.ensemble;

import dev.kiln.KilnException;
import dev.kiln.Scope;
import dev.kiln.Tensor;
import dev.kiln.autograd.NoGrad;
import dev.kiln.nn.Module;
import dev.kiln.optim.CosineAnnealingWarmRestarts;
import dev.kiln.optim.LrScheduler;
import dev.kiln.optim.Optimizer;
import dev.kiln.train.Callback;
import dev.kiln.train.TrainState;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * Keeps the weights at the end of each cycle of the learning rate: several models for the price of
 * training one. Huang et al. 2017.
 *
 * <pre>{@code
 * SnapshotEnsemble snapshots = SnapshotEnsemble.of(stepsPerCycle);
 * Trainer.builder(model, loss, optimizer)
 *     .stepScheduler(snapshots.schedule(optimizer))
 *     .callback(snapshots)
 *     .build()
 *     .fit(data, epochs);
 * Ensemble ensemble = snapshots.ensemble(Combining.PROBABILITIES, Net::new);
 * }</pre>
 *
 * <p>Snapshots stay on the device and are part of checkpoints.
 */
public final class SnapshotEnsemble implements Callback {
  private final int stepsPerCycle;
  private final List<Map<String, Tensor>> snapshots = new ArrayList<>();

  private SnapshotEnsemble(int stepsPerCycle) {
    if (stepsPerCycle < 1) {
      throw new KilnException("[snapshot] " + stepsPerCycle + " steps per cycle must be 1 or more");
    }
    this.stepsPerCycle = stepsPerCycle;
  }

  /**
   * Takes a snapshot after every n-th step, counted over all epochs.
   *
   * @param stepsPerCycle n
   * @return the callback
   */
  public static SnapshotEnsemble of(int stepsPerCycle) {
    return new SnapshotEnsemble(stepsPerCycle);
  }

  /**
   * Makes the cyclic schedule that belongs to it: in each cycle the rates fall along half a cosine,
   * from what the optimizer has nearly to 0.
   *
   * @param optimizer whose rates it changes
   * @return a schedule that steps with every training step
   */
  public LrScheduler schedule(Optimizer optimizer) {
    return CosineAnnealingWarmRestarts.of(optimizer, stepsPerCycle, 1, 0);
  }

  /** Returns how many snapshots there are. */
  public int count() {
    return snapshots.size();
  }

  /**
   * Copies a snapshot into a model.
   *
   * @param index its number, from 0
   * @param model of the trained model's structure
   * @throws KilnException if there is none, or the model is another one
   */
  public void copyTo(int index, Module model) {
    if (index < 0 || index >= snapshots.size()) {
      throw new KilnException(
          "[snapshot] there is no snapshot %d; there are %d".formatted(index, snapshots.size()));
    }
    model.loadStateDict(snapshots.get(index));
  }

  /**
   * Makes an ensemble of all snapshots.
   *
   * @param combining how their scores become one
   * @param maker makes a model of the trained model's structure, on its device
   * @return the ensemble
   * @throws KilnException if there are no snapshots
   */
  public Ensemble ensemble(Combining combining, Supplier<? extends Module> maker) {
    return ensemble(combining, maker, snapshots.size());
  }

  /**
   * Makes an ensemble of the last snapshots.
   *
   * @param combining how their scores become one
   * @param maker makes a model of the trained model's structure, on its device
   * @param last how many
   * @return the ensemble
   * @throws KilnException if there are not so many
   */
  public Ensemble ensemble(Combining combining, Supplier<? extends Module> maker, int last) {
    if (last < 1 || last > snapshots.size()) {
      throw new KilnException(
          "[snapshot] an ensemble of %d of %d snapshots; take 1 or more, and train whole cycles"
              .formatted(last, snapshots.size()));
    }
    List<Module> members = new ArrayList<>();
    for (int i = snapshots.size() - last; i < snapshots.size(); i++) {
      Module m = maker.get();
      copyTo(i, m);
      members.add(m);
    }
    return Ensemble.of(combining, members);
  }

  @Override
  public void onStepEnd(TrainState state) {
    if (state.globalStep() % stepsPerCycle == 0) {
      snapshots.add(copy(state.model().stateDict()));
    }
  }

  private static Map<String, Tensor> copy(Map<String, Tensor> from) {
    Map<String, Tensor> kept = new LinkedHashMap<>();
    try (NoGrad off = NoGrad.open()) {
      from.forEach((name, t) -> kept.put(name, Scope.outside(() -> t.detach().copy())));
    }
    return kept;
  }

  @Override
  public Map<String, String> state() {
    return Map.of("snapshots", Integer.toString(snapshots.size()));
  }

  @Override
  public Map<String, Tensor> tensors() {
    Map<String, Tensor> all = new LinkedHashMap<>();
    for (int i = 0; i < snapshots.size(); i++) {
      String prefix = i + ".";
      snapshots.get(i).forEach((name, t) -> all.put(prefix + name, t));
    }
    return all;
  }

  @Override
  public void restore(Map<String, String> state, Map<String, Tensor> tensors) {
    snapshots.clear();
    int count = Integer.parseInt(state.get("snapshots"));
    for (int i = 0; i < count; i++) {
      String prefix = i + ".";
      Map<String, Tensor> one = new LinkedHashMap<>();
      tensors.forEach(
          (name, t) -> {
            if (name.startsWith(prefix)) {
              one.put(name.substring(prefix.length()), t);
            }
          });
      snapshots.add(copy(one));
    }
  }
}
