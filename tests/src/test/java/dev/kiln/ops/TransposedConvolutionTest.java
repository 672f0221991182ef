package dev.kiln.ops;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.testing.OnEachDevice;
import java.util.Optional;
import org.assertj.core.data.Offset;

/** Transposed convolutions whose output is longer by a stride or more, against their definition. */
class TransposedConvolutionTest {
  private static final double[] X = {1, -2, 3, 0.5, 4};
  private static final double[] W = {0.5, -1, 2};

  /** Spreads each element over the filter's places; a stride of 1 and the gradient 1, 2, 3, ... */
  private static void check(Device device, int stride, int padding, int extra, int dilation) {
    int n = (X.length - 1) * stride - 2 * padding + dilation * (W.length - 1) + extra + 1;
    double[] y = new double[n];
    double[] dx = new double[X.length];
    double[] dw = new double[W.length];
    for (int i = 0; i < X.length; i++) {
      for (int k = 0; k < W.length; k++) {
        int at = i * stride + k * dilation - padding;
        if (at >= 0 && at < n) {
          y[at] += X[i] * W[k];
          dx[i] += (at + 1) * W[k];
          dw[k] += (at + 1) * X[i];
        }
      }
    }
    Tensor x = Tensor.of(X, Shape.of(1, 1, X.length), device).requiresGrad(true);
    Tensor w = Tensor.of(W, Shape.of(1, 1, W.length), device).requiresGrad(true);
    Tensor got =
        Convolution.convTranspose1d(x, w, Optional.empty(), stride, padding, extra, dilation, 1);
    String as = "stride %d, padding %d, output padding %d, dilation %d";
    assertThat(got.toDoubleArray())
        .as(as, stride, padding, extra, dilation)
        .containsExactly(y, Offset.offset(1e-12));
    got.backward(Tensor.arange(n, device).add(1).to(DType.FLOAT64).reshape(1, 1, n));
    assertThat(x.grad().orElseThrow().toDoubleArray()).containsExactly(dx, Offset.offset(1e-12));
    assertThat(w.grad().orElseThrow().toDoubleArray()).containsExactly(dw, Offset.offset(1e-12));
  }

  @OnEachDevice
  void outputPaddingUpToTheDilation(Device device) {
    for (int stride = 1; stride <= 3; stride++) {
      for (int dilation = 1; dilation <= 4; dilation++) {
        for (int padding = 0; padding <= 3; padding++) {
          for (int extra = 0; extra < Math.max(stride, dilation); extra++) {
            check(device, stride, padding, extra, dilation);
          }
        }
      }
    }
  }
}
