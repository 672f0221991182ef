package dev.kiln.optim;

import dev.kiln.Autocast;
import dev.kiln.DType;
import dev.kiln.KilnException;
import dev.kiln.Shape;
import dev.kiln.StepGraph;
import dev.kiln.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Updates parameters from their gradients, one kernel per stretch of parameters.
 *
 * <pre>{@code
 * Optimizer optimizer = Adam.of(model.parameters(), 1e-3);
 * for (...) {
 *   optimizer.zeroGrad();
 *   lossOf(...).backward();
 *   optimizer.step();
 * }
 * }</pre>
 *
 * <p>The parameters' values move into {@link dev.kiln.Slab slabs} of the optimizer; the tensors
 * stay the same objects. Make the optimizer after moving the module to its device, and one
 * optimizer per parameter. A parameter that has no gradient, or requires none, is left alone and
 * its step is not counted. Parameters that require no gradient take no memory until they do.
 *
 * <p>Gradients add up until {@link #zeroGrad()}: to train on a batch of k micro-batches, run k
 * backward passes on {@code loss.div(k)} and then one step.
 *
 * <p>Settings and step numbers are device data and a step reads nothing back, so it can be
 * recorded.
 */
public abstract sealed class Optimizer permits SGD, Adagrad, Adam, AdamW, RMSprop {
  /** The name of a parameter's update count among its {@link #state() state}. */
  static final String STEP = "step";

  private static final String KIND = "kind";
  private static final String GROUPS = "groups";
  private static final String PARAMETERS = "parameters";
  private static final String INITIAL_LR = "initialLr";

  private final Rule rule;
  private final Map<String, Double> defaults;
  private final List<ParameterGroup> groups = new ArrayList<>();

  Optimizer(Rule rule, OptimizerBuilder<?> builder) {
    this.rule = rule;
    this.defaults = builder.defaults();
    List<ParameterGroup> made = builder.groups();
    if (made.isEmpty()) {
      throw new OptimizerException(
          "[" + rule.name() + "] it has no parameters; pass model.parameters()");
    }
    made.forEach(this::add);
  }

  // ---- groups -------------------------------------------------------------------------------

  /**
   * Returns the rule's name, such as {@code Adam}.
   *
   * @return the class's simple name
   */
  public final String kind() {
    return rule.name();
  }

  /**
   * Returns the parameter groups.
   *
   * @return in the order in which they were added
   */
  public final List<ParameterGroup> groups() {
    return Collections.unmodifiableList(groups);
  }

  /**
   * Adds parameters with settings of their own, such as layers that were just unfrozen.
   *
   * @param parameters leaves that are in no group yet
   * @param settings changes the optimizer's settings for this group
   * @throws OptimizerException if there are none, one is no floating leaf or is there already, or a
   *     setting is wrong
   */
  public final void addGroup(List<Tensor> parameters, Consumer<GroupSettings> settings) {
    add(new GroupSettings(rule, defaults).group(parameters, settings));
  }

  private void add(ParameterGroup group) {
    List<Tensor> parameters = group.parameters();
    if (parameters.isEmpty()) {
      throw new OptimizerException(
          "[" + kind() + "] group " + groups.size() + " has no parameters; leave it out");
    }
    Set<Tensor> seen = Collections.newSetFromMap(new IdentityHashMap<>());
    groups.forEach(g -> seen.addAll(g.parameters()));
    for (int i = 0; i < parameters.size(); i++) {
      check(parameters.get(i), i, seen);
    }
    groups.add(group);
    group.pack(parameters.stream().filter(Tensor::requiresGrad).toList());
  }

  private void check(Tensor p, int i, Set<Tensor> seen) {
    p.view(kind(), "parameter " + i);
    String where = "[" + kind() + "] parameter " + i + " " + p.describe();
    if (!p.isLeaf()) {
      throw new OptimizerException(
          where + " is the result of an op; optimize the leaves that it was made from");
    }
    if (!p.dtype().isFloating()) {
      throw new OptimizerException(where + " is not floating; it has no gradient to follow");
    }
    if (!seen.add(p)) {
      throw new OptimizerException(
          where + " is given twice; shared parameters belong in one group, once");
    }
  }

  // ---- stepping -----------------------------------------------------------------------------

  /**
   * Updates every parameter that has a gradient. Where the device fails before it has begun with
   * the first of them, no parameter and no state has changed, and the step can be taken again.
   *
   * @throws OptimizerException if the device fails after that
   * @throws dev.kiln.KilnException if a parameter was packed by another optimizer or moved to
   *     another device since
   */
  public final void step() {
    step(Optional.empty());
  }

  /**
   * Updates with gradients multiplied by a number on the device; 0 skips the step.
   *
   * @param factor FLOAT64 [1]
   */
  final void step(Optional<Tensor> factor) {
    Autocast.clearCache();
    int[] updates = {0};
    try {
      step(factor, updates);
    } catch (KilnException e) {
      if (updates[0] == 0 || StepGraph.isRecording()) { // what is recorded has not run
        throw e;
      }
      throw new OptimizerException(
          "["
              + kind()
              + "] a part of the parameters is updated and the rest is not, since the device"
              + " failed in the midst of the step; load the last checkpoint. "
              + e.getMessage(),
          e);
    }
  }

  private void step(Optional<Tensor> factor, int[] updates) {
    for (ParameterGroup group : groups) {
      List<Tensor> newcomers = new ArrayList<>();
      for (Tensor p : group.parameters()) {
        if (p.requiresGrad() && p.grad().isPresent() && !group.isPacked(p)) {
          newcomers.add(p);
        }
      }
      group.pack(newcomers);
      group.packs().forEach(pack -> pack.step(factor, updates));
    }
  }

  /**
   * Returns a number that is another one after a change to what a step does, such as a new group or
   * state that a changed setting calls for; a step that was recorded before must then be recorded
   * anew. Values of settings do not count: they are device data.
   *
   * @return a hash
   */
  public final long structure() {
    long hash = groups.size();
    for (ParameterGroup group : groups) {
      for (Pack pack : group.packs()) {
        hash = hash * 31 + pack.structure();
      }
    }
    return hash;
  }

  /** Forgets all gradients; the next backward pass writes them anew. */
  public final void zeroGrad() {
    groups.forEach(g -> g.parameters().forEach(Tensor::zeroGrad));
  }

  // ---- saving and loading ---------------------------------------------------------------------

  /**
   * Returns what the optimizer remembers of each parameter, for a checkpoint.
   *
   * <p>Names are {@code INDEX.NAME}: the parameter's place over all groups and PyTorch's name of
   * the state, such as {@code 0.exp_avg}; {@code INDEX.step} counts its updates, as FLOAT64.
   *
   * @return views of the live state, which the next step changes
   */
  public final Map<String, Tensor> state() {
    Map<String, Tensor> out = new LinkedHashMap<>();
    Map<Tensor, Integer> places = places();
    for (ParameterGroup group : groups) {
      for (Pack pack : group.packs()) {
        for (int i = 0; i < pack.parameters().size(); i++) {
          int place = places.get(pack.parameters().get(i));
          pack.state(i).forEach((name, t) -> out.put(place + "." + name, t));
        }
      }
    }
    return out;
  }

  /**
   * Returns kind and settings of all groups, ready for JSON.
   *
   * @return maps, lists, numbers, strings and truth values
   */
  public final Map<String, Object> hyperParameters() {
    List<Object> list = new ArrayList<>();
    for (ParameterGroup g : groups) {
      Map<String, Object> one = g.settings();
      one.put(INITIAL_LR, g.initialLr());
      one.put(PARAMETERS, g.parameters().size());
      list.add(one);
    }
    Map<String, Object> out = new LinkedHashMap<>();
    out.put(KIND, kind());
    out.put(GROUPS, list);
    return out;
  }

  /**
   * Puts back settings and state, so that the next steps are bit for bit those that would have
   * followed.
   *
   * @param hyperParameters as {@link #hyperParameters()} gave them
   * @param state as {@link #state()} gave it; on any device
   * @throws OptimizerException if they are of another kind of optimizer or of other parameters; in
   *     that case nothing has changed
   */
  public final void load(Map<String, ?> hyperParameters, Map<String, Tensor> state) {
    List<SavedGroup> settings = savedGroups(hyperParameters);
    List<Map<String, Tensor>> byParameter = byParameter(settings, state);
    int first = 0;
    for (int g = 0; g < groups.size(); g++) {
      ParameterGroup group = groups.get(g);
      group.replace(settings.get(g).values());
      group.initialLr(settings.get(g).initialLr());
      List<Tensor> newcomers = new ArrayList<>();
      for (int i = 0; i < group.parameters().size(); i++) {
        Tensor p = group.parameters().get(i);
        if (!byParameter.get(first + i).isEmpty() && !group.isPacked(p)) {
          newcomers.add(p);
        }
      }
      group.pack(newcomers);
      first += group.parameters().size();
    }
    Map<Tensor, Integer> places = places();
    for (ParameterGroup group : groups) {
      for (Pack pack : group.packs()) {
        pack.load(pack.parameters().stream().map(p -> byParameter.get(places.get(p))).toList());
      }
    }
  }

  private Map<Tensor, Integer> places() {
    Map<Tensor, Integer> places = new IdentityHashMap<>();
    groups.forEach(g -> g.parameters().forEach(p -> places.put(p, places.size())));
    return places;
  }

  private record SavedGroup(Map<String, Double> values, double initialLr, ParameterGroup checked) {}

  private List<SavedGroup> savedGroups(Map<String, ?> saved) {
    Object kind = saved.get(KIND);
    if (!kind().equals(kind)) {
      throw new OptimizerException(
          "[load] the saved state is of " + kind + " but this optimizer is " + kind());
    }
    Object list = saved.get(GROUPS);
    if (!(list instanceof List<?> l) || l.size() != groups.size()) {
      int n = list instanceof List<?> other ? other.size() : 0;
      throw new OptimizerException(
          "[load] the saved " + kind + " has " + n + " groups but this one has " + groups.size());
    }
    List<SavedGroup> out = new ArrayList<>();
    for (int g = 0; g < l.size(); g++) {
      out.add(savedGroup(g, l.get(g)));
    }
    return out;
  }

  private SavedGroup savedGroup(int g, Object saved) {
    String where = "[load] group " + g + " of the saved " + kind();
    if (!(saved instanceof Map<?, ?> map)) {
      throw new OptimizerException(where + " is not a map of settings");
    }
    List<Tensor> parameters = groups.get(g).parameters();
    double size = number(where, map, PARAMETERS);
    if (size != parameters.size()) {
      throw new OptimizerException(
          where + " has " + (long) size + " parameters but here it has " + parameters.size());
    }
    Map<String, Double> values = new LinkedHashMap<>();
    for (Setting s : rule.settings()) {
      values.put(s.name(), number(where, map, s.name()));
    }
    double initial = number(where, map, INITIAL_LR);
    return new SavedGroup(values, initial, new ParameterGroup(rule, parameters, values));
  }

  private static double number(String where, Map<?, ?> map, String name) {
    Object v = map.get(name);
    if (v instanceof Boolean b) {
      return b ? 1 : 0;
    }
    if (v instanceof Number n) {
      return n.doubleValue();
    }
    throw new OptimizerException(where + " has no number '" + name + "'");
  }

  private List<Map<String, Tensor>> byParameter(
      List<SavedGroup> settings, Map<String, Tensor> state) {
    List<Map<String, Tensor>> out = new ArrayList<>();
    Set<String> unknown = new LinkedHashSet<>(state.keySet());
    for (SavedGroup group : settings) {
      for (Tensor p : group.checked().parameters()) {
        Map<String, Tensor> one = new LinkedHashMap<>();
        int place = out.size();
        take(place, STEP, Shape.scalar(), DType.FLOAT64, state, one);
        for (Rule.State s : rule.states()) {
          if (s.used().test(group.checked())) {
            take(place, s.name(), p.shape(), p.dtype(), state, one);
          }
        }
        one.keySet().forEach(name -> unknown.remove(place + "." + name));
        requireWhole(place, one, group.checked());
        out.add(one);
      }
    }
    if (!unknown.isEmpty()) {
      throw new OptimizerException(
          "[load] "
              + kind()
              + " does not know the saved state "
              + unknown
              + "; was it saved by"
              + " another optimizer or with other settings?");
    }
    return out;
  }

  private static void take(
      int place,
      String name,
      Shape shape,
      DType dtype,
      Map<String, Tensor> from,
      Map<String, Tensor> into) {
    Tensor t = from.get(place + "." + name);
    if (t == null) {
      return;
    }
    t.view("load", "state");
    if (!t.shape().equals(shape) || t.dtype() != dtype) {
      throw new OptimizerException(
          "[load] saved state '"
              + place
              + "."
              + name
              + "' is "
              + t.describe()
              + " but the parameter needs "
              + dtype
              + shape);
    }
    into.put(name, t);
  }

  private void requireWhole(int place, Map<String, Tensor> one, ParameterGroup settings) {
    long wanted = 1 + rule.states().stream().filter(s -> s.used().test(settings)).count();
    if (!one.isEmpty() && one.size() != wanted) {
      throw new OptimizerException(
          "[load] the saved state of parameter "
              + place
              + " has only "
              + one.keySet()
              + "; "
              + kind()
              + " with these settings keeps "
              + wanted
              + " entries");
    }
  }
}
