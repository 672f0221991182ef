package dev.kiln.ops;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.ops.Statistics.Interpolation;
import dev.kiln.testing.OnEachDevice;

/** Medians, quantiles, running results and the like at values worked out by hand. */
class StatisticsTest {
  private static final double NAN = Double.NaN;
  private static final double INF = Double.POSITIVE_INFINITY;

  private static Tensor of(Device device, double... values) {
    return Tensor.of(values, device);
  }

  @OnEachDevice
  void medians(Device device) {
    Tensor x = of(device, 4, 1, 3, 2, 9, NAN, 7, 8).reshape(2, 4);
    Statistics.Picked m = Statistics.median(x, 1, false);
    assertThat(m.values().toDoubleArray()).containsExactly(2, NAN);
    assertThat(m.indices().toIntArray()).containsExactly(3, 1);
    Statistics.Picked n = Statistics.nanmedian(x, 1, true);
    assertThat(n.values().toDoubleArray()).containsExactly(2, 8);
    assertThat(n.values().shape()).isEqualTo(Shape.of(2, 1));
    assertThat(Statistics.median(x.narrow(0, 0, 1)).item()).isEqualTo(2);
    assertThat(Statistics.nanmedian(x).item()).isEqualTo(4);
    assertThat(Statistics.nanmedian(of(device, NAN, NAN)).item()).isNaN();
    assertThat(Statistics.median(of(device, 5, 3, 1).to(DType.INT32)).item()).isEqualTo(3);
    assertThat(Statistics.kthvalue(x, 4, 1, false).values().toDoubleArray())
        .containsExactly(4, NAN);
    assertThat(Statistics.kthvalue(x, 1, 0, false).indices().toIntArray())
        .containsExactly(0, 0, 0, 0);
  }

  @OnEachDevice
  void modes(Device device) {
    Tensor x = of(device, 2, 1, 2, 1, 3, 5, 5, 5, 4, 4).reshape(2, 5);
    Statistics.Picked m = Statistics.mode(x, 1, false);
    assertThat(m.values().toDoubleArray()).containsExactly(1, 5);
    assertThat(m.indices().toIntArray()).containsExactly(3, 2);
    assertThat(Statistics.mode(x.t(), 0, true).values().toDoubleArray()).containsExactly(1, 5);
  }

  @OnEachDevice
  void quantiles(Device device) {
    Tensor x = of(device, 3, 0, 1, 2);
    double[] want = {1.2, 1, 2, 1, 1.5};
    for (Interpolation between : Interpolation.values()) {
      assertThat(Statistics.quantile(x, 0.4, 0, false, between).item())
          .as("%s", between)
          .isCloseTo(want[between.ordinal()], org.assertj.core.data.Offset.offset(1e-15));
    }
    assertThat(Statistics.quantile(x, 0, 0, true, Interpolation.LINEAR).toDoubleArray())
        .containsExactly(0);
    assertThat(Statistics.quantile(x, 1, 0, false, Interpolation.LINEAR).item()).isEqualTo(3);
    Tensor holed = of(device, 1, NAN, 2);
    assertThat(Statistics.quantile(holed, 0.1, 0, false, Interpolation.LOWER).item()).isNaN();
  }

  @OnEachDevice
  void momentsAndSumsWithHoles(Device device) {
    Tensor x = of(device, 1, NAN, 3, NAN, NAN, NAN).reshape(2, 3);
    assertThat(Statistics.nansum(x, new int[] {1}, false).toDoubleArray()).containsExactly(4, 0);
    assertThat(Statistics.nanmean(x, new int[] {1}, false).toDoubleArray()).containsExactly(2, NAN);
    Tensor y = of(device, 1, 2, 3, 6);
    Statistics.Pair v = Statistics.varMean(y, new int[0], 1, false);
    assertThat(v.first().item()).isEqualTo(14.0 / 3);
    assertThat(v.second().item()).isEqualTo(3);
    assertThat(Statistics.stdMean(y, new int[] {0}, 0, true).first().item())
        .isEqualTo(Math.sqrt(3.5));
    Statistics.Pair ends = Statistics.aminmax(y, new int[0], false);
    assertThat(ends.first().item()).isEqualTo(1);
    assertThat(ends.second().item()).isEqualTo(6);
  }

