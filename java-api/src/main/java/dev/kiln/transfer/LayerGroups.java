package dev.kiln.transfer;

import dev.kiln.KilnException;
import dev.kiln.Tensor;
import dev.kiln.nn.Module;
import dev.kiln.nn.ModuleList;
import dev.kiln.nn.Sequential;
import dev.kiln.optim.OptimizerBuilder;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * The parameters of a model in groups from input to output, for learning rates that differ by depth
 * and for unfreezing one group after another. Howard and Ruder 2018.
 */
public final class LayerGroups {
  private final Module model;
  private final List<Group> groups;

  /**
   * Parameters that are treated alike.
   *
   * @param name what they are called
   * @param parameters by dotted name
   * @param modules those that have them, or batch normalisations among them
   */
  private record Group(String name, Map<String, Tensor> parameters, Map<String, Module> modules) {}

  private LayerGroups(Module model, List<Group> groups) {
    this.model = model;
    this.groups = List.copyOf(groups);
  }

  /**
   * Makes a group of each child of the model. Parameters of the model itself, and children that
   * only scale and shift, such as a batch normalisation after the first convolution, join the group
   * before them.
   *
   * @throws KilnException if the model has no parameters
   */
  public static LayerGroups ofChildren(Module model) {
    return of(model, model.namedChildren());
  }

  /**
   * As {@link #ofChildren}, where sequences and lists among the children are opened up: a group for
   * each block of a residual network or a transformer.
   *
   * @throws KilnException if the model has no parameters
   */
  public static LayerGroups ofBlocks(Module model) {
    Map<String, Module> blocks = new LinkedHashMap<>();
    model.namedChildren().forEach((name, child) -> open(name, child, blocks));
    return of(model, blocks);
  }

  private static void open(String name, Module module, Map<String, Module> into) {
    if (module instanceof Sequential || module instanceof ModuleList) {
      module.namedChildren().forEach((n, child) -> into.put(name + "." + n, child));
    } else {
      into.put(name, module);
    }
  }

  private static LayerGroups of(Module model, Map<String, Module> parts) {
    List<Group> groups = new ArrayList<>();
    Map<String, Tensor> all = model.namedParameters();
    Map<String, Tensor> own = new LinkedHashMap<>();
    all.forEach(
        (name, t) -> {
          if (parts.keySet().stream().noneMatch(p -> name.startsWith(p + "."))) {
            own.put(name, t);
          }
        });
    for (Map.Entry<String, Module> part : parts.entrySet()) {
      Map<String, Tensor> inside = new LinkedHashMap<>();
      all.forEach(
          (name, t) -> {
            if (name.startsWith(part.getKey() + ".")) {
              inside.put(name, t);
            }
          });
      if (inside.isEmpty()) {
        continue;
      }
      boolean scales = inside.values().stream().allMatch(t -> t.dim() <= 1);
      if (groups.isEmpty() || !scales) {
        groups.add(new Group(part.getKey(), new LinkedHashMap<>(), new LinkedHashMap<>()));
      }
      Group last = groups.get(groups.size() - 1);
      last.parameters.putAll(inside);
      last.modules.put(part.getKey(), part.getValue());
    }
    if (groups.isEmpty()) {
      throw new KilnException("[layer_groups] the model has no layers with parameters");
    }
    groups.get(0).parameters.putAll(own);
    return new LayerGroups(model, groups);
  }

  /**
   * Makes the groups that globs name, from input to output; commas part the globs of one group.
   *
   * @param model the model
   * @param globs such as {@code "conv1.*,bn1.*,layer1.*", "layer2.*", "fc.*"}
   * @throws KilnException if a glob matches nothing, or a parameter is in no group or in two
   */
  public static LayerGroups of(Module model, String... globs) {
    List<Group> groups = new ArrayList<>();
    Set<Tensor> seen = Collections.newSetFromMap(new IdentityHashMap<>());
    for (String glob : globs) {
      Group group = new Group(glob, new LinkedHashMap<>(), new LinkedHashMap<>());
      for (String one : glob.split(",", -1)) {
        take(model, one.trim(), group, seen);
      }
      groups.add(group);
    }
    List<String> rest = new ArrayList<>();
    model
        .namedParameters()
        .forEach(
            (name, t) -> {
              if (!seen.contains(t)) {
                rest.add(name);
              }
            });
    if (!rest.isEmpty()) {
      throw new KilnException(
          "[layer_groups] in no group: " + rest + "; every parameter belongs in one");
    }
    return new LayerGroups(model, groups);
  }

