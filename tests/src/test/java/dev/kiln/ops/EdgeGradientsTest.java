package dev.kiln.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.testing.OnEachDevice;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Function;

/**
 * Values and gradients at limits, ties, NaN and infinities, of ops with several operands and of
 * reductions; as libtorch 2.13 has them on the CPU.
 */
class EdgeGradientsTest {
  private static final double NAN = Double.NaN;
  private static final double INF = Double.POSITIVE_INFINITY;

  private static double[] of(double... values) {
    return values;
  }

  /** The op's value and then the gradient of each operand, for an upstream gradient of ones. */
  private static List<double[]> run(
      Device device, Function<List<Tensor>, Tensor> f, double[]... operands) {
    List<Tensor> in = new ArrayList<>();
    for (double[] values : operands) {
      in.add(Tensor.of(values, device).requiresGrad(true));
    }
    Tensor y = f.apply(in);
    y.backward(Tensor.ones(y.shape(), y.dtype(), device));
    List<double[]> all = new ArrayList<>();
    all.add(y.toDoubleArray());
    in.forEach(x -> all.add(x.grad().orElseThrow().toDoubleArray()));
    return all;
  }

  @OnEachDevice
  void copysignLearnsFromTheMagnitudeAlone(Device device) {
    List<double[]> r =
        run(
            device,
            x -> Combinations.copysign(x.get(0), x.get(1)),
            of(-2, 0, 3, INF, 4),
            of(1, -1, -0.0, 2, -3));
    assertThat(r.get(0)).containsExactly(2, -0.0, -3, INF, -4);
    assertThat(r.get(1)).containsExactly(-1, 0, -1, NAN, -1);
    assertThat(r.get(2)).containsExactly(0, 0, 0, 0, 0);
    Tensor sign = Tensor.of(of(-1, 1), device).requiresGrad(true);
    Combinations.copysign(Tensor.of(of(2, 3), device), sign).sum().backward();
    assertThat(sign.grad().orElseThrow().toDoubleArray()).containsExactly(0, 0);
  }

  @OnEachDevice
  void logitBeyondItsLimits(Device device) {
    List<double[]> plain =
        run(
            device,
            x -> SpecialFunctions.logit(x.get(0), OptionalDouble.empty()),
            of(0.5, 1, 0, -3, 2));
    assertThat(plain.get(0)).containsExactly(0, INF, -INF, NAN, NAN);
    assertThat(plain.get(1)).containsExactly(4, INF, INF, NAN, NAN);
    List<double[]> limited =
        run(
            device,
            x -> SpecialFunctions.logit(x.get(0), OptionalDouble.of(0.25)),
            of(0.5, 1, 0, 0.25, 0.125));
    assertThat(limited.get(1)).containsExactly(4, 0, 0, 1 / 0.1875, 0);
  }

  @OnEachDevice
  void xlogyPassesA0On(Device device) {
    Tensor x = Tensor.of(of(0, 0, 2, 3, 0), device).requiresGrad(true);
    Tensor y = Tensor.of(of(0, -1, -1, 2, NAN), device).requiresGrad(true);
    SpecialFunctions.xlogy(x, y).backward(Tensor.of(of(1, 1, 0, 0, 1), device));
    assertThat(x.grad().orElseThrow().toDoubleArray()).containsExactly(0, 0, 0, 0, NAN);
    assertThat(y.grad().orElseThrow().toDoubleArray()).containsExactly(NAN, -0.0, -0.0, 0, NAN);
  }

  @OnEachDevice
  void clampWhereItsLimitsMeetCrossOrAreNaN(Device device) {
    List<double[]> r =
        run(
            device,
            x -> Elementwise.clamp(x.get(0), Optional.of(x.get(1)), Optional.of(x.get(2))),
            of(5, 1, 3, 0.5, NAN, 1, 2, 2),
            of(3, 3, 3, 2, 2, 3, 2, NAN),
            of(2, 2, 3, 3, 3, NAN, 2, 3));
    assertThat(r.get(0)).containsExactly(2, 2, 3, 2, NAN, NAN, 2, NAN);
    assertThat(r.get(1)).containsExactly(0, 0, 1, 0, 0, 0, 1, 0);
    assertThat(r.get(2)).containsExactly(0, 0, 0, 1, 0, 0, 0, 0);
    assertThat(r.get(3)).containsExactly(1, 1, 0, 0, 0, 0, 0, 0);
    List<double[]> low =
        run(
            device,
            x -> Elementwise.clamp(x.get(0), Optional.of(x.get(1)), Optional.empty()),
            of(5, 1, 3, NAN, 2),
            of(3, 3, 3, 2, NAN));
    assertThat(low.get(0)).containsExactly(5, 3, 3, NAN, NAN);
    assertThat(low.get(1)).containsExactly(1, 0, 1, 0, 0);
    assertThat(low.get(2)).containsExactly(0, 1, 0, 0, 0);
    Tensor x = Tensor.of(of(1, 2, 3, 4, NAN), device).requiresGrad(true);
    Elementwise.clamp(x, 3, 2).sum().backward();
    assertThat(Elementwise.clamp(x, 3, 2).toDoubleArray()).containsExactly(2, 2, 2, 2, NAN);
    assertThat(x.grad().orElseThrow().toDoubleArray()).containsExactly(0, 0, 0, 0, 0);
  }

