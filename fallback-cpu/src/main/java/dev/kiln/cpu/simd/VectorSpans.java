package dev.kiln.cpu.simd;

import static dev.kiln.cpu.simd.Lanes.F;
import static dev.kiln.cpu.simd.Lanes.LANES;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.NE;

import dev.kiln.cpu.kernels.LoopSpans;
import dev.kiln.cpu.kernels.SpanKernels;
import dev.kiln.cpu.threads.Workspace;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/**
 * {@link SpanKernels} on the Vector API. C2 leaves loops over arrays with offsets of their own in
 * scalar form, since it cannot tell that they do not overlap.
 *
 * <p>The remainders go to the plain loops, which compute the same bits: products and sums are not
 * fused here.
 */
final class VectorSpans implements SpanKernels {
  private static final LoopSpans REST = new LoopSpans();

  @Override
  public void add(float[] y, int yo, float[] a, int ao, float[] b, int bo, int n) {
    int whole = n / LANES * LANES;
    for (int i = 0; i < whole; i += LANES) {
      FloatVector aV = FloatVector.fromArray(F, a, ao + i);
      aV.add(FloatVector.fromArray(F, b, bo + i)).intoArray(y, yo + i);
    }
    REST.add(y, yo + whole, a, ao + whole, b, bo + whole, n - whole);
  }

  @Override
  public void subtract(float[] y, int yo, float[] a, int ao, float[] b, int bo, int n) {
    int whole = n / LANES * LANES;
    for (int i = 0; i < whole; i += LANES) {
      FloatVector aV = FloatVector.fromArray(F, a, ao + i);
      aV.sub(FloatVector.fromArray(F, b, bo + i)).intoArray(y, yo + i);
    }
    REST.subtract(y, yo + whole, a, ao + whole, b, bo + whole, n - whole);
  }

  @Override
  public void multiply(float[] y, int yo, float[] a, int ao, float[] b, int bo, int n) {
    int whole = n / LANES * LANES;
    for (int i = 0; i < whole; i += LANES) {
      FloatVector aV = FloatVector.fromArray(F, a, ao + i);
      aV.mul(FloatVector.fromArray(F, b, bo + i)).intoArray(y, yo + i);
    }
    REST.multiply(y, yo + whole, a, ao + whole, b, bo + whole, n - whole);
  }

  @Override
  public void divide(float[] y, int yo, float[] a, int ao, float[] b, int bo, int n) {
    int whole = n / LANES * LANES;
    for (int i = 0; i < whole; i += LANES) {
      FloatVector aV = FloatVector.fromArray(F, a, ao + i);
      aV.div(FloatVector.fromArray(F, b, bo + i)).intoArray(y, yo + i);
    }
    REST.divide(y, yo + whole, a, ao + whole, b, bo + whole, n - whole);
  }

  @Override
  public void add(float[] y, int yo, float[] a, int ao, float b, int n) {
    FloatVector bAll = FloatVector.broadcast(F, b);
    int whole = n / LANES * LANES;
    for (int i = 0; i < whole; i += LANES) {
      FloatVector.fromArray(F, a, ao + i).add(bAll).intoArray(y, yo + i);
    }
    REST.add(y, yo + whole, a, ao + whole, b, n - whole);
  }

  @Override
  public void multiply(float[] y, int yo, float[] a, int ao, float b, int n) {
    FloatVector bAll = FloatVector.broadcast(F, b);
    int whole = n / LANES * LANES;
    for (int i = 0; i < whole; i += LANES) {
      FloatVector.fromArray(F, a, ao + i).mul(bAll).intoArray(y, yo + i);
    }
    REST.multiply(y, yo + whole, a, ao + whole, b, n - whole);
  }

  @Override
  public void divide(float[] y, int yo, float[] a, int ao, float b, int n) {
    FloatVector bAll = FloatVector.broadcast(F, b);
    int whole = n / LANES * LANES;
    for (int i = 0; i < whole; i += LANES) {
      FloatVector.fromArray(F, a, ao + i).div(bAll).intoArray(y, yo + i);
    }
    REST.divide(y, yo + whole, a, ao + whole, b, n - whole);
  }

