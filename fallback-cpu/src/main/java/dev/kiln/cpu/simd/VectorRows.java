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
 * <p>A block holds 16 vectors per accumulator at most, so no lane adds up more than 16 elements,
 * and four of the rest. What is less than a vector goes into as many lanes, each for itself: one
 * after another such elements would take longer than all vectors of a row.
 */
final class VectorRows implements RowKernels {
  private static final int STEP = 4 * LANES;
  private static final int BLOCK = 16 * STEP;

  /** Rows with fewer elements are summed one by one: lanes would have to be added together too. */
  private static final int FEW = 64;

  private static final RowKernels REST = RowKernels.loops();
  private static final Primer EXP_SUM = new Primer(VectorRows::expSumLoop);

  private static void expSumLoop(int turns) {
    float[] y = Primer.SINK;
    ExpLoops.expSum(Primer.SCRATCH, 0, y, 0, turns * LANES, 0f, y);
  }

  private static float[] lanes() {
    return Workspace.mine().floats(Workspace.Slot.SUMS, 4L * LANES);
  }

  /** The lanes of an empty sum. */
  private static float[] zeroLanes() {
    float[] lanes = lanes();
    Arrays.fill(lanes, 0, LANES, 0f);
    return lanes;
  }

  private static double totalOfFirst(float[] lanes, int n) {
    double sum = 0;
    for (int i = 0; i < n; i++) {
      sum += lanes[i];
    }
    return sum;
  }

  private static double total(float[] lanes) {
    return total(lanes, 0);
  }

  /** The sum of a vector's lanes, in four chains. */
  private static double total(float[] lanes, int from) {
    double a = lanes[from];
    double b = lanes[from + 1];
    double c = lanes[from + 2];
    double d = lanes[from + 3];
    for (int i = from + 4; i < from + LANES; i += 4) {
      a += lanes[i];
      b += lanes[i + 1];
      c += lanes[i + 2];
      d += lanes[i + 3];
    }
    return (a + b) + (c + d);
  }

  @Override
  public double sum(float[] x, int offset, int n, float center) {
    if (n < FEW) {
      return sumOfFew(x, offset, n, center);
    }
    float[] lanes = zeroLanes();
    double sum = 0;
    int whole = n / STEP * STEP;
    for (int i = 0; i < whole; i += BLOCK) {
      int m = Math.min(BLOCK, whole - i);
      sumBlock(x, offset + i, m, center, lanes);
      sum += i + m < whole ? total(lanes) : 0;
    }
    addRest(x, offset + whole, n - whole, center, lanes);
    return sum + total(lanes);
  }

  private static double sumOfFew(float[] x, int offset, int n, float center) {
    double a = 0;
    double b = 0;
    int i = offset;
    for (int end = offset + n - 1; i < end; i += 2) {
      a += x[i] - center;
      b += x[i + 1] - center;
    }
    return n % 2 == 0 ? a + b : a + b + (x[i] - center);
  }

  /** Adds less than a step to the lanes. */
  private static void addRest(float[] x, int o, int n, float center, float[] lanes) {
    FloatVector k = FloatVector.broadcast(F, center);
    FloatVector a = FloatVector.fromArray(F, lanes, 0);
    int whole = n / LANES * LANES;
    for (int i = 0; i < whole; i += LANES) {
      a = a.add(FloatVector.fromArray(F, x, o + i).sub(k));
    }
    a.intoArray(lanes, 0);
    for (int i = whole; i < n; i++) {
      lanes[i - whole] += x[o + i] - center;
    }
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
    if (n < FEW) {
      return squaresOfFew(x, offset, n, center);
    }
    float[] lanes = zeroLanes();
    double sum = 0;
    int whole = n / STEP * STEP;
    for (int i = 0; i < whole; i += BLOCK) {
      int m = Math.min(BLOCK, whole - i);
      squareBlock(x, offset + i, m, center, lanes);
      sum += i + m < whole ? total(lanes) : 0;
    }
    addRestSquares(x, offset + whole, n - whole, center, lanes);
    return sum + total(lanes);
  }

