package dev.kiln.cpu.kernels;

import dev.kiln.DType;
import dev.kiln.backend.Dist;
import dev.kiln.backend.PixelOp;
import dev.kiln.backend.PixelProgram;
import dev.kiln.cpu.threads.WorkerPool;
import dev.kiln.random.Draws;
import java.util.Arrays;

/**
 * The pixel part of augmentation, one image after another on each thread: every step runs over the
 * image while it is in the cache.
 */
public final class PixelSteps {
  private static final PixelOp[] OPS = PixelOp.values();
  private static final int WIDTH = PixelOp.PARAMETERS + 1;
  private static final float RED = 0.2989f;
  private static final float GREEN = 0.587f;
  private static final float BLUE = 0.114f;

  private final WorkerPool pool;

  /** Creates the kernels over the given threads. */
  public PixelSteps(WorkerPool pool) {
    this.pool = pool;
  }

  /**
   * The sizes.
   *
   * @param images how many
   * @param channels of each
   * @param h rows
   * @param w columns
   */
  public record Sizes(int images, int channels, int h, int w) {
    int pixels() {
      return h * w;
    }
  }

  /**
   * Applies each image's steps in place; as {@link dev.kiln.backend.FusedOps#transformPixels} says.
   *
   * @param divisor what values are divided by first: 255 for bytes, else 1
   */
  public void run(
      Sizes s,
      float divisor,
      PixelProgram program,
      float[] steps,
      int so,
      float[] channels,
      int co,
      long[] keys,
      int ko,
      float[] y,
      int yo) {
    int count = program.steps().size();
    pool.parallelFor(
        s.images(),
        image -> {
          int at = yo + image * s.channels() * s.pixels();
          for (int i = at; divisor != 1 && i < at + s.channels() * s.pixels(); i++) {
            y[i] /= divisor;
          }
          long seed = keys[ko + 2 * image];
          long stream = keys[ko + 2 * image + 1];
          for (int step = 0; step < count; step++) {
            int p = so + (image * count + step) * WIDTH;
            float[] parameters = Arrays.copyOfRange(steps, p + 1, p + WIDTH);
            Normal normal = new Normal(s, seed, stream, program.counter(step));
            apply(s, OPS[(int) steps[p]], parameters, channels, co, normal, y, at);
          }
        });
  }

