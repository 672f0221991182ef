package dev.kiln.cpu;

import static dev.kiln.cpu.Views.read;
import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.DType;
import dev.kiln.backend.Pool2dSpec;
import dev.kiln.backend.View;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Pooling and its gradients against loops over each window. */
class FusedPoolTest {
  private static final double NAN = Double.NaN;
  private static final double INF = Double.POSITIVE_INFINITY;

  /** n, c, h, w, kernel h w, stride h w, padding h w, dilation h w, ceil mode, count padding. */
  private static final int[][] SHAPES = {
    {2, 3, 8, 6, 2, 2, 2, 2, 0, 0, 1, 1, 0, 1},
    {1, 2, 7, 9, 3, 3, 2, 2, 1, 1, 1, 1, 0, 1},
    {1, 2, 7, 9, 3, 3, 2, 2, 1, 1, 1, 1, 0, 0},
    {1, 1, 6, 5, 3, 2, 2, 3, 1, 1, 1, 1, 1, 1},
    {1, 1, 6, 5, 3, 2, 2, 3, 1, 1, 1, 1, 1, 0},
    {2, 1, 5, 5, 2, 2, 2, 2, 0, 0, 1, 1, 1, 1},
    {1, 1, 5, 4, 3, 3, 3, 3, 1, 1, 1, 1, 1, 1},
    {1, 2, 9, 8, 2, 3, 1, 2, 1, 1, 2, 3, 0, 1},
    {1, 1, 1, 4, 2, 2, 1, 1, 1, 1, 2, 1, 0, 1}, // windows of nothing but padding
    {0, 2, 4, 4, 2, 2, 2, 2, 0, 0, 1, 1, 0, 1},
    {1, 1, 33, 31, 2, 2, 2, 2, 0, 0, 1, 1, 0, 1},
  };

  private static int windows(int size, int kernel, int stride, int pad, int dilation, int ceil) {
    int free = size + 2 * pad - dilation * (kernel - 1) - 1;
    int n = (ceil == 1 ? (free + stride - 1) / stride : free / stride) + 1;
    return ceil == 1 && (n - 1) * stride >= size + pad ? n - 1 : n;
  }

  static Stream<FusedCase> cases() {
    return FusedCase.all();
  }

  /** One window: its place in y, the elements of x that it sees, and how many padded ones. */
  private record Window(int y, List<Integer> elements, int padded) {}

  private static List<Window> windows(int[] s, Pool2dSpec p, int oh, int ow) {
    List<Window> all = new ArrayList<>();
    for (int plane = 0; plane < s[0] * s[1]; plane++) {
      for (int o = 0; o < oh * ow; o++) {
        List<Integer> elements = new ArrayList<>();
        int padded = 0;
        for (int t = 0; t < s[4] * s[5]; t++) {
          int r = o / ow * p.strideH() - p.paddingH() + t / s[5] * p.dilationH();
          int c = o % ow * p.strideW() - p.paddingW() + t % s[5] * p.dilationW();
          padded += r < s[2] + p.paddingH() && c < s[3] + p.paddingW() ? 1 : 0;
          if (r >= 0 && r < s[2] && c >= 0 && c < s[3]) {
            elements.add((plane * s[2] + r) * s[3] + c);
          }
        }
        all.add(new Window(plane * oh * ow + o, elements, padded));
      }
    }
    return all;
  }

  @ParameterizedTest
  @MethodSource("cases")
  void maxAndAverage(FusedCase k) {
    for (int[] s : SHAPES) {
      Pool2dSpec spec =
          new Pool2dSpec(s[4], s[5], s[6], s[7], s[8], s[9], s[10], s[11], s[13] == 1);
      int oh = windows(s[2], s[4], s[6], s[8], s[10], s[12]);
      int ow = windows(s[3], s[5], s[7], s[9], s[11], s[12]);
      int size = s[0] * s[1] * s[2] * s[3];
      // Small integers, so that there are ties; and some special values.
      double[] data = Views.integers(1, size, -3, 3);
      if (s[0] > 0 && size > 60) {
        data[5] = NAN;
        data[6] = NAN;
        data[20] = INF;
        for (int i = 30; i < 60; i++) {
          data[i] = -INF;
        }
      }
      View x = k.of(data, s[0], s[1], s[2], s[3]);
      View dy = k.of(Views.integers(2, (long) s[0] * s[1] * oh * ow, -9, 9), s[0], s[1], oh, ow);
      max(k, spec, windows(s, spec, oh, ow), data, x, dy);
      if (spec.dilationH() == 1 && spec.dilationW() == 1) {
        double[] finite = Views.random(3, size);
        View f = k.of(finite, s[0], s[1], s[2], s[3]);
        average(k, spec, windows(s, spec, oh, ow), read(f), f, dy);
      }
    }
  }

