package dev.kiln.fused;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.backend.Conv2dSpec;
import dev.kiln.ops.Convolution;
import dev.kiln.testing.AgainstOracle;
import dev.kiln.testing.OnEachDevice;
import java.util.Optional;

/**
 * A pixel that is NaN or infinite is in those outputs of a convolution that see it and in no
 * others, whatever way the convolution is computed.
 */
class SpoiledTilesTest {
  private static final Shape IMAGES = Shape.of(2, 20, 18, 19);
  private static final double[] BAD = {
    Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY
  };

  /** The result, and the gradient of the input for an upstream one that is not finite either. */
  private static double[][] run(Device device, DType type, int kernel, double bad) {
    Shape filters = Shape.of(24, 20, kernel, kernel);
    double[] x = AgainstOracle.random(1, IMAGES, 1);
    x[19 * 5 + 7] = bad;
    x[20 * 18 * 19 + 18] = -bad;
    Tensor in = Tensor.of(x, IMAGES, device).to(type).requiresGrad(true);
    Tensor w = Tensor.of(AgainstOracle.random(2, filters, 1), filters, device).to(type);
    Tensor b = Tensor.of(AgainstOracle.random(3, Shape.of(24), 1), device).to(type);
    int half = kernel / 2;
    Tensor y = Convolution.conv2d(in, w, Optional.of(b), new Conv2dSpec(1, 1, half, half, 1, 1, 1));
    double[] dy = AgainstOracle.random(4, y.shape(), 1);
    dy[18 * 19 + 8 * 19 + 9] = bad;
    y.backward(Tensor.of(dy, y.shape(), device).to(type));
    return new double[][] {y.toDoubleArray(), in.grad().orElseThrow().toDoubleArray()};
  }

  @OnEachDevice
  void onlyWhatSeesThePixelIsNotFinite(Device device) {
    for (int kernel : new int[] {3, 5}) {
      for (double bad : BAD) {
        double[][] want = run(Device.of("scalar"), DType.FLOAT64, kernel, bad);
        double[][] got = run(device, DType.FLOAT32, kernel, bad);
        for (int k = 0; k < want.length; k++) {
          for (int i = 0; i < want[k].length; i++) {
            double w = want[k][i];
            double g = got[k][i];
            boolean same =
                Double.isFinite(w)
                    ? Math.abs(g - w) <= 1e-4 * Math.max(1, Math.abs(w))
                    : Double.compare(g, w) == 0;
            assertThat(same)
                .as("%dx%d, %s, %s at %d: %s, want %s", kernel, kernel, bad, k, i, g, w)
                .isTrue();
          }
        }
      }
    }
  }
}
