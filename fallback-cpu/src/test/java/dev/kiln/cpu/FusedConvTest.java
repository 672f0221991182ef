package dev.kiln.cpu;

import static dev.kiln.cpu.Views.read;

import dev.kiln.backend.Conv2dSpec;
import dev.kiln.backend.Epilogue;
import dev.kiln.backend.View;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Convolution and its gradients against seven nested loops. */
class FusedConvTest {
  /** n, in, h, w, out, kh, kw, stride h w, padding h w, dilation h w, groups. */
  private static final int[][] SHAPES = {
    {2, 3, 7, 6, 4, 3, 3, 1, 1, 1, 1, 1, 1, 1},
    {1, 1, 5, 5, 1, 1, 1, 1, 1, 0, 0, 1, 1, 1},
    {3, 4, 9, 8, 6, 3, 2, 2, 1, 1, 0, 1, 1, 2},
    {2, 2, 11, 10, 4, 3, 3, 2, 3, 2, 1, 2, 2, 2},
    {1, 6, 8, 7, 6, 3, 3, 1, 1, 1, 1, 1, 1, 6},
    {2, 3, 4, 5, 2, 4, 5, 1, 1, 0, 0, 1, 1, 1},
    {2, 2, 3, 3, 3, 2, 2, 2, 2, 3, 3, 1, 1, 1},
    {0, 3, 5, 5, 4, 3, 3, 1, 1, 1, 1, 1, 1, 1},
    {1, 32, 8, 33, 31, 1, 1, 2, 2, 0, 0, 1, 1, 1},
  };

  private record Sizes(
      int n, int in, int h, int w, int out, int kh, int kw, Conv2dSpec spec, int oh, int ow) {
    static Sizes of(int[] s) {
      Conv2dSpec spec = new Conv2dSpec(s[7], s[8], s[9], s[10], s[11], s[12], s[13]);
      int oh = (s[2] + 2 * s[9] - s[11] * (s[5] - 1) - 1) / s[7] + 1;
      int ow = (s[3] + 2 * s[10] - s[12] * (s[6] - 1) - 1) / s[8] + 1;
      return new Sizes(s[0], s[1], s[2], s[3], s[4], s[5], s[6], spec, oh, ow);
    }

    /** Called with the positions of y, x and weight of each product in the sum. */
    interface Term {
      void at(int y, int x, int weight);
    }

    void forEachProduct(Term term) {
      int perGroup = in / spec.groups();
      for (int b = 0; b < n; b++) {
        for (int o = 0; o < out; o++) {
          int group = o / (out / spec.groups());
          for (int r = 0; r < oh; r++) {
            for (int c = 0; c < ow; c++) {
              for (int i = 0; i < perGroup; i++) {
                for (int p = 0; p < kh; p++) {
                  for (int q = 0; q < kw; q++) {
                    int row = r * spec.strideH() - spec.paddingH() + p * spec.dilationH();
                    int col = c * spec.strideW() - spec.paddingW() + q * spec.dilationW();
                    if (row >= 0 && row < h && col >= 0 && col < w) {
                      term.at(
                          ((b * out + o) * oh + r) * ow + c,
                          ((b * in + group * perGroup + i) * h + row) * w + col,
                          ((o * perGroup + i) * kh + p) * kw + q);
                    }
                  }
                }
              }
            }
          }
        }
      }
    }
  }

  static Stream<FusedCase> cases() {
    return FusedCase.all();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void forwardAndGradients(FusedCase k) {
    for (int[] shape : SHAPES) {
      Sizes s = Sizes.of(shape);
      View x = k.random(1, s.n, s.in, s.h, s.w);
      View weight = k.random(2, s.out, s.in / s.spec.groups(), s.kh, s.kw);
      View bias = k.random(3, s.out);
      View dy = k.random(4, s.n, s.out, s.oh, s.ow);
      double[] vx = read(x);
      double[] vw = read(weight);
      double[] vdy = read(dy);
      double[] y = new double[vdy.length];
      double[] dx = new double[vx.length];
      double[] dw = new double[vw.length];
      s.forEachProduct(
          (iy, ix, iw) -> {
            y[iy] += vx[ix] * vw[iw];
            dx[ix] += vdy[iy] * vw[iw];
            dw[iw] += vdy[iy] * vx[ix];
          });
      View out = k.empty(s.n, s.out, s.oh, s.ow);
      k.ops().conv2d(out, x, weight, Optional.empty(), s.spec, Epilogue.NONE);
      k.checkSum("y", out, y);
      k.ops().conv2d(out, x, weight, Optional.of(bias), s.spec, Epilogue.RELU);
      for (int i = 0; i < y.length; i++) {
        y[i] = Math.max(0, y[i] + read(bias)[i / (s.oh * s.ow) % s.out]);
      }
      k.checkSum("relu(y + bias)", out, y);
      View gx = k.empty(s.n, s.in, s.h, s.w);
      k.ops().conv2dGradInput(gx, dy, weight, s.spec);
      k.checkSum("dx", gx, dx);
      View gw = k.empty(s.out, s.in / s.spec.groups(), s.kh, s.kw);
      k.ops().conv2dGradWeight(gw, dy, x, s.spec);
      k.checkSum("dweight", gw, dw);
    }
  }
}
