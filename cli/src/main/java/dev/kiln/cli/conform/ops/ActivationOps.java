package dev.kiln.cli.conform.ops;

import dev.kiln.cli.conform.CaseFormatException;
import dev.kiln.cli.conform.OpTable;
import dev.kiln.ops.Activations;
import dev.kiln.ops.Elementwise;
import dev.kiln.ops.Softmax;

/** Activation functions. */
public final class ActivationOps {
  private ActivationOps() {}

  /** Adds the family to a table. */
  public static void addTo(OpTable t) {
    t.op("relu", (in, at) -> Elementwise.relu(in.x()));
    t.op("relu6", (in, at) -> Elementwise.relu6(in.x()));
    t.op("selu", (in, at) -> Elementwise.selu(in.x()));
    t.op("silu", (in, at) -> Elementwise.silu(in.x()));
    t.op("mish", (in, at) -> Elementwise.mish(in.x()));
    t.op("sigmoid", (in, at) -> Elementwise.sigmoid(in.x()));
    t.op("log_sigmoid", (in, at) -> Elementwise.logSigmoid(in.x()));
    t.op("tanh", (in, at) -> Elementwise.tanh(in.x()));
    t.op("softsign", (in, at) -> Elementwise.softsign(in.x()));
    t.op("hardsigmoid", (in, at) -> Elementwise.hardsigmoid(in.x()));
    t.op("hardswish", (in, at) -> Elementwise.hardswish(in.x()));
    t.op(
        "hardtanh",
        (in, at) -> Elementwise.hardtanh(in.x(), at.number("min", -1), at.number("max", 1)));
    t.op(
        "leaky_relu", (in, at) -> Elementwise.leakyRelu(in.x(), at.number("negative_slope", 0.01)));
    t.op("elu", (in, at) -> Elementwise.elu(in.x(), at.number("alpha", 1)));
    t.op("celu", (in, at) -> Elementwise.celu(in.x(), at.number("alpha", 1)));
    t.op(
        "gelu",
        (in, at) ->
            switch (at.text("approximate", "none")) {
              case "none" -> Elementwise.gelu(in.x());
              case "tanh" -> Elementwise.geluTanh(in.x());
              default -> throw new CaseFormatException("attrs.approximate must be none or tanh");
            });
    t.op(
        "softplus",
        (in, at) -> Elementwise.softplus(in.x(), at.number("beta", 1), at.number("threshold", 20)));
    t.op("softmax", (in, at) -> Softmax.softmax(in.x(), at.integer("dim", -1)));
    t.op("log_softmax", (in, at) -> Softmax.logSoftmax(in.x(), at.integer("dim", -1)));
    t.op("prelu", (in, at) -> Activations.prelu(in.x(), in.get("weight")));
    t.op("hardshrink", (in, at) -> Activations.hardshrink(in.x(), at.number("lambd", 0.5)));
    t.op("softshrink", (in, at) -> Activations.softshrink(in.x(), at.number("lambd", 0.5)));
    t.op("tanhshrink", (in, at) -> Activations.tanhshrink(in.x()));
    t.op(
        "threshold",
        (in, at) -> Activations.threshold(in.x(), at.number("threshold"), at.number("value")));
    t.op("softmin", (in, at) -> Activations.softmin(in.x(), at.integer("dim", -1)));
    t.op("glu", (in, at) -> Activations.glu(in.x(), at.integer("dim", -1)));
  }
}