  @Override
  public void multiplyCentered(
      float[] y, int yo, float[] a, int ao, float[] b, int bo, int n, float center) {
    FloatVector centerAll = FloatVector.broadcast(F, center);
    int whole = n / LANES * LANES;
    for (int i = 0; i < whole; i += LANES) {
      FloatVector bV = FloatVector.fromArray(F, b, bo + i).sub(centerAll);
      bV.mul(FloatVector.fromArray(F, a, ao + i)).intoArray(y, yo + i);
    }
    REST.multiplyCentered(y, yo + whole, a, ao + whole, b, bo + whole, n - whole, center);
  }

  @Override
  public void subtractScaled(
      float[] y, int yo, float[] a, int ao, float[] b, int bo, int n, float scale) {
    FloatVector scaleAll = FloatVector.broadcast(F, scale);
    int whole = n / LANES * LANES;
    for (int i = 0; i < whole; i += LANES) {
      FloatVector bV = FloatVector.fromArray(F, b, bo + i).mul(scaleAll);
      FloatVector.fromArray(F, a, ao + i).sub(bV).intoArray(y, yo + i);
    }
    REST.subtractScaled(y, yo + whole, a, ao + whole, b, bo + whole, n - whole, scale);
  }

  @Override
  public void keepMax(float[] x, int xo, int n, float tap, float[] best, float[] place) {
    FloatVector tapAll = FloatVector.broadcast(F, tap);
    int whole = n / LANES * LANES;
    for (int i = 0; i < whole; i += LANES) {
      FloatVector v = FloatVector.fromArray(F, x, xo + i);
      FloatVector b = FloatVector.fromArray(F, best, i);
      VectorMask<Float> above = v.compare(GT, b).or(v.compare(NE, v));
      b.blend(v, above).intoArray(best, i);
      FloatVector.fromArray(F, place, i).blend(tapAll, above).intoArray(place, i);
    }
    for (int i = whole; i < n; i++) {
      float v = x[xo + i];
      if (v > best[i] || Float.isNaN(v)) {
        best[i] = v;
        place[i] = tap;
      }
    }
  }

  @Override
  public void normalize(
      float[] x, int xo, float[] y, int yo, int n, float center, float scale, float shift) {
    FloatVector centerAll = FloatVector.broadcast(F, center);
    FloatVector scaleAll = FloatVector.broadcast(F, scale);
    FloatVector shiftAll = FloatVector.broadcast(F, shift);
    int whole = n / LANES * LANES;
    for (int i = 0; i < whole; i += LANES) {
      FloatVector xV = FloatVector.fromArray(F, x, xo + i);
      xV.sub(centerAll).mul(scaleAll).add(shiftAll).intoArray(y, yo + i);
    }
    REST.normalize(x, xo + whole, y, yo + whole, n - whole, center, scale, shift);
  }

  @Override
  public void spread(
      float[] dy,
      int dyo,
      float[] x,
      int xo,
      float[] dx,
      int dxo,
      int n,
      float center,
      float slope,
      float offset,
      float scale) {
    FloatVector centerAll = FloatVector.broadcast(F, center);
    FloatVector slopeAll = FloatVector.broadcast(F, slope);
    FloatVector offsetAll = FloatVector.broadcast(F, offset);
    FloatVector scaleAll = FloatVector.broadcast(F, scale);
    int whole = n / LANES * LANES;
    for (int i = 0; i < whole; i += LANES) {
      FloatVector dV = FloatVector.fromArray(F, dy, dyo + i);
      FloatVector xV = FloatVector.fromArray(F, x, xo + i);
      dV.sub(offsetAll).sub(xV.sub(centerAll).mul(slopeAll)).mul(scaleAll).intoArray(dx, dxo + i);
    }
    REST.spread(
        dy, dyo + whole, x, xo + whole, dx, dxo + whole, n - whole, center, slope, offset, scale);
  }

