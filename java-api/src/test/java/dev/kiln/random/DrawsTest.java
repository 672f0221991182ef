package dev.kiln.random;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.kiln.DType;
import dev.kiln.backend.Dist;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;

class DrawsTest {
  // Seed, stream and counter of the third Random123 vector: d16cfe09 94fdcceb 5001e420 24126ea1.
  private static final long SEED = 0x299f31d0a4093822L;
  private static final long STREAM = 0x0370734413198a2eL;
  private static final long COUNTER = 0x85a308d3243f6a88L;

  private static double[] draw(Dist dist, DType dtype, double a, double b, int n) {
    double[] out = new double[n];
    Draws.fill(dist, dtype, a, b, SEED, STREAM, COUNTER, out, 0, n);
    return out;
  }

  private static DoubleStream stream(double[] v) {
    return DoubleStream.of(v);
  }

  @Test
  void uniformFloat32IsTheTopTwentyFourBits() {
    assertThat(draw(Dist.UNIFORM, DType.FLOAT32, 0, 1, 4))
        .containsExactly(
            0xd16cfe * 0x1p-24, 0x94fdcc * 0x1p-24, 0x5001e4 * 0x1p-24, 0x24126e * 0x1p-24);
    assertThat(draw(Dist.UNIFORM, DType.FLOAT32, -3, 5, 1))
        .containsExactly((float) (0xd16cfe * 0x1p-21 - 3));
  }

  @Test
  void uniformFloat64TakesFiftyThreeBitsOfTwoWords() {
    assertThat(draw(Dist.UNIFORM, DType.FLOAT64, 0, 1, 2))
        .containsExactly(
            (0xd16cfe0994fdccebL >>> 11 & ~0x3FFFFFFL | 0x94fdccebL >>> 6) * 0x1p-53,
            (0x5001e42024126ea1L >>> 11 & ~0x3FFFFFFL | 0x24126ea1L >>> 6) * 0x1p-53);
  }

  @Test
  void uniformStaysBelowItsBoundAfterRounding() {
    double lo = 1;
    double hi = Math.nextUp(1f);
    for (DType t : new DType[] {DType.FLOAT32, DType.BFLOAT16, DType.FLOAT16}) {
      double[] v = draw(Dist.UNIFORM, t, -hi, 1, 4096);
      assertThat(stream(v)).allMatch(x -> x < 1 && x >= -1.01);
    }
    assertThat(draw(Dist.UNIFORM, DType.FLOAT32, lo, hi, 64)).containsOnly(1.0);
    assertThat(stream(draw(Dist.UNIFORM, DType.BFLOAT16, 0, 0x1p-120, 999)))
        .allMatch(x -> x < 0x1p-120);
    assertThat(draw(Dist.UNIFORM, DType.FLOAT32, -0x1p-149, 0, 999)).containsOnly(-0x1p-149);
    assertThat(draw(Dist.UNIFORM, DType.FLOAT64, 2, 2, 3)).containsOnly(2.0);
  }

  @Test
  void bernoulliComparesTheFloat32UniformOfEachLane() {
    double p = 0x94fdcc * 0x1p-24;
    for (DType t : new DType[] {DType.FLOAT32, DType.FLOAT64, DType.FLOAT16}) {
      assertThat(draw(Dist.BERNOULLI, t, p, 2, 4)).containsExactly(0, 0, 2, 2);
    }
    assertThat(draw(Dist.BERNOULLI, DType.FLOAT32, 1, 1, 1000)).containsOnly(1.0);
    assertThat(draw(Dist.BERNOULLI, DType.FLOAT32, 0, 1, 1000)).containsOnly(0.0);
  }

  @Test
  void normalIsBoxMuller() {
    double[] want = new double[4];
    long[] w = {0xd16cfe09L, 0x94fdccebL, 0x5001e420L, 0x24126ea1L};
    for (int i = 0; i < 4; i += 2) {
      double r = StrictMath.sqrt(-2 * StrictMath.log((w[i] + 1) * 0x1p-32));
      double t = 2 * Math.PI * (w[i + 1] * 0x1p-32);
      want[i] = 3 + 0.5 * r * StrictMath.cos(t);
      want[i + 1] = 3 + 0.5 * r * StrictMath.sin(t);
    }
    assertThat(draw(Dist.NORMAL, DType.FLOAT64, 3, 0.5, 4)).containsExactly(want, within(1e-14));
    double[] rounded = draw(Dist.NORMAL, DType.FLOAT32, 3, 0.5, 4);
    double[] exact = draw(Dist.NORMAL, DType.FLOAT64, 3, 0.5, 4);
    for (int i = 0; i < 4; i++) {
      assertThat(rounded[i]).isEqualTo((float) exact[i]);
    }
  }

