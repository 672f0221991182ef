package dev.kiln.nn;

import dev.kiln.ShapeException;
import dev.kiln.Tensor;

/** Where in a tensor the results of several modules lie. */
enum BatchSide {
  /** The tensor is what each of them has. */
  SHARED,
  /** One after another: [modules, ...]. */
  FRONT,
  /** Their channels side by side: [n, modules * channels, ...]. */
  CHANNELS;

  /**
   * Brings the results of some modules to another place.
   *
   * @param count how many modules
   * @param x their results, which lie as this says
   * @param to where they shall lie; not SHARED, unless they do already
   * @return a view, if possible
   */
  Tensor move(int count, Tensor x, BatchSide to) {
    if (this == to) {
      return x;
    }
    if (this == SHARED && to == FRONT) {
      return x.unsqueeze(0).expand(x.shape().insert(0, count).dims());
    }
    if (x.dim() < (this == FRONT ? 3 : 2)) {
      throw new ShapeException(
          "[batched] %s of %d modules has no channels".formatted(x.describe(), count));
    }
    if (this == SHARED) {
      return merged(x.unsqueeze(1).expand(x.shape().insert(1, count).dims()));
    }
    if (this == FRONT) {
      return merged(x.transpose(0, 1));
    }
    long[] apart = x.shape().insert(1, count).dims();
    apart[2] /= count;
    return x.reshape(apart).transpose(0, 1);
  }

  private static Tensor merged(Tensor apart) {
    return apart.flatten(1, 2);
  }
}
