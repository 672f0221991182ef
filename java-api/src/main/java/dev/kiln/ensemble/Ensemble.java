package dev.kiln.ensemble;

import dev.kiln.KilnException;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.nn.BatchedModules;
import dev.kiln.nn.Module;
import dev.kiln.nn.ModuleList;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;

/**
 * Models that answer together, as one model.
 *
 * <pre>{@code
 * Ensemble ensemble = Ensemble.of(Combining.PROBABILITIES, members);
 * trainerOf(ensemble).evaluate(testLoader);
 * Safetensors.save(ensemble.stateDict(), path);
 * }</pre>
 *
 * <p>Children: {@code members.0}, {@code members.1}, ... Buffer: {@code weights} [members],
 * FLOAT32, with the sum 1. Members take the same input, on one device, and give scores of one
 * shape; each may be of another structure. Those of one structure run together in eval mode without
 * gradients, as {@link BatchedModules} says; others run in full one after another. Averages of
 * probabilities or scores have gradients, so an ensemble can be trained as one too; votes have
 * none.
 */
public final class Ensemble extends Module {
  private final Combining combining;
  private final ModuleList members;
  private final BatchedModules batched;
  private final Tensor weights;

  private Ensemble(Combining combining, List<? extends Module> members, double[] weights) {
    if (members.isEmpty()) {
      throw new KilnException("[ensemble] there are no members; give one or more");
    }
    double sum = Arrays.stream(weights).sum();
    boolean legal = weights.length == members.size() && sum > 0 && Double.isFinite(sum);
    for (double w : weights) {
      legal &= w >= 0;
    }
    if (!legal) {
      throw new KilnException(
          "[ensemble] weights %s for %d members; give each one of 0 or more, not all 0"
              .formatted(Arrays.toString(weights), members.size()));
    }
    this.combining = combining;
    this.members = module("members", new ModuleList());
    members.forEach(this.members::add);
    batched = BatchedModules.of(this.members);
    double[] shares = Arrays.stream(weights).map(w -> w / sum).toArray();
    float[] values = new float[shares.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) shares[i];
    }
    this.weights =
        buffer("weights", Tensor.of(values, Shape.of(values.length), members.get(0).device()));
  }

  /**
   * Makes an ensemble whose members count alike.
   *
   * @param combining how scores become one
   * @param members one or more, on one device
   * @return the ensemble, in training mode as every new module
   */
  public static Ensemble of(Combining combining, List<? extends Module> members) {
    double[] equal = new double[members.size()];
    Arrays.fill(equal, 1);
    return new Ensemble(combining, members, equal);
  }

  /**
   * Makes an ensemble whose members count by weights.
   *
   * @param combining how scores become one
   * @param members one or more, on one device
   * @param weights one for each member, 0 or more; they are divided by their sum
   * @return the ensemble
   */
  public static Ensemble weighted(
      Combining combining, List<? extends Module> members, double... weights) {
    return new Ensemble(combining, members, weights);
  }

  /**
   * Makes an ensemble of fresh members, such as to load a saved one into.
   *
   * @param combining how scores become one
   * @param size how many members
   * @param maker makes one member
   * @return the ensemble
   */
  public static Ensemble of(Combining combining, int size, Supplier<? extends Module> maker) {
    List<Module> made = new ArrayList<>();
    for (int i = 0; i < size; i++) {
      made.add(maker.get());
    }
    return of(combining, made);
  }

  /** Returns how scores become one. */
  public Combining combining() {
    return combining;
  }

  /** Returns the number of members. */
  public int size() {
    return members.size();
  }

  /**
   * Returns a member.
   *
   * @param index its position, from 0
   * @throws KilnException if there is none
   */
  public Module member(int index) {
    return members.get(index);
  }

  /**
   * Returns the same members, combined in another way; they are shared, not copied.
   *
   * @param other how scores become one
   * @return another ensemble with the same weights as now; reads them
   */
  public Ensemble with(Combining other) {
    List<Module> same = new ArrayList<>();
    members.forEach(same::add);
    Ensemble made = new Ensemble(other, same, weights.toDoubleArray());
    // members without parameters do not say where they compute
    made.weights.moveTo(weights.device(), weights.dtype());
    return made;
  }

  @Override
  public Tensor forward(Tensor x) {
    return combining.combine(batched.call(x).orElseGet(() -> oneByOne(x)), weights);
  }

  private Tensor oneByOne(Tensor x) {
    List<Tensor> scores = new ArrayList<>();
    for (Module m : members) {
      scores.add(m.call(x));
    }
    return Combining.stack(scores);
  }

  @Override
  protected String extraRepr() {
    return combining.name().toLowerCase(Locale.ROOT);
  }
}
