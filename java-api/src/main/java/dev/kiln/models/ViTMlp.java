package dev.kiln.models;

import dev.kiln.Tensor;
import dev.kiln.nn.Dropout;
import dev.kiln.nn.GELU;
import dev.kiln.nn.Linear;
import dev.kiln.nn.Module;

/** Two dense layers with GELU between them, on each token alone. */
final class ViTMlp extends Module {
  private final Linear fc1;
  private final GELU act;
  private final Dropout drop1;
  private final Linear fc2;
  private final Dropout drop2;

  ViTMlp(long dim, long hidden, double dropout) {
    fc1 = module("fc1", new Linear(dim, hidden));
    act = module("act", new GELU());
    drop1 = module("drop1", new Dropout(dropout));
    fc2 = module("fc2", new Linear(hidden, dim));
    drop2 = module("drop2", new Dropout(dropout));
  }

  @Override
  public Tensor forward(Tensor x) {
    return chain(x, fc1, act, drop1, fc2, drop2);
  }
}
