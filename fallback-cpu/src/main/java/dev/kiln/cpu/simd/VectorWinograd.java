package dev.kiln.cpu.simd;

import static dev.kiln.cpu.simd.Lanes.F;
import static dev.kiln.cpu.simd.Lanes.LANES;

import dev.kiln.cpu.kernels.WinogradKernels;
import jdk.incubator.vector.FloatVector;

/** {@link WinogradKernels} on the Vector API. */
final class VectorWinograd implements WinogradKernels {
  @Override
  public int lanes() {
    return LANES;
  }

  @Override
  public void input(
      int count, float[] x, int from, int next, int step, float[] out, int to, int on, int os) {
    FloatVector a = FloatVector.broadcast(F, A);
    FloatVector b = FloatVector.broadcast(F, B);
    FloatVector minusA = FloatVector.broadcast(F, -A);
    FloatVector minusB = FloatVector.broadcast(F, -B);
    FloatVector minusHalf = FloatVector.broadcast(F, -0.5f);
    FloatVector minusTwo = FloatVector.broadcast(F, -2f);
    FloatVector minusBoth = FloatVector.broadcast(F, -2.5f);
    for (int i = 0; i < count; i++, from += next, to += on) {
      FloatVector x0 = FloatVector.fromArray(F, x, from);
      FloatVector x1 = FloatVector.fromArray(F, x, from + step);
      FloatVector x2 = FloatVector.fromArray(F, x, from + 2 * step);
      FloatVector x3 = FloatVector.fromArray(F, x, from + 3 * step);
      FloatVector x4 = FloatVector.fromArray(F, x, from + 4 * step);
      FloatVector x5 = FloatVector.fromArray(F, x, from + 5 * step);
      FloatVector even1 = x2.fma(minusTwo, x4);
      FloatVector odd1 = x1.fma(minusTwo, x3);
      FloatVector even2 = x2.fma(minusHalf, x4);
      FloatVector odd2 = x1.fma(minusHalf, x3);
      x2.fma(minusBoth, x0.add(x4)).intoArray(out, to);
      odd1.fma(a, even1).intoArray(out, to + os);
      odd1.fma(minusA, even1).intoArray(out, to + 2 * os);
      odd2.fma(b, even2).intoArray(out, to + 3 * os);
      odd2.fma(minusB, even2).intoArray(out, to + 4 * os);
      x3.fma(minusBoth, x1.add(x5)).intoArray(out, to + 5 * os);
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
    FloatVector a = FloatVector.broadcast(F, A);
    FloatVector b = FloatVector.broadcast(F, B);
    FloatVector half = FloatVector.broadcast(F, 0.5f);
    FloatVector two = FloatVector.broadcast(F, 2f);
    FloatVector cubeA = FloatVector.broadcast(F, CUBE_A);
    FloatVector cubeB = FloatVector.broadcast(F, CUBE_B);
    for (int i = 0; i < count; i++, from += next, to += on) {
      FloatVector x0 = FloatVector.fromArray(F, x, from);
      FloatVector x1 = FloatVector.fromArray(F, x, from + step);
      FloatVector x2 = FloatVector.fromArray(F, x, from + 2 * step);
      FloatVector x3 = FloatVector.fromArray(F, x, from + 3 * step);
      FloatVector x4 = FloatVector.fromArray(F, x, from + 4 * step);
      FloatVector x5 = FloatVector.fromArray(F, x, from + 5 * step);
      FloatVector even1 = x1.add(x2);
      FloatVector odd1 = x1.sub(x2);
      FloatVector even2 = x3.add(x4);
      FloatVector odd2 = x3.sub(x4);
      x0.add(even1).add(even2).intoArray(out, to);
      odd1.fma(a, odd2.mul(b)).intoArray(out, to + os);
      even1.fma(half, even2.mul(two)).intoArray(out, to + 2 * os);
      odd1.fma(cubeA, odd2.fma(cubeB, x5)).intoArray(out, to + 3 * os);
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
    FloatVector a = FloatVector.broadcast(F, A);
    FloatVector b = FloatVector.broadcast(F, B);
    FloatVector minusA = FloatVector.broadcast(F, -A);
    FloatVector minusB = FloatVector.broadcast(F, -B);
    FloatVector half = FloatVector.broadcast(F, 0.5f);
    FloatVector two = FloatVector.broadcast(F, 2f);
    for (int i = 0; i < count; i++, from += next, to += on) {
      FloatVector x0 = FloatVector.fromArray(F, x, from);
      FloatVector x1 = FloatVector.fromArray(F, x, from + step);
      FloatVector x2 = FloatVector.fromArray(F, x, from + 2 * step);
      FloatVector x3 = FloatVector.fromArray(F, x, from + 3 * step);
      FloatVector even1 = x2.fma(half, x0);
      FloatVector odd1 = x3.fma(half, x1);
      FloatVector even2 = x2.fma(two, x0);
      FloatVector odd2 = x3.fma(two, x1);
      x0.intoArray(out, to);
      odd1.fma(a, even1).intoArray(out, to + os);
      odd1.fma(minusA, even1).intoArray(out, to + 2 * os);
      odd2.fma(b, even2).intoArray(out, to + 3 * os);
      odd2.fma(minusB, even2).intoArray(out, to + 4 * os);
      x3.intoArray(out, to + 5 * os);
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
    FloatVector minusThird = FloatVector.broadcast(F, -1f / 3);
    FloatVector minusTwoThirds = FloatVector.broadcast(F, -2f / 3);
    FloatVector third = FloatVector.broadcast(F, 1f / 3);
    FloatVector sixth = FloatVector.broadcast(F, 1f / 6);
    FloatVector odd1 = FloatVector.broadcast(F, ODD_A);
    FloatVector odd2 = FloatVector.broadcast(F, ODD_B);
    for (int i = 0; i < count; i++, from += next, to += on) {
      FloatVector x0 = FloatVector.fromArray(F, x, from);
      FloatVector x1 = FloatVector.fromArray(F, x, from + step);
      FloatVector x2 = FloatVector.fromArray(F, x, from + 2 * step);
      FloatVector even1 = x0.fma(minusTwoThirds, x2.mul(minusThird));
      FloatVector even2 = x0.fma(sixth, x2.mul(third));
      FloatVector o1 = x1.mul(odd1);
      FloatVector o2 = x1.mul(odd2);
      x0.intoArray(out, to);
      even1.add(o1).intoArray(out, to + os);
      even1.sub(o1).intoArray(out, to + 2 * os);
      even2.add(o2).intoArray(out, to + 3 * os);
      even2.sub(o2).intoArray(out, to + 4 * os);
      x2.intoArray(out, to + 5 * os);
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
    FloatVector third = FloatVector.broadcast(F, 1f / 3);
    FloatVector minusTwoThirds = FloatVector.broadcast(F, -2f / 3);
    FloatVector sixth = FloatVector.broadcast(F, 1f / 6);
    FloatVector odd1 = FloatVector.broadcast(F, ODD_A);
    FloatVector odd2 = FloatVector.broadcast(F, ODD_B);
    for (int i = 0; i < count; i++, from += next, to += on) {
      FloatVector x0 = FloatVector.fromArray(F, x, from);
      FloatVector x1 = FloatVector.fromArray(F, x, from + step);
      FloatVector x2 = FloatVector.fromArray(F, x, from + 2 * step);
      FloatVector x3 = FloatVector.fromArray(F, x, from + 3 * step);
      FloatVector x4 = FloatVector.fromArray(F, x, from + 4 * step);
      FloatVector x5 = FloatVector.fromArray(F, x, from + 5 * step);
      FloatVector even1 = x1.add(x2);
      FloatVector even2 = x3.add(x4);
      even1.fma(minusTwoThirds, even2.fma(sixth, x0)).intoArray(out, to);
      x1.sub(x2).fma(odd1, x3.sub(x4).mul(odd2)).intoArray(out, to + os);
      even2.sub(even1).fma(third, x5).intoArray(out, to + 2 * os);
    }
  }

  private static void twoPixels(
      int count, float[] x, int from, int next, int step, float[] out, int to, int on, int os) {
    FloatVector a = FloatVector.broadcast(F, A);
    FloatVector b = FloatVector.broadcast(F, B);
    for (int i = 0; i < count; i++, from += next, to += on) {
      FloatVector x0 = FloatVector.fromArray(F, x, from);
      FloatVector x1 = FloatVector.fromArray(F, x, from + step);
      FloatVector x2 = FloatVector.fromArray(F, x, from + 2 * step);
      FloatVector x3 = FloatVector.fromArray(F, x, from + 3 * step);
      FloatVector x4 = FloatVector.fromArray(F, x, from + 4 * step);
      FloatVector x5 = FloatVector.fromArray(F, x, from + 5 * step);
      x0.add(x1.add(x2)).add(x3.add(x4)).intoArray(out, to);
      x1.sub(x2).fma(a, x3.sub(x4).fma(b, x5)).intoArray(out, to + os);
    }
  }

  private static void twoPixelsBack(
      int count, float[] x, int from, int next, int step, float[] out, int to, int on, int os) {
    FloatVector a = FloatVector.broadcast(F, A);
    FloatVector b = FloatVector.broadcast(F, B);
    FloatVector minusA = FloatVector.broadcast(F, -A);
    FloatVector minusB = FloatVector.broadcast(F, -B);
    for (int i = 0; i < count; i++, from += next, to += on) {
      FloatVector x0 = FloatVector.fromArray(F, x, from);
      FloatVector x1 = FloatVector.fromArray(F, x, from + step);
      x0.intoArray(out, to);
      x1.fma(a, x0).intoArray(out, to + os);
      x1.fma(minusA, x0).intoArray(out, to + 2 * os);
      x1.fma(b, x0).intoArray(out, to + 3 * os);
      x1.fma(minusB, x0).intoArray(out, to + 4 * os);
      x1.intoArray(out, to + 5 * os);
    }
  }

  private static void fiveTaps(
      int count, float[] x, int from, int next, int step, float[] out, int to, int on, int os) {
    FloatVector half = FloatVector.broadcast(F, 0.5f);
    FloatVector two = FloatVector.broadcast(F, 2f);
    FloatVector minusSixth = FloatVector.broadcast(F, -1f / 6);
    FloatVector minusThird = FloatVector.broadcast(F, -1f / 3);
    FloatVector minusTwoThirds = FloatVector.broadcast(F, -2f / 3);
    FloatVector sixth = FloatVector.broadcast(F, 1f / 6);
    FloatVector third = FloatVector.broadcast(F, 1f / 3);
    FloatVector twoThirds = FloatVector.broadcast(F, 2f / 3);
    FloatVector odd1 = FloatVector.broadcast(F, ODD_A);
    FloatVector odd2 = FloatVector.broadcast(F, ODD_B);
    for (int i = 0; i < count; i++, from += next, to += on) {
      FloatVector x0 = FloatVector.fromArray(F, x, from);
      FloatVector x1 = FloatVector.fromArray(F, x, from + step);
      FloatVector x2 = FloatVector.fromArray(F, x, from + 2 * step);
      FloatVector x3 = FloatVector.fromArray(F, x, from + 3 * step);
      FloatVector x4 = FloatVector.fromArray(F, x, from + 4 * step);
      FloatVector even1 = x0.fma(minusTwoThirds, x2.fma(minusThird, x4.mul(minusSixth)));
      FloatVector even2 = x0.fma(sixth, x2.fma(third, x4.mul(twoThirds)));
      FloatVector o1 = x3.fma(half, x1).mul(odd1);
      FloatVector o2 = x3.fma(two, x1).mul(odd2);
      x0.intoArray(out, to);
      even1.add(o1).intoArray(out, to + os);
      even1.sub(o1).intoArray(out, to + 2 * os);
      even2.add(o2).intoArray(out, to + 3 * os);
      even2.sub(o2).intoArray(out, to + 4 * os);
      x4.intoArray(out, to + 5 * os);
    }
  }

  private static void fiveTapsBack(
      int count, float[] x, int from, int next, int step, float[] out, int to, int on, int os) {
    FloatVector half = FloatVector.broadcast(F, 0.5f);
    FloatVector two = FloatVector.broadcast(F, 2f);
    FloatVector minusSixth = FloatVector.broadcast(F, -1f / 6);
    FloatVector third = FloatVector.broadcast(F, 1f / 3);
    FloatVector minusTwoThirds = FloatVector.broadcast(F, -2f / 3);
    FloatVector sixth = FloatVector.broadcast(F, 1f / 6);
    FloatVector twoThirds = FloatVector.broadcast(F, 2f / 3);
    FloatVector odd1 = FloatVector.broadcast(F, ODD_A);
    FloatVector odd2 = FloatVector.broadcast(F, ODD_B);
    for (int i = 0; i < count; i++, from += next, to += on) {
      FloatVector x0 = FloatVector.fromArray(F, x, from);
      FloatVector x1 = FloatVector.fromArray(F, x, from + step);
      FloatVector x2 = FloatVector.fromArray(F, x, from + 2 * step);
      FloatVector x3 = FloatVector.fromArray(F, x, from + 3 * step);
      FloatVector x4 = FloatVector.fromArray(F, x, from + 4 * step);
      FloatVector x5 = FloatVector.fromArray(F, x, from + 5 * step);
      FloatVector even1 = x1.add(x2);
      FloatVector even2 = x3.add(x4);
      FloatVector o1 = x1.sub(x2).mul(odd1);
      FloatVector o2 = x3.sub(x4).mul(odd2);
      even1.fma(minusTwoThirds, even2.fma(sixth, x0)).intoArray(out, to);
      o1.add(o2).intoArray(out, to + os);
      even2.sub(even1).mul(third).intoArray(out, to + 2 * os);
      o1.fma(half, o2.mul(two)).intoArray(out, to + 3 * os);
      even1.fma(minusSixth, even2.fma(twoThirds, x5)).intoArray(out, to + 4 * os);
    }
  }
}
