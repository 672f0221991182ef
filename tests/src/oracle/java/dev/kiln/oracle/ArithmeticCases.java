package dev.kiln.oracle;

import static dev.kiln.oracle.ActivationCases.SPECIAL;
import static dev.kiln.oracle.ActivationCases.everyShape;
import static dev.kiln.oracle.Draw.bools;
import static dev.kiln.oracle.Draw.flags;
import static dev.kiln.oracle.Draw.floats;
import static dev.kiln.oracle.Draw.ints;
import static dev.kiln.oracle.Draw.longs;
import static dev.kiln.oracle.Draw.normal;
import static dev.kiln.oracle.Draw.scalar;
import static dev.kiln.oracle.Draw.steps;
import static dev.kiln.oracle.Draw.uniform;

/** Functions of single elements that are no activations. */
final class ArithmeticCases {
  private static final double NAN = Double.NaN;
  private static final double INF = Double.POSITIVE_INFINITY;

  private ArithmeticCases() {}

  private static Suite.Op unary(Suite s, String name, double low, double high) {
    return everyShape(s.op(name, "torch." + name + "(x)"), Attrs.of(), low, high);
  }

  static void addTo(Suite s) {
    unaries(s);
    powers(s);
    clamp(s);
    sums(s, "add");
    sums(s, "sub");
    products(s);
    extremes(s, "maximum");
    extremes(s, "minimum");
    quotients(s);
    where(s);
    lerp(s);
  }

  private static void unaries(Suite s) {
    Value near = floats(NAN, -0.0, 0, 1e-7, -1e-7, 1, -1, 0.5, -0.5, 2, -2, 10, -10, 40, -40);
    unary(s, "exp", -5, 5)
        .add("special", "x", floats(NAN, INF, -INF, 0, -0.0, 1, -1, 80, -80, -200, 1e-7))
        .add("long", "x", normal(6, 1025))
        .add("ints", "x", ints(7, -3, 4, 5));
    unary(s, "abs", -5, 5).add("special", "x", SPECIAL).add("ints", "x", ints(7, -3, 4, 5));
    unary(s, "neg", -5, 5).add("special", "x", SPECIAL).add("ints", "x", ints(7, -3, 4, 5));
    unary(s, "square", -5, 5).add("special", "x", SPECIAL).add("ints", "x", ints(7, -3, 4, 5));
    Value angles = floats(0, -0.0, 1e-4, 1.5707963, 3.1415927, -6.2831855, 100, -1000, 12345.678);
    unary(s, "sin", -9, 9)
        .add("far", "x", angles)
        .add("special", "x", floats(NAN, INF, -INF).fixed());
    unary(s, "cos", -9, 9)
        .add("far", "x", angles)
        .add("special", "x", floats(NAN, INF, -INF).fixed());
    unary(s, "erf", -3, 3).add("special", "x", SPECIAL).add("long", "x", normal(6, 1025));
    unary(s, "expm1", -3, 3)
        .add("special", "x", floats(NAN, INF, -INF, 0, -0.0, 1e-7, -1e-7, 1e-3, 80, -80, -200));
    unary(s, "reciprocal", 0.2, 4)
        .add("near", "x", floats(NAN, INF, -INF, 1e-3, -1e-3, 1e10, -1e10, 3, -3))
        .add("zero", "x", floats(0, -0.0).fixed())
        .add("ints", "x", longs(1, 2, -4, 5));
    unary(s, "log", 0.1, 9)
        .add("special", "x", floats(NAN, INF, 1, 1e-30, 1e30, 0.9999, 1.0001, 2))
        .add("outside", "x", floats(0, -0.0, -1, -INF).fixed())
        .add("ints", "x", longs(1, 2, 5));
    unary(s, "sqrt", 0.1, 9)
        .add("special", "x", floats(NAN, INF, 1, 1e-30, 1e30, 4, 2))
        .add("outside", "x", floats(0, -0.0, -1, -INF).fixed())
        .add("zero_gradient", "x", floats(0, 4))
        .add("ints", "x", longs(0, 4, 2));
    unary(s, "rsqrt", 0.1, 9)
        .add("special", "x", floats(NAN, INF, 1, 1e-10, 1e30, 4, 2))
        .add("outside", "x", floats(0, -0.0, -1, -INF).fixed());
    unary(s, "log1p", -0.9, 9)
        .add("special", "x", floats(NAN, INF, 1, 1e-7, -1e-7, 1e-30, 1e30, -0.0, 0))
        .add("outside", "x", floats(-1, -2, -INF).fixed());
    s.op("sin", "torch.sin(x)").add("near", "x", near);
  }

