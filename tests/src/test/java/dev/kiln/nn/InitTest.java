package dev.kiln.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.Generator;
import dev.kiln.KilnException;
import dev.kiln.Shape;
import dev.kiln.ShapeException;
import dev.kiln.Tensor;
import dev.kiln.nn.Init.FanMode;
import dev.kiln.nn.Init.Nonlinearity;
import dev.kiln.testing.EachDevice;
import dev.kiln.testing.OnEachDevice;
import java.util.Arrays;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

class InitTest {
  private static Tensor empty(Device device, long... dims) {
    return Tensor.empty(Shape.of(dims), DType.FLOAT32, device);
  }

  private static double mean(double[] v) {
    return Arrays.stream(v).average().orElseThrow();
  }

  private static double std(double[] v) {
    double m = mean(v);
    return Math.sqrt(Arrays.stream(v).map(x -> (x - m) * (x - m)).sum() / (v.length - 1));
  }

  private static void uniformWithin(double bound, Tensor t) {
    double[] v = t.toDoubleArray();
    double fourSigma = 4 / Math.sqrt(v.length);
    assertThat(Arrays.stream(v).map(Math::abs).max().orElseThrow())
        .isLessThanOrEqualTo(bound * (1 + 1e-6))
        .isGreaterThan((1 - 8.0 / v.length) * bound);
    assertThat(mean(v)).isCloseTo(0, within(fourSigma * bound / Math.sqrt(3)));
    assertThat(std(v))
        .isCloseTo(bound / Math.sqrt(3), within(fourSigma * bound / Math.sqrt(3) * Math.sqrt(0.2)));
  }

  private static void normalWith(double std, Tensor t) {
    double[] v = t.toDoubleArray();
    assertThat(mean(v)).isCloseTo(0, within(0.04 * std));
    assertThat(std(v)).isCloseTo(std, within(0.03 * std));
    assertThat(Arrays.stream(v).map(Math::abs).max().orElseThrow()).isGreaterThan(2.5 * std);
  }

  private static void between(double low, double high, double[] v) {
    assertThat(Arrays.stream(v).min().orElseThrow()).isGreaterThanOrEqualTo(low);
    assertThat(Arrays.stream(v).max().orElseThrow()).isLessThanOrEqualTo(high);
  }

  @OnEachDevice
  void fillsWithTheNamedDistributions(Device device) {
    Generator.manualSeed(1);
    // [60, 20, 3, 4]: fan in 240, fan out 720
    uniformWithin(0.5, Init.uniform(empty(device, 60, 240), -0.5, 0.5));
    normalWith(0.2, Init.normal(empty(device, 60, 240), 0, 0.2));
    uniformWithin(2 * Math.sqrt(6.0 / 960), Init.xavierUniform(empty(device, 60, 20, 3, 4), 2));
    normalWith(Math.sqrt(2.0 / 960), Init.xavierNormal(empty(device, 60, 20, 3, 4), 1));
    uniformWithin(Math.sqrt(6.0 / 240), Init.kaimingUniform(empty(device, 60, 20, 3, 4)));
    normalWith(Math.sqrt(2.0 / 240), Init.kaimingNormal(empty(device, 60, 20, 3, 4)));
    normalWith(
        Math.sqrt(2.0 / 720),
        Init.kaimingNormal(empty(device, 60, 20, 3, 4), 0, FanMode.FAN_OUT, Nonlinearity.RELU));
    // a = sqrt(5) is what PyTorch's layers use: sqrt(2 / 6) sqrt(3 / fan) = 1 / sqrt(fan)
    uniformWithin(
        1 / Math.sqrt(240),
        Init.kaimingUniform(
            empty(device, 60, 20, 3, 4), Math.sqrt(5), FanMode.FAN_IN, Nonlinearity.LEAKY_RELU));
  }

  @OnEachDevice
  void fillsWithConstants(Device device) {
    assertThat(Init.constant(empty(device, 3), 2.5).toDoubleArray()).containsExactly(2.5, 2.5, 2.5);
    assertThat(Init.ones(empty(device, 2)).toDoubleArray()).containsExactly(1, 1);
    Tensor tracked = Tensor.ones(Shape.of(2), DType.FLOAT32, device).requiresGrad(true);
    assertThat(Init.zeros(tracked).toDoubleArray()).containsExactly(0, 0);
    assertThat(tracked.requiresGrad()).isTrue();
  }

  @OnEachDevice
  void layersStartAsPyTorchsDo(Device device) {
    Generator.manualSeed(2);
    Device before = Device.defaultDevice();
    Device.setDefault(device);
    try {
      Linear linear = new Linear(100, 400);
      uniformWithin(0.1, linear.weight());
      uniformWithin(0.1, linear.bias().orElseThrow());
      Conv2d conv = Conv2d.builder(8, 300, 3, 6).groups(2).build();
      uniformWithin(1 / Math.sqrt(4 * 18), conv.weight());
    } finally {
      Device.setDefault(before);
    }
  }

