package dev.kiln.oracle;

import static dev.kiln.oracle.Draw.normal;
import static dev.kiln.oracle.Draw.uniform;

import java.util.ArrayList;
import java.util.List;

/** Inputs with their names, in order. */
final class Named {
  private final List<Object> all = new ArrayList<>();

  Named put(String name, Value value) {
    all.add(name);
    all.add(value);
    return this;
  }

  /** Adds the parameters and running statistics of a batch normalisation. */
  Named norm(String name, long seed, long features) {
    put(name + "_weight", uniform(seed, 0.5, 1.5, features));
    put(name + "_bias", normal(seed + 1, features));
    put(name + "_running_mean", fixed(normal(seed + 2, features)));
    return put(name + "_running_var", fixed(uniform(seed + 3, 0.5, 2, features)));
  }

  private static Value fixed(Value v) {
    return new Value(v.dtype(), v.shape(), false, v.data());
  }

  Object[] inOrder() {
    return all.toArray();
  }
}