  private static double squaresOfFew(float[] x, int offset, int n, float center) {
    double a = 0;
    double b = 0;
    int i = offset;
    for (int end = offset + n - 1; i < end; i += 2) {
      double d = x[i] - center;
      double e = x[i + 1] - center;
      a += d * d;
      b += e * e;
    }
    double last = n % 2 == 0 ? 0 : x[i] - center;
    return a + b + last * last;
  }

  private static void addRestSquares(float[] x, int o, int n, float center, float[] lanes) {
    FloatVector k = FloatVector.broadcast(F, center);
    FloatVector a = FloatVector.fromArray(F, lanes, 0);
    int whole = n / LANES * LANES;
    for (int i = 0; i < whole; i += LANES) {
      FloatVector p = FloatVector.fromArray(F, x, o + i).sub(k);
      a = p.fma(p, a);
    }
    a.intoArray(lanes, 0);
    for (int i = whole; i < n; i++) {
      float d = x[o + i] - center;
      lanes[i - whole] += d * d;
    }
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
    float[] lanes = zeroLanes();
    double sum = 0;
    int whole = n / STEP * STEP;
    for (int i = 0; i < whole; i += BLOCK) {
      int m = Math.min(BLOCK, whole - i);
      dotBlock(y, yOffset + i, x, xOffset + i, m, center, lanes);
      sum += i + m < whole ? total(lanes) : 0;
    }
    addRestProducts(y, yOffset + whole, x, xOffset + whole, n - whole, center, lanes);
    return sum + total(lanes);
  }

