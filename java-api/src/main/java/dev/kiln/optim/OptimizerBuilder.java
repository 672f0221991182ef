package dev.kiln.optim;

import dev.kiln.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Collects the settings and groups of an optimizer.
 *
 * <p>Settings hold for all groups, whether set before or after them, except where a group has its
 * own.
 *
 * @param <B> the optimizer's own builder
 */
public abstract sealed class OptimizerBuilder<B extends OptimizerBuilder<B>>
    permits SGD.Builder, Adagrad.Builder, Adam.Builder, AdamW.Builder, RMSprop.Builder {
  private final Rule rule;
  private final Map<String, Double> values = new LinkedHashMap<>();
  private final List<Wanted> wanted = new ArrayList<>();

  private record Wanted(List<Tensor> parameters, Consumer<GroupSettings> changes) {}

  OptimizerBuilder(Rule rule) {
    this.rule = rule;
  }

  abstract B self();

  final B set(String name, double value) {
    values.put(name, rule.setting(name).check(rule.name(), value));
    return self();
  }

  /**
   * Sets the learning rate.
   *
   * @param lr at least 0
   * @return this
   */
  public final B lr(double lr) {
    return set(Rule.LR, lr);
  }

  /**
   * Sets the weight decay.
   *
   * @param weightDecay at least 0
   * @return this
   */
  public final B weightDecay(double weightDecay) {
    return set("weightDecay", weightDecay);
  }

  /**
   * Chooses to climb: to make the loss larger instead of smaller.
   *
   * @param maximize false by default
   * @return this
   */
  public final B maximize(boolean maximize) {
    return set(Rule.MAXIMIZE, maximize ? 1 : 0);
  }

  /**
   * Adds a group with the optimizer's settings.
   *
   * @param parameters floating leaves
   * @return this
   */
  public final B group(List<Tensor> parameters) {
    return group(parameters, s -> {});
  }

  /**
   * Adds a group with a learning rate of its own.
   *
   * @param parameters floating leaves
   * @param lr at least 0
   * @return this
   */
  public final B group(List<Tensor> parameters, double lr) {
    return group(parameters, s -> s.lr(lr));
  }

  /**
   * Adds a group with settings of its own.
   *
   * @param parameters floating leaves
   * @param changes what differs from the optimizer's settings
   * @return this
   */
  public final B group(List<Tensor> parameters, Consumer<GroupSettings> changes) {
    wanted.add(new Wanted(List.copyOf(parameters), changes));
    return self();
  }

  Map<String, Double> defaults() {
    return Map.copyOf(values);
  }

  List<ParameterGroup> groups() {
    return wanted.stream()
        .map(w -> new GroupSettings(rule, values).group(w.parameters, w.changes))
        .toList();
  }
}
