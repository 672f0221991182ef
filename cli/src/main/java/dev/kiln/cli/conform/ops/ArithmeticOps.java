package dev.kiln.cli.conform.ops;

import dev.kiln.Tensor;
import dev.kiln.cli.conform.Attrs;
import dev.kiln.cli.conform.CaseFormatException;
import dev.kiln.cli.conform.Inputs;
import dev.kiln.cli.conform.OpTable;
import dev.kiln.ops.Combinations;
import dev.kiln.ops.Elementwise;
import java.util.Optional;

/** Functions of single elements that are no activations. */
public final class ArithmeticOps {
  private ArithmeticOps() {}

  /** Adds the family to a table. */
  public static void addTo(OpTable t) {
    t.op("exp", (in, at) -> Elementwise.exp(in.x()));
    t.op("expm1", (in, at) -> Elementwise.expm1(in.x()));
    t.op("log", (in, at) -> Elementwise.log(in.x()));
    t.op("log1p", (in, at) -> Elementwise.log1p(in.x()));
    t.op("sqrt", (in, at) -> Elementwise.sqrt(in.x()));
    t.op("rsqrt", (in, at) -> Elementwise.rsqrt(in.x()));
    t.op("square", (in, at) -> Elementwise.square(in.x()));
    t.op("reciprocal", (in, at) -> Elementwise.reciprocal(in.x()));
    t.op("abs", (in, at) -> Elementwise.abs(in.x()));
    t.op("neg", (in, at) -> Elementwise.neg(in.x()));
    t.op("sign", (in, at) -> Elementwise.sign(in.x()));
    t.op("floor", (in, at) -> Elementwise.floor(in.x()));
    t.op("ceil", (in, at) -> Elementwise.ceil(in.x()));
    t.op("round", (in, at) -> Elementwise.round(in.x()));
    t.op("sin", (in, at) -> Elementwise.sin(in.x()));
    t.op("cos", (in, at) -> Elementwise.cos(in.x()));
    t.op("erf", (in, at) -> Elementwise.erf(in.x()));
    t.op("pow", ArithmeticOps::pow);
    t.op("clamp", ArithmeticOps::clamp);
    t.op("add", (in, at) -> Combinations.add(in.get("a"), in.get("b"), at.number("alpha", 1)));
    t.op("sub", (in, at) -> Combinations.sub(in.get("a"), in.get("b"), at.number("alpha", 1)));
    t.op("mul", (in, at) -> Elementwise.mul(in.get("a"), in.get("b")));
    t.op("div", ArithmeticOps::div);
    t.op("maximum", (in, at) -> Elementwise.maximum(in.get("a"), in.get("b")));
    t.op("minimum", (in, at) -> Elementwise.minimum(in.get("a"), in.get("b")));
    t.op("eq", (in, at) -> Elementwise.eq(in.get("a"), in.get("b")));
    t.op("ne", (in, at) -> Elementwise.ne(in.get("a"), in.get("b")));
    t.op("lt", (in, at) -> Elementwise.lt(in.get("a"), in.get("b")));
    t.op("le", (in, at) -> Elementwise.le(in.get("a"), in.get("b")));
    t.op("gt", (in, at) -> Elementwise.gt(in.get("a"), in.get("b")));
    t.op("ge", (in, at) -> Elementwise.ge(in.get("a"), in.get("b")));
    t.op("where", (in, at) -> Elementwise.where(in.get("condition"), in.get("a"), in.get("b")));
    t.op("lerp", ArithmeticOps::lerp);
  }

  private static Tensor clamp(Inputs in, Attrs at) {
    if (in.find("min").isPresent() || in.find("max").isPresent()) {
      return Elementwise.clamp(in.x(), in.find("min"), in.find("max"));
    }
    return Elementwise.clamp(
        in.x(),
        at.number("min", Double.NEGATIVE_INFINITY),
        at.number("max", Double.POSITIVE_INFINITY));
  }

  private static Tensor div(Inputs in, Attrs at) {
    Tensor a = in.get("a");
    Tensor b = in.get("b");
    return switch (at.text("rounding_mode", "")) {
      case "" -> Elementwise.div(a, b);
      case "trunc" -> Elementwise.div(a, b, Elementwise.Rounding.TRUNC);
      case "floor" -> Elementwise.div(a, b, Elementwise.Rounding.FLOOR);
      default -> throw new CaseFormatException("attrs.rounding_mode must be trunc or floor");
    };
  }

  private static Tensor lerp(Inputs in, Attrs at) {
    Optional<Tensor> weight = in.find("weight");
    return weight.isPresent()
        ? Elementwise.lerp(in.get("a"), in.get("b"), weight.get())
        : Elementwise.lerp(in.get("a"), in.get("b"), at.number("weight"));
  }

  private static Tensor pow(Inputs in, Attrs at) {
    Optional<Tensor> exponent = in.find("exponent");
    return exponent.isPresent()
        ? Elementwise.pow(in.x(), exponent.get())
        : Elementwise.pow(in.x(), at.number("exponent"));
  }
}
