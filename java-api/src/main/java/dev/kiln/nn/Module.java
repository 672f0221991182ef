package dev.kiln.nn;

import dev.kiln.DType;
import dev.kiln.DTypeException;
import dev.kiln.Device;
import dev.kiln.KilnException;
import dev.kiln.Scope;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.autograd.NoGrad;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.regex.Pattern;

/**
 * A layer or a model: a function of one tensor, with parameters, buffers and child modules that
 * have names.
 *
 * <pre>{@code
 * public final class Net extends Module {
 *   private final Linear hidden = module("hidden", new Linear(784, 128));
 *   private final Linear out = module("out", new Linear(128, 10));
 *
 *   public Tensor forward(Tensor x) {
 *     return out.call(hidden.call(x).relu());
 *   }
 * }
 * }</pre>
 *
 * <p>Modules write {@link #forward} and invoke their children by {@link #call}, which is PyTorch's
 * {@code module(x)}: it runs {@code forward} and then the hooks. Names join with dots and keep the
 * order of registration: {@code layer1.0.bn1.running_mean}. A module or tensor that is registered
 * twice counts once. New modules live on {@link Device#defaultDevice()} as FLOAT32; {@link
 * #to(Device)} moves them.
 *
 * <p>Import this class by its full name, for {@code java.lang.Module} has the same simple name.
 * Modules are not thread-safe while they are being changed; many threads may call one that is in
 * eval mode.
 */
public abstract class Module {
  private final Map<String, Tensor> parameters = new LinkedHashMap<>();
  private final Map<String, Tensor> buffers = new LinkedHashMap<>();
  private final Map<String, Module> children = new LinkedHashMap<>();
  private final Map<String, Computed> computed = new LinkedHashMap<>();
  private final Map<Module, Module> successors = new IdentityHashMap<>();
  private final List<ForwardHook> hooks = new CopyOnWriteArrayList<>();
  private String label = "";
  private boolean training = true;

  /** Makes a module with nothing registered, in training mode. */
  protected Module() {}

  // ---- running --------------------------------------------------------------------------------

  /**
   * Computes the module's function. Subclasses write this; callers use {@link #call}, which also
   * runs the hooks.
   *
   * @param x the input
   * @return the output
   */
  public abstract Tensor forward(Tensor x);

  /**
   * Runs {@link #forward} and then the hooks: PyTorch's {@code module(x)}. An error's message ends
   * in the dotted name of the module that raised it.
   *
   * @param x the input
   * @return the output
   */
  public final Tensor call(Tensor x) {
    Optional<Module> successor = Replacing.successor(this);
    return successor.isPresent() ? successor.get().call(x) : run(x, () -> forward(x), y -> y);
  }

  /**
   * Runs a function of more inputs or outputs than {@link #forward} has, as {@link #call} runs
   * that: with the hooks after it, and this module's name in errors. Modules that have one offer it
   * as a method {@code run}.
   *
   * @param <R> what the function returns
   * @param x the input that hooks see
   * @param function what to run
   * @param output picks from the result the tensor that hooks see
   * @return the function's result
   */
  protected final <R> R call(
      Tensor x, Supplier<? extends R> function, Function<? super R, Tensor> output) {
    if (Replacing.successor(this).isPresent()) {
      throw new KilnException(
          "[replace] a "
              + typeName()
              + " that was replaced is run with more than one input or output; only modules that"
              + " are called with one tensor can be replaced");
    }
    return run(x, function, output);
  }

  private <R> R run(Tensor x, Supplier<? extends R> function, Function<? super R, Tensor> output) {
    try (Replacing inside = Replacing.enter(this)) {
      R result = function.get();
      if (result == null) {
        throw new KilnException(
            "[module] forward of " + typeName() + " returned null; return a tensor");
      }
      for (ForwardHook hook : hooks) {
        hook.after(this, x, output.apply(result));
      }
      return result;
    } catch (KilnException e) {
      if (!label.isEmpty()) {
        e.raisedIn(label);
      }
      throw e;
    }
  }

  /**
   * Runs modules one after another. Inside {@code NoGrad} each result is released as soon as the
   * next module has used it, so that a long chain needs the memory of about two layers.
   *
   * @param x the input, which is left alone
   * @param modules what to run, in order
   * @return the output of the last; x if there is none
   */
  protected static Tensor chain(Tensor x, Module... modules) {
    return chain(x, List.of(modules));
  }

