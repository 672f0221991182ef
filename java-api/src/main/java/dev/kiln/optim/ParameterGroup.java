package dev.kiln.optim;

import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Parameters that an optimizer updates with the same settings.
 *
 * <p>A changed setting is sent to the device at once, so that recorded steps see it. Change
 * settings between steps, not inside a step that is being recorded.
 */
public final class ParameterGroup {
  private final Rule rule;
  private final List<Tensor> parameters;
  private final Map<String, Double> values = new LinkedHashMap<>();
  private final List<Pack> packs = new ArrayList<>();
  private final Set<Tensor> packed = Collections.newSetFromMap(new IdentityHashMap<>());
  private double initialLr;

  ParameterGroup(Rule rule, List<Tensor> parameters, Map<String, Double> wanted) {
    this.rule = rule;
    this.parameters = List.copyOf(parameters);
    for (Setting s : rule.settings()) {
      double value = wanted.getOrDefault(s.name(), s.initial());
      values.put(s.name(), s.check(rule.name(), value));
    }
    rule.crossCheck().accept(this);
    initialLr = lr();
  }

  Rule rule() {
    return rule;
  }

  /**
   * Returns the parameters.
   *
   * @return in the order in which they were given
   */
  public List<Tensor> parameters() {
    return parameters;
  }

  /**
   * Returns the learning rate.
   *
   * @return the rate of the next step
   */
  public double lr() {
    return get(Rule.LR);
  }

  /**
   * Changes the learning rate from the next step on; a schedule sets its own at its next step.
   *
   * @param lr at least 0
   * @throws OptimizerException if it is negative or not finite
   */
  public void lr(double lr) {
    set(Rule.LR, lr);
  }

  /**
   * Returns a setting.
   *
   * @param name such as {@code momentum} or {@code weightDecay}
   * @return its value; 0 or 1 where it is true or false
   * @throws OptimizerException if the optimizer has no such setting
   */
  public double get(String name) {
    return value(rule.setting(name));
  }

  double value(Setting s) {
    return values.get(s.name());
  }

  /**
   * Changes a setting from the next step on.
   *
   * @param name such as {@code momentum} or {@code weightDecay}
   * @param value the new value; 0 or 1 where it is true or false
   * @throws OptimizerException if the optimizer has no such setting or it cannot have that value
   */
  public void set(String name, double value) {
    Setting s = rule.setting(name);
    change(s, value);
    if (name.equals(Rule.LR)) {
      initialLr = value;
    }
  }

  private void change(Setting s, double value) {
    double before = values.put(s.name(), s.check(rule.name(), value));
    if (before != value) {
      try {
        rule.crossCheck().accept(this);
      } catch (OptimizerException e) {
        values.put(s.name(), before);
        throw e;
      }
      packs.forEach(pack -> pack.changed(s));
    }
  }

  /** Replaces all settings at once; they have been checked together. */
  void replace(Map<String, Double> wanted) {
    wanted.forEach(values::put);
    for (Setting s : rule.settings()) {
      packs.forEach(pack -> pack.changed(s));
    }
  }

  /**
   * Returns all settings.
   *
   * @return name to number or truth value, in a fixed order, the learning rate first
   */
  public Map<String, Object> settings() {
    Map<String, Object> out = new LinkedHashMap<>();
    for (Setting s : rule.settings()) {
      double v = value(s);
      if (s.isFlag()) {
        out.put(s.name(), v == 1);
      } else {
        out.put(s.name(), v);
      }
    }
    return out;
  }

  /** The rate that schedules start from: the one that was given, not one that a schedule set. */
  double initialLr() {
    return initialLr;
  }

  void initialLr(double lr) {
    initialLr = lr;
  }

  /** Changes the rate on behalf of a schedule. */
  void scheduledLr(double lr) {
    change(rule.setting(Rule.LR), lr);
  }

  List<Pack> packs() {
    return packs;
  }

  /** Packs those parameters that are not in a slab yet, one slab per device and type. */
  void pack(List<Tensor> newcomers) {
    Map<Kind, List<Tensor>> byKind = new LinkedHashMap<>();
    for (Tensor p : newcomers) {
      byKind.computeIfAbsent(new Kind(p.device(), p.dtype()), k -> new ArrayList<>()).add(p);
    }
    byKind.values().forEach(list -> packs.add(new Pack(this, list)));
    packed.addAll(newcomers);
  }

  boolean isPacked(Tensor p) {
    return packed.contains(p);
  }

  private record Kind(Device device, DType dtype) {}
}
