package dev.kiln.cli.conform.ops;

import dev.kiln.Tensor;
import dev.kiln.cli.conform.Attrs;
import dev.kiln.cli.conform.Inputs;
import dev.kiln.cli.conform.OpTable;
import dev.kiln.ops.Bitwise;
import dev.kiln.ops.Combinations;
import dev.kiln.ops.Division;
import dev.kiln.ops.Elementwise;
import dev.kiln.ops.Predicates;
import dev.kiln.ops.SpecialFunctions;
import dev.kiln.ops.Trigonometry;
import java.util.OptionalDouble;
import java.util.function.BinaryOperator;
import java.util.function.UnaryOperator;

/** Rarer functions of one, two or three elements. */
public final class MathOps {
  private MathOps() {}

  private static void one(OpTable t, String name, UnaryOperator<Tensor> f) {
    t.op(name, (in, at) -> f.apply(in.x()));
  }

  /** The second operand may be the number {@code other}. */
  private static void two(OpTable t, String name, BinaryOperator<Tensor> f) {
    t.op(name, (in, at) -> f.apply(in.get("a"), other(in, at)));
  }

  private static Tensor other(Inputs in, Attrs at) {
    return in.find("b").orElseGet(() -> Elementwise.constant(in.get("a"), at.number("other")));
  }

  private static OptionalDouble maybe(Attrs at, String key) {
    return at.has(key) ? OptionalDouble.of(at.number(key)) : OptionalDouble.empty();
  }

  /** Adds the family to a table. */
  public static void addTo(OpTable t) {
    functions(t);
    pairs(t);
    one(t, "isnan", Predicates::isnan);
    one(t, "isinf", Predicates::isinf);
    one(t, "isfinite", Predicates::isfinite);
    one(t, "isposinf", Predicates::isposinf);
    one(t, "isneginf", Predicates::isneginf);
    one(t, "signbit", Predicates::signbit);
    one(t, "logical_not", Predicates::logicalNot);
    one(t, "bitwise_not", Bitwise::bitwiseNot);
    one(t, "sgn", Elementwise::sign);
    t.op("polygamma", (in, at) -> SpecialFunctions.polygamma(at.integer("n"), in.x()));
    t.op("logit", (in, at) -> SpecialFunctions.logit(in.x(), maybe(at, "eps")));
    t.op(
        "nan_to_num",
        (in, at) ->
            Combinations.nanToNum(
                in.x(), at.number("nan", 0), maybe(at, "posinf"), maybe(at, "neginf")));
    t.op("clamp_min", (in, at) -> Combinations.clampMin(in.x(), at.number("min")));
    t.op("clamp_max", (in, at) -> Combinations.clampMax(in.x(), at.number("max")));
    t.op(
        "addcmul",
        (in, at) -> Combinations.addcmul(in.x(), in.get("a"), in.get("b"), at.number("value", 1)));
    t.op(
        "addcdiv",
        (in, at) -> Combinations.addcdiv(in.x(), in.get("a"), in.get("b"), at.number("value", 1)));
    t.op(
        "isclose",
        (in, at) ->
            Predicates.isclose(
                in.get("a"),
                in.get("b"),
                at.number("rtol", 1e-5),
                at.number("atol", 1e-8),
                at.flag("equal_nan", false)));
  }

  private static void functions(OpTable t) {
    one(t, "tan", Trigonometry::tan);
    one(t, "asin", Trigonometry::asin);
    one(t, "acos", Trigonometry::acos);
    one(t, "atan", Trigonometry::atan);
    one(t, "sinh", Trigonometry::sinh);
    one(t, "cosh", Trigonometry::cosh);
    one(t, "asinh", Trigonometry::asinh);
    one(t, "acosh", Trigonometry::acosh);
    one(t, "atanh", Trigonometry::atanh);
    one(t, "deg2rad", Trigonometry::deg2rad);
    one(t, "rad2deg", Trigonometry::rad2deg);
    one(t, "exp2", SpecialFunctions::exp2);
    one(t, "log2", SpecialFunctions::log2);
    one(t, "log10", SpecialFunctions::log10);
    one(t, "erfc", SpecialFunctions::erfc);
    one(t, "erfinv", SpecialFunctions::erfinv);
    one(t, "lgamma", SpecialFunctions::lgamma);
    one(t, "digamma", SpecialFunctions::digamma);
    one(t, "trunc", Division::trunc);
    one(t, "frac", Division::frac);
  }

  private static void pairs(OpTable t) {
    two(t, "atan2", Trigonometry::atan2);
    two(t, "hypot", Trigonometry::hypot);
    two(t, "xlogy", SpecialFunctions::xlogy);
    two(t, "logaddexp", SpecialFunctions::logaddexp);
    two(t, "floor_divide", Division::floorDivide);
    two(t, "remainder", Division::remainder);
    two(t, "fmod", Division::fmod);
    two(t, "copysign", Combinations::copysign);
    two(t, "logical_and", Elementwise::logicalAnd);
    two(t, "logical_or", Elementwise::logicalOr);
    two(t, "logical_xor", Predicates::logicalXor);
    two(t, "bitwise_and", Bitwise::bitwiseAnd);
    two(t, "bitwise_or", Bitwise::bitwiseOr);
    two(t, "bitwise_xor", Bitwise::bitwiseXor);
    two(t, "bitwise_left_shift", Bitwise::bitwiseLeftShift);
    two(t, "bitwise_right_shift", Bitwise::bitwiseRightShift);
  }
}