  /** As {@link #chain(Tensor, Module...)}. */
  protected static Tensor chain(Tensor x, Iterable<? extends Module> modules) {
    Tensor y = x;
    if (NoGrad.isRecording()) {
      for (Module m : modules) {
        y = m.call(y);
      }
      return y;
    }
    boolean mine = false;
    for (Module m : modules) {
      Tensor next;
      boolean fresh;
      try (Scope scope = Scope.open(m.typeName())) {
        next = m.call(y);
        fresh = scope.owns(next);
        if (fresh) {
          scope.keep(next);
        }
      }
      // A view of y keeps y's memory in use; a tensor from elsewhere is not this chain's to close.
      boolean sameMemory = next.view().storage() == y.view().storage();
      if (mine && !sameMemory) {
        y.close();
      }
      mine = fresh || (mine && sameMemory);
      y = next;
    }
    return y;
  }

  /**
   * Adds a hook that runs after each {@link #call} of this module, but not of its children.
   *
   * @param hook what to run
   * @return closes to remove the hook
   */
  public final HookHandle onForward(ForwardHook hook) {
    ForwardHook own = hook::after; // distinct, so that one hook added twice is removed once
    hooks.add(own);
    return new HookHandle(() -> hooks.remove(own));
  }

  // ---- registering ----------------------------------------------------------------------------

  /**
   * Registers a child module.
   *
   * @param <M> the child's type
   * @param name its name within this module: letters, digits, {@code _} and {@code -}
   * @param child the child
   * @return the child
   * @throws KilnException if the name is taken or illegal, or the child contains this module
   */
  protected final <M extends Module> M module(String name, M child) {
    requireFree(name);
    if (child.namedModules().containsValue(this)) {
      throw new KilnException(
          "[module] "
              + typeName()
              + " cannot register \""
              + name
              + "\": that module contains this one, and modules form no loops");
    }
    children.put(name, child);
    ((Module) child).label = name;
    return child;
  }

  /**
   * Puts another module in the place of one, such as a new head: {@code model.replace("fc", new
   * Linear(512, 5))}. From now on the place's name, parameters and calls are those of the new
   * module, also where a class calls the old one through a field of its own. The new module may
   * contain the old one. It is moved to the device where the old one lives.
   *
   * <p>What a class does with the old module other than {@code call} it, such as to read its
   * weight, it still does with the old one. Make the optimizer afterwards.
   *
   * @param <M> the new module's type
   * @param path the dotted name, such as {@code classifier.6}
   * @param module the new module
   * @return the new module
   * @throws KilnException if there is no such module, or the new one contains the place
   */
  public final <M extends Module> M replace(String path, M module) {
    Map<String, Module> all = allModules();
    int dot = path.lastIndexOf('.');
    Module parent = all.get(dot < 0 ? "" : path.substring(0, dot));
    String name = path.substring(dot + 1);
    Module old = parent == null ? null : parent.children.get(name);
    if (old == null) {
      all.remove("");
      throw new KilnException(
          "[replace] "
              + typeName()
              + " has no module \""
              + path
              + "\"; "
              + (all.isEmpty()
                  ? "it has none"
                  : "close are " + String.join(", ", Names.closest(path, all.keySet()))));
    }
    Module next = module;
    if (next.namedModules().containsValue(parent)) {
      throw new KilnException(
          "[replace] the new \"" + path + "\" contains its own place; modules form no loops");
    }
    if (old == next) {
      return module;
    }
    Device home = old.stateDict().isEmpty() ? device() : old.device();
    parent.children.put(name, next);
    next.label = name;
    // Whatever stood for another module until now is itself replaced.
    parent.successors.replaceAll((from, to) -> to == old ? next : to);
    parent.successors.remove(next);
    parent.successors.put(old, next);
    next.to(home);
    return module;
  }

  /** Returns what stands for a module that a class of this module's calls, if it was replaced. */
  final Optional<Module> successorOf(Module old) {
    return Optional.ofNullable(successors.get(old));
  }

  /** Tells whether a module in this one was replaced. */
  final boolean hasSuccessors() {
    return !successors.isEmpty();
  }

