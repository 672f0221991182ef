package dev.kiln.cli.conform.ops;

import dev.kiln.Tensor;
import dev.kiln.cli.conform.Attrs;
import dev.kiln.cli.conform.Inputs;
import dev.kiln.cli.conform.OpTable;
import dev.kiln.ops.Einsum;
import dev.kiln.ops.Products;

/** Matrix products. */
public final class ProductOps {
  private ProductOps() {}

  /** Adds the family to a table. */
  public static void addTo(OpTable t) {
    t.op("matmul", ProductOps::matmul);
    t.op("bmm", (in, at) -> Products.bmm(in.get("a"), in.get("b")));
    t.op("linear", (in, at) -> Products.linear(in.x(), in.get("weight"), in.find("bias")));
    t.op(
        "bilinear",
        (in, at) ->
            Products.bilinear(in.get("x1"), in.get("x2"), in.get("weight"), in.find("bias")));
    t.op(
        "addmm",
        (in, at) ->
            Products.addmm(
                in.get("c"),
                in.get("a"),
                in.get("b"),
                at.number("beta", 1),
                at.number("alpha", 1)));
    t.op("outer", (in, at) -> Products.outer(in.get("a"), in.get("b")));
    t.op(
        "einsum",
        (in, at) -> Einsum.einsum(at.text("equation", ""), in.all().toArray(new Tensor[0])));
  }

  private static Tensor matmul(Inputs in, Attrs at) {
    return Products.matmul(
        turned(in.get("a"), at.flag("transpose_a", false)),
        turned(in.get("b"), at.flag("transpose_b", false)));
  }

  private static Tensor turned(Tensor x, boolean transposed) {
    return transposed ? x.transpose(-1, -2) : x;
  }
}
