package dev.kiln.ops;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.Scope;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.autograd.NoGrad;
import dev.kiln.backend.Conv2dSpec;
import dev.kiln.backend.Pool2dSpec;
import dev.kiln.testing.EachDevice;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.BiFunction;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every device's float32 results against the oracle's float64 ones, at sizes with odd tails. */
class OracleAgreementTest {
  private static final int[] SIZES = {0, 1, 7, 31, 32, 33, 1000, 1025, 40_001};

  private record Function(String name, UnaryOperator<Tensor> f) {
    @Override
    public String toString() {
      return name;
    }
  }

  private static Stream<Arguments> onEachDevice(Stream<?> cases) {
    List<?> all = cases.toList();
    return EachDevice.all().stream().flatMap(d -> all.stream().map(c -> Arguments.of(d, c)));
  }

  private static Tensor random(long seed, double low, double high, Shape shape, Device device) {
    SplittableRandom random = new SplittableRandom(seed);
    float[] values = new float[(int) shape.numel()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (low + (high - low) * random.nextDouble());
    }
    return Tensor.of(values, shape, device);
  }

  private static void agree(String what, Tensor got, Tensor want, double tolerance) {
    assertThat(got.shape()).as(what).isEqualTo(want.shape());
    double[] g = got.toDoubleArray();
    double[] w = want.toDoubleArray();
    for (int i = 0; i < w.length; i++) {
      if (Double.isNaN(w[i]) || Double.isInfinite(w[i])) {
        assertThat(Double.compare(g[i], w[i]))
            .as("%s at %d: got %s, want %s", what, i, g[i], w[i])
            .isZero();
      } else {
        assertThat(Math.abs(g[i] - w[i]))
            .as("%s at %d: got %s, want %s", what, i, g[i], w[i])
            .isLessThanOrEqualTo(tolerance * Math.max(1, Math.abs(w[i])));
      }
    }
  }

  static Stream<Arguments> functions() {
    return onEachDevice(
        Stream.of(
            new Function("neg", Elementwise::neg),
            new Function("abs", Elementwise::abs),
            new Function("sign", Elementwise::sign),
            new Function("floor", Elementwise::floor),
            new Function("ceil", Elementwise::ceil),
            new Function("round", Elementwise::round),
            new Function("square", Elementwise::square),
            new Function("sqrt", Elementwise::sqrt),
            new Function("rsqrt", Elementwise::rsqrt),
            new Function("reciprocal", Elementwise::reciprocal),
            new Function("exp", Elementwise::exp),
            new Function("expm1", Elementwise::expm1),
            new Function("log", Elementwise::log),
            new Function("log1p", Elementwise::log1p),
            new Function("sin", Elementwise::sin),
            new Function("cos", Elementwise::cos),
            new Function("erf", Elementwise::erf),
            new Function("sigmoid", Elementwise::sigmoid),
            new Function("logSigmoid", Elementwise::logSigmoid),
            new Function("tanh", Elementwise::tanh),
            new Function("selu", Elementwise::selu),
            new Function("silu", Elementwise::silu),
            new Function("mish", Elementwise::mish),
            new Function("softsign", Elementwise::softsign),
            new Function("hardsigmoid", Elementwise::hardsigmoid),
            new Function("hardswish", Elementwise::hardswish),
            new Function("relu", Elementwise::relu),
            new Function("relu6", Elementwise::relu6),
            new Function("leakyRelu", x -> Elementwise.leakyRelu(x, 0.2)),
            new Function("elu", x -> Elementwise.elu(x, 1.3)),
            new Function("celu", x -> Elementwise.celu(x, 0.7)),
            new Function("gelu", Elementwise::gelu),
            new Function("geluTanh", Elementwise::geluTanh),
            new Function("softplus", x -> Elementwise.softplus(x, 2, 6)),
            new Function("clamp", x -> Elementwise.clamp(x, -1, 2)),
            new Function("hardshrink", x -> Activations.hardshrink(x, 0.4)),
            new Function("softshrink", x -> Activations.softshrink(x, 0.4)),
            new Function("tanhshrink", Activations::tanhshrink),
            new Function("threshold", x -> Activations.threshold(x, 0.3, -7)),
            new Function("pow 3", x -> Elementwise.pow(x, 3)),
            new Function("affine", x -> Elementwise.affine(x, 3, -1)),
            new Function("tan", Trigonometry::tan),
            new Function("asin", x -> Trigonometry.asin(x.mul(0.125))),
            new Function("acos", x -> Trigonometry.acos(x.mul(0.125))),
            new Function("atan", Trigonometry::atan),
            new Function("sinh", Trigonometry::sinh),
            new Function("cosh", Trigonometry::cosh),
            new Function("asinh", Trigonometry::asinh),
            new Function("acosh", Trigonometry::acosh),
            new Function("atanh", x -> Trigonometry.atanh(x.mul(0.125))),
            new Function("exp2", SpecialFunctions::exp2),
            new Function("log2", SpecialFunctions::log2),
            new Function("log10", SpecialFunctions::log10),
            new Function("erfc", SpecialFunctions::erfc),
            new Function("erfinv", SpecialFunctions::erfinv),
            new Function("lgamma", SpecialFunctions::lgamma),
            new Function("digamma", SpecialFunctions::digamma),
            new Function("polygamma", x -> SpecialFunctions.polygamma(1, x)),
            new Function("trunc", Division::trunc),
            new Function("frac", Division::frac),
            new Function("remainder", x -> Division.remainder(x, 1.5)),
            new Function("cumsum", x -> Scans.cumsum(x, 0)),
            new Function("sort", x -> Sorting.sort(x, 0, true).values()),
            new Function("add itself transposed", x -> x.add(x.mul(2)))));
  }