  @OnEachDevice
  void cutsNormalNumbersAtBothEnds(Device device) {
    double[] v = Init.truncatedNormal(empty(device, 20000), 1, 0.5, 0, 2).toDoubleArray();
    between(0, 2, v);
    assertThat(mean(v)).isCloseTo(1, within(0.01));
    // Variance of a standard normal cut at +-2: 1 - 4 phi(2) / (2 Phi(2) - 1) = 0.7737413
    assertThat(std(v)).isCloseTo(0.5 * Math.sqrt(0.7737413), within(0.01));
    double[] half = Init.truncatedNormal(empty(device, 20000), 0, 1, 0, 100).toDoubleArray();
    between(0, 100, half);
    assertThat(mean(half)).isCloseTo(Math.sqrt(2 / Math.PI), within(0.02));
    double[] sliver = Init.truncatedNormal(empty(device, 100), 0, 1, 0.5, 0.5001).toDoubleArray();
    between(0.49999, 0.50011, sliver);
  }

  @Test
  void refusesCutsThatMissTheDistribution() {
    Tensor t = empty(Device.of("scalar"), 4);
    assertThatThrownBy(() -> Init.truncatedNormal(t, 0, 1, 3, 4))
        .isInstanceOf(KilnException.class)
        .hasMessageContaining("within 2 std");
    assertThatThrownBy(() -> Init.truncatedNormal(t, 0, 1, 1, 1)).isInstanceOf(KilnException.class);
    assertThatThrownBy(() -> Init.truncatedNormal(t, 0, 0, -1, 1))
        .isInstanceOf(KilnException.class);
  }

  @OnEachDevice
  void makesOrthonormalRowsOrColumns(Device device) {
    for (long[] dims : new long[][] {{24, 24}, {10, 37}, {37, 10}, {8, 3, 2, 2}, {1, 5}}) {
      double gain = 1.7;
      Tensor t = Init.orthogonal(empty(device, dims), gain);
      int rows = (int) dims[0];
      int columns = (int) (t.numel() / rows);
      double[] q = t.toDoubleArray();
      boolean tall = rows > columns;
      int count = Math.min(rows, columns);
      for (int a = 0; a < count; a++) {
        for (int b = 0; b < count; b++) {
          double dot = 0;
          for (int k = 0; k < Math.max(rows, columns); k++) {
            dot +=
                tall
                    ? q[k * columns + a] * q[k * columns + b]
                    : q[a * columns + k] * q[b * columns + k];
          }
          assertThat(dot).isCloseTo(a == b ? gain * gain : 0, within(1e-6));
        }
      }
    }
  }

  @Test
  void gainsAreTheTextbooks() {
    assertThat(Init.calculateGain(Nonlinearity.LINEAR)).isEqualTo(1);
    assertThat(Init.calculateGain(Nonlinearity.SIGMOID)).isEqualTo(1);
    assertThat(Init.calculateGain(Nonlinearity.TANH)).isEqualTo(5.0 / 3);
    assertThat(Init.calculateGain(Nonlinearity.RELU)).isEqualTo(Math.sqrt(2));
    assertThat(Init.calculateGain(Nonlinearity.LEAKY_RELU))
        .isEqualTo(Math.sqrt(2 / (1 + 0.01 * 0.01)));
    assertThat(Init.calculateGain(Nonlinearity.LEAKY_RELU, 1)).isEqualTo(1);
    assertThat(Init.calculateGain(Nonlinearity.SELU)).isEqualTo(0.75);
  }

  @Test
  void countsFansOfAnyRank() {
    Device device = Device.of("scalar");
    assertThat(Init.fans(empty(device, 7, 3))).isEqualTo(new Init.Fans(3, 7));
    assertThat(Init.fans(empty(device, 7, 3, 5))).isEqualTo(new Init.Fans(15, 35));
    assertThat(Init.fans(empty(device, 7, 3, 5, 2))).isEqualTo(new Init.Fans(30, 70));
    assertThatThrownBy(() -> Init.fans(empty(device, 7)))
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("f32[7]");
  }

  @Test
  void everyDeviceDrawsTheSameNumbers() {
    UnaryOperator<Tensor> all =
        t -> {
          Init.kaimingUniform(t);
          Init.truncatedNormal(t, 0.02);
          return Init.orthogonal(t, 1);
        };
    Generator.manualSeed(9);
    double[] want = all.apply(empty(Device.of("scalar"), 9, 13)).toDoubleArray();
    for (Device device : EachDevice.all()) {
      Generator.manualSeed(9);
      assertThat(all.apply(empty(device, 9, 13)).toDoubleArray()).as("%s", device).isEqualTo(want);
    }
  }
}
