package dev.kiln.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.kiln.Device;
import dev.kiln.Scope;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.autograd.Autograd;
import dev.kiln.nn.BatchNorm2d;
import dev.kiln.nn.Conv2d;
import dev.kiln.nn.Flatten;
import dev.kiln.nn.LeakyReLU;
import dev.kiln.nn.Linear;
import dev.kiln.nn.Module;
import dev.kiln.nn.Sequential;
import dev.kiln.ops.Norms;
import dev.kiln.optim.Adam;
import dev.kiln.optim.Optimizer;
import dev.kiln.testing.EachDevice;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/**
 * A critic trained with a penalty on the gradient of its score, as in WGAN-GP: Gulrajani et al.
 * 2017.
 */
class GradientPenaltyTest {
  private static final int STEPS = 3;

  private static Module critic() {
    return new Sequential(
        Conv2d.builder(1, 4, 3).stride(2).padding(1).bias(false).build(),
        new BatchNorm2d(4),
        new LeakyReLU(0.2),
        new Flatten(),
        new Linear(4 * 4 * 4, 1));
  }

  private static Tensor images(long seed, Device device) {
    SplittableRandom random = new SplittableRandom(seed);
    float[] pixels = new float[4 * 8 * 8];
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = (float) random.nextDouble(-1, 1);
    }
    return Tensor.of(pixels, Shape.of(4, 1, 8, 8), device);
  }

  private static double step(Module critic, Optimizer optimizer, Device device) {
    try (Scope scope = Scope.open()) {
      Tensor real = images(10, device);
      Tensor fake = images(20, device).mul(0.5);
      Tensor between = real.mul(0.3).add(fake.mul(0.7)).requiresGrad(true);
      Tensor score = critic.call(between).sum();
      Tensor slope = Autograd.grad(score, List.of(between), true).get(0);
      Tensor steepness = Norms.norm(slope.flatten(1, -1), 2, new int[] {1}, false);
      Tensor penalty = steepness.sub(1).square().mean();
      Tensor loss = critic.call(fake).mean().sub(critic.call(real).mean()).add(penalty.mul(10));
      optimizer.zeroGrad();
      loss.backward();
      optimizer.step();
      return loss.item();
    }
  }

  private static double[] train(Device device) {
    Device.of("scalar").generator().seed(5);
    Device before = Device.defaultDevice();
    Device.setDefault(Device.of("scalar"));
    Module critic;
    try {
      critic = critic();
    } finally {
      Device.setDefault(before);
    }
    critic.to(device);
    Optimizer optimizer = Adam.of(critic.parameters(), 1e-3);
    List<Double> found = new ArrayList<>();
    for (int i = 0; i < STEPS; i++) {
      found.add(step(critic, optimizer, device));
    }
    for (Tensor t : critic.stateDict().values()) {
      for (double v : t.toDoubleArray()) {
        found.add(v);
      }
    }
    return found.stream().mapToDouble(v -> v).toArray();
  }

  @Test
  void everyDeviceTrainsAlike() {
    double[] oracle = train(Device.of("scalar"));
    assertThat(oracle[STEPS - 1]).isLessThan(oracle[0]);
    for (Device device : EachDevice.all()) {
      assertThat(train(device)).as("%s", device).containsExactly(oracle, within(2e-4));
    }
  }
}