  @OnEachDevice
  void normsOfInfinitiesAndNaN(Device device) {
    Function<List<Tensor>, Tensor> largest = x -> Norms.norm(x.get(0), INF, new int[0], false);
    Function<List<Tensor>, Tensor> smallest = x -> Norms.norm(x.get(0), -INF, new int[0], false);
    assertThat(run(device, largest, of(1, -2, 2, -INF, INF)).get(1))
        .containsExactly(0, -0.0, 0, -0.5, 0.5);
    List<double[]> holed = run(device, largest, of(1, -2, 2, NAN));
    assertThat(holed.get(0)).containsExactly(NAN);
    assertThat(holed.get(1)).containsExactly(0, -0.0, 0, 0);
    assertThat(run(device, smallest, of(1, -2, -1, INF)).get(1))
        .containsExactly(0.5, -0.0, -0.5, 0);
    assertThat(run(device, smallest, of(0, -2, 0)).get(1)).containsExactly(0, -0.0, 0);
  }

  @OnEachDevice
  void equalOnesShareTheGradientOfOneOfAll(Device device) {
    double third = 1.0 / 3;
    assertThat(run(device, x -> Statistics.median(x.get(0)), of(1, 2, 2, 1, 1)).get(1))
        .containsExactly(third, 0, 0, third, third);
    assertThat(run(device, x -> Statistics.median(x.get(0)), of(1, NAN, NAN, 1)).get(1))
        .containsExactly(0, 0.5, 0.5, 0);
    assertThat(run(device, x -> Statistics.nanmedian(x.get(0)), of(1, NAN, 2, 1)).get(1))
        .containsExactly(0.5, 0, 0, 0.5);
    assertThat(run(device, x -> Reductions.max(x.get(0)), of(1, NAN, 2, NAN)).get(1))
        .containsExactly(0, 0.5, 0, 0.5);
    assertThat(run(device, x -> Reductions.min(x.get(0)), of(3, 1, 2, 1)).get(1))
        .containsExactly(0, 0.5, 0, 0.5);
  }

  @OnEachDevice
  void theMedianOfNothingIsNaN(Device device) {
    for (Function<List<Tensor>, Tensor> f :
        List.<Function<List<Tensor>, Tensor>>of(
            x -> Statistics.median(x.get(0)), x -> Statistics.nanmedian(x.get(0)))) {
      List<double[]> r = run(device, f, of());
      assertThat(r.get(0)).containsExactly(NAN);
      assertThat(r.get(1)).isEmpty();
    }
  }

  @OnEachDevice
  void variancesOfTooFewOrInfiniteElements(Device device) {
    Function<List<Tensor>, Tensor> one = x -> Reductions.var(x.get(0), new int[0], 1, false);
    assertThat(run(device, one, of(2)).get(0)).containsExactly(NAN);
    assertThat(run(device, one, of(2)).get(1)).containsExactly(NAN);
    List<double[]> infinite = run(device, one, of(1, INF, 3));
    assertThat(infinite.get(0)).containsExactly(NAN);
    assertThat(infinite.get(1)).containsExactly(-INF, NAN, -INF);
    Function<List<Tensor>, Tensor> all = x -> Reductions.var(x.get(0), new int[0], 2, false);
    assertThat(run(device, all, of(1, 3)).get(0)).containsExactly(INF);
    assertThat(run(device, all, of(1, 3)).get(1)).containsExactly(INF, INF);
    Function<List<Tensor>, Tensor> axis = x -> Reductions.var(x.get(0), new int[] {0}, 2, false);
    assertThat(run(device, axis, of(1, 3)).get(1)).containsExactly(-INF, INF);
    Function<List<Tensor>, Tensor> less = x -> Reductions.var(x.get(0), new int[] {0}, 3, false);
    assertThat(run(device, less, of(1, 3)).get(0)).containsExactly(INF);
    assertThat(run(device, less, of(1, 3)).get(1)).containsExactly(2, -2);
    Function<List<Tensor>, Tensor> std = x -> Reductions.std(x.get(0), new int[0], 1, false);
    assertThat(run(device, std, of(2)).get(1)).containsExactly(NAN);
  }

  @OnEachDevice
  void quotientsRoundedDownAtInfinity(Device device) {
    Tensor a = Tensor.of(of(0.5, -1, 1, -0.5, INF, 3), device);
    Tensor b = Tensor.of(of(INF, INF, -INF, -INF, 0.5, 0), device);
    assertThat(Elementwise.div(a, b, Elementwise.Rounding.FLOOR).toDoubleArray())
        .containsExactly(0, -1, -1, 0, NAN, INF);
  }

  @OnEachDevice
  void powersOf1(Device device) {
    for (DType type : List.of(DType.FLOAT32, DType.FLOAT64)) {
      Tensor x = Tensor.of(of(1, -1, 1, -1, 1, 2), device).to(type);
      Tensor e = Tensor.of(of(NAN, INF, -INF, -INF, INF, NAN), device).to(type);
      assertThat(Elementwise.pow(x, e).toDoubleArray()).containsExactly(1, 1, 1, 1, 1, NAN);
      assertThat(Elementwise.pow(x, NAN).toDoubleArray()).containsExactly(1, NAN, 1, NAN, 1, NAN);
      assertThat(Elementwise.pow(x, INF).toDoubleArray()).containsExactly(1, 1, 1, 1, 1, INF);
    }
  }

  @OnEachDevice
  void aRunningProductOfOneElementPassesTheGradientOn(Device device) {
    List<double[]> r = run(device, x -> Scans.cumprod(x.get(0).reshape(3, 1), 1), of(2, INF, 0));
    assertThat(r.get(1)).containsExactly(1, 1, 1);
  }

  @OnEachDevice
  void tanhshrinkTakesIntegers(Device device) {
    Tensor x = Tensor.of(new long[] {0, 1, -2}, Shape.of(3), device);
    Tensor y = Activations.tanhshrink(x);
    assertThat(y.dtype()).isEqualTo(DType.FLOAT32);
    assertThat(y.toDoubleArray()[2]).isCloseTo(-2 - Math.tanh(-2), offset(1e-6));
  }
}