  @Test
  void normalHasTheRightShape() {
    int n = 200_000;
    double[] z = draw(Dist.NORMAL, DType.FLOAT64, 0, 1, n);
    double[] moments = new double[5];
    int withinOne = 0;
    for (double v : z) {
      for (int k = 1; k <= 4; k++) {
        moments[k] += Math.pow(v, k) / n;
      }
      withinOne += Math.abs(v) < 1 ? 1 : 0;
    }
    // Five standard errors of each estimate.
    assertThat(moments[1]).isCloseTo(0, within(5 / Math.sqrt(n)));
    assertThat(moments[2]).isCloseTo(1, within(5 * Math.sqrt(2.0 / n)));
    assertThat(moments[3]).isCloseTo(0, within(5 * Math.sqrt(15.0 / n)));
    assertThat(moments[4]).isCloseTo(3, within(5 * Math.sqrt(96.0 / n)));
    assertThat((double) withinOne / n).isCloseTo(0.6826895, within(5 * Math.sqrt(0.2166 / n)));
  }

  @Test
  void piecesEqualTheWhole() {
    for (Dist dist : Dist.values()) {
      for (DType t : new DType[] {DType.FLOAT32, DType.FLOAT64}) {
        double[] whole = draw(dist, t, 0.3, 1.5, 1001);
        double[] pieces = new double[1001];
        int per = Draws.perBlock(dist, t);
        for (int at = 0; at < 1001; at += 40) {
          int n = Math.min(40, 1001 - at);
          Draws.fill(dist, t, 0.3, 1.5, SEED, STREAM, COUNTER + at / per, pieces, at, n);
        }
        assertThat(pieces).containsExactly(whole);
      }
    }
  }

  @Test
  void blocksRoundUp() {
    assertThat(Draws.blocks(Dist.NORMAL, DType.FLOAT32, 0)).isEqualTo(0);
    assertThat(Draws.blocks(Dist.NORMAL, DType.FLOAT32, 1)).isEqualTo(1);
    assertThat(Draws.blocks(Dist.NORMAL, DType.FLOAT64, 8)).isEqualTo(2);
    assertThat(Draws.blocks(Dist.UNIFORM, DType.FLOAT64, 9)).isEqualTo(5);
    assertThat(Draws.blocks(Dist.BERNOULLI, DType.FLOAT64, 9)).isEqualTo(3);
  }

  @Test
  void logAgreesWithStrictMath() {
    assertThat(Draws.log(1)).isEqualTo(0);
    double worst = 0;
    for (long k = 1; k <= 0x100000000L; k += 1 + k / 1000) {
      for (long j : new long[] {k, 0x100000000L - k}) {
        double x = Math.max(1, j) * 0x1p-32;
        double want = StrictMath.log(x);
        worst = Math.max(worst, Math.abs(Draws.log(x) - want) / Math.max(-want, 1e-300));
      }
    }
    assertThat(worst).isLessThan(1e-14);
  }

  @Test
  void cosSinAgreesWithStrictMath() {
    double[] cs = new double[2];
    double worst = 0;
    for (long k = -0x80000000L; k < 0x80000000L; k += 999_983) {
      for (long j : new long[] {k, k & ~0xFFFFFL}) {
        Draws.cosSin((int) j, cs, 0);
        double t = 2 * Math.PI * ((double) j / 0x100000000L);
        worst = Math.max(worst, Math.abs(cs[0] - StrictMath.cos(t)));
        worst = Math.max(worst, Math.abs(cs[1] - StrictMath.sin(t)));
      }
    }
    assertThat(worst).isLessThan(2e-15);
    Draws.cosSin(0x40000000, cs, 0);
    assertThat(cs).containsExactly(-0.0, 1.0);
    Draws.cosSin(0x80000000, cs, 0);
    assertThat(cs).containsExactly(-1.0, -0.0);
  }
}
