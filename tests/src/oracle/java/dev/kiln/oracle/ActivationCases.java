package dev.kiln.oracle;

import static dev.kiln.oracle.Draw.distinct;
import static dev.kiln.oracle.Draw.floats;
import static dev.kiln.oracle.Draw.normal;
import static dev.kiln.oracle.Draw.scalar;
import static dev.kiln.oracle.Draw.uniform;

/** Activation functions. */
final class ActivationCases {
  private static final double NAN = Double.NaN;
  private static final double INF = Double.POSITIVE_INFINITY;

  private ActivationCases() {}

  /** Far, near and special arguments that every bounded or piecewise linear function takes. */
  static final Value SPECIAL =
      floats(NAN, INF, -INF, -0.0, 0.0, 1, -1, 3, -3, 6, 20, -20, 30, -30, 100, -100, 1e-7, -1e-7);

  /**
   * The same without NaN: libtorch's gradient of several functions at NaN depends on whether the
   * element falls into a vector or into the loop's tail.
   */
  private static final Value INFINITE =
      floats(INF, -INF, -0.0, 0.0, 1, -1, 3, -3, 6, 20, -20, 30, -30, 100, -100, 1e-7, -1e-7);

  private static final Value NOT_A_NUMBER = floats(1, NAN, -1).fixed();

  private static final Value FINITE =
      floats(NAN, -0.0, 0.0, 1, -1, 3, -3, 6, 20, -20, 30, -30, 80, -80, 1000, -1000, 1e-7, -1e-7);

  /** The shapes that every function of one element is tried on. */
  static Suite.Op everyShape(Suite.Op op, Attrs at, double low, double high) {
    return op.add("odd", at, "x", uniform(1, low, high, 3, 5, 7))
        .add("rank0", at, "x", uniform(2, low, high))
        .add("one", at, "x", uniform(3, low, high, 1, 1))
        .add("empty", at, "x", uniform(4, low, high, 2, 0, 3))
        .add("float64", at, "x", uniform(5, low, high, 9).wide());
  }

  private static Suite.Op usual(Suite s, String name, String script) {
    return everyShape(s.op(name, script), Attrs.of(), -4, 4);
  }

  static void addTo(Suite s) {
    usual(s, "relu", "torch.relu(x)")
        .add("special", "x", SPECIAL)
        .add("long", "x", normal(6, 1025));
    usual(s, "selu", "torch.selu(x)").add("special", "x", INFINITE).add("nan", "x", NOT_A_NUMBER);
    usual(s, "silu", "torch.silu(x)").add("far", "x", FINITE).add("long", "x", normal(6, 1025));
    usual(s, "mish", "torch.mish(x)").add("far", "x", FINITE);
    usual(s, "sigmoid", "torch.sigmoid(x)")
        .add("special", "x", SPECIAL)
        .add("long", "x", normal(6, 1025));
    usual(s, "tanh", "torch.tanh(x)")
        .add("special", "x", SPECIAL)
        .add("long", "x", normal(6, 1025));
    usual(s, "softsign", "x / (torch.abs(x) + 1)").add("far", "x", FINITE);
    usual(s, "log_sigmoid", "torch.log_sigmoid(x)").add("special", "x", SPECIAL);
    usual(s, "relu6", "torch.relu6(x)").add("special", "x", INFINITE).add("nan", "x", NOT_A_NUMBER);
    usual(s, "hardtanh", "torch.hardtanh(x, {min:-1.}, {max:1.})")
        .add("special", "x", INFINITE)
        .add("nan", "x", NOT_A_NUMBER)
        .add("uneven", Attrs.of("min", -0.5, "max", 3.0), "x", INFINITE)
        .add("one_side", Attrs.of("max", 0.25), "x", normal(7, 4, 3));
    usual(s, "hardswish", "torch.hardswish(x)")
        .add("special", "x", INFINITE)
        .add("nan", "x", NOT_A_NUMBER);
    usual(s, "hardsigmoid", "torch.hardsigmoid(x)").add("special", "x", SPECIAL);
    usual(s, "leaky_relu", "torch.leaky_relu(x, {negative_slope:0.01})")
        .add("special", "x", SPECIAL)
        .add("steep", Attrs.of("negative_slope", 1.5), "x", normal(7, 4, 3))
        .add("zero", Attrs.of("negative_slope", 0.0), "x", SPECIAL)
        .add("turned", Attrs.of("negative_slope", -0.3), "x", normal(8, 4, 3));
    usual(s, "elu", "torch.elu(x, {alpha:1.})")
        .add("special", "x", INFINITE)
        .add("nan", "x", NOT_A_NUMBER)
        .add("alpha", Attrs.of("alpha", 2.5), "x", INFINITE)
        .add("zero", Attrs.of("alpha", 0.0), "x", normal(8, 4, 3));
    usual(s, "celu", "torch.celu(x, {alpha:1.})")
        .add("special", "x", INFINITE)
        .add("nan", "x", NOT_A_NUMBER)
        .add("alpha", Attrs.of("alpha", 0.3), "x", INFINITE)
        .add("large", Attrs.of("alpha", 3.0), "x", normal(8, 4, 3));
    Suite.Op gelu = usual(s, "gelu", "torch.gelu(x, approximate={approximate:'none'})");
    gelu.add("far", "x", FINITE).add("long", "x", normal(6, 1025));
    gelu.add("tanh", Attrs.of("approximate", "tanh"), "x", uniform(7, -5, 5, 3, 5, 7))
        .add("tanh_far", Attrs.of("approximate", "tanh"), "x", FINITE)
        .add("none", Attrs.of("approximate", "none"), "x", normal(8, 11))
        .add("tanh_float64", Attrs.of("approximate", "tanh"), "x", normal(9, 7).wide());
    usual(s, "softplus", "torch.softplus(x, {beta:1}, {threshold:20})")
        .add("special", "x", SPECIAL)
        .add("beta", Attrs.of("beta", 3.0), "x", SPECIAL)
        .add("threshold", Attrs.of("threshold", 2.0), "x", uniform(8, -4, 4, 19))
        .add("both", Attrs.of("beta", 0.5, "threshold", 1.0), "x", uniform(9, -4, 4, 19));
    prelu(s);
    s.op("glu", "torch.glu(x, {dim:-1})")
        .add("last", "x", normal(1, 3, 4, 6))
        .add("dim0", Attrs.of("dim", 0), "x", normal(2, 4, 5))
        .add("middle", Attrs.of("dim", 1), "x", normal(3, 2, 6, 3))
        .add("negative", Attrs.of("dim", -2), "x", normal(4, 2, 6, 3))
        .add("vector", "x", normal(5, 2))
        .add("empty_rows", "x", normal(6, 0, 4))
        .add("empty_axis", "x", normal(7, 3, 0))
        .add("far", "x", floats(1, NAN, -5, 2, 3, 200, 1, -200).as(2, 4))
        .add("float64", "x", normal(8, 2, 2).wide());
    soft(s, "softmax");
    soft(s, "log_softmax");
  }

