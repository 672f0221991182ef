package dev.kiln.cpu.simd;

import static dev.kiln.cpu.simd.Lanes.F;
import static dev.kiln.cpu.simd.Lanes.LANES;

import dev.kiln.cpu.kernels.RowKernels;
import dev.kiln.cpu.threads.Workspace;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/**
 * {@link RowKernels} on the Vector API: blocks are summed in float lanes, blocks in double.
 *
 * <p>A block holds 16 vectors per accumulator at most, so no lane adds up more than 16 elements.
 */
final class VectorRows implements RowKernels {
  private static final int STEP = 4 * LANES;
  private static final int BLOCK = 16 * STEP;
  private static final Primer EXP_SUM = new Primer(VectorRows::expSumLoop);

  private static void expSumLoop(int turns) {
    float[] y = Primer.SINK;
    VectorUnaryLoops.expSum(Primer.SCRATCH, 0, y, 0, turns * LANES, 0f, y);
  }

  private static float[] lanes() {
    return Workspace.mine().floats(Workspace.Slot.SUMS, 4L * LANES);
  }

  private static double total(float[] lanes, int n) {
    double sum = 0;
    for (int i = 0; i < n; i++) {
      sum += lanes[i];
    }
    return sum;
  }

  /** The sum of all lanes, in four chains. */
  private static double total(float[] lanes) {
    double a = lanes[0];
    double b = lanes[1];
    double c = lanes[2];
    double d = lanes[3];
    for (int i = 4; i < LANES; i += 4) {
      a += lanes[i];
      b += lanes[i + 1];
      c += lanes[i + 2];
      d += lanes[i + 3];
    }
    return (a + b) + (c + d);
  }

  @Override
  public double sum(float[] x, int offset, int n, float center) {
    float[] lanes = lanes();
    double sum = 0;
    int whole = n / STEP * STEP;
    for (int i = 0; i < whole; i += BLOCK) {
      sumBlock(x, offset + i, Math.min(BLOCK, whole - i), center, lanes);
      sum += total(lanes);
    }
    for (int i = whole; i < n; i++) {
      sum += x[offset + i] - center;
    }
    return sum;
  }

  private static void sumBlock(float[] x, int o, int n, float center, float[] lanes) {
    FloatVector k = FloatVector.broadcast(F, center);
    FloatVector a = FloatVector.zero(F);
    FloatVector b = FloatVector.zero(F);
    FloatVector c = FloatVector.zero(F);
    FloatVector d = FloatVector.zero(F);
    for (int i = 0; i < n; i += STEP) {
      a = a.add(FloatVector.fromArray(F, x, o + i).sub(k));
      b = b.add(FloatVector.fromArray(F, x, o + i + LANES).sub(k));
      c = c.add(FloatVector.fromArray(F, x, o + i + 2 * LANES).sub(k));
      d = d.add(FloatVector.fromArray(F, x, o + i + 3 * LANES).sub(k));
    }
    a.add(b).add(c.add(d)).intoArray(lanes, 0);
  }

  @Override
  public double sumSquares(float[] x, int offset, int n, float center) {
    float[] lanes = lanes();
    double sum = 0;
    int whole = n / STEP * STEP;
    for (int i = 0; i < whole; i += BLOCK) {
      squareBlock(x, offset + i, Math.min(BLOCK, whole - i), center, lanes);
      sum += total(lanes);
    }
    for (int i = whole; i < n; i++) {
      double d = x[offset + i] - center;
      sum += d * d;
    }
    return sum;
  }

  private static void squareBlock(float[] x, int o, int n, float center, float[] lanes) {
    FloatVector k = FloatVector.broadcast(F, center);
    FloatVector a = FloatVector.zero(F);
    FloatVector b = FloatVector.zero(F);
    FloatVector c = FloatVector.zero(F);
    FloatVector d = FloatVector.zero(F);
    for (int i = 0; i < n; i += STEP) {
      FloatVector p = FloatVector.fromArray(F, x, o + i).sub(k);
      FloatVector q = FloatVector.fromArray(F, x, o + i + LANES).sub(k);
      FloatVector r = FloatVector.fromArray(F, x, o + i + 2 * LANES).sub(k);
      FloatVector s = FloatVector.fromArray(F, x, o + i + 3 * LANES).sub(k);
      a = p.fma(p, a);
      b = q.fma(q, b);
      c = r.fma(r, c);
      d = s.fma(s, d);
    }
    a.add(b).add(c.add(d)).intoArray(lanes, 0);
  }

  @Override
  public double dot(float[] y, int yOffset, float[] x, int xOffset, int n, float center) {
    float[] lanes = lanes();
    double sum = 0;
    int whole = n / STEP * STEP;
    for (int i = 0; i < whole; i += BLOCK) {
      dotBlock(y, yOffset + i, x, xOffset + i, Math.min(BLOCK, whole - i), center, lanes);
      sum += total(lanes);
    }
    for (int i = whole; i < n; i++) {
      sum += (double) y[yOffset + i] * (x[xOffset + i] - center);
    }
    return sum;
  }

