package dev.kiln.ops.catalog;

import static dev.kiln.ops.catalog.Row.positive;
import static dev.kiln.ops.catalog.Row.unary;
import static dev.kiln.ops.catalog.Row.wide;
import static dev.kiln.testing.GradCheck.constant;
import static dev.kiln.testing.GradCheck.input;
import static dev.kiln.testing.GradCheck.uniform;

import dev.kiln.ops.Elementwise;
import dev.kiln.testing.GradCheck.Input;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The rows of functions of one, two or three elements. */
final class ElementwiseRows {
  private ElementwiseRows() {}

  static List<Row> rows() {
    Input a = input(11, 2, 3);
    Input b = uniform(12, 0.5, 2, 2, 3);
    Input row = uniform(13, 0.5, 2, 3);
    List<Row> rows = new ArrayList<>();
    rows.add(unary("Elementwise.neg", Elementwise::neg));
    rows.add(unary("Elementwise.abs", Elementwise::abs));
    rows.add(unary("Elementwise.sign", Elementwise::sign));
    rows.add(unary("Elementwise.floor", x -> Elementwise.floor(x).add(x)));
    rows.add(unary("Elementwise.ceil", x -> Elementwise.ceil(x).add(x)));
    rows.add(unary("Elementwise.round", x -> Elementwise.round(x).add(x)));
    rows.add(unary("Elementwise.square", Elementwise::square));
    rows.add(positive("Elementwise.sqrt", Elementwise::sqrt));
    rows.add(positive("Elementwise.rsqrt", Elementwise::rsqrt));
    rows.add(positive("Elementwise.reciprocal", Elementwise::reciprocal));
    rows.add(unary("Elementwise.exp", Elementwise::exp));
    rows.add(unary("Elementwise.expm1", Elementwise::expm1));
    rows.add(positive("Elementwise.log", Elementwise::log));
    rows.add(positive("Elementwise.log1p", Elementwise::log1p));
    rows.add(unary("Elementwise.sin", Elementwise::sin));
    rows.add(unary("Elementwise.cos", Elementwise::cos));
    rows.add(unary("Elementwise.erf", Elementwise::erf));
    rows.add(wide("Elementwise.sigmoid", Elementwise::sigmoid));
    rows.add(wide("Elementwise.logSigmoid", Elementwise::logSigmoid));
    rows.add(wide("Elementwise.tanh", Elementwise::tanh));
    rows.add(wide("Elementwise.selu", Elementwise::selu));
    rows.add(wide("Elementwise.silu", Elementwise::silu));
    rows.add(wide("Elementwise.mish", Elementwise::mish));
    rows.add(wide("Elementwise.softsign", Elementwise::softsign));
    rows.add(wide("Elementwise.hardsigmoid", Elementwise::hardsigmoid));
    rows.add(wide("Elementwise.hardswish", Elementwise::hardswish));
    rows.add(wide("Elementwise.relu", Elementwise::relu));
    rows.add(wide("Elementwise.relu6", x -> Elementwise.relu6(x.mul(2))));
    rows.add(wide("Elementwise.leakyRelu", x -> Elementwise.leakyRelu(x, 0.2)));
    rows.add(wide("Elementwise.elu", x -> Elementwise.elu(x, 1.3)));
    rows.add(wide("Elementwise.celu", x -> Elementwise.celu(x, 0.7)));
    rows.add(wide("Elementwise.gelu", Elementwise::gelu));
    rows.add(wide("Elementwise.geluTanh", Elementwise::geluTanh));
    rows.add(wide("Elementwise.softplus", x -> Elementwise.softplus(x, 2, 6)));
    rows.add(wide("Elementwise.clamp", x -> Elementwise.clamp(x, -1, 2)));
    rows.add(wide("Elementwise.hardtanh", x -> Elementwise.hardtanh(x, -1, 2)));
    rows.add(unary("Elementwise.affine", x -> Elementwise.affine(x, 3, -1)));
    rows.add(positive("Elementwise.pow constant", x -> Elementwise.pow(x, 2.5)));
    rows.add(new Row("Elementwise.pow", x -> Elementwise.pow(x.get(0), x.get(1)), b, constant(a)));
    rows.add(new Row("Elementwise.pow exponent", x -> Elementwise.pow(x.get(0), x.get(1)), b, a));
    rows.add(new Row("Elementwise.add", x -> Elementwise.add(x.get(0), x.get(1)), a, row));
    rows.add(new Row("Elementwise.sub", x -> Elementwise.sub(x.get(0), x.get(1)), a, row));
    rows.add(new Row("Elementwise.mul", x -> Elementwise.mul(x.get(0), x.get(1)), a, row));
    rows.add(new Row("Elementwise.div", x -> Elementwise.div(x.get(0), x.get(1)), a, row));
    rows.add(unary("Elementwise.div constant", x -> x.div(3)));
    rows.add(new Row("Elementwise.maximum", x -> Elementwise.maximum(x.get(0), x.get(1)), a, row));
    rows.add(new Row("Elementwise.minimum", x -> Elementwise.minimum(x.get(0), x.get(1)), a, row));
    rows.add(new Row("Elementwise.lerp", x -> Elementwise.lerp(x.get(0), x.get(1), 0.3), a, b));
    rows.add(new Row("Elementwise.lerp far", x -> Elementwise.lerp(x.get(0), x.get(1), 0.7), a, b));
    rows.add(
        new Row(
            "Elementwise.lerp by a tensor",
            x -> Elementwise.lerp(x.get(0), x.get(1), x.get(2)),
            a,
            b,
            uniform(31, 0.6, 0.9, 2, 1)));
    rows.add(
        new Row(
            "Elementwise.clamp by tensors",
            x ->
                Elementwise.clamp(
                    x.get(0),
                    Optional.of(x.get(1)),
                    Optional.of(Elementwise.affine(x.get(1), 1, 0.4))),
            a,
            b));
    rows.add(
        new Row(
            "Elementwise.where",
            x -> Elementwise.where(x.get(0).gt(0), x.get(0), x.get(1)),
            a,
            row));
    rows.add(Row.fixed("Elementwise.eq", t -> Elementwise.eq(t.get(0), t.get(1)), a, row));
    rows.add(Row.fixed("Elementwise.ne", t -> Elementwise.ne(t.get(0), t.get(1)), a, row));
    rows.add(Row.fixed("Elementwise.lt", t -> Elementwise.lt(t.get(0), t.get(1)), a, row));
    rows.add(Row.fixed("Elementwise.le", t -> Elementwise.le(t.get(0), t.get(1)), a, row));
    rows.add(Row.fixed("Elementwise.gt", t -> Elementwise.gt(t.get(0), t.get(1)), a, row));
    rows.add(Row.fixed("Elementwise.ge", t -> Elementwise.ge(t.get(0), t.get(1)), a, row));
    rows.add(
        Row.fixed(
            "Elementwise.logicalAnd",
            t -> Elementwise.logicalAnd(t.get(0).gt(0), t.get(1).gt(1)),
            a,
            row));
    rows.add(
        Row.fixed(
            "Elementwise.logicalOr",
            t -> Elementwise.logicalOr(t.get(0).gt(0), t.get(1).gt(1)),
            a,
            row));
    return rows;
  }
}
