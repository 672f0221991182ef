package dev.kiln.bench;

import dev.kiln.models.ResNet;
import dev.kiln.nn.Module;
import dev.kiln.optim.SGD;

/**
 * W3: ResNet-18 for CIFAR (3x3 stem without pool, 64-128-256-512, batch norm), 3x32x32, batch 32,
 * SGD with momentum 0.9 and weight decay 5e-4.
 */
final class ResNetTraining {
  /** Multiplications of one image's forward pass: the sum over layers of outputs times taps. */
  static final double PRODUCTS = 5.554e8;

  private static final int BATCH = 32;

  private ResNetTraining() {}

  static Task task() {
    return Task.of("W3", 2 * 3 * BATCH * PRODUCTS, ResNetTraining::make);
  }

  private static Runnable make(Setting s) {
    Module model = ResNet.resnet18(10);
    return s.training(
        model,
        SGD.builder(model.parameters()).lr(0.01).momentum(0.9).weightDecay(5e-4).build(),
        s.random(BATCH, 3, 32, 32),
        s.labels(BATCH));
  }
}
