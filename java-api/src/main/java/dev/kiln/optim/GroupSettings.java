package dev.kiln.optim;

import dev.kiln.Tensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** The settings of a group that is being added; those left out are the optimizer's. */
public final class GroupSettings {
  private final Rule rule;
  private final Map<String, Double> values;

  GroupSettings(Rule rule, Map<String, Double> defaults) {
    this.rule = rule;
    this.values = new LinkedHashMap<>(defaults);
  }

  /**
   * Sets the learning rate.
   *
   * @param lr at least 0
   * @return this
   */
  public GroupSettings lr(double lr) {
    return set(Rule.LR, lr);
  }

  /**
   * Sets the weight decay.
   *
   * @param weightDecay at least 0
   * @return this
   */
  public GroupSettings weightDecay(double weightDecay) {
    return set("weightDecay", weightDecay);
  }

  /**
   * Sets any setting.
   *
   * @param name such as {@code momentum}
   * @param value its value; 0 or 1 where it is true or false
   * @return this
   * @throws OptimizerException if the optimizer has no such setting or it cannot have that value
   */
  public GroupSettings set(String name, double value) {
    values.put(name, rule.setting(name).check(rule.name(), value));
    return this;
  }

  ParameterGroup group(List<Tensor> parameters, Consumer<GroupSettings> changes) {
    changes.accept(this);
    return new ParameterGroup(rule, parameters, values);
  }
}