  /**
   * Registers a leaf that is trained, and makes it require a gradient.
   *
   * @param name its name within this module: letters, digits, {@code _} and {@code -}
   * @param value its first value, taken out of all scopes
   * @return the same tensor
   * @throws KilnException if the name is taken or illegal
   * @throws DTypeException if the value is not floating
   */
  protected final Tensor parameter(String name, Tensor value) {
    requireFree(name);
    Scope.disown(value).requiresGrad(true);
    parameters.put(name, value);
    return value;
  }

  /**
   * Registers a tensor that is saved with the module but not trained, such as running statistics.
   *
   * @param name its name within this module: letters, digits, {@code _} and {@code -}
   * @param value its first value, taken out of all scopes
   * @return the same tensor
   * @throws KilnException if the name is taken or illegal
   */
  protected final Tensor buffer(String name, Tensor value) {
    requireFree(name);
    buffers.put(name, Scope.disown(value));
    return value;
  }

  private void requireFree(String name) {
    Names.requireLegal(typeName(), name);
    if (parameters.containsKey(name) || buffers.containsKey(name) || children.containsKey(name)) {
      throw new KilnException(
          "[module] " + typeName() + " has \"" + name + "\" already; names are used once");
    }
  }

  /** What is made of other tensors for each use, in place of a parameter. */
  private record Computed(Tensor parameter, Supplier<Tensor> value, List<String> parts) {}

  /**
   * Returns the tensor to compute with in place of a parameter of this module: itself, unless
   * {@link Parametrize} makes it of others.
   *
   * @param parameter what {@link #parameter} registered
   * @return a tensor of its shape
   */
  protected final Tensor current(Tensor parameter) {
    for (Computed c : computed.values()) {
      if (c.parameter() == parameter) {
        return c.value().get();
      }
    }
    return parameter;
  }

  /** Takes a parameter out; from now on it is computed from parts, which are registered. */
  final void compute(String name, List<String> parts, Supplier<Tensor> value) {
    computed.put(name, new Computed(parameters.remove(name), value, parts));
  }

  /** Puts a computed parameter back, as it is now in eval mode, and takes its parts out. */
  final void restore(String name) {
    Computed c = computed.get(name);
    if (c == null) {
      throw new KilnException(
          "[module] \"" + name + "\" of " + typeName() + " is not made of other parameters");
    }
    boolean wasTraining = training;
    training = false;
    try (NoGrad off = NoGrad.open();
        Scope scope = Scope.open("restore")) {
      Tensor now = c.value().get();
      c.parameter().moveTo(now.device(), now.dtype());
      c.parameter().copyFrom(now);
    } finally {
      training = wasTraining;
    }
    computed.remove(name);
    c.parts().forEach(parameters::remove);
    c.parts().forEach(buffers::remove);
    parameters.put(name, c.parameter());
  }

  /** Returns a parameter registered here, not in children, by name. */
  final Optional<Tensor> ownParameter(String name) {
    return Optional.ofNullable(parameters.get(name));
  }

  // ---- asking ---------------------------------------------------------------------------------

  /**
   * Lists the parameters of this module and all modules inside it.
   *
   * @return each tensor once, in order of registration
   */
  public final List<Tensor> parameters() {
    return List.copyOf(namedParameters().values());
  }

  /**
   * Lists the parameters by dotted name.
   *
   * @return each tensor once, under its first name, in order of registration
   */
  public final Map<String, Tensor> namedParameters() {
    return once(tensors(true, false));
  }

  /**
   * Lists the buffers by dotted name.
   *
   * @return each tensor once, under its first name, in order of registration
   */
  public final Map<String, Tensor> namedBuffers() {
    return once(tensors(false, true));
  }

  /**
   * Lists this module, under the empty name, and all modules inside it by dotted name.
   *
   * @return each module once, under its first name, parents before children
   */
  public final Map<String, Module> namedModules() {
    Map<String, Module> all = new LinkedHashMap<>();
    Set<Module> seen = Collections.newSetFromMap(new IdentityHashMap<>());
    allModules()
        .forEach(
            (name, m) -> {
              if (seen.add(m)) {
                all.put(name, m);
              }
            });
    return Collections.unmodifiableMap(all);
  }

  /**
   * Lists the direct children by name.
   *
   * @return in order of registration
   */
  public final Map<String, Module> namedChildren() {
    return Collections.unmodifiableMap(children);
  }

  /**
   * Lists what a checkpoint holds: parameters and buffers by dotted name, the live tensors
   * themselves. As in PyTorch, a shared tensor stands under each of its names.
   *
   * @return in PyTorch's order
   */
  public final Map<String, Tensor> stateDict() {
    return Collections.unmodifiableMap(tensors(true, true));
  }