  private static void addRestProducts(
      float[] y, int yo, float[] x, int xo, int n, float center, float[] lanes) {
    FloatVector k = FloatVector.broadcast(F, center);
    FloatVector a = FloatVector.fromArray(F, lanes, 0);
    int whole = n / LANES * LANES;
    for (int i = 0; i < whole; i += LANES) {
      FloatVector p = FloatVector.fromArray(F, x, xo + i).sub(k);
      a = p.fma(FloatVector.fromArray(F, y, yo + i), a);
    }
    a.intoArray(lanes, 0);
    for (int i = whole; i < n; i++) {
      lanes[i - whole] += y[yo + i] * (x[xo + i] - center);
    }
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
  public double gradientSums(
      float[] dy,
      int dyo,
      float[] x,
      int xo,
      float[] weight,
      int wo,
      int n,
      float center,
      float scale,
      float[] sums,
      double[] dot) {
    float[] lanes = lanes();
    int block = BLOCK / 2;
    double sum = 0;
    double product = 0;
    for (int i = 0; i < n; i += block) {
      int m = Math.min(block, n - i);
      int whole = m / LANES * LANES;
      gradientBlock(
          dy, dyo + i, x, xo + i, weight, wo + i, whole, center, scale, sums, i, n, lanes);
      for (int j = whole; j < m; j++) {
        float d = dy[dyo + i + j];
        float distance = x[xo + i + j] - center;
        float g = d * weight[wo + i + j];
        sums[i + j] += d * (distance * scale);
        sums[n + i + j] += d;
        lanes[j - whole] += g;
        lanes[LANES + j - whole] += g * distance;
      }
      sum += total(lanes);
      product += total(lanes, LANES);
    }
    dot[0] = product;
    return sum;
  }

  private static void gradientBlock(
      float[] dy,
      int dyo,
      float[] x,
      int xo,
      float[] weight,
      int wo,
      int n,
      float center,
      float scale,
      float[] sums,
      int so,
      int apart,
      float[] lanes) {
    FloatVector centerAll = FloatVector.broadcast(F, center);
    FloatVector scaleAll = FloatVector.broadcast(F, scale);
    FloatVector a = FloatVector.zero(F);
    FloatVector b = FloatVector.zero(F);
    for (int i = 0; i < n; i += LANES) {
      FloatVector d = FloatVector.fromArray(F, dy, dyo + i);
      FloatVector c = FloatVector.fromArray(F, x, xo + i).sub(centerAll);
      FloatVector g = d.mul(FloatVector.fromArray(F, weight, wo + i));
      FloatVector s = FloatVector.fromArray(F, sums, so + i);
      s.add(d.mul(c.mul(scaleAll))).intoArray(sums, so + i);
      FloatVector.fromArray(F, sums, apart + so + i).add(d).intoArray(sums, apart + so + i);
      a = a.add(g);
      b = g.fma(c, b);
    }
    a.intoArray(lanes, 0);
    b.intoArray(lanes, LANES);
  }

  @Override
  public void columnSums(float[] x, int offset, int rows, int ld, int width, float[] sums) {
    if (width < LANES) {
      REST.columnSums(x, offset, rows, ld, width, sums);
      return;
    }
    // The last vectors lie across those before and write the same sums once more.
    int i = 0;
    for (; i + STEP <= width; i += STEP) {
      wideColumns(x, offset + i, rows, ld, sums, i);
    }
    for (; i < width; i += LANES) {
      int at = Math.min(i, width - LANES);
      columns(x, offset + at, rows, ld, sums, at);
    }
  }

  private static void wideColumns(float[] x, int o, int rows, int ld, float[] sums, int so) {
    FloatVector a = FloatVector.zero(F);
    FloatVector b = FloatVector.zero(F);
    FloatVector c = FloatVector.zero(F);
    FloatVector d = FloatVector.zero(F);
    int end = o + rows * ld;
    for (int i = o; i < end; i += ld) {
      a = a.add(FloatVector.fromArray(F, x, i));
      b = b.add(FloatVector.fromArray(F, x, i + LANES));
      c = c.add(FloatVector.fromArray(F, x, i + 2 * LANES));
      d = d.add(FloatVector.fromArray(F, x, i + 3 * LANES));
    }
    a.intoArray(sums, so);
    b.intoArray(sums, so + LANES);
    c.intoArray(sums, so + 2 * LANES);
    d.intoArray(sums, so + 3 * LANES);
  }

  private static void columns(float[] x, int o, int rows, int ld, float[] sums, int so) {
    FloatVector a = FloatVector.zero(F);
    int end = o + rows * ld;
    for (int i = o; i < end; i += ld) {
      a = a.add(FloatVector.fromArray(F, x, i));
    }
    a.intoArray(sums, so);
  }

  @Override
  public void columnExtremes(
      boolean max, float[] x, int offset, int rows, int ld, int width, float[] y, int yo) {
    if (width < LANES || rows == 0) {
      REST.columnExtremes(max, x, offset, rows, ld, width, y, yo);
      return;
    }
    // The last vectors lie across those before: what counts twice changes nothing.
    for (int i = 0; i < width; i += width < STEP ? LANES : STEP) {
      int at = Math.min(i, width - (width < STEP ? LANES : STEP));
      if (width < STEP && max) {
        narrowMax(x, offset + at, rows, ld, y, yo + at);
      } else if (width < STEP) {
        narrowMin(x, offset + at, rows, ld, y, yo + at);
      } else if (max) {
        wideMax(x, offset + at, rows, ld, y, yo + at);
      } else {
        wideMin(x, offset + at, rows, ld, y, yo + at);
      }
    }
  }

  private static void wideMax(float[] x, int o, int rows, int ld, float[] y, int yo) {
    FloatVector a = FloatVector.fromArray(F, x, o);
    FloatVector b = FloatVector.fromArray(F, x, o + LANES);
    FloatVector c = FloatVector.fromArray(F, x, o + 2 * LANES);
    FloatVector d = FloatVector.fromArray(F, x, o + 3 * LANES);
    int end = o + rows * ld;
    for (int i = o + ld; i < end; i += ld) {
      a = a.max(FloatVector.fromArray(F, x, i));
      b = b.max(FloatVector.fromArray(F, x, i + LANES));
      c = c.max(FloatVector.fromArray(F, x, i + 2 * LANES));
      d = d.max(FloatVector.fromArray(F, x, i + 3 * LANES));
    }
    a.intoArray(y, yo);
    b.intoArray(y, yo + LANES);
    c.intoArray(y, yo + 2 * LANES);
    d.intoArray(y, yo + 3 * LANES);
  }

  private static void narrowMax(float[] x, int o, int rows, int ld, float[] y, int yo) {
    FloatVector a = FloatVector.fromArray(F, x, o);
    int end = o + rows * ld;
    for (int i = o + ld; i < end; i += ld) {
      a = a.max(FloatVector.fromArray(F, x, i));
    }
    a.intoArray(y, yo);
  }

  private static void wideMin(float[] x, int o, int rows, int ld, float[] y, int yo) {
    FloatVector a = FloatVector.fromArray(F, x, o);
    FloatVector b = FloatVector.fromArray(F, x, o + LANES);
    FloatVector c = FloatVector.fromArray(F, x, o + 2 * LANES);
    FloatVector d = FloatVector.fromArray(F, x, o + 3 * LANES);
    int end = o + rows * ld;
    for (int i = o + ld; i < end; i += ld) {
      a = a.min(FloatVector.fromArray(F, x, i));
      b = b.min(FloatVector.fromArray(F, x, i + LANES));
      c = c.min(FloatVector.fromArray(F, x, i + 2 * LANES));
      d = d.min(FloatVector.fromArray(F, x, i + 3 * LANES));
    }
    a.intoArray(y, yo);
    b.intoArray(y, yo + LANES);
    c.intoArray(y, yo + 2 * LANES);
    d.intoArray(y, yo + 3 * LANES);
  }

  private static void narrowMin(float[] x, int o, int rows, int ld, float[] y, int yo) {
    FloatVector a = FloatVector.fromArray(F, x, o);
    int end = o + rows * ld;
    for (int i = o + ld; i < end; i += ld) {
      a = a.min(FloatVector.fromArray(F, x, i));
    }
    a.intoArray(y, yo);
  }

  @Override
  public float max(float[] x, int offset, int n) {
    if (n < LANES) {
      float m = Float.NEGATIVE_INFINITY;
      for (int i = 0; i < n; i++) {
        m = Math.max(m, x[offset + i]);
      }
      return m;
    }
    return maxOfVectors(x, offset, n);
  }

  /** The last vectors lie across those before: an element that counts twice changes nothing. */
  private static float maxOfVectors(float[] x, int o, int n) {
    int last = n - LANES;
    FloatVector a = FloatVector.fromArray(F, x, o);
    FloatVector b = a;
    FloatVector c = a;
    FloatVector d = a;
    for (int i = 0; i < n; i += STEP) {
      a = a.max(FloatVector.fromArray(F, x, o + Math.min(i, last)));
      b = b.max(FloatVector.fromArray(F, x, o + Math.min(i + LANES, last)));
      c = c.max(FloatVector.fromArray(F, x, o + Math.min(i + 2 * LANES, last)));
      d = d.max(FloatVector.fromArray(F, x, o + Math.min(i + 3 * LANES, last)));
    }
    return a.max(b).max(c.max(d)).reduceLanes(VectorOperators.MAX);
  }

  @Override
  public float min(float[] x, int offset, int n) {
    if (n < LANES) {
      float m = Float.POSITIVE_INFINITY;
      for (int i = 0; i < n; i++) {
        m = Math.min(m, x[offset + i]);
      }
      return m;
    }
    return minOfVectors(x, offset, n);
  }

  /** The last vectors lie across those before: an element that counts twice changes nothing. */
  private static float minOfVectors(float[] x, int o, int n) {
    int last = n - LANES;
    FloatVector a = FloatVector.fromArray(F, x, o);
    FloatVector b = a;
    FloatVector c = a;
    FloatVector d = a;
    for (int i = 0; i < n; i += STEP) {
      a = a.min(FloatVector.fromArray(F, x, o + Math.min(i, last)));
      b = b.min(FloatVector.fromArray(F, x, o + Math.min(i + LANES, last)));
      c = c.min(FloatVector.fromArray(F, x, o + Math.min(i + 2 * LANES, last)));
      d = d.min(FloatVector.fromArray(F, x, o + Math.min(i + 3 * LANES, last)));
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
      ExpLoops.expSum(x, xOffset + i, y, yOffset + i, Math.min(BLOCK, whole - i), shift, lanes);
      sum += total(lanes);
    }
    int rest = n - whole;
    if (rest > 0) {
      float[] tail = Workspace.mine().floats(Workspace.Slot.TAIL, 2L * LANES);
      System.arraycopy(x, xOffset + whole, tail, 0, rest);
      Arrays.fill(tail, rest, LANES, shift);
      Arrays.fill(lanes, 0, LANES, 0f);
      ExpLoops.expSum(tail, 0, tail, 0, LANES, shift, lanes);
      System.arraycopy(tail, 0, y, yOffset + whole, rest);
      sum += totalOfFirst(lanes, rest);
    }
    return sum;
  }
}
