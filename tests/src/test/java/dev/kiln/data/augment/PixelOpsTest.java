package dev.kiln.data.augment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.backend.Dist;
import dev.kiln.backend.PixelOp;
import dev.kiln.backend.PixelProgram;
import dev.kiln.random.Draws;
import dev.kiln.testing.OnEachDevice;
import java.awt.Color;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;

/** Each pixel op against its definition, java.awt's colours, and the oracle. */
class PixelOpsTest {
  private static final long SEED = 77;

  /** Applies steps, the same to all images; each step can be any op that may stand there. */
  private static float[] run(Tensor x, DType type, float[]... steps) {
    int n = (int) x.size(0);
    int c = (int) x.size(1);
    List<Set<PixelOp>> ops = new ArrayList<>();
    float[] all = new float[n * steps.length * PixelChange.WIDTH];
    int radius = 0;
    for (int s = 0; s < steps.length; s++) {
      PixelOp op = PixelOp.values()[(int) steps[s][0]];
      ops.add(EnumSet.of(PixelOp.NONE, op));
      radius = op == PixelOp.BLUR_ROWS || op == PixelOp.BLUR_COLUMNS ? (int) steps[s][1] : radius;
      for (int i = 0; i < n; i++) {
        int at = (i * steps.length + s) * PixelChange.WIDTH;
        System.arraycopy(steps[s], 0, all, at, PixelChange.WIDTH);
      }
    }
    float[] channels = new float[2 * c];
    long[] keys = new long[2 * n];
    for (int k = 0; k < c; k++) {
      channels[2 * k] = 0.25f * (k + 1);
      channels[2 * k + 1] = 0.5f / (k + 1);
    }
    for (int i = 0; i < n; i++) {
      keys[2 * i] = SEED;
      keys[2 * i + 1] = 1000L + i;
    }
    Device device = x.device();
    Tensor out = Tensor.empty(x.shape(), type, device);
    device
        .backend()
        .fused()
        .transformPixels(
            out.view(),
            x.view(),
            new PixelProgram(ops, radius, 0),
            Tensor.of(all, Shape.of(n, steps.length, PixelChange.WIDTH), device).view(),
            Tensor.of(channels, Shape.of(c, 2), device).view(),
            Tensor.of(keys, Shape.of(n, 2), device).view());
    return out.to(DType.FLOAT32).toFloatArray();
  }

  private static float[] step(PixelOp op, double... parameters) {
    return PixelChange.step(new float[PixelChange.WIDTH], op, parameters);
  }

  private static float[] run(Tensor x, PixelOp op, double... parameters) {
    return run(x, DType.FLOAT32, step(op, parameters));
  }

  private static void same(float[] got, float[] want, double tolerance) {
    assertThat(got).hasSameSizeAs(want);
    for (int i = 0; i < got.length; i++) {
      assertThat((double) got[i]).as("[%d]", i).isCloseTo(want[i], within(tolerance));
    }
  }

  private static float clamp(double v) {
    return (float) Math.max(0, Math.min(1, v));
  }

  private interface Formula {
    double of(double v);
  }

  private static void each(Tensor x, Formula f, PixelOp op, double... parameters) {
    float[] v = Images.scaled(x);
    float[] want = new float[v.length];
    for (int i = 0; i < v.length; i++) {
      want[i] = (float) f.of(v[i]);
    }
    same(run(x, op, parameters), want, 1e-6);
  }

  @OnEachDevice
  void opsOnSingleValues(Device device) {
    for (int c : new int[] {1, 3, 4}) {
      Tensor x = Images.random(device, c, 2, c, 7, 9);
      each(x, v -> v, PixelOp.NONE);
      each(x, v -> clamp(1.5 * v), PixelOp.BRIGHTNESS, 1.5);
      each(x, v -> 1 - v, PixelOp.INVERT);
      each(x, v -> v >= 0.5 ? 1 - v : v, PixelOp.SOLARIZE, 0.5);
      for (int bits : new int[] {0, 1, 4, 8}) {
        int mask = 0xFF << (8 - bits);
        double down = 1 << (8 - bits);
        each(x, v -> ((int) Math.rint(v * 255) & mask) / 255.0, PixelOp.POSTERIZE, down);
      }
    }
  }