  private static void prelu(Suite s) {
    s.op("prelu", "torch.prelu(x, weight)")
        .add("shared", "x", normal(1, 2, 3, 5), "weight", floats(0.25))
        .add("channels", "x", normal(2, 2, 3, 5), "weight", normal(3, 3))
        .add("image", "x", normal(4, 2, 3, 4, 5), "weight", normal(5, 3))
        .add("vector", "x", normal(6, 7), "weight", floats(-0.5))
        .add("rows", "x", normal(7, 5, 4), "weight", normal(8, 4))
        .add("rank0", "x", scalar(-1.5), "weight", floats(0.3))
        .add("rank0_weight", "x", normal(12, 3, 2), "weight", scalar(0.3))
        .add("empty", "x", normal(9, 0, 3), "weight", normal(10, 3))
        .add("special", "x", SPECIAL, "weight", floats(0.1))
        .add("float64", "x", normal(11, 2, 2).wide(), "weight", floats(0.2).wide());
  }

  private static void soft(Suite s, String name) {
    Suite.Op op = s.op(name, "torch." + name + "(x, {dim:-1})");
    op.add("last", Attrs.of("dim", -1), "x", normal(1, 3, 5))
        .add("dim0", Attrs.of("dim", 0), "x", normal(2, 5, 3))
        .add("middle", Attrs.of("dim", 1), "x", normal(3, 2, 5, 3))
        .add("negative", Attrs.of("dim", -2), "x", normal(4, 2, 3, 4, 3))
        .add("one", Attrs.of("dim", 1), "x", normal(5, 4, 1))
        .add("rank0", Attrs.of("dim", 0), "x", scalar(3))
        .add("empty_rows", Attrs.of("dim", 1), "x", normal(6, 0, 4))
        .add("empty_axis", Attrs.of("dim", 1), "x", normal(7, 3, 0))
        .add("long", Attrs.of("dim", 0), "x", normal(8, 1025))
        .add("tail", Attrs.of("dim", -1), "x", normal(9, 3, 37))
        .add("ties", Attrs.of("dim", -1), "x", floats(2, 2, 2, 2, -7, -7, -7, -7).as(2, 4))
        .add(
            "large",
            Attrs.of("dim", -1),
            "x",
            floats(1e4, -1e4, 9999, 500, -500, 0, 1e38, -1e38, 9e37, -1e6, -1e6, -1e6).as(4, 3))
        .add("float64", Attrs.of("dim", 0), "x", distinct(10, 4, 3).wide());
    op.add(
        "masked", Attrs.of("dim", 1), "x", floats(1, -INF, 2, -INF, -INF, 0.5, 0, 0, 0).as(3, 3));
    op.add(
        "special",
        Attrs.of("dim", 1),
        "x",
        floats(-INF, -INF, -INF, 1, NAN, 2, INF, 1, 0).as(3, 3).fixed());
  }
}