  private Map<String, Module> allModules() {
    Map<String, Module> all = new LinkedHashMap<>();
    walk("", all);
    return all;
  }

  private void walk(String prefix, Map<String, Module> into) {
    into.put(prefix, this);
    children.forEach((name, child) -> child.walk(Names.join(prefix, name), into));
  }

  private Map<String, Tensor> tensors(boolean withParameters, boolean withBuffers) {
    Map<String, Tensor> all = new LinkedHashMap<>();
    allModules()
        .forEach(
            (prefix, m) -> {
              if (withParameters) {
                m.parameters.forEach((name, t) -> all.put(Names.join(prefix, name), t));
              }
              if (withBuffers) {
                m.buffers.forEach((name, t) -> all.put(Names.join(prefix, name), t));
              }
            });
    return all;
  }

  private static Map<String, Tensor> once(Map<String, Tensor> all) {
    Set<Tensor> seen = Collections.newSetFromMap(new IdentityHashMap<>());
    all.values().removeIf(t -> !seen.add(t));
    return Collections.unmodifiableMap(all);
  }

  /** Returns the parameters registered here, not in children. */
  final List<Tensor> ownParameters() {
    return new ArrayList<>(parameters.values());
  }

  /** Tells whether this very module only does what its class says for eval mode. */
  final boolean isPlain() {
    return !training && hooks.isEmpty() && computed.isEmpty() && successors.isEmpty();
  }

  /**
   * Returns a number that is another one after a change to what this module or one inside it does,
   * such as its mode, hooks, children, or which parameters are frozen; a step that was recorded
   * before must then be recorded anew. Values of parameters and buffers do not count.
   *
   * @return a hash
   */
  public final long structure() {
    long hash = System.identityHashCode(this);
    hash = hash * 31 + (training ? 1 : 0);
    hash = hash * 31 + hooks.hashCode();
    hash = hash * 31 + (statisticsFrozen() ? 1 : 0);
    hash = hash * 31 + computed.keySet().hashCode();
    for (Tensor p : parameters.values()) {
      hash = hash * 31 + System.identityHashCode(p.view().storage());
      hash = hash * 31 + (p.requiresGrad() ? 1 : 0);
    }
    for (Tensor b : buffers.values()) {
      hash = hash * 31 + System.identityHashCode(b.view().storage());
    }
    for (Module child : children.values()) {
      hash = hash * 31 + child.structure();
    }
    return hash;
  }

  /**
   * Counts the elements of all parameters.
   *
   * @return the count, frozen ones included
   */
  public final long numParameters() {
    return parameters().stream().mapToLong(Tensor::numel).sum();
  }

  /**
   * Returns where the module lives.
   *
   * @return the device of its first parameter or buffer; the default device if it has none
   */
  public final Device device() {
    return stateDict().values().stream()
        .findFirst()
        .map(Tensor::device)
        .orElseGet(Device::defaultDevice);
  }

  /**
   * Returns the type the module computes in.
   *
   * @return the type of its first parameter; FLOAT32 if it has none
   */
  public final DType dtype() {
    return namedParameters().values().stream().findFirst().map(Tensor::dtype).orElse(DType.FLOAT32);
  }

  // ---- changing -------------------------------------------------------------------------------

  /**
   * Copies saved values into the parameters and buffers; every name must be there, and no other.
   *
   * @param state tensors by dotted name, as {@link #stateDict()} gives them, of any device
   * @return this module
   * @throws KilnException if names are missing or unknown or shapes differ; nothing is changed then
   */
  public final Module loadStateDict(Map<String, Tensor> state) {
    StateLoading loading = StateLoading.compare(stateDict(), state);
    loading.requireComplete(typeName());
    loading.copy();
    return this;
  }

  /**
   * Copies those saved values whose names this module has.
   *
   * @param state tensors by dotted name, of any device
   * @return the names that the module has and the state has not, and the other way round
   * @throws KilnException if shapes differ; nothing is changed then
   */
  public final StateLoading loadMatching(Map<String, Tensor> state) {
    StateLoading loading = StateLoading.compare(stateDict(), state);
    loading.requireShapes(typeName());
    loading.copy();
    return loading;
  }

  /** Puts this module and all inside it into training mode. */
  public final Module train() {
    return train(true);
  }