  @Override
  public void spreadWeighted(
      float[] dy,
      int dyo,
      float[] weight,
      int wo,
      float[] x,
      int xo,
      float[] dx,
      int dxo,
      int n,
      float center,
      float slope,
      float offset,
      float scale) {
    FloatVector centerAll = FloatVector.broadcast(F, center);
    FloatVector slopeAll = FloatVector.broadcast(F, slope);
    FloatVector offsetAll = FloatVector.broadcast(F, offset);
    FloatVector scaleAll = FloatVector.broadcast(F, scale);
    int whole = n / LANES * LANES;
    for (int i = 0; i < whole; i += LANES) {
      FloatVector dV = FloatVector.fromArray(F, dy, dyo + i);
      FloatVector gV = dV.mul(FloatVector.fromArray(F, weight, wo + i));
      FloatVector xV = FloatVector.fromArray(F, x, xo + i);
      gV.sub(offsetAll).sub(xV.sub(centerAll).mul(slopeAll)).mul(scaleAll).intoArray(dx, dxo + i);
    }
    REST.spreadWeighted(
        dy,
        dyo + whole,
        weight,
        wo + whole,
        x,
        xo + whole,
        dx,
        dxo + whole,
        n - whole,
        center,
        slope,
        offset,
        scale);
  }

  @Override
  public void blend(
      float[] dy,
      int dyo,
      float[] x,
      int xo,
      float[] dx,
      int dxo,
      int n,
      float center,
      float slope,
      float offset,
      float gain) {
    FloatVector centerAll = FloatVector.broadcast(F, center);
    FloatVector slopeAll = FloatVector.broadcast(F, slope);
    FloatVector offsetAll = FloatVector.broadcast(F, offset);
    FloatVector gainAll = FloatVector.broadcast(F, gain);
    int whole = n / LANES * LANES;
    for (int i = 0; i < whole; i += LANES) {
      FloatVector dV = FloatVector.fromArray(F, dy, dyo + i);
      FloatVector xV = FloatVector.fromArray(F, x, xo + i).sub(centerAll);
      dV.mul(gainAll).sub(xV.mul(slopeAll).add(offsetAll)).intoArray(dx, dxo + i);
    }
    REST.blend(
        dy, dyo + whole, x, xo + whole, dx, dxo + whole, n - whole, center, slope, offset, gain);
  }

  @Override
  public void normalizeWeighted(
      float[] x,
      int xo,
      float[] y,
      int yo,
      float[] weight,
      int wo,
      float[] bias,
      int bo,
      int n,
      float center,
      float scale,
      float shift) {
    FloatVector centerAll = FloatVector.broadcast(F, center);
    FloatVector scaleAll = FloatVector.broadcast(F, scale);
    FloatVector shiftAll = FloatVector.broadcast(F, shift);
    int whole = n / LANES * LANES;
    for (int i = 0; i < whole; i += LANES) {
      FloatVector xV = FloatVector.fromArray(F, x, xo + i);
      FloatVector wV = FloatVector.fromArray(F, weight, wo + i);
      FloatVector bV = FloatVector.fromArray(F, bias, bo + i);
      xV.sub(centerAll).mul(scaleAll).add(shiftAll).mul(wV).add(bV).intoArray(y, yo + i);
    }
    REST.normalizeWeighted(
        x,
        xo + whole,
        y,
        yo + whole,
        weight,
        wo + whole,
        bias,
        bo + whole,
        n - whole,
        center,
        scale,
        shift);
  }

  @Override
  public void addProduct(
      float[] dy,
      int dyo,
      float[] x,
      int xo,
      int n,
      float center,
      float scale,
      float[] sums,
      int so) {
    FloatVector centerAll = FloatVector.broadcast(F, center);
    FloatVector scaleAll = FloatVector.broadcast(F, scale);
    int whole = n / LANES * LANES;
    for (int i = 0; i < whole; i += LANES) {
      FloatVector dV = FloatVector.fromArray(F, dy, dyo + i);
      FloatVector xV = FloatVector.fromArray(F, x, xo + i);
      FloatVector sV = FloatVector.fromArray(F, sums, so + i);
      sV.add(dV.mul(xV.sub(centerAll).mul(scaleAll))).intoArray(sums, so + i);
    }
    REST.addProduct(dy, dyo + whole, x, xo + whole, n - whole, center, scale, sums, so + whole);
  }

  @Override
  public void sgd(float[] p, int po, float[] g, int go, int n, float scale, float lr, float decay) {
    FloatVector scaleAll = FloatVector.broadcast(F, scale);
    FloatVector lrAll = FloatVector.broadcast(F, lr);
    FloatVector decayAll = FloatVector.broadcast(F, decay);
    int whole = n / LANES * LANES;
    for (int i = 0; i < whole; i += LANES) {
      FloatVector wV = FloatVector.fromArray(F, p, po + i);
      FloatVector dV = FloatVector.fromArray(F, g, go + i);
      wV.sub(lrAll.mul(scaleAll.mul(dV).add(decayAll.mul(wV)))).intoArray(p, po + i);
    }
    REST.sgd(p, po + whole, g, go + whole, n - whole, scale, lr, decay);
  }

