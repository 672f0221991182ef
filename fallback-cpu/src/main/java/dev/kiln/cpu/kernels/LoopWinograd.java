package dev.kiln.cpu.kernels;

/** {@link WinogradKernels} in plain loops. */
final class LoopWinograd implements WinogradKernels {
  private static final int LANES = 16;

  @Override
  public int lanes() {
    return LANES;
  }

  @Override
  public void input(
      int count, float[] x, int from, int next, int step, float[] out, int to, int on, int os) {
    for (int i = 0; i < count; i++, from += next, to += on) {
      for (int l = 0; l < LANES; l++) {
        float x1 = x[from + step + l];
        float x2 = x[from + 2 * step + l];
        float x3 = x[from + 3 * step + l];
        float x4 = x[from + 4 * step + l];
        float even1 = x4 - 2f * x2;
        float odd1 = A * (x3 - 2f * x1);
        float even2 = x4 - 0.5f * x2;
        float odd2 = B * (x3 - 0.5f * x1);
        out[to + l] = x[from + l] + x4 - 2.5f * x2;
        out[to + os + l] = even1 + odd1;
        out[to + 2 * os + l] = even1 - odd1;
        out[to + 3 * os + l] = even2 + odd2;
        out[to + 4 * os + l] = even2 - odd2;
        out[to + 5 * os + l] = x1 + x[from + 5 * step + l] - 2.5f * x3;
      }
    }
  }

  @Override
  public void output(
      int size,
      int count,
      float[] x,
      int from,
      int next,
      int step,
      float[] out,
      int to,
      int on,
      int os) {
    if (size == 4) {
      fourPixels(count, x, from, next, step, out, to, on, os);
    } else {
      twoPixels(count, x, from, next, step, out, to, on, os);
    }
  }

  private static void fourPixels(
      int count, float[] x, int from, int next, int step, float[] out, int to, int on, int os) {
    for (int i = 0; i < count; i++, from += next, to += on) {
      for (int l = 0; l < LANES; l++) {
        float x1 = x[from + step + l];
        float x2 = x[from + 2 * step + l];
        float x3 = x[from + 3 * step + l];
        float x4 = x[from + 4 * step + l];
        float even1 = x1 + x2;
        float odd1 = x1 - x2;
        float even2 = x3 + x4;
        float odd2 = x3 - x4;
        out[to + l] = x[from + l] + even1 + even2;
        out[to + os + l] = A * odd1 + B * odd2;
        out[to + 2 * os + l] = 0.5f * even1 + 2f * even2;
        out[to + 3 * os + l] = CUBE_A * odd1 + CUBE_B * odd2 + x[from + 5 * step + l];
      }
    }
  }

  @Override
  public void outputGradient(
      int size,
      int count,
      float[] x,
      int from,
      int next,
      int step,
      float[] out,
      int to,
      int on,
      int os) {
    if (size == 4) {
      fourPixelsBack(count, x, from, next, step, out, to, on, os);
    } else {
      twoPixelsBack(count, x, from, next, step, out, to, on, os);
    }
  }

  private static void fourPixelsBack(
      int count, float[] x, int from, int next, int step, float[] out, int to, int on, int os) {
    for (int i = 0; i < count; i++, from += next, to += on) {
      for (int l = 0; l < LANES; l++) {
        float x0 = x[from + l];
        float x1 = x[from + step + l];
        float x2 = x[from + 2 * step + l];
        float x3 = x[from + 3 * step + l];
        float even1 = x0 + 0.5f * x2;
        float odd1 = A * (x1 + 0.5f * x3);
        float even2 = x0 + 2f * x2;
        float odd2 = B * (x1 + 2f * x3);
        out[to + l] = x0;
        out[to + os + l] = even1 + odd1;
        out[to + 2 * os + l] = even1 - odd1;
        out[to + 3 * os + l] = even2 + odd2;
        out[to + 4 * os + l] = even2 - odd2;
        out[to + 5 * os + l] = x3;
      }
    }
  }

  @Override
  public void filter(
      int size,
      int count,
      float[] x,
      int from,
      int next,
      int step,
      float[] out,
      int to,
      int on,
      int os) {
    if (size == 3) {
      threeTaps(count, x, from, next, step, out, to, on, os);
    } else {
      fiveTaps(count, x, from, next, step, out, to, on, os);
    }
  }

  private static void threeTaps(
      int count, float[] x, int from, int next, int step, float[] out, int to, int on, int os) {
    for (int i = 0; i < count; i++, from += next, to += on) {
      for (int l = 0; l < LANES; l++) {
        float x0 = x[from + l];
        float x1 = x[from + step + l];
        float x2 = x[from + 2 * step + l];
        float even1 = -2f / 3 * x0 - 1f / 3 * x2;
        float even2 = 1f / 6 * x0 + 1f / 3 * x2;
        out[to + l] = x0;
        out[to + os + l] = even1 + ODD_A * x1;
        out[to + 2 * os + l] = even1 - ODD_A * x1;
        out[to + 3 * os + l] = even2 + ODD_B * x1;
        out[to + 4 * os + l] = even2 - ODD_B * x1;
        out[to + 5 * os + l] = x2;
      }
    }
  }