  @ParameterizedTest(name = "{0} {1}")
  @MethodSource("functions")
  void functionsOfOneElement(Device device, Function f) {
    Device oracle = Device.of("scalar");
    try (Scope scope = Scope.open();
        NoGrad off = NoGrad.open()) {
      for (int n : SIZES) {
        Tensor x = random(n, -6, 6, Shape.of(n), oracle);
        agree(
            f.name() + " of " + n,
            f.f().apply(x.to(device)),
            f.f().apply(x.to(DType.FLOAT64)),
            1e-6);
      }
    }
  }

  private static final float[] SPECIAL = {
    0f,
    -0f,
    1f,
    -1f,
    Float.NaN,
    Float.POSITIVE_INFINITY,
    Float.NEGATIVE_INFINITY,
    80f,
    -80f,
    100f,
    -100f,
    1e30f,
    -1e30f,
    1e-30f,
    -1e-30f,
    Float.MIN_VALUE
  };

  static Stream<Arguments> smoothFunctions() {
    return onEachDevice(
        Stream.of(
            new Function("exp", x -> Elementwise.exp(x.clamp(-80, 80))),
            new Function("log", Elementwise::log),
            new Function("sigmoid", Elementwise::sigmoid),
            new Function("logSigmoid", Elementwise::logSigmoid),
            new Function("tanh", Elementwise::tanh),
            new Function("erf", Elementwise::erf),
            new Function("gelu", Elementwise::gelu),
            new Function("silu", Elementwise::silu),
            new Function("softplus", x -> Elementwise.softplus(x, 1, 20)),
            new Function("elu", x -> Elementwise.elu(x, 1)),
            new Function("relu", Elementwise::relu),
            new Function("sqrt", Elementwise::sqrt)));
  }

  @ParameterizedTest(name = "{0} {1}")
  @MethodSource("smoothFunctions")
  void specialValues(Device device, Function f) {
    Device oracle = Device.of("scalar");
    try (Scope scope = Scope.open();
        NoGrad off = NoGrad.open()) {
      // Once as a whole vector and once as a tail.
      for (int length : new int[] {SPECIAL.length, 5}) {
        float[] values = java.util.Arrays.copyOf(SPECIAL, length);
        Tensor x = Tensor.of(values, oracle);
        agree(f.name(), f.f().apply(x.to(device)), f.f().apply(x), 1e-6);
      }
    }
  }