  private static void dotBlock(
      float[] y, int yo, float[] x, int xo, int n, float center, float[] lanes) {
    FloatVector k = FloatVector.broadcast(F, center);
    FloatVector a = FloatVector.zero(F);
    FloatVector b = FloatVector.zero(F);
    FloatVector c = FloatVector.zero(F);
    FloatVector d = FloatVector.zero(F);
    for (int i = 0; i < n; i += STEP) {
      FloatVector p = FloatVector.fromArray(F, x, xo + i).sub(k);
      FloatVector q = FloatVector.fromArray(F, x, xo + i + LANES).sub(k);
      FloatVector r = FloatVector.fromArray(F, x, xo + i + 2 * LANES).sub(k);
      FloatVector s = FloatVector.fromArray(F, x, xo + i + 3 * LANES).sub(k);
      a = p.fma(FloatVector.fromArray(F, y, yo + i), a);
      b = q.fma(FloatVector.fromArray(F, y, yo + i + LANES), b);
      c = r.fma(FloatVector.fromArray(F, y, yo + i + 2 * LANES), c);
      d = s.fma(FloatVector.fromArray(F, y, yo + i + 3 * LANES), d);
    }
    a.add(b).add(c.add(d)).intoArray(lanes, 0);
  }

  @Override
  public float max(float[] x, int offset, int n) {
    float m = Float.NEGATIVE_INFINITY;
    int whole = n / STEP * STEP;
    if (whole > 0) {
      m = maxOfWhole(x, offset, whole);
    }
    for (int i = whole; i < n; i++) {
      m = Math.max(m, x[offset + i]);
    }
    return m;
  }

  private static float maxOfWhole(float[] x, int o, int n) {
    FloatVector a = FloatVector.fromArray(F, x, o);
    FloatVector b = a;
    FloatVector c = a;
    FloatVector d = a;
    for (int i = 0; i < n; i += STEP) {
      a = a.max(FloatVector.fromArray(F, x, o + i));
      b = b.max(FloatVector.fromArray(F, x, o + i + LANES));
      c = c.max(FloatVector.fromArray(F, x, o + i + 2 * LANES));
      d = d.max(FloatVector.fromArray(F, x, o + i + 3 * LANES));
    }
    return a.max(b).max(c.max(d)).reduceLanes(VectorOperators.MAX);
  }

  @Override
  public float min(float[] x, int offset, int n) {
    float m = Float.POSITIVE_INFINITY;
    int whole = n / STEP * STEP;
    if (whole > 0) {
      m = minOfWhole(x, offset, whole);
    }
    for (int i = whole; i < n; i++) {
      m = Math.min(m, x[offset + i]);
    }
    return m;
  }

  private static float minOfWhole(float[] x, int o, int n) {
    FloatVector a = FloatVector.fromArray(F, x, o);
    FloatVector b = a;
    FloatVector c = a;
    FloatVector d = a;
    for (int i = 0; i < n; i += STEP) {
      a = a.min(FloatVector.fromArray(F, x, o + i));
      b = b.min(FloatVector.fromArray(F, x, o + i + LANES));
      c = c.min(FloatVector.fromArray(F, x, o + i + 2 * LANES));
      d = d.min(FloatVector.fromArray(F, x, o + i + 3 * LANES));
    }
    return a.min(b).min(c.min(d)).reduceLanes(VectorOperators.MIN);
  }

  @Override
  public double expSum(float[] x, int xOffset, float[] y, int yOffset, int n, float shift) {
    EXP_SUM.before(n / LANES + 1);
    float[] lanes = lanes();
    double sum = 0;
    int whole = n / LANES * LANES;
    for (int i = 0; i < whole; i += BLOCK) {
      Arrays.fill(lanes, 0, LANES, 0f);
      VectorUnaryLoops.expSum(
          x, xOffset + i, y, yOffset + i, Math.min(BLOCK, whole - i), shift, lanes);
      sum += total(lanes);
    }
    int rest = n - whole;
    if (rest > 0) {
      float[] tail = Workspace.mine().floats(Workspace.Slot.TAIL, 2L * LANES);
      System.arraycopy(x, xOffset + whole, tail, 0, rest);
      Arrays.fill(tail, rest, LANES, shift);
      Arrays.fill(lanes, 0, LANES, 0f);
      VectorUnaryLoops.expSum(tail, 0, tail, 0, LANES, shift, lanes);
      System.arraycopy(tail, 0, y, yOffset + whole, rest);
      sum += total(lanes, rest);
    }
    return sum;
  }
}