  /**
   * Chooses training or evaluation mode for this module and all inside it.
   *
   * @param mode true for training
   * @return this module
   */
  public final Module train(boolean mode) {
    namedModules().values().forEach(m -> m.training = mode);
    return this;
  }

  /** Puts this module and all inside it into evaluation mode. */
  public final Module eval() {
    return train(false);
  }

  /** Tells whether this module is in training mode. */
  public final boolean isTraining() {
    return training;
  }

  /**
   * Moves the parameters, their gradients and the buffers to a device; the tensors stay the same
   * objects. As with PyTorch, move a model before making its optimizer.
   *
   * @param device where the module lives from now on
   * @return this module
   */
  public final Module to(Device device) {
    stateDict().values().forEach(t -> t.moveTo(device, t.dtype()));
    return this;
  }

  /**
   * Converts the floating parameters and buffers to another floating type; the tensors stay the
   * same objects.
   *
   * @param dtype the type
   * @return this module
   * @throws DTypeException if the type is not floating
   */
  public final Module to(DType dtype) {
    if (!dtype.isFloating()) {
      throw new DTypeException(
          "[module] " + typeName() + " cannot compute in " + dtype + "; choose a floating type");
    }
    for (Tensor t : stateDict().values()) {
      if (t.dtype().isFloating()) {
        t.moveTo(t.device(), dtype);
      }
    }
    return this;
  }

  /**
   * Stops the training of some parameters and forgets their gradients.
   *
   * @param glob dotted names, in which {@code *} stands for any characters, dots too, such as
   *     {@code layer1.*}
   * @return how many parameters matched
   * @throws KilnException if none matches; the message lists close names
   */
  public final int freeze(String glob) {
    return requireGrad("freeze", glob, Names.glob(glob), false);
  }

  /**
   * Stops the training of some parameters and forgets their gradients.
   *
   * @param regex what whole dotted names look like, such as {@code layer[12]\\..*}
   * @return how many parameters matched
   * @throws KilnException if none matches; the message lists close names
   */
  public final int freeze(Pattern regex) {
    return requireGrad("freeze", regex.pattern(), regex, false);
  }

  /**
   * Trains some parameters again.
   *
   * @param glob dotted names, in which {@code *} stands for any characters, dots too
   * @return how many parameters matched
   * @throws KilnException if none matches; the message lists close names
   */
  public final int unfreeze(String glob) {
    return requireGrad("unfreeze", glob, Names.glob(glob), true);
  }

  /** As {@link #unfreeze(String)}, of names that look like a regular expression. */
  public final int unfreeze(Pattern regex) {
    return requireGrad("unfreeze", regex.pattern(), regex, true);
  }

  /**
   * Keeps the running statistics of some batch normalisations as they are, and normalises by them,
   * in training too; {@link #train} does not change that. Parameters go on learning unless they are
   * frozen.
   *
   * @param glob dotted names of modules, in which {@code *} stands for any characters, dots too,
   *     such as {@code *} or {@code layer1.*}
   * @return how many layers matched
   * @throws KilnException if no batch normalisation with running statistics matches
   */
  public final int freezeStatistics(String glob) {
    return statistics("freeze_statistics", glob, true);
  }

  /** Lets running statistics follow the batches again; see {@link #freezeStatistics}. */
  public final int unfreezeStatistics(String glob) {
    return statistics("unfreeze_statistics", glob, false);
  }

  private int statistics(String op, String glob, boolean frozen) {
    Pattern pattern = Names.glob(glob);
    int matched = 0;
    for (Map.Entry<String, Module> e : namedModules().entrySet()) {
      if (pattern.matcher(e.getKey()).matches() && e.getValue().freezeOwnStatistics(frozen)) {
        matched++;
      }
    }
    if (matched == 0) {
      throw new KilnException(
          "["
              + op
              + "] no batch normalisation of "
              + typeName()
              + " with running statistics matches \""
              + glob
              + "\"; \"*\" means all");
    }
    return matched;
  }

  /** Freezes this module's own running statistics, or lets them go; tells whether it has any. */
  boolean freezeOwnStatistics(boolean frozen) {
    return false;
  }

  /** Tells whether this module's own running statistics are frozen. */
  boolean statisticsFrozen() {
    return false;
  }

