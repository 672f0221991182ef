package dev.kiln.optim;

import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;

/** Optimizers with many settings, each beside its oracle, and what their tests share. */
final class OptimizerCases {
  private OptimizerCases() {}

  /** One setting of one optimizer. */
  record Case(String name, Function<List<Tensor>, Optimizer> make, Supplier<Oracle.Rule> oracle) {
    @Override
    public String toString() {
      return name;
    }
  }

  static List<Case> all() {
    return List.of(
        new Case("sgd", p -> SGD.of(p, 0.1), () -> Oracle.sgd(0.1, 0, 0, 0, false)),
        new Case(
            "sgd default rate",
            p -> SGD.builder(p).build(),
            () -> Oracle.sgd(1e-3, 0, 0, 0, false)),
        new Case(
            "sgd momentum",
            p -> SGD.builder(p).lr(0.1).momentum(0.9).weightDecay(0.01).build(),
            () -> Oracle.sgd(0.1, 0.9, 0, 0.01, false)),
        new Case(
            "sgd dampening",
            p -> SGD.builder(p).lr(0.1).momentum(0.8).dampening(0.3).build(),
            () -> Oracle.sgd(0.1, 0.8, 0.3, 0, false)),
        new Case(
            "sgd nesterov",
            p -> SGD.builder(p).lr(0.1).momentum(0.9).nesterov(true).weightDecay(0.1).build(),
            () -> Oracle.sgd(0.1, 0.9, 0, 0.1, true)),
        new Case(
            "adagrad defaults",
            p -> Adagrad.builder(p).build(),
            () -> Oracle.adagrad(1e-2, 0, 0, 0, 1e-10)),
        new Case(
            "adagrad",
            p ->
                Adagrad.builder(p)
                    .lr(0.1)
                    .lrDecay(0.2)
                    .weightDecay(0.05)
                    .initialAccumulatorValue(0.5)
                    .eps(1e-3)
                    .build(),
            () -> Oracle.adagrad(0.1, 0.2, 0.05, 0.5, 1e-3)),
        new Case(
            "adam defaults",
            p -> Adam.builder(p).build(),
            () -> Oracle.adam(1e-3, 0.9, 0.999, 1e-8, 0, false, false)),
        new Case(
            "adam amsgrad",
            p -> Adam.builder(p).lr(0.1).betas(0.5, 0.6).weightDecay(0.1).amsgrad(true).build(),
            () -> Oracle.adam(0.1, 0.5, 0.6, 1e-8, 0.1, true, false)),
        new Case(
            "adamw defaults",
            p -> AdamW.builder(p).build(),
            () -> Oracle.adam(1e-3, 0.9, 0.999, 1e-8, 1e-2, false, true)),
        new Case(
            "adamw amsgrad",
            p ->
                AdamW.builder(p)
                    .lr(0.1)
                    .betas(0.7, 0.8)
                    .eps(0.1)
                    .weightDecay(0.3)
                    .amsgrad(true)
                    .build(),
            () -> Oracle.adam(0.1, 0.7, 0.8, 0.1, 0.3, true, true)),
        new Case(
            "rmsprop defaults",
            p -> RMSprop.builder(p).build(),
            () -> Oracle.rmsprop(1e-2, 0.99, 1e-8, 0, 0, false)),
        new Case(
            "rmsprop momentum",
            p -> RMSprop.builder(p).lr(0.05).alpha(0.9).momentum(0.7).weightDecay(0.1).build(),
            () -> Oracle.rmsprop(0.05, 0.9, 1e-8, 0.1, 0.7, false)),
        new Case(
            "rmsprop centered",
            p ->
                RMSprop.builder(p)
                    .lr(0.05)
                    .alpha(0.8)
                    .eps(1e-2)
                    .momentum(0.5)
                    .centered(true)
                    .build(),
            () -> Oracle.rmsprop(0.05, 0.8, 1e-2, 0, 0.5, true)));
  }

  /** Numbers that look random and are exact in FLOAT32. */
  static double[] numbers(int n, int seed) {
    double[] out = new double[n];
    long x = seed * 2654435761L + 12345;
    for (int i = 0; i < n; i++) {
      x = x * 6364136223846793005L + 1442695040888963407L;
      out[i] = (x >> 44) / (double) (1 << 18);
    }
    return out;
  }

  static Tensor parameter(int n, int seed, DType dtype, Device device) {
    return Tensor.of(numbers(n, seed), Shape.of(n), device).to(dtype).copy().requiresGrad(true);
  }

  /** Lets a backward pass bring a given gradient. */
  static void give(Tensor p, double... gradient) {
    p.mul(Tensor.of(gradient, p.shape(), p.device()).to(p.dtype())).sum().backward();
  }
}