  @Override
  public void momentum(
      float[] p,
      int po,
      float[] g,
      int go,
      float[] v,
      int vo,
      int n,
      float scale,
      float lr,
      float decay,
      float momentum,
      float fresh,
      float ownShare,
      float velocityShare) {
    FloatVector scaleAll = FloatVector.broadcast(F, scale);
    FloatVector lrAll = FloatVector.broadcast(F, lr);
    FloatVector decayAll = FloatVector.broadcast(F, decay);
    FloatVector momentumAll = FloatVector.broadcast(F, momentum);
    FloatVector freshAll = FloatVector.broadcast(F, fresh);
    FloatVector ownShareAll = FloatVector.broadcast(F, ownShare);
    FloatVector velocityShareAll = FloatVector.broadcast(F, velocityShare);
    int whole = n / LANES * LANES;
    for (int i = 0; i < whole; i += LANES) {
      FloatVector wV = FloatVector.fromArray(F, p, po + i);
      FloatVector fV = FloatVector.fromArray(F, g, go + i);
      FloatVector sV = FloatVector.fromArray(F, v, vo + i);
      FloatVector dV = scaleAll.mul(fV).add(decayAll.mul(wV));
      FloatVector speedV = momentumAll.mul(sV).add(freshAll.mul(dV));
      speedV.intoArray(v, vo + i);
      wV.sub(lrAll.mul(ownShareAll.mul(dV).add(velocityShareAll.mul(speedV)))).intoArray(p, po + i);
    }
    REST.momentum(
        p,
        po + whole,
        g,
        go + whole,
        v,
        vo + whole,
        n - whole,
        scale,
        lr,
        decay,
        momentum,
        fresh,
        ownShare,
        velocityShare);
  }

  @Override
  public void adam(
      float[] p,
      int po,
      float[] g,
      int go,
      float[] m,
      int mo,
      float[] v,
      int vo,
      int n,
      float scale,
      float rate,
      float correction,
      float freshMean,
      float keepSquare,
      float freshSquare,
      float eps,
      float decay,
      float shrink) {
    FloatVector scaleAll = FloatVector.broadcast(F, scale);
    FloatVector rateAll = FloatVector.broadcast(F, rate);
    FloatVector correctionAll = FloatVector.broadcast(F, correction);
    FloatVector freshMeanAll = FloatVector.broadcast(F, freshMean);
    FloatVector keepSquareAll = FloatVector.broadcast(F, keepSquare);
    FloatVector freshSquareAll = FloatVector.broadcast(F, freshSquare);
    FloatVector epsAll = FloatVector.broadcast(F, eps);
    FloatVector decayAll = FloatVector.broadcast(F, decay);
    FloatVector shrinkAll = FloatVector.broadcast(F, shrink);
    int whole = n / LANES * LANES;
    for (int i = 0; i < whole; i += LANES) {
      FloatVector wV = FloatVector.fromArray(F, p, po + i);
      FloatVector fV = FloatVector.fromArray(F, g, go + i);
      FloatVector aV = FloatVector.fromArray(F, m, mo + i);
      FloatVector bV = FloatVector.fromArray(F, v, vo + i);
      FloatVector dV = scaleAll.mul(fV).add(decayAll.mul(wV));
      FloatVector meanV = aV.add(freshMeanAll.mul(dV.sub(aV)));
      FloatVector squareV = keepSquareAll.mul(bV).add(freshSquareAll.mul(dV.mul(dV)));
      meanV.intoArray(m, mo + i);
      squareV.intoArray(v, vo + i);
      wV.mul(shrinkAll)
          .sub(rateAll.mul(meanV.div(squareV.sqrt().mul(correctionAll).add(epsAll))))
          .intoArray(p, po + i);
    }
    REST.adam(
        p,
        po + whole,
        g,
        go + whole,
        m,
        mo + whole,
        v,
        vo + whole,
        n - whole,
        scale,
        rate,
        correction,
        freshMean,
        keepSquare,
        freshSquare,
        eps,
        decay,
        shrink);
  }