  private int requireGrad(String op, String glob, Pattern pattern, boolean wanted) {
    Map<String, Tensor> all = tensors(true, false);
    Set<Tensor> matched = Collections.newSetFromMap(new IdentityHashMap<>());
    all.forEach(
        (name, t) -> {
          if (pattern.matcher(name).matches()) {
            matched.add(t);
          }
        });
    if (matched.isEmpty()) {
      throw new KilnException(
          "["
              + op
              + "] no parameter of "
              + typeName()
              + " matches \""
              + glob
              + "\"; "
              + (all.isEmpty()
                  ? "it has none"
                  : "close are " + String.join(", ", Names.closest(glob, all.keySet()))));
    }
    for (Tensor t : matched) {
      t.requiresGrad(wanted);
      if (!wanted) {
        t.zeroGrad();
      }
    }
    return matched.size();
  }

  /** Forgets the gradients of all parameters. */
  public final void zeroGrad() {
    parameters().forEach(Tensor::zeroGrad);
  }

  /**
   * Visits every module once, children before parents, such as to initialise them.
   *
   * @param visitor what to do with each
   * @return this module
   */
  public final Module apply(Consumer<? super Module> visitor) {
    applyOnce(visitor, Collections.newSetFromMap(new IdentityHashMap<>()));
    return this;
  }

  private void applyOnce(Consumer<? super Module> visitor, Set<Module> seen) {
    if (seen.add(this)) {
      children.values().forEach(c -> c.applyOnce(visitor, seen));
      visitor.accept(this);
    }
  }

  // ---- describing -----------------------------------------------------------------------------

  /**
   * Counts the multiply-adds of one forward pass of this module itself, without its children, for
   * {@link #summary(long...)}. Only products of weights and inputs count, as in {@link Linear} and
   * convolutions.
   *
   * @param input the input's shape
   * @param output the output's shape
   * @return 0 unless a subclass says otherwise
   */
  protected long multiplyAdds(Shape input, Shape output) {
    return 0;
  }

  /**
   * Returns what stands between the parentheses of {@link #toString}, such as {@code
   * in_features=784, out_features=10}.
   *
   * @return words in PyTorch's style; empty unless a subclass says otherwise
   */
  protected String extraRepr() {
    return "";
  }

  /**
   * Describes the model by one forward pass on zeros, in eval mode and without gradients. Running
   * statistics, gradients, modes and random generators are left as they were.
   *
   * @param inputShape the shape of an input, batch axis included, such as 1, 1, 28, 28
   * @return rows and totals; print it for a table
   */
  public final Summary summary(long... inputShape) {
    Map<String, Module> all = namedModules();
    Device device = device();
    List<HookHandle> handles = new ArrayList<>();
    List<Module> wereTraining = new ArrayList<>();
    long[] generator = device.generator().state();
    Summary.Seen seen = new Summary.Seen();
    for (Module m : all.values()) {
      handles.add(m.onForward(seen::saw));
      if (m.training) {
        wereTraining.add(m);
      }
    }
    try (NoGrad off = NoGrad.open();
        Scope scope = Scope.open("summary")) {
      eval();
      call(Tensor.zeros(Shape.of(inputShape), dtype(), device));
    } finally {
      wereTraining.forEach(m -> m.training = true);
      handles.forEach(HookHandle::close);
      device.generator().restore(generator);
    }
    List<Summary.Row> rows = new ArrayList<>();
    all.forEach((name, m) -> rows.add(seen.row(name, m)));
    return new Summary(rows, Shape.of(inputShape), bytes(namedParameters()), bytes(namedBuffers()));
  }

  private static long bytes(Map<String, Tensor> tensors) {
    return tensors.values().stream().mapToLong(t -> t.numel() * t.dtype().bytes()).sum();
  }

  /** Returns the type's name as printed. */
  final String typeName() {
    String name = getClass().getSimpleName();
    return name.isEmpty() ? "Module" : name;
  }

  /** Returns the tree of modules as PyTorch prints it. */
  @Override
  public String toString() {
    String extra = extraRepr();
    if (children.isEmpty()) {
      return typeName() + "(" + extra + ")";
    }
    StringBuilder s = new StringBuilder(typeName()).append("(\n");
    if (!extra.isEmpty()) {
      s.append("  ").append(extra).append('\n');
    }
    children.forEach(
        (name, child) ->
            s.append("  (")
                .append(name)
                .append("): ")
                .append(child.toString().replace("\n", "\n  "))
                .append('\n'));
    return s.append(')').toString();
  }
}