  @Override
  public void filterGradient(
      int size,
      int count,
      float[] x,
      int from,
      int next,
      int step,
      float[] out,
      int to,
      int on,
      int os) {
    if (size == 3) {
      threeTapsBack(count, x, from, next, step, out, to, on, os);
    } else {
      fiveTapsBack(count, x, from, next, step, out, to, on, os);
    }
  }

  private static void threeTapsBack(
      int count, float[] x, int from, int next, int step, float[] out, int to, int on, int os) {
    for (int i = 0; i < count; i++, from += next, to += on) {
      for (int l = 0; l < LANES; l++) {
        float x1 = x[from + step + l];
        float x2 = x[from + 2 * step + l];
        float x3 = x[from + 3 * step + l];
        float x4 = x[from + 4 * step + l];
        float even1 = x1 + x2;
        float even2 = x3 + x4;
        out[to + l] = x[from + l] - 2f / 3 * even1 + 1f / 6 * even2;
        out[to + os + l] = ODD_A * (x1 - x2) + ODD_B * (x3 - x4);
        out[to + 2 * os + l] = 1f / 3 * (even2 - even1) + x[from + 5 * step + l];
      }
    }
  }

  private static void twoPixels(
      int count, float[] x, int from, int next, int step, float[] out, int to, int on, int os) {
    for (int i = 0; i < count; i++, from += next, to += on) {
      for (int l = 0; l < LANES; l++) {
        float x0 = x[from + l];
        float x1 = x[from + step + l];
        float x2 = x[from + 2 * step + l];
        float x3 = x[from + 3 * step + l];
        float x4 = x[from + 4 * step + l];
        float x5 = x[from + 5 * step + l];
        out[to + l] = x0 + (x1 + x2) + (x3 + x4);
        out[to + os + l] = A * (x1 - x2) + B * (x3 - x4) + x5;
      }
    }
  }

  private static void twoPixelsBack(
      int count, float[] x, int from, int next, int step, float[] out, int to, int on, int os) {
    for (int i = 0; i < count; i++, from += next, to += on) {
      for (int l = 0; l < LANES; l++) {
        float x0 = x[from + l];
        float x1 = x[from + step + l];
        out[to + l] = x0;
        out[to + os + l] = x0 + A * x1;
        out[to + 2 * os + l] = x0 - A * x1;
        out[to + 3 * os + l] = x0 + B * x1;
        out[to + 4 * os + l] = x0 - B * x1;
        out[to + 5 * os + l] = x1;
      }
    }
  }

  private static void fiveTaps(
      int count, float[] x, int from, int next, int step, float[] out, int to, int on, int os) {
    for (int i = 0; i < count; i++, from += next, to += on) {
      for (int l = 0; l < LANES; l++) {
        float x0 = x[from + l];
        float x1 = x[from + step + l];
        float x2 = x[from + 2 * step + l];
        float x3 = x[from + 3 * step + l];
        float x4 = x[from + 4 * step + l];
        float even1 = -2f / 3 * x0 - 1f / 3 * x2 - 1f / 6 * x4;
        float even2 = 1f / 6 * x0 + 1f / 3 * x2 + 2f / 3 * x4;
        float o1 = ODD_A * (x1 + 0.5f * x3);
        float o2 = ODD_B * (x1 + 2f * x3);
        out[to + l] = x0;
        out[to + os + l] = even1 + o1;
        out[to + 2 * os + l] = even1 - o1;
        out[to + 3 * os + l] = even2 + o2;
        out[to + 4 * os + l] = even2 - o2;
        out[to + 5 * os + l] = x4;
      }
    }
  }

  private static void fiveTapsBack(
      int count, float[] x, int from, int next, int step, float[] out, int to, int on, int os) {
    for (int i = 0; i < count; i++, from += next, to += on) {
      for (int l = 0; l < LANES; l++) {
        float x1 = x[from + step + l];
        float x2 = x[from + 2 * step + l];
        float x3 = x[from + 3 * step + l];
        float x4 = x[from + 4 * step + l];
        float even1 = x1 + x2;
        float even2 = x3 + x4;
        float o1 = ODD_A * (x1 - x2);
        float o2 = ODD_B * (x3 - x4);
        out[to + l] = x[from + l] - 2f / 3 * even1 + 1f / 6 * even2;
        out[to + os + l] = o1 + o2;
        out[to + 2 * os + l] = 1f / 3 * (even2 - even1);
        out[to + 3 * os + l] = 0.5f * o1 + 2f * o2;
        out[to + 4 * os + l] = 2f / 3 * even2 - 1f / 6 * even1 + x[from + 5 * step + l];
      }
    }
  }
}