  private static void max(
      FusedCase k, Pool2dSpec spec, List<Window> all, double[] x, View vx, View dy) {
    double[] y = new double[all.size()];
    double[] index = new double[all.size()];
    double[] dx = new double[x.length];
    int plane = (int) (vx.shape().dim(2) * vx.shape().dim(3));
    for (Window w : all) {
      int best = -1;
      for (int e : w.elements()) {
        if (best < 0 || x[e] > x[best] || Double.isNaN(x[e])) {
          best = e;
        }
      }
      y[w.y()] = best < 0 ? -INF : x[best];
      index[w.y()] = best < 0 ? -1 : best % plane;
      if (best >= 0) {
        dx[best] += read(dy)[w.y()];
      }
    }
    View out = k.empty(dy.shape().dims());
    View at = k.on().empty(DType.INT32, dy.shape().dims());
    k.ops().maxPool2d(out, at, vx, spec);
    k.check("max", out, y);
    assertThat(read(at)).as(k + " index").containsExactly(index);
    View grad = k.empty(vx.shape().dims());
    k.ops().maxPool2dGrad(grad, dy, at, spec);
    k.check("max dx", grad, dx);
  }

  private static void average(
      FusedCase k, Pool2dSpec spec, List<Window> all, double[] x, View vx, View dy) {
    double[] y = new double[all.size()];
    double[] dx = new double[x.length];
    for (Window w : all) {
      double count = spec.countIncludePad() ? w.padded() : w.elements().size();
      for (int e : w.elements()) {
        y[w.y()] += x[e] / count;
        dx[e] += read(dy)[w.y()] / count;
      }
    }
    View out = k.empty(dy.shape().dims());
    k.ops().avgPool2d(out, vx, spec);
    k.check("average", out, y);
    View grad = k.empty(vx.shape().dims());
    k.ops().avgPool2dGrad(grad, dy, spec);
    k.check("average dx", grad, dx);
  }

  @ParameterizedTest
  @MethodSource("cases")
  void adaptiveAverage(FusedCase k) {
    int[][] shapes = {
      {2, 3, 7, 5, 1, 1}, {1, 2, 7, 10, 3, 4}, {1, 1, 2, 3, 5, 3}, {0, 1, 4, 4, 2, 2}
    };
    for (int[] s : shapes) {
      View x = k.random(1, s[0], s[1], s[2], s[3]);
      View dy = k.random(2, s[0], s[1], s[4], s[5]);
      double[] vx = read(x);
      double[] y = new double[(int) dy.numel()];
      double[] dx = new double[vx.length];
      for (int o = 0; o < y.length; o++) {
        int plane = o / (s[4] * s[5]);
        int i = o / s[5] % s[4];
        int j = o % s[5];
        int top = i * s[2] / s[4];
        int bottom = (int) Math.ceil((i + 1.0) * s[2] / s[4]);
        int left = j * s[3] / s[5];
        int right = (int) Math.ceil((j + 1.0) * s[3] / s[5]);
        double count = (bottom - top) * (right - left);
        for (int r = top; r < bottom; r++) {
          for (int c = left; c < right; c++) {
            y[o] += vx[(plane * s[2] + r) * s[3] + c] / count;
            dx[(plane * s[2] + r) * s[3] + c] += read(dy)[o] / count;
          }
        }
      }
      View out = k.empty(s[0], s[1], s[4], s[5]);
      k.ops().adaptiveAvgPool2d(out, x);
      k.check("adaptive", out, y);
      View grad = k.empty(s[0], s[1], s[2], s[3]);
      k.ops().adaptiveAvgPool2dGrad(grad, dy);
      k.check("adaptive dx", grad, dx);
    }
  }
}