  private static void powers(Suite s) {
    Suite.Op op = s.op("pow", "torch.pow(x, {exponent})");
    for (double e : new double[] {0, 1, 2, 3, -1, -2, 0.5, -0.5, 2.5, 4, 1.0 / 3}) {
      boolean whole = e == Math.rint(e);
      op.add(
          ("e" + (float) e).replace('.', '_').replace('-', 'm'),
          Attrs.of("exponent", e),
          "x",
          whole ? uniform(1, -3, 3, 3, 5) : uniform(2, 0.1, 4, 3, 5));
    }
    op.add("whole_attribute", Attrs.of("exponent", 3), "x", normal(3, 5))
        .add("rank0", Attrs.of("exponent", 2.0), "x", scalar(-1.5))
        .add("empty", Attrs.of("exponent", 2.0), "x", normal(3, 0, 2))
        .add("zero_base", Attrs.of("exponent", 2.0), "x", floats(0, -0.0, 1, -2))
        .add("zero_base_cubed", Attrs.of("exponent", 3.0), "x", floats(0, -0.0, 1, -2))
        .add("zero_exponent", Attrs.of("exponent", 0.0), "x", floats(0, NAN, INF, -2))
        .add("negative_base", Attrs.of("exponent", 0.5), "x", floats(-1, -4, 4).fixed())
        .add("special", Attrs.of("exponent", 2.0), "x", floats(NAN, INF, -INF, 3))
        .add("special_inverse", Attrs.of("exponent", -1.0), "x", floats(NAN, INF, -INF, 3))
        .add("ints", Attrs.of("exponent", 2), "x", ints(4, -4, 5, 6))
        .add("float64", Attrs.of("exponent", 1.5), "x", uniform(5, 0.5, 3, 4).wide());
    String tensor = "torch.pow(x, exponent)";
    op.add("tensor", tensor, Attrs.of(), "x", uniform(6, 0.2, 3, 3, 4), "exponent", normal(7, 3, 4))
        .add(
            "tensor_right",
            tensor,
            Attrs.of(),
            "x",
            uniform(8, 0.2, 3, 3, 4),
            "exponent",
            normal(9, 4))
        .add(
            "tensor_left",
            tensor,
            Attrs.of(),
            "x",
            uniform(10, 0.2, 3, 4),
            "exponent",
            normal(11, 3, 1))
        .add(
            "tensor_rank0",
            tensor,
            Attrs.of(),
            "x",
            uniform(12, 0.2, 3, 5),
            "exponent",
            scalar(1.5))
        .add(
            "tensor_special",
            tensor,
            Attrs.of(),
            "x",
            floats(0, 0, 2, -2, -2, 1, 3),
            "exponent",
            floats(0, 2, 0, 2, 3, 5, -1).fixed())
        .add(
            "tensor_zero_base",
            tensor,
            Attrs.of(),
            "x",
            floats(0, 0, 2),
            "exponent",
            floats(2, 3, 0))
        .add(
            "tensor_ints",
            tensor,
            Attrs.of(),
            "x",
            longs(2, -3, 5, 0),
            "exponent",
            longs(3, 3, 0, 0))
        .add(
            "tensor_mixed",
            tensor,
            Attrs.of(),
            "x",
            uniform(13, 0.5, 2, 3),
            "exponent",
            longs(2, 3, -1));
  }

  private static void clamp(Suite s) {
    Suite.Op op = s.op("clamp", "torch.clamp(x, {min:None}, {max:None})");
    everyShape(op, Attrs.of("min", -1.0, "max", 1.5), -3, 3)
        .add("low", Attrs.of("min", -0.5), "x", normal(6, 3, 4))
        .add("high", Attrs.of("max", 0.25), "x", normal(7, 3, 4))
        .add("crossed", Attrs.of("min", 1.0, "max", -1.0), "x", normal(8, 3, 4))
        .add("edges", Attrs.of("min", -1.0, "max", 1.0), "x", floats(-1, 1, -1.5, 1.5, 0, -0.0))
        .add("special", Attrs.of("min", -5.0, "max", 25.0), "x", SPECIAL)
        .add("whole", Attrs.of("min", -1, "max", 1), "x", normal(9, 7))
        .add("ints", Attrs.of("min", -1, "max", 2), "x", ints(10, -5, 6, 9))
        .add("ints_low", Attrs.of("min", 0), "x", ints(11, -5, 6, 9));
    String tensors = "torch.clamp(x, {?min}, {?max})";
    op.add(
            "tensors",
            tensors,
            Attrs.of(),
            "x",
            normal(12, 3, 4),
            "min",
            floats(-1, 0, -0.5, 2),
            "max",
            scalar(0.75))
        .add("tensor_low", tensors, Attrs.of(), "x", normal(13, 4), "min", normal(14, 3, 1))
        .add("tensor_high", tensors, Attrs.of(), "x", normal(15, 3, 4), "max", normal(16, 4));
  }