  private static void apply(
      Sizes s, PixelOp op, float[] p, float[] channels, int co, Normal normal, float[] y, int at) {
    int n = s.pixels();
    int end = at + s.channels() * n;
    boolean colour = s.channels() == 3;
    switch (op) {
      case NONE -> {
        // nothing to do
      }
      case BRIGHTNESS -> {
        for (int i = at; i < end; i++) {
          y[i] = clamp(y[i] * p[0]);
        }
      }
      case CONTRAST -> contrast(s, p[0], y, at);
      case SATURATION -> {
        for (int i = at; colour && i < at + n; i++) {
          float other = grey(y, i, n) * (1 - p[0]);
          y[i] = clamp(y[i] * p[0] + other);
          y[i + n] = clamp(y[i + n] * p[0] + other);
          y[i + 2 * n] = clamp(y[i + 2 * n] * p[0] + other);
        }
      }
      case HUE -> {
        for (int i = at; colour && i < at + n; i++) {
          turn(y, i, n, 6 * p[0]);
        }
      }
      case GRAYSCALE -> {
        for (int i = at; colour && i < at + n; i++) {
          float grey = grey(y, i, n);
          y[i] = grey;
          y[i + n] = grey;
          y[i + 2 * n] = grey;
        }
      }
      case INVERT -> {
        for (int i = at; i < end; i++) {
          y[i] = 1 - y[i];
        }
      }
      case POSTERIZE -> {
        for (int i = at; i < end; i++) {
          y[i] = (float) Math.floor(level(y[i]) / p[0]) * p[0] / 255;
        }
      }
      case SOLARIZE -> {
        for (int i = at; i < end; i++) {
          y[i] = y[i] >= p[0] ? 1 - y[i] : y[i];
        }
      }
      case AUTOCONTRAST -> {
        for (int i = at; i < end; i += n) {
          autocontrast(y, i, i + n);
        }
      }
      case EQUALIZE -> {
        for (int i = at; i < end; i += n) {
          equalize(y, i, i + n);
        }
      }
      case NORMALIZE -> {
        for (int c = 0; c < s.channels(); c++) {
          float mean = channels[co + 2 * c];
          float deviation = channels[co + 2 * c + 1];
          for (int i = at + c * n; i < at + (c + 1) * n; i++) {
            y[i] = (y[i] - mean) / deviation;
          }
        }
      }
      case ERASE -> erase(s, p, normal, y, at);
      case NOISE -> {
        for (int i = 0; i < n; i++) {
          for (int c = 0; c < s.channels(); c++) {
            float v = y[at + c * n + i] + (normal.of(i, c) * p[1] + p[0]);
            y[at + c * n + i] = p[2] != 0 ? clamp(v) : v;
          }
        }
      }
      case SHARPNESS -> {
        for (int i = at; i < end; i += n) {
          sharpen(s, p[0], y, i);
        }
      }
      case BLUR_ROWS -> {
        for (int i = at; i < end; i += s.w()) {
          blur(y, i, 1, s.w(), (int) p[0], p[1]);
        }
      }
      case BLUR_COLUMNS -> {
        for (int i = at; i < end; i += n) {
          for (int j = 0; j < s.w(); j++) {
            blur(y, i + j, s.w(), s.h(), (int) p[0], p[1]);
          }
        }
      }
    }
  }

  private static float clamp(float v) {
    return Math.max(0, Math.min(1, v));
  }

  private static float grey(float[] y, int i, int n) {
    return RED * y[i] + GREEN * y[i + n] + BLUE * y[i + 2 * n];
  }

  private static int level(float v) {
    return (int) Math.max(0, Math.min(255, Math.rint(v * 255)));
  }

  private static void contrast(Sizes s, float factor, float[] y, int at) {
    int n = s.pixels();
    int together = s.channels() == 3 ? 3 : 1;
    for (int from = at; from < at + s.channels() * n; from += together * n) {
      double sum = 0;
      for (int i = from; i < from + n; i++) {
        sum += together == 3 ? grey(y, i, n) : y[i];
      }
      float other = (float) (sum / n) * (1 - factor);
      for (int i = from; i < from + together * n; i++) {
        y[i] = clamp(y[i] * factor + other);
      }
    }
  }

  /** Turns a pixel's hue by sixths of a turn. */
  private static void turn(float[] y, int i, int n, float sixths) {
    float r = y[i];
    float g = y[i + n];
    float b = y[i + 2 * n];
    float top = Math.max(r, Math.max(g, b));
    float span = top - Math.min(r, Math.min(g, b));
    float divisor = span == 0 ? 1 : span;
    float hue =
        top == r ? (g - b) / divisor : top == g ? (b - r) / divisor + 2 : (r - g) / divisor + 4;
    y[i] = shade(top, span, hue + sixths + 5);
    y[i + n] = shade(top, span, hue + sixths + 3);
    y[i + 2 * n] = shade(top, span, hue + sixths + 1);
  }

  private static float shade(float top, float span, float at) {
    float place = at - 6 * (float) Math.floor(at / 6);
    return top - span * clamp(Math.min(place, 4 - place));
  }

  private static void autocontrast(float[] y, int from, int to) {
    float low = Float.POSITIVE_INFINITY;
    float high = Float.NEGATIVE_INFINITY;
    for (int i = from; i < to; i++) {
      low = Math.min(low, y[i]);
      high = Math.max(high, y[i]);
    }
    for (int i = from; low != high && i < to; i++) {
      y[i] = clamp((y[i] - low) / (high - low));
    }
  }