  /**
   * The largest is found for every pixel of a row of squares, or of the plane where its rows are
   * shorter than a vector, and the answers for squares are taken from that: a branch for each
   * square would depend on the data.
   */
  @Override
  public void squareMax(
      float[] x, int xo, int width, int rows, int columns, float[] y, int yo, int[] index, int io) {
    int row = 2 * columns - 1;
    int plane = 2 * (rows - 1) * width + row;
    if (plane < LANES) {
      REST.squareMax(x, xo, width, rows, columns, y, yo, index, io);
      return;
    }
    boolean byRow = row >= LANES;
    int n = byRow ? row : plane;
    Workspace mine = Workspace.mine();
    float[] best = mine.floats(Workspace.Slot.PARTIAL, n);
    float[] place = mine.floats(Workspace.Slot.COLUMNS, n);
    for (int r = 0; r < rows; r++, yo += columns, io += columns) {
      int begin = 2 * r * width;
      int at = byRow ? 0 : begin;
      if (byRow || r == 0) {
        squareMax(x, xo + begin, width, 0, n, best, place);
        squareMax(x, xo + begin, width, n - LANES, n, best, place);
      }
      for (int c = 0; c < columns; c++) {
        int k = (int) place[at + 2 * c];
        y[yo + c] = best[at + 2 * c];
        index[io + c] = begin + 2 * c + (k & 1) + (k >> 1) * width;
      }
    }
  }

  private static void squareMax(
      float[] x, int xo, int width, int first, int end, float[] best, float[] place) {
    FloatVector one = FloatVector.broadcast(F, 1f);
    FloatVector two = FloatVector.broadcast(F, 2f);
    FloatVector three = FloatVector.broadcast(F, 3f);
    for (int i = first; i + LANES <= end; i += LANES) {
      int o = xo + i;
      FloatVector a = FloatVector.fromArray(F, x, o);
      FloatVector b = FloatVector.fromArray(F, x, o + 1);
      FloatVector c = FloatVector.fromArray(F, x, o + width);
      FloatVector d = FloatVector.fromArray(F, x, o + width + 1);
      VectorMask<Float> take = b.compare(GT, a).or(b.compare(NE, b));
      FloatVector m = a.blend(b, take);
      FloatVector at = FloatVector.zero(F).blend(one, take);
      take = c.compare(GT, m).or(c.compare(NE, c));
      m = m.blend(c, take);
      at = at.blend(two, take);
      take = d.compare(GT, m).or(d.compare(NE, d));
      m.blend(d, take).intoArray(best, i);
      at.blend(three, take).intoArray(place, i);
    }
  }

  @Override
  public void equal(byte[] y, int yo, float[] a, int ao, float[] b, int bo, int n) {
    int whole = VectorComparison.whole(n);
    VectorComparison.equal(y, yo, a, ao, b, bo, whole);
    REST.equal(y, yo + whole, a, ao + whole, b, bo + whole, n - whole);
  }

  @Override
  public void notEqual(byte[] y, int yo, float[] a, int ao, float[] b, int bo, int n) {
    int whole = VectorComparison.whole(n);
    VectorComparison.notEqual(y, yo, a, ao, b, bo, whole);
    REST.notEqual(y, yo + whole, a, ao + whole, b, bo + whole, n - whole);
  }

  @Override
  public void greater(byte[] y, int yo, float[] a, int ao, float[] b, int bo, int n) {
    int whole = VectorComparison.whole(n);
    VectorComparison.greater(y, yo, a, ao, b, bo, whole);
    REST.greater(y, yo + whole, a, ao + whole, b, bo + whole, n - whole);
  }

  @Override
  public void notLess(byte[] y, int yo, float[] a, int ao, float[] b, int bo, int n) {
    int whole = VectorComparison.whole(n);
    VectorComparison.notLess(y, yo, a, ao, b, bo, whole);
    REST.notLess(y, yo + whole, a, ao + whole, b, bo + whole, n - whole);
  }

  @Override
  public void select(
      byte[] c, int co, float[] y, int yo, float[] a, int ao, float[] b, int bo, int n) {
    int whole = VectorComparison.whole(n);
    VectorComparison.select(c, co, y, yo, a, ao, b, bo, whole);
    REST.select(c, co + whole, y, yo + whole, a, ao + whole, b, bo + whole, n - whole);
  }
}
