package dev.kiln.bench;

import dev.kiln.Tensor;
import dev.kiln.autograd.NoGrad;
import dev.kiln.backend.BinaryOp;
import dev.kiln.backend.UnaryOp;
import dev.kiln.nn.Conv2d;
import java.util.ArrayList;
import java.util.List;

/**
 * W6: matmul of n x n for n = 512, 1024, 2048; add, relu and exp of 16M elements into an existing
 * output; softmax over rows of 4096 x 1024; 3x3 convolution of 32x64x32x32 to 64 channels, padding
 * 1, with bias, forward, and forward and backward.
 */
final class SingleOps {
  private static final long MANY = 1L << 24;

  private SingleOps() {}

  static List<Task> tasks() {
    List<Task> tasks = new ArrayList<>();
    for (int n : List.of(512, 1024, 2048)) {
      tasks.add(Task.of("W6.matmul" + n, 2.0 * n * n * n, s -> matmul(s, n)));
    }
    tasks.add(new Task("W6.add", 0, 12.0 * MANY, s -> add(s, false)));
    tasks.add(new Task("W6.add.inPlace", 0, 12.0 * MANY, s -> add(s, true)));
    tasks.add(new Task("W6.relu", 0, 8.0 * MANY, s -> unary(s, UnaryOp.RELU)));
    tasks.add(new Task("W6.exp", 0, 8.0 * MANY, s -> unary(s, UnaryOp.EXP)));
    tasks.add(new Task("W6.softmax", 0, 8.0 * 4096 * 1024, SingleOps::softmax));
    double conv = 2.0 * 32 * 64 * 32 * 32 * 64 * 9;
    tasks.add(Task.of("W6.conv", conv, s -> conv(s, false)));
    tasks.add(Task.of("W6.conv.backward", 3 * conv, s -> conv(s, true)));
    return tasks;
  }

  private static Runnable matmul(Setting s, int n) {
    Tensor a = s.random(n, n);
    Tensor b = s.random(n, n);
    return s.run(() -> a.matmul(b));
  }

  private static Runnable add(Setting s, boolean inPlace) {
    Tensor a = s.random(MANY);
    Tensor b = s.random(MANY);
    Tensor out = inPlace ? a : s.random(MANY);
    return () -> s.device().backend().binary(BinaryOp.ADD, out.view(), a.view(), b.view());
  }

  private static Runnable unary(Setting s, UnaryOp op) {
    Tensor x = s.random(MANY);
    Tensor out = s.random(MANY);
    return () -> s.device().backend().unary(op, out.view(), x.view(), 0, 0);
  }

  private static Runnable softmax(Setting s) {
    Tensor x = s.random(4096, 1024);
    return s.run(() -> x.softmax(1));
  }

  private static Runnable conv(Setting s, boolean backward) {
    Conv2d layer = Conv2d.builder(64, 64, 3).samePadding().build();
    Tensor x = s.random(32, 64, 32, 32);
    if (!backward) {
      return s.run(
          () -> {
            try (NoGrad off = NoGrad.open()) {
              layer.call(x);
            }
          });
    }
    x.requiresGrad(true);
    Tensor dy = s.random(32, 64, 32, 32);
    return s.run(
        () -> {
          x.zeroGrad();
          layer.zeroGrad();
          layer.call(x).backward(dy);
        });
  }
}