  /** Shapes that two operands are tried on, with operands that suit the op. */
  private static void pairs(Suite.Op op, double low, double high) {
    op.add("odd", "a", normal(1, 3, 5, 7), "b", uniform(2, low, high, 3, 5, 7))
        .add("row", "a", normal(3, 4, 5), "b", uniform(4, low, high, 5))
        .add("column", "a", normal(5, 4, 5), "b", uniform(6, low, high, 4, 1))
        .add("left", "a", normal(7, 5), "b", uniform(8, low, high, 2, 3, 5))
        .add("both", "a", normal(9, 4, 1, 3), "b", uniform(10, low, high, 2, 1))
        .add("rank0_right", "a", normal(11, 2, 3), "b", uniform(12, low, high))
        .add("rank0_left", "a", normal(13), "b", uniform(14, low, high, 2, 3))
        .add("rank0_both", "a", normal(15), "b", uniform(16, low, high))
        .add("empty", "a", normal(17, 0, 3), "b", uniform(18, low, high, 3))
        .add("empty_one", "a", normal(19, 2, 0), "b", uniform(20, low, high, 2, 1))
        .add("one", "a", normal(21, 1), "b", uniform(22, low, high, 1, 1, 1))
        .add("float64", "a", normal(23, 3).wide(), "b", uniform(24, low, high, 2, 1).wide())
        .add(
            "six",
            "a",
            normal(25, 2, 1, 2, 1, 3, 1),
            "b",
            uniform(26, low, high, 1, 2, 1, 2, 1, 3));
  }

  private static void mixed(Suite.Op op) {
    op.add("mixed", "a", longs(1, -2, 3), "b", floats(0.5, 2.5, -1.25))
        .add("mixed_left", "a", floats(0.5, 2.5, -1.25), "b", longs(1, -2, 3))
        .add("mixed_width", "a", floats(0.5, 2.5, -1.25).wide(), "b", floats(1, 2, 4))
        .add("ints", "a", ints(27, -5, 6, 2, 3), "b", longs(1, 2, -3));
  }

  private static final Value A = floats(NAN, 1, NAN, INF, INF, -INF, 1, 0, -0.0, 2, -1);
  private static final Value B = floats(1, NAN, NAN, 1, -INF, -INF, INF, -0.0, 0, 2, -1);

  private static void sums(Suite s, String name) {
    Suite.Op op = s.op(name, "torch." + name + "(a, b, alpha={alpha:1})");
    pairs(op, -2, 2);
    mixed(op);
    op.add("long", "a", normal(28, 1025), "b", normal(29, 1025))
        .add("special", "a", A, "b", B)
        .add("alpha", Attrs.of("alpha", 2.5), "a", normal(30, 2, 3), "b", normal(31, 3))
        .add("alpha_negative", Attrs.of("alpha", -1), "a", normal(32, 2, 3), "b", normal(33, 2, 1))
        .add("alpha_ints", Attrs.of("alpha", 3), "a", ints(34, -5, 6, 4), "b", ints(35, -5, 6, 4));
    if (name.equals("add")) {
      op.add("bools", "a", flags(0, 0, 1, 1), "b", flags(0, 1, 0, 1))
          .add("bool_mixed", "a", flags(0, 1, 1), "b", floats(0.5, 1, 2));
    }
  }

  private static void products(Suite s) {
    Suite.Op op = s.op("mul", "torch.mul(a, b)");
    pairs(op, -2, 2);
    mixed(op);
    op.add("special", "a", A, "b", B)
        .add("long", "a", normal(28, 1025), "b", normal(29))
        .add("bools", "a", flags(0, 0, 1, 1), "b", flags(0, 1, 0, 1))
        .add("bool_mixed", "a", flags(0, 1, 1), "b", floats(0.5, 1, 2));
  }

  private static void extremes(Suite s, String name) {
    Suite.Op op = s.op(name, "torch." + name + "(a, b)");
    pairs(op, -2, 2);
    mixed(op);
    op.add("special", "a", A, "b", B)
        .add("ties", "a", steps(28, -2, 3, 4, 6), "b", steps(29, -2, 3, 4, 6))
        .add("bools", "a", flags(0, 0, 1, 1), "b", flags(0, 1, 0, 1));
  }

