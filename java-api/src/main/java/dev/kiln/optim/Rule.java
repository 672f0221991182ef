package dev.kiln.optim;

import dev.kiln.backend.OptimizerKind;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.ToDoubleFunction;

/**
 * An update rule: its kernel, its settings and the state it keeps.
 *
 * @param name the optimizer's name
 * @param kernel the backend's rule
 * @param settings the learning rate first
 * @param states in the kernel's order
 * @param crossCheck throws when settings contradict each other
 */
record Rule(
    String name,
    OptimizerKind kernel,
    List<Setting> settings,
    List<State> states,
    Consumer<ParameterGroup> crossCheck) {

  static final String LR = "lr";
  static final String MAXIMIZE = "maximize";

  /**
   * A tensor kept per parameter.
   *
   * @param name PyTorch's name
   * @param used tells from a group's settings whether it is kept at all
   * @param start its first value
   */
  record State(
      String name, Predicate<ParameterGroup> used, ToDoubleFunction<ParameterGroup> start) {
    static State always(String name) {
      return new State(name, g -> true, g -> 0);
    }

    static State when(String name, Predicate<ParameterGroup> used) {
      return new State(name, used, g -> 0);
    }
  }

  static Builder of(String name, OptimizerKind kernel, double lr) {
    return new Builder(name, kernel, lr);
  }

  Setting setting(String wanted) {
    for (Setting s : settings) {
      if (s.name().equals(wanted)) {
        return s;
      }
    }
    throw new OptimizerException(
        "["
            + name
            + "] there is no setting '"
            + wanted
            + "'; it has "
            + settings.stream().map(Setting::name).toList());
  }

  boolean has(String wanted) {
    return settings.stream().anyMatch(s -> s.name().equals(wanted));
  }

  /** How many entries the device's vector has. */
  int hyperLength() {
    return Math.max(
        OptimizerKind.FIRST_SETTING,
        1 + settings.stream().mapToInt(Setting::index).max().orElseThrow());
  }

  /** Lists settings in the order in which the kernel takes them, after learning rate and step. */
  static final class Builder {
    private final String name;
    private final OptimizerKind kernel;
    private final List<Setting> settings = new ArrayList<>();
    private int next = OptimizerKind.FIRST_SETTING;

    private Builder(String name, OptimizerKind kernel, double lr) {
      this.name = name;
      this.kernel = kernel;
      settings.add(new Setting(LR, lr, Setting.Domain.NOT_NEGATIVE, OptimizerKind.LR));
    }

    Builder setting(String setting, double initial, Setting.Domain domain) {
      settings.add(new Setting(setting, initial, domain, next++));
      return this;
    }

    Builder hostSetting(String setting, double initial, Setting.Domain domain) {
      settings.add(new Setting(setting, initial, domain, Setting.HOST_ONLY));
      return this;
    }

    Rule states(State... states) {
      return checked(g -> {}, states);
    }

    Rule checked(Consumer<ParameterGroup> crossCheck, State... states) {
      hostSetting(MAXIMIZE, 0, Setting.Domain.FLAG);
      return new Rule(name, kernel, List.copyOf(settings), List.of(states), crossCheck);
    }
  }
}