  @OnEachDevice
  void runningResults(Device device) {
    Tensor x = of(device, 1, 3, 2, 3, NAN, 0).reshape(2, 3);
    assertThat(Scans.cumsum(x, 0).toDoubleArray()).containsExactly(1, 3, 2, 4, NAN, 2);
    assertThat(Scans.cumprod(x, 1).toDoubleArray()).containsExactly(1, 3, 6, 3, NAN, NAN);
    Scans.Running top = Scans.cummax(x, 1);
    assertThat(top.values().toDoubleArray()).containsExactly(1, 3, 3, 3, NAN, NAN);
    assertThat(top.indices().toIntArray()).containsExactly(0, 1, 1, 0, 1, 1);
    assertThat(Scans.cummin(x, -1).indices().toIntArray()).containsExactly(0, 0, 0, 0, 1, 1);
    assertThat(Scans.diff(x, 1, -1).toDoubleArray()).containsExactly(2, -1, NAN, NAN);
    assertThat(Scans.diff(x, 2, 1).toDoubleArray()).containsExactly(-3, NAN);
    assertThat(Scans.diff(x.gt(1), 1, 1).toIntArray()).containsExactly(1, 0, 1, 0);
    Tensor far = of(device, 1000, 1000, -INF);
    assertThat(Scans.logcumsumexp(far, 0).toDoubleArray())
        .containsExactly(1000, 1000 + Math.log(2), 1000 + Math.log(2));
    Tensor one = Tensor.scalar(3, DType.INT32, device);
    assertThat(Scans.cumsum(one, 0).dtype()).isEqualTo(DType.INT64);
    assertThat(Scans.cumsum(one, 0).item()).isEqualTo(3);
    assertThat(Scans.cumsum(Tensor.zeros(2, 0).to(device), 1).shape()).isEqualTo(Shape.of(2, 0));
  }

  @OnEachDevice
  void functionsAtTheirEdges(Device device) {
    Tensor x = of(device, -1.5, -0.0, NAN, INF, -INF, 2.5);
    assertThat(Predicates.isnan(x).toIntArray()).containsExactly(0, 0, 1, 0, 0, 0);
    assertThat(Predicates.isinf(x).toIntArray()).containsExactly(0, 0, 0, 1, 1, 0);
    assertThat(Predicates.isfinite(x).toIntArray()).containsExactly(1, 1, 0, 0, 0, 1);
    assertThat(Predicates.isposinf(x).toIntArray()).containsExactly(0, 0, 0, 1, 0, 0);
    assertThat(Predicates.isneginf(x).toIntArray()).containsExactly(0, 0, 0, 0, 1, 0);
    assertThat(Predicates.signbit(x).toIntArray()).containsExactly(1, 1, 0, 0, 1, 0);
    assertThat(Predicates.logicalNot(x).toIntArray()).containsExactly(0, 1, 0, 0, 0, 0);
    assertThat(Predicates.isfinite(x.to(DType.INT32)).sum().item()).isEqualTo(6);
    assertThat(Division.trunc(x).toDoubleArray()).containsExactly(-1, -0.0, NAN, INF, -INF, 2);
    assertThat(Division.frac(x.narrow(0, 0, 2)).toDoubleArray()[0]).isEqualTo(-0.5);
    var none = java.util.OptionalDouble.empty();
    assertThat(Combinations.nanToNum(x, 7, none, java.util.OptionalDouble.of(-1)).toDoubleArray())
        .containsExactly(-1.5, -0.0, 7, Double.MAX_VALUE, -1, 2.5);
    assertThat(Combinations.copysign(of(device, 3, -3, 0), of(device, -0.0, 5, -1)).toDoubleArray())
        .containsExactly(-3, 3, -0.0);
    assertThat(
            SpecialFunctions.xlogy(of(device, 0, 0, 2, 0), of(device, 0, NAN, 1, INF))
                .toDoubleArray())
        .containsExactly(0, NAN, 0, 0);
    assertThat(
            SpecialFunctions.logaddexp(of(device, -INF, INF, 1000), of(device, -INF, INF, 1000))
                .toDoubleArray())
        .containsExactly(-INF, INF, 1000 + Math.log(2));
    assertThat(SpecialFunctions.logit(of(device, 0.5, 0, 1), none).toDoubleArray())
        .containsExactly(0, -INF, INF);
    assertThat(
            Predicates.isclose(
                    of(device, 1, INF, NAN, 1), of(device, 1 + 1e-6, INF, NAN, 2), 1e-5, 1e-8, true)
                .toIntArray())
        .containsExactly(1, 1, 1, 0);
    assertThat(Predicates.allclose(x, x, 0, 0, false)).isFalse();
    assertThat(Predicates.equal(x.narrow(0, 3, 3), x.narrow(0, 3, 3))).isTrue();
    assertThat(Predicates.equal(x, x.reshape(2, 3))).isFalse();
    assertThat(Combinations.addcmul(of(device, 1), of(device, 2), of(device, 3), 10).item())
        .isEqualTo(61);
    assertThat(Combinations.addcdiv(of(device, 1), of(device, 6), of(device, 3), 10).item())
        .isEqualTo(21);
    assertThat(Combinations.sub(of(device, 1), of(device, 6), 2).item()).isEqualTo(-11);
    assertThat(Combinations.clampMin(of(device, 1, 3), 2).toDoubleArray()).containsExactly(2, 3);
  }
}
