package dev.kiln.nn;

import dev.kiln.KilnException;
import dev.kiln.Tensor;
import dev.kiln.autograd.NoGrad;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** How saved tensors fit a module: PyTorch's missing and unexpected keys. */
public final class StateLoading {
  private static final int SHOWN = 8;

  private final Map<Tensor, Tensor> pairs = new LinkedHashMap<>();
  private final List<String> missing = new ArrayList<>();
  private final List<String> unexpected = new ArrayList<>();
  private final List<String> misfits = new ArrayList<>();

  private StateLoading() {}

  static StateLoading compare(Map<String, Tensor> own, Map<String, Tensor> saved) {
    StateLoading loading = new StateLoading();
    own.forEach(
        (name, mine) -> {
          Tensor theirs = saved.get(name);
          if (theirs == null) {
            loading.missing.add(name);
          } else if (theirs.shape().equals(mine.shape())) {
            loading.pairs.put(mine, theirs);
          } else {
            loading.misfits.add(
                name + " is " + mine.describe() + " here and " + theirs.describe() + " there");
          }
        });
    for (String name : saved.keySet()) {
      if (!own.containsKey(name)) {
        loading.unexpected.add(name);
      }
    }
    return loading;
  }

  /**
   * Returns what the module has and the state has not.
   *
   * @return dotted names; these tensors kept their values
   */
  public List<String> missing() {
    return List.copyOf(missing);
  }

  /**
   * Returns what the state has and the module has not.
   *
   * @return dotted names; these tensors were not used
   */
  public List<String> unexpected() {
    return List.copyOf(unexpected);
  }

  void requireComplete(String module) {
    if (!missing.isEmpty() || !unexpected.isEmpty()) {
      throw new KilnException(
          "[load_state_dict] the state does not fit "
              + module
              + say("; missing: ", missing)
              + say("; unexpected: ", unexpected)
              + "; loadMatching() takes what fits");
    }
    requireShapes(module);
  }

  void requireShapes(String module) {
    if (!misfits.isEmpty()) {
      throw new KilnException(
          "[load_state_dict] shapes differ from " + module + say(": ", misfits));
    }
  }

  private static String say(String what, List<String> names) {
    if (names.isEmpty()) {
      return "";
    }
    int rest = names.size() - SHOWN;
    return names.stream()
        .limit(SHOWN)
        .collect(Collectors.joining(", ", what, rest > 0 ? " and " + rest + " more" : ""));
  }

  /** Copies the values, once everything has been checked. */
  void copy() {
    pairs.values().forEach(t -> t.view("load_state_dict", "saved tensor"));
    try (NoGrad off = NoGrad.open()) {
      pairs.forEach(Tensor::copyFrom);
    }
  }

  /** Returns both lists in words. */
  @Override
  public String toString() {
    return pairs.size()
        + " loaded"
        + say(", missing: ", missing)
        + say(", unexpected: ", unexpected);
  }
}
