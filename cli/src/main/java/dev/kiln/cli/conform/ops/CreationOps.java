package dev.kiln.cli.conform.ops;

import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.Tensor;
import dev.kiln.cli.conform.Attrs;
import dev.kiln.cli.conform.Inputs;
import dev.kiln.cli.conform.OpTable;
import dev.kiln.ops.Creation;

/**
 * Tensors made from nothing: of the type and on the device of an input {@code like}, or FLOAT32 on
 * the default device.
 */
public final class CreationOps {
  private CreationOps() {}

  private static Device device(Inputs in) {
    return in.find("like").map(Tensor::device).orElseGet(Device::defaultDevice);
  }

  private static DType dtype(Inputs in) {
    return in.find("like").map(Tensor::dtype).orElse(DType.FLOAT32);
  }

  /** Adds the family to a table. */
  public static void addTo(OpTable t) {
    t.op("zeros_like", (in, at) -> Creation.zerosLike(in.x()));
    t.op("ones_like", (in, at) -> Creation.onesLike(in.x()));
    t.op("full_like", (in, at) -> Creation.fullLike(in.x(), at.number("fill_value")));
    t.op("eye", CreationOps::eye);
    t.op(
        "arange",
        (in, at) ->
            Creation.arange(
                at.number("start", 0),
                at.number("end"),
                at.number("step", 1),
                dtype(in),
                device(in)));
    t.op(
        "linspace",
        (in, at) ->
            Creation.linspace(
                at.number("start"), at.number("end"), at.integer("steps"), dtype(in), device(in)));
    t.op(
        "logspace",
        (in, at) ->
            Creation.logspace(
                at.number("start"),
                at.number("end"),
                at.integer("steps"),
                at.number("base", 10),
                dtype(in),
                device(in)));
    t.op(
        "tril_indices",
        (in, at) ->
            Creation.trilIndices(
                at.integer("row"), at.integer("col"), at.integer("offset", 0), device(in)));
    t.op(
        "triu_indices",
        (in, at) ->
            Creation.triuIndices(
                at.integer("row"), at.integer("col"), at.integer("offset", 0), device(in)));
  }

  private static Tensor eye(Inputs in, Attrs at) {
    int n = at.integer("n");
    return Creation.eye(n, at.integer("m", n), dtype(in), device(in));
  }
}