  @OnEachDevice
  void contrastMixesWithTheMeanGrey(Device device) {
    for (int c : new int[] {1, 3, 2}) {
      Tensor x = Images.random(device, 3, 2, c, 33, 31);
      float[] v = Images.scaled(x);
      int n = 33 * 31;
      float[] want = new float[v.length];
      int together = c == 3 ? 3 * n : n;
      for (int from = 0; from < v.length; from += together) {
        double sum = 0;
        for (int i = from; i < from + n; i++) {
          sum += c == 3 ? 0.2989 * v[i] + 0.587 * v[i + n] + 0.114 * v[i + 2 * n] : v[i];
        }
        for (int p = from; p < from + together; p++) {
          want[p] = clamp(0.4 * v[p] + 0.6 * sum / n);
        }
      }
      same(run(x, PixelOp.CONTRAST, 0.4), want, 2e-6);
      float[] flat = run(x, PixelOp.CONTRAST, 0);
      for (int p = 0; p < n; p++) {
        assertThat(flat[p]).isEqualTo(flat[0]);
      }
    }
  }

  @OnEachDevice
  void hueAndSaturationAgreeWithAwt(Device device) {
    Tensor x = Images.random(device, 8, 1, 3, 16, 16);
    float[] v = Images.scaled(x);
    int n = 256;
    for (double turn : new double[] {-0.5, -0.1, 0, 0.25, 0.5, 1}) {
      float[] got = run(x, PixelOp.HUE, turn);
      for (int i = 0; i < n; i++) {
        float[] hsb =
            Color.RGBtoHSB(
                Math.round(v[i] * 255),
                Math.round(v[i + n] * 255),
                Math.round(v[i + 2 * n] * 255),
                null);
        int rgb = Color.HSBtoRGB(hsb[0] + (float) turn, hsb[1], hsb[2]);
        for (int k = 0; k < 3; k++) {
          int want = rgb >> (16 - 8 * k) & 0xFF;
          assertThat((double) got[i + k * n]).isCloseTo(want / 255.0, within(0.6 / 255));
        }
      }
      if (turn == 0 || turn == 1) {
        same(got, v, 2e-6);
      }
    }
    float[] grey = run(x, PixelOp.GRAYSCALE);
    same(run(x, PixelOp.SATURATION, 0), grey, 1e-6);
    same(run(x, PixelOp.SATURATION, 1), v, 1e-6);
    for (int i = 0; i < n; i++) {
      double want = 0.2989 * v[i] + 0.587 * v[i + n] + 0.114 * v[i + 2 * n];
      assertThat((double) grey[i]).isCloseTo(want, within(1e-6));
      assertThat(grey[i + n]).isEqualTo(grey[i]);
      assertThat(grey[i + 2 * n]).isEqualTo(grey[i]);
    }
    Tensor again = Tensor.of(grey, x.shape(), device);
    same(run(again, PixelOp.GRAYSCALE), grey, 2e-4); // the weights sum to 0.9999
  }