  private static void take(Module model, String glob, Group group, Set<Tensor> seen) {
    Pattern pattern = Pattern.compile(("\\Q" + glob + "\\E").replace("*", "\\E.*\\Q"));
    int before = group.parameters.size();
    model
        .namedParameters()
        .forEach(
            (name, t) -> {
              if (pattern.matcher(name).matches()) {
                if (!seen.add(t)) {
                  throw new KilnException("[layer_groups] \"" + name + "\" is in two groups");
                }
                group.parameters.put(name, t);
              }
            });
    if (group.parameters.size() == before) {
      throw new KilnException("[layer_groups] no parameter matches \"" + glob + "\"");
    }
    model
        .namedModules()
        .forEach(
            (name, m) -> {
              if (pattern.matcher(name + ".").matches()) {
                group.modules.put(name, m);
              }
            });
  }

  /** Returns the number of groups. */
  public int size() {
    return groups.size();
  }

  /** Returns the names of the groups, from input to output. */
  public List<String> names() {
    return groups.stream().map(Group::name).toList();
  }

  /**
   * Returns a group's parameters by dotted name.
   *
   * @param group its place, from 0 at the input
   */
  public Map<String, Tensor> parameters(int group) {
    return Collections.unmodifiableMap(groups.get(group).parameters());
  }

  /**
   * Returns learning rates that fall by a factor from group to group towards the input.
   *
   * @param lr of the last group
   * @param decay the factor, above 0, such as 0.8; 1 for one rate
   * @return {@code lr * decay^(groups behind it)} for each group, from input to output
   */
  public double[] rates(double lr, double decay) {
    if (!(decay > 0)) {
      throw new KilnException("[layer_groups] decay " + decay + " must be above 0");
    }
    double[] rates = new double[size()];
    double rate = lr;
    for (int i = rates.length - 1; i >= 0; i--) {
      rates[i] = rate;
      rate *= decay;
    }
    return rates;
  }

  /**
   * Adds the groups to an optimizer, with learning rates that fall towards the input: {@code
   * groups.addTo(AdamW.builder(), 1e-3, 0.8).build()}.
   *
   * @param <B> the builder's type
   * @param optimizer an optimizer's builder
   * @param lr of the last group
   * @param decay the factor from group to group; see {@link #rates}
   * @return the builder
   */
  public <B extends OptimizerBuilder<B>> B addTo(B optimizer, double lr, double decay) {
    return addTo(optimizer, rates(lr, decay));
  }

  /**
   * Adds the groups to an optimizer, each with a learning rate of its own.
   *
   * @param <B> the builder's type
   * @param optimizer an optimizer's builder
   * @param rates one for each group, from input to output
   * @return the builder
   * @throws KilnException if there are more or fewer
   */
  public <B extends OptimizerBuilder<B>> B addTo(B optimizer, double... rates) {
    if (rates.length != size()) {
      throw new KilnException(
          "[layer_groups] " + rates.length + " learning rates for the groups " + names());
    }
    for (int i = 0; i < size(); i++) {
      optimizer.group(List.copyOf(groups.get(i).parameters().values()), rates[i]);
    }
    return optimizer;
  }

  /**
   * Trains the last groups alone: the parameters of the others require no gradient.
   *
   * @param last how many; more than there are means all
   * @param statistics whether batch normalisations of the others also keep their statistics
   */
  public void trainLast(int last, boolean statistics) {
    for (int i = 0; i < size(); i++) {
      boolean trained = i >= size() - last;
      for (Tensor t : groups.get(i).parameters().values()) {
        t.requiresGrad(trained);
        if (!trained) {
          t.zeroGrad();
        }
      }
      if (statistics) {
        for (String name : groups.get(i).modules().keySet()) {
          setStatistics(name, trained);
        }
      }
    }
  }

  private void setStatistics(String name, boolean follow) {
    for (String each : model.namedModules().keySet()) {
      boolean inside = each.equals(name) || each.startsWith(name + ".");
      if (inside && model.namedBuffers().containsKey(each + ".running_mean")) {
        if (follow) {
          model.unfreezeStatistics(each);
        } else {
          model.freezeStatistics(each);
        }
      }
    }
  }

  /** Returns the names and how many elements each group has. */
  @Override
  public String toString() {
    StringBuilder s = new StringBuilder();
    for (Group g : groups) {
      long count = g.parameters().values().stream().mapToLong(Tensor::numel).sum();
      s.append(s.length() == 0 ? "" : ", ").append(g.name()).append(": ").append(count);
    }
    return s.toString();
  }
}