  private record Pair(String name, BiFunction<Tensor, Tensor, Tensor> f) {
    @Override
    public String toString() {
      return name;
    }
  }

  static Stream<Arguments> pairs() {
    return onEachDevice(
        Stream.of(
            new Pair("add", Tensor::add),
            new Pair("sub", Tensor::sub),
            new Pair("mul", Tensor::mul),
            new Pair("div", Tensor::div),
            new Pair("maximum", Tensor::maximum),
            new Pair("minimum", Tensor::minimum),
            new Pair("atan2", Trigonometry::atan2),
            new Pair("hypot", Trigonometry::hypot),
            new Pair("logaddexp", SpecialFunctions::logaddexp),
            new Pair("xlogy", SpecialFunctions::xlogy),
            new Pair("floorDivide", Division::floorDivide),
            new Pair("fmod", Division::fmod),
            new Pair("copysign", Combinations::copysign),
            new Pair("lt", Tensor::lt),
            new Pair("ge", Tensor::ge),
            new Pair("where", (a, b) -> Elementwise.where(a.gt(b), a, b))));
  }

  @ParameterizedTest(name = "{0} {1}")
  @MethodSource("pairs")
  void broadcasting(Device device, Pair f) {
    Device oracle = Device.of("scalar");
    Shape[][] shapes = {
      {Shape.of(33), Shape.of(33)},
      {Shape.of(7, 33), Shape.of(33)},
      {Shape.of(7, 33), Shape.of(7, 1)},
      {Shape.of(2, 3, 5, 7), Shape.of(3, 1, 1)},
      {Shape.of(200, 1), Shape.of(1, 300)},
      {Shape.scalar(), Shape.of(5, 1025)},
      {Shape.of(0, 3), Shape.of(3)},
      {Shape.of(4, 1, 6, 1, 5), Shape.of(3, 1, 2, 5)}
    };
    try (Scope scope = Scope.open();
        NoGrad off = NoGrad.open()) {
      for (Shape[] s : shapes) {
        Tensor a = random(1, -2, 2, s[0], oracle);
        Tensor b = random(2, 0.5, 2, s[1], oracle);
        for (boolean swap : new boolean[] {false, true}) {
          Tensor p = swap ? b : a;
          Tensor q = swap ? a : b;
          agree(
              f.name() + " of " + p.describe() + " and " + q.describe(),
              f.f().apply(p.to(device), q.to(device)),
              f.f().apply(p.to(DType.FLOAT64), q.to(DType.FLOAT64)),
              1e-6);
        }
      }
      Tensor square = random(3, -2, 2, Shape.of(65, 65), oracle);
      agree(
          f.name() + " with its transpose",
          f.f().apply(square.to(device).t(), square.to(device)),
          f.f().apply(square.to(DType.FLOAT64).t(), square.to(DType.FLOAT64)),
          1e-6);
    }
  }