  @OnEachDevice
  void autocontrastAndEqualize(Device device) {
    Tensor x = Images.random(device, 4, 2, 3, 32, 40);
    float[] half = Images.scaled(x);
    for (int i = 0; i < half.length; i++) {
      half[i] = 0.25f + half[i] / 4;
    }
    float[] stretched = run(Tensor.of(half, x.shape(), device), PixelOp.AUTOCONTRAST);
    int n = 32 * 40;
    for (int plane = 0; plane < 6; plane++) {
      float low = 1;
      float high = 0;
      for (int i = plane * n; i < (plane + 1) * n; i++) {
        low = Math.min(low, stretched[i]);
        high = Math.max(high, stretched[i]);
      }
      assertThat(low).isZero();
      assertThat(high).isEqualTo(1);
    }
    Tensor flat = Tensor.full(Shape.of(1, 3, 4, 4), 0.3, DType.FLOAT32, device);
    assertThat(run(flat, PixelOp.AUTOCONTRAST)).containsOnly(0.3f);
    assertThat(run(flat, PixelOp.EQUALIZE)).containsOnly(0.3f);
    same(run(x, PixelOp.EQUALIZE), equalized(Images.scaled(x), n), 1e-6);
    Tensor small = Images.random(device, 6, 1, 1, 3, 3);
    same(run(small, PixelOp.EQUALIZE), Images.scaled(small), 0); // too few pixels for a step
  }

  /** torchvision's _scale_channel. */
  private static float[] equalized(float[] v, int n) {
    float[] y = new float[v.length];
    for (int plane = 0; plane < v.length; plane += n) {
      int[] histogram = new int[256];
      for (int i = 0; i < n; i++) {
        histogram[Math.round(v[plane + i] * 255)]++;
      }
      int last = 255;
      while (histogram[last] == 0) {
        last--;
      }
      int step = (n - histogram[last]) / 255;
      for (int i = 0; i < n; i++) {
        int level = Math.round(v[plane + i] * 255);
        int before = 0;
        for (int k = 0; k < level; k++) {
          before += histogram[k];
        }
        y[plane + i] = Math.min(255, (before + step / 2) / step) / 255f;
      }
    }
    return y;
  }

  @OnEachDevice
  void sharpnessAndBlur(Device device) {
    int h = 9;
    int w = 11;
    Tensor x = Images.random(device, 5, 1, 1, h, w);
    float[] v = Images.scaled(x);
    float[] soft = run(x, PixelOp.SHARPNESS, 0);
    float[] hard = run(x, PixelOp.SHARPNESS, 2);
    for (int i = 0; i < h; i++) {
      for (int j = 0; j < w; j++) {
        double sum = 4 * v[i * w + j];
        boolean edge = i == 0 || j == 0 || i == h - 1 || j == w - 1;
        for (int k = 0; k < 9 && !edge; k++) {
          sum += v[(i + k / 3 - 1) * w + j + k % 3 - 1];
        }
        double smooth = edge ? v[i * w + j] : sum / 13;
        assertThat((double) soft[i * w + j]).isCloseTo(smooth, within(1e-6));
        double sharp = clamp(2 * v[i * w + j] - smooth);
        assertThat((double) hard[i * w + j]).isCloseTo(sharp, within(1e-6));
      }
    }
    same(run(x, PixelOp.SHARPNESS, 1), v, 1e-6);
    double sigma = 1.3;
    double ratio = Math.exp(-1 / (2 * sigma * sigma));
    float[] rows = run(x, PixelOp.BLUR_ROWS, 3, ratio);
    float[] columns = run(x, PixelOp.BLUR_COLUMNS, 3, ratio);
    for (int i = 0; i < h; i++) {
      for (int j = 0; j < w; j++) {
        double row = 0;
        double column = 0;
        double total = 0;
        for (int k = -3; k <= 3; k++) {
          double weight = Math.exp(-k * k / (2 * sigma * sigma));
          total += weight;
          row += weight * v[i * w + mirrored(j + k, w)];
          column += weight * v[mirrored(i + k, h) * w + j];
        }
        assertThat((double) rows[i * w + j]).isCloseTo(row / total, within(1e-6));
        assertThat((double) columns[i * w + j]).isCloseTo(column / total, within(1e-6));
      }
    }
  }

  private static int mirrored(int i, int n) {
    return i < 0 ? -i : i >= n ? 2 * (n - 1) - i : i;
  }

