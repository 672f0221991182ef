package dev.kiln.bench;

import dev.kiln.models.Mlp;
import dev.kiln.nn.Module;
import dev.kiln.optim.Adam;

/** W1: MLP 784-512-512-10, ReLU, batch 128, Adam, cross-entropy. */
final class MlpTraining {
  private static final int BATCH = 128;

  private MlpTraining() {}

  static Task task() {
    double weights = 784 * 512 + 512 * 512 + 512 * 10;
    double flops = 2.0 * BATCH * (3 * weights - 784 * 512); // no gradient of the input
    return Task.of("W1", flops, MlpTraining::make);
  }

  private static Runnable make(Setting s) {
    Module model = new Mlp(784, 512, 512, 10);
    return s.training(
        model, Adam.of(model.parameters(), 1e-3), s.random(BATCH, 784), s.labels(BATCH));
  }
}
