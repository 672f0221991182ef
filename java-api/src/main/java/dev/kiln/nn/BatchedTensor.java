package dev.kiln.nn;

import dev.kiln.Scope;
import dev.kiln.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** The same parameter or buffer of several modules in one tensor, which follows them. */
final class BatchedTensor {
  private static final long NEVER = -1;

  private final List<Tensor> sources;
  private final long[] versions;
  private Optional<Tensor> all = Optional.empty();

  BatchedTensor(List<Tensor> sources) {
    this.sources = sources;
    versions = new long[sources.size()];
    Arrays.fill(versions, NEVER);
  }

  /** Copies what was changed since the last time. */
  void refresh() {
    if (all.isEmpty()) {
      Tensor first = sources.get(0);
      all =
          Optional.of(
              Scope.outside(
                  () ->
                      Tensor.empty(
                          first.shape().insert(0, sources.size()), first.dtype(), first.device())));
    }
    for (int i = 0; i < versions.length; i++) {
      long now = sources.get(i).version();
      if (now != versions[i]) {
        all.get().select(0, i).copyFrom(sources.get(i));
        versions[i] = now;
      }
    }
  }

  /** Returns the values, [modules, ...]. */
  Tensor values() {
    return all.orElseThrow();
  }

  /** Returns the values side by side on their first axis, [modules * first, ...]. */
  Tensor merged() {
    return values().flatten(0, 1);
  }

  /** Frees the values. */
  void close() {
    all.ifPresent(Tensor::close);
    all = Optional.empty();
    Arrays.fill(versions, NEVER);
  }
}
