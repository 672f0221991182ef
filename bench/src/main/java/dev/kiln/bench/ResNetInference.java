package dev.kiln.bench;

import dev.kiln.Tensor;
import dev.kiln.autograd.NoGrad;
import dev.kiln.models.ResNet;
import dev.kiln.nn.Module;

/** W5: inference of W3's model at batch 1 and 32. */
final class ResNetInference {
  private ResNetInference() {}

  static Task task(int batch) {
    return Task.of("W5.b" + batch, 2 * batch * ResNetTraining.PRODUCTS, s -> make(s, batch));
  }

  private static Runnable make(Setting s, int batch) {
    Module model = ResNet.resnet18(10);
    model.eval();
    Tensor x = s.random(batch, 3, 32, 32);
    return s.run(
        () -> {
          try (NoGrad off = NoGrad.open()) {
            model.call(x);
          }
        });
  }
}
