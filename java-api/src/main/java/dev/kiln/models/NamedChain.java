package dev.kiln.models;

import dev.kiln.Tensor;
import dev.kiln.nn.Chained;
import dev.kiln.nn.Module;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** A network whose layers, each under a name of its own, follow one another. */
abstract class NamedChain extends Module implements Chained {
  private final List<Module> path = new ArrayList<>();

  /** Adds a layer behind those that there are. */
  final void add(String name, Module layer) {
    path.add(module(name, layer));
  }

  @Override
  public List<Module> links() {
    return Collections.unmodifiableList(path);
  }

  @Override
  public Tensor forward(Tensor x) {
    return chain(x, path);
  }
}
