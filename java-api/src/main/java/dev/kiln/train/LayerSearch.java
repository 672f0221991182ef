package dev.kiln.train;

import dev.kiln.Tensor;
import dev.kiln.nn.HookHandle;
import dev.kiln.nn.Module;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Runs a model and finds the first layer whose output is not finite. */
final class LayerSearch {
  private LayerSearch() {}

  /**
   * A layer with a bad output.
   *
   * @param name its dotted name; empty for the model itself
   * @param module the layer
   * @param problem what is wrong with its output
   */
  record Hit(String name, Module module, String problem) {
    /** The layer's own parameters and buffers, by their names in it. */
    Map<String, Tensor> own() {
      Map<String, Tensor> own = new LinkedHashMap<>(module.stateDict());
      own.keySet().removeIf(n -> n.contains("."));
      return own;
    }
  }

  /** Looks at outputs in the order in which layers finish: inner ones before what contains them. */
  static Optional<Hit> firstNonFinite(Module model, Tensor x) {
    List<Hit> hits = new ArrayList<>();
    List<HookHandle> hooks = new ArrayList<>();
    try {
      model
          .namedModules()
          .forEach(
              (name, m) ->
                  hooks.add(
                      m.onForward(
                          (layer, in, out) -> {
                            if (hits.isEmpty() && !Finite.isFinite(out)) {
                              hits.add(
                                  new Hit(
                                      name, m, out.describe() + " has " + Finite.describe(out)));
                            }
                          })));
      model.call(x);
    } finally {
      hooks.forEach(HookHandle::close);
    }
    return hits.stream().findFirst();
  }
}
