package dev.kiln.bench;

import dev.kiln.models.LeNet;
import dev.kiln.nn.Module;
import dev.kiln.optim.SGD;

/**
 * W2: 1x28x28, conv 32@5x5 same, ReLU, max-pool 2, conv 64@5x5 same, ReLU, max-pool 2, dense 1024,
 * ReLU, dropout 0.4, dense 10; batch 64; SGD with momentum 0.9.
 */
final class LeNetTraining {
  private static final int BATCH = 64;

  private LeNetTraining() {}

  static Task task() {
    double conv1 = 28.0 * 28 * 32 * 25;
    double conv2 = 14.0 * 14 * 64 * 32 * 25;
    double dense = 3136.0 * 1024 + 1024 * 10;
    return Task.of("W2", 2 * BATCH * (2 * conv1 + 3 * (conv2 + dense)), LeNetTraining::make);
  }

  private static Runnable make(Setting s) {
    Module model = new LeNet();
    return s.training(
        model,
        SGD.builder(model.parameters()).lr(0.01).momentum(0.9).build(),
        s.random(BATCH, 1, 28, 28),
        s.labels(BATCH));
  }
}