  @OnEachDevice
  void normalizeAndErase(Device device) {
    Tensor x = Images.random(device, 6, 2, 3, 5, 6);
    float[] v = Images.scaled(x);
    float[] normal = run(x, PixelOp.NORMALIZE);
    float[] erased = run(x, PixelOp.ERASE, 1, -2, 3, 4, 0.5);
    for (int p = 0; p < v.length; p++) {
      int c = p / 30 % 3;
      double want = (v[p] - 0.25 * (c + 1)) / (0.5 / (c + 1));
      assertThat((double) normal[p]).isCloseTo(want, within(1e-5));
      int row = p % 30 / 6;
      boolean inside = row >= 1 && row < 3 && p % 6 < 4;
      assertThat(erased[p]).isEqualTo(inside ? 0.5f : v[p]);
    }
  }

  /** Keyed by image, step and pixel; the same bits everywhere. */
  @OnEachDevice
  void noiseIsThatOfTheDefinition(Device device) {
    for (int c : new int[] {1, 3, 6}) {
      int n = 35;
      Tensor x = Tensor.zeros(Shape.of(2, c, 5, 7), DType.UINT8, device);
      float[] second = run(x, DType.FLOAT32, step(PixelOp.NONE), step(PixelOp.NOISE, 0, 1, 0));
      float[] erased = run(x, PixelOp.ERASE, 0, 0, 5, 7, Double.NaN);
      double[] four = new double[4];
      int blocks = (c + 3) / 4;
      for (int p = 0; p < second.length; p++) {
        int image = p / (c * n);
        int channel = p / n % c;
        long block = (long) (p % n) * blocks + channel / 4;
        for (int s = 0; s < 2; s++) {
          long counter = ((long) (s + 1) << 40) + block;
          Draws.fill(Dist.NORMAL, DType.FLOAT32, 0, 1, SEED, 1000 + image, counter, four, 0, 4);
          assertThat(s == 1 ? second[p] : erased[p]).isEqualTo((float) four[channel % 4]);
        }
      }
    }
    Tensor x = Images.random(device, 1, 1, 3, 8, 8);
    for (float v : run(x, PixelOp.NOISE, 0.1, 2, 1)) {
      assertThat(v).isBetween(0f, 1f);
    }
  }

  @OnEachDevice
  void longProgramsAgreeWithTheOracle(Device device) {
    Device oracle = Device.of("scalar");
    SplittableRandom random = new SplittableRandom(3);
    PixelOp[] smooth = {
      PixelOp.BRIGHTNESS, PixelOp.CONTRAST, PixelOp.SATURATION, PixelOp.HUE, PixelOp.AUTOCONTRAST
    };
    for (int round = 0; round < 6; round++) {
      float[][] steps = new float[5][];
      steps[0] =
          round % 2 == 0
              ? step(PixelOp.SHARPNESS, random.nextDouble(0, 2))
              : step(PixelOp.BLUR_ROWS, 2, 0.7);
      for (int s = 1; s < 4; s++) {
        steps[s] = step(smooth[random.nextInt(smooth.length)], random.nextDouble(0.3, 1.2));
      }
      steps[4] = step(PixelOp.NORMALIZE);
      int c = round < 3 ? 3 : 1;
      float[] want = run(Images.random(oracle, round, 3, c, 13, 10), DType.FLOAT32, steps);
      for (DType type : List.of(DType.FLOAT32, DType.BFLOAT16, DType.FLOAT16, DType.FLOAT64)) {
        double tolerance = type == DType.BFLOAT16 ? 2e-2 : type == DType.FLOAT16 ? 3e-3 : 2e-4;
        same(run(Images.random(device, round, 3, c, 13, 10), type, steps), want, tolerance);
      }
    }
    Tensor none = Tensor.zeros(Shape.of(0, 3, 4, 4), DType.UINT8, device);
    assertThat(run(none, PixelOp.CONTRAST, 0.5)).isEmpty();
  }
}