  private static void quotients(Suite s) {
    Suite.Op op = s.op("div", "torch.div(a, b, rounding_mode={rounding_mode:None})");
    pairs(op, 0.3, 3);
    mixed(op);
    op.add("special", "a", A.fixed(), "b", B.fixed())
        .add("by_zero", "a", floats(1, -1, 0, 2).fixed(), "b", floats(0, 0, 0, -0.0).fixed())
        .add("negative", "a", normal(28, 9), "b", uniform(29, -3, -0.3, 9))
        .add("long", "a", normal(30, 1025), "b", uniform(31, 0.5, 2, 1025));
    Value a = floats(7, -7, 7, -7, 5.5, -5.5, 0, 1, -1);
    Value b = floats(2, 2, -2, -2, 1.5, 1.5, 3, 4, 4);
    for (String mode : new String[] {"floor", "trunc"}) {
      op.add(mode, Attrs.of("rounding_mode", mode), "a", a, "b", b)
          .add(
              mode + "_ints",
              Attrs.of("rounding_mode", mode),
              "a",
              longs(7, -7, 7, -7, 6, 0),
              "b",
              longs(2, 2, -2, -2, 3, 5))
          .add(
              mode + "_row",
              Attrs.of("rounding_mode", mode),
              "a",
              uniform(32, -9, 9, 3, 4),
              "b",
              floats(1.5, -2, 0.75, 4));
    }
  }

  private static void where(Suite s) {
    s.op("where", "torch.where(condition, a, b)")
        .add("odd", "condition", bools(1, 3, 5), "a", normal(2, 3, 5), "b", normal(3, 3, 5))
        .add("all_spread", "condition", bools(4, 4, 1, 1), "a", normal(5, 3, 1), "b", normal(6, 5))
        .add(
            "condition_spread",
            "condition",
            bools(7, 5),
            "a",
            normal(8, 2, 5),
            "b",
            normal(9, 1, 5))
        .add("condition_wide", "condition", bools(10, 2, 3, 4), "a", normal(11, 4), "b", normal(12))
        .add("rank0", "condition", flags(1).as(), "a", scalar(2), "b", scalar(3))
        .add("empty", "condition", bools(13, 0, 2), "a", normal(14, 0, 2), "b", normal(15, 2))
        .add(
            "special",
            "condition",
            flags(1, 0, 1, 0),
            "a",
            floats(NAN, NAN, INF, 1),
            "b",
            floats(1, 2, NAN, -INF))
        .add("ints", "condition", bools(16, 6), "a", ints(17, -5, 6, 6), "b", ints(18, -5, 6, 6))
        .add("bools", "condition", bools(19, 6), "a", bools(20, 6), "b", bools(21, 6))
        .add("mixed", "condition", bools(22, 3), "a", longs(1, 2, 3), "b", floats(0.5, 1.5, 2.5))
        .add(
            "float64",
            "condition",
            bools(23, 3),
            "a",
            normal(24, 3).wide(),
            "b",
            normal(25, 3).wide())
        .add("long", "condition", bools(26, 1025), "a", normal(27, 1025), "b", scalar(0.5));
  }

  private static void lerp(Suite s) {
    Suite.Op op = s.op("lerp", "torch.lerp(a, b, {weight})");
    for (double w : new double[] {0, 0.25, 0.5, 0.75, 1, -0.5, 1.5}) {
      op.add(
          ("w" + w).replace('.', '_').replace('-', 'm'),
          Attrs.of("weight", w),
          "a",
          normal(1, 3, 5),
          "b",
          normal(2, 3, 5));
    }
    String tensor = "torch.lerp(a, b, weight)";
    op.add("row", Attrs.of("weight", 0.3), "a", normal(3, 3, 5), "b", normal(4, 5))
        .add("both", Attrs.of("weight", 0.3), "a", normal(5, 3, 1), "b", normal(6, 5))
        .add("rank0", Attrs.of("weight", 0.3), "a", scalar(1), "b", scalar(2))
        .add("empty", Attrs.of("weight", 0.3), "a", normal(7, 0, 2), "b", normal(8, 0, 2))
        .add(
            "float64", Attrs.of("weight", 0.3), "a", normal(9, 3).wide(), "b", normal(10, 3).wide())
        .add(
            "tensor",
            tensor,
            Attrs.of(),
            "a",
            normal(11, 3, 4),
            "b",
            normal(12, 3, 4),
            "weight",
            uniform(13, -0.5, 1.5, 3, 4))
        .add(
            "tensor_row",
            tensor,
            Attrs.of(),
            "a",
            normal(14, 3, 4),
            "b",
            normal(15, 3, 4),
            "weight",
            uniform(16, 0, 1, 4))
        .add(
            "tensor_rank0",
            tensor,
            Attrs.of(),
            "a",
            normal(17, 3, 4),
            "b",
            normal(18, 4),
            "weight",
            scalar(0.4))
        .add(
            "tensor_spread",
            tensor,
            Attrs.of(),
            "a",
            normal(19, 4),
            "b",
            normal(20, 1),
            "weight",
            uniform(21, 0, 1, 3, 1));
  }
}