  private static void equalize(float[] y, int from, int to) {
    int[] histogram = new int[256];
    int last = 0;
    for (int i = from; i < to; i++) {
      int level = level(y[i]);
      histogram[level]++;
      last = Math.max(last, level);
    }
    int step = (to - from - histogram[last]) / 255;
    if (step == 0) {
      return;
    }
    float[] table = new float[256];
    long before = step / 2;
    for (int level = 0; level < 256; level++) {
      table[level] = Math.min(255, before / step) / 255f;
      before += histogram[level];
    }
    for (int i = from; i < to; i++) {
      y[i] = table[level(y[i])];
    }
  }

  private static void erase(Sizes s, float[] p, Normal normal, float[] y, int at) {
    int top = (int) Math.max(0, p[0]);
    int left = (int) Math.max(0, p[1]);
    for (int row = top; row < Math.min(s.h(), p[2]); row++) {
      for (int column = left; column < Math.min(s.w(), p[3]); column++) {
        int i = row * s.w() + column;
        for (int c = 0; c < s.channels(); c++) {
          y[at + c * s.pixels() + i] = Float.isNaN(p[4]) ? normal.of(i, c) : p[4];
        }
      }
    }
  }

  private static void sharpen(Sizes s, float factor, float[] y, int at) {
    int w = s.w();
    float[] x = Arrays.copyOfRange(y, at, at + s.pixels());
    for (int i = 0; i < s.h(); i++) {
      boolean edge = i == 0 || i == s.h() - 1;
      for (int j = 0; j < w; j++) {
        int k = i * w + j;
        if (edge || j == 0 || j == w - 1) {
          y[at + k] = clamp(x[k]);
          continue;
        }
        float above = x[k - w - 1] + x[k - w] + x[k - w + 1];
        float below = x[k + w - 1] + x[k + w] + x[k + w + 1];
        float smooth = (4 * x[k] + above + (x[k - 1] + x[k] + x[k + 1]) + below) / 13;
        y[at + k] = clamp(x[k] * factor + smooth * (1 - factor));
      }
    }
  }

  /** Blurs n elements, a stride apart. */
  private static void blur(float[] y, int at, int stride, int n, int radius, float ratio) {
    float[] weights = new float[radius + 1];
    weights[0] = 1;
    float total = 1;
    float next = ratio;
    for (int k = 1; k <= radius; k++) {
      weights[k] = weights[k - 1] * next;
      next *= ratio * ratio;
      total += 2 * weights[k];
    }
    float[] x = new float[n];
    for (int i = 0; i < n; i++) {
      x[i] = y[at + i * stride];
    }
    for (int i = 0; i < n; i++) {
      float sum = x[i];
      for (int k = 1; k <= radius; k++) {
        int before = Math.abs(i - k);
        int after = i + k < n ? i + k : 2 * (n - 1) - i - k;
        sum += (x[before] + x[after]) * weights[k];
      }
      y[at + i * stride] = sum / total;
    }
  }

  /** An image's normal random numbers; asked for pixel by pixel they are made once. */
  private static final class Normal {
    private final int blocks;
    private final long seed;
    private final long stream;
    private final long counter;
    private final double[] made = new double[4];
    private long block = -1;

    Normal(Sizes s, long seed, long stream, long counter) {
      this.blocks = (s.channels() + 3) / 4;
      this.seed = seed;
      this.stream = stream;
      this.counter = counter;
    }

    float of(int pixel, int channel) {
      long wanted = (long) pixel * blocks + channel / 4;
      if (wanted != block) {
        block = wanted;
        Draws.fill(Dist.NORMAL, DType.FLOAT32, 0, 1, seed, stream, counter + wanted, made, 0, 4);
      }
      return (float) made[channel % 4];
    }
  }
}
