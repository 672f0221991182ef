package dev.kiln.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.Scope;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.autograd.NoGrad;
import dev.kiln.testing.OnEachDevice;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** LeNet-5's sizes, and its scores against plain loops in float64. */
class LeNet5Test {
  /** An image [channels][size][size] or features. */
  private record Planes(int channels, int size, double[] v) {
    double at(int c, int i, int j) {
      boolean inside = i >= 0 && i < size && j >= 0 && j < size;
      return inside ? v[(c * size + i) * size + j] : 0;
    }

    /** A 5x5 convolution, ReLU and the largest of each 2x2. */
    Planes stage(double[] weight, double[] bias, int padding) {
      int whole = size + 2 * padding - 4;
      Planes out = new Planes(bias.length, whole / 2, new double[bias.length * sq(whole / 2)]);
      for (int o = 0; o < bias.length; o++) {
        for (int p = 0; p < 4 * sq(out.size); p++) {
          int i = p / (2 * out.size);
          int j = p % (2 * out.size);
          double sum = bias[o];
          for (int k = 0; k < 25 * channels; k++) {
            int row = i + k % 25 / 5 - padding;
            sum += weight[o * 25 * channels + k] * at(k / 25, row, j + k % 5 - padding);
          }
          int at = (o * out.size + i / 2) * out.size + j / 2;
          out.v[at] = Math.max(out.v[at], sum);
        }
      }
      return out;
    }

    private static int sq(int n) {
      return n * n;
    }
  }

  private static double[] dense(double[] x, double[] weight, double[] bias, boolean relu) {
    double[] y = bias.clone();
    for (int o = 0; o < y.length; o++) {
      for (int i = 0; i < x.length; i++) {
        y[o] += weight[o * x.length + i] * x[i];
      }
      y[o] = relu ? Math.max(0, y[o]) : y[o];
    }
    return y;
  }

  private static double[] scores(Map<String, Tensor> state, Planes image, int padding) {
    Planes features =
        image
            .stage(values(state, "conv1.weight"), values(state, "conv1.bias"), padding)
            .stage(values(state, "conv2.weight"), values(state, "conv2.bias"), 0);
    double[] y = features.v();
    for (int i = 1; i <= 3; i++) {
      y = dense(y, values(state, "fc" + i + ".weight"), values(state, "fc" + i + ".bias"), i < 3);
    }
    return y;
  }

  private static double[] values(Map<String, Tensor> state, String name) {
    return state.get(name).toDoubleArray();
  }

  private static void check(LeNet5 net, Device device, int channels, int size) {
    net.to(device);
    try (Scope scope = Scope.open();
        NoGrad off = NoGrad.open()) {
      Tensor x = Tensor.randn(Shape.of(2, channels, size, size), DType.FLOAT32, device);
      double[] images = x.toDoubleArray();
      double[] got = net.call(x).toDoubleArray();
      int pixels = channels * size * size;
      for (int n = 0; n < 2; n++) {
        double[] image = Arrays.copyOfRange(images, n * pixels, (n + 1) * pixels);
        Planes planes = new Planes(channels, size, image);
        double[] want = scores(net.stateDict(), planes, size == 28 ? 2 : 0);
        for (int c = 0; c < want.length; c++) {
          assertThat(got[n * want.length + c]).isCloseTo(want[c], within(1e-5));
        }
      }
    }
  }

  @OnEachDevice
  void scoresAreThoseOfPlainLoops(Device device) {
    check(new LeNet5(), device, 1, 28);
    check(new LeNet5(3, 18, 4), device, 3, 18);
  }

  /** 6 (25 + 1) + 16 (150 + 1) + 120 (400 + 1) + 84 (120 + 1) + 10 (84 + 1). */
  @Test
  void namesAndSizesArePublished() {
    LeNet5 net = new LeNet5();
    assertThat(net.numParameters()).isEqualTo(61706);
    assertThat(new LeNet5(1, 32, 10).numParameters()).isEqualTo(61706);
    assertThat(new LeNet5(3, 32, 10).numParameters()).isEqualTo(62006);
    assertThat(net.stateDict().keySet())
        .containsExactly(
            "conv1.weight",
            "conv1.bias",
            "conv2.weight",
            "conv2.bias",
            "fc1.weight",
            "fc1.bias",
            "fc2.weight",
            "fc2.bias",
            "fc3.weight",
            "fc3.bias");
    assertThat(net.stateDict().get("fc1.weight").shape()).isEqualTo(Shape.of(120, 400));
    assertThatThrownBy(() -> new LeNet5(1, 15, 10)).hasMessageContaining("16 x 16 or more");
  }
}