  static Stream<Arguments> structures() {
    List<Function> all = new ArrayList<>();
    int[][] axes = {{0}, {1}, {2}, {3}, {0, 1}, {2, 3}, {0, 2, 3}, {1, 2}, {0, 1, 2, 3}, {1, 3}};
    for (int[] a : axes) {
      String on = java.util.Arrays.toString(a);
      all.add(new Function("sum over " + on, x -> x.sum(a)));
      all.add(new Function("mean over " + on, x -> x.mean(a)));
      all.add(new Function("amax over " + on, x -> x.amax(a)));
      all.add(new Function("amin over " + on, x -> x.amin(a)));
      all.add(new Function("var over " + on, x -> x.var(a)));
    }
    for (int d = 0; d < 4; d++) {
      int dim = d;
      all.add(new Function("argmax over " + d, x -> x.argmax(dim)));
      all.add(new Function("softmax over " + d, x -> x.softmax(dim)));
      all.add(new Function("logSoftmax over " + d, x -> x.mul(50).logSoftmax(dim)));
    }
    all.add(new Function("permute", x -> x.permute(3, 1, 0, 2).contiguous()));
    all.add(new Function("transpose", x -> x.transpose(0, 3).contiguous()));
    all.add(new Function("slice", x -> x.slice(3, 1, 100, 2).slice(1, 0, 100, 3).contiguous()));
    all.add(new Function("expand", x -> x.narrow(2, 0, 1).expand(-1, -1, 9, -1).contiguous()));
    all.add(new Function("pad", x -> Shaping.padConstant(x, 3, 1, 2, 0, 3)));
    for (Pool2dSpec p :
        List.of(
            new Pool2dSpec(2, 2, 2, 2, 0, 0, 1, 1, true),
            new Pool2dSpec(3, 2, 2, 1, 1, 1, 1, 1, true),
            new Pool2dSpec(3, 3, 2, 2, 1, 1, 1, 1, false))) {
      for (boolean ceil : new boolean[] {false, true}) {
        all.add(new Function("maxPool " + p + ceil, x -> Pooling.maxPool2d(x, p, ceil)));
        all.add(new Function("avgPool " + p + ceil, x -> Pooling.avgPool2d(x, p, ceil)));
      }
    }
    all.add(
        new Function(
            "dilated maxPool",
            x -> Pooling.maxPool2d(x, new Pool2dSpec(2, 2, 1, 1, 1, 1, 3, 2, true), false)));
    all.add(new Function("adaptiveAvgPool", x -> Pooling.adaptiveAvgPool2d(x, 3, 4)));
    all.add(
        new Function(
            "layerNorm",
            x ->
                Normalization.layerNorm(
                    x, Shape.of(x.size(2), x.size(3)), Optional.empty(), Optional.empty(), 1e-5)));
    all.add(
        new Function(
            "batchNorm",
            x ->
                Normalization.batchNorm(
                    x.add(100),
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty(),
                    true,
                    0.1,
                    1e-5)));
    all.add(new Function("matmul", x -> x.matmul(x.transpose(2, 3))));
    all.add(new Function("matmul transposed", x -> x.transpose(2, 3).matmul(x)));
    for (Conv2dSpec c :
        List.of(
            new Conv2dSpec(1, 1, 1, 1, 1, 1, 1),
            new Conv2dSpec(2, 1, 0, 2, 1, 2, 1),
            new Conv2dSpec(1, 1, 1, 1, 1, 1, 3))) {
      all.add(
          new Function(
              "conv " + c,
              x -> {
                Tensor w = random(9, -1, 1, Shape.of(6, 3 / c.groups(), 3, 3), Device.of("scalar"));
                return Convolution.conv2d(x, w.to(x.device()).to(x.dtype()), Optional.empty(), c);
              }));
    }
    return onEachDevice(all.stream());
  }

  @ParameterizedTest(name = "{0} {1}")
  @MethodSource("structures")
  void structure(Device device, Function f) {
    Device oracle = Device.of("scalar");
    try (Scope scope = Scope.open();
        NoGrad off = NoGrad.open()) {
      for (Shape shape :
          List.of(Shape.of(2, 3, 8, 7), Shape.of(5, 3, 9, 33), Shape.of(70, 3, 28, 28))) {
        if (device.id().type().equals("scalar") && shape.numel() > 10_000) {
          continue; // the oracle against itself: small shapes show its float32 path
        }
        Tensor x = random(shape.numel(), -1, 1, shape, oracle);
        agree(
            f.name() + " of " + x.describe(),
            f.f().apply(x.to(device)),
            f.f().apply(x.to(DType.FLOAT64)),
            3e-5);
      }
    }
  }
}
