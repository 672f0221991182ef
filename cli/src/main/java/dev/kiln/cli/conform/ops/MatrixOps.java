package dev.kiln.cli.conform.ops;

import dev.kiln.Tensor;
import dev.kiln.cli.conform.Attrs;
import dev.kiln.cli.conform.Inputs;
import dev.kiln.cli.conform.OpTable;
import dev.kiln.ops.MatrixProducts;
import java.util.function.BinaryOperator;

/** Products of vectors and matrices besides those of {@link ProductOps}. */
public final class MatrixOps {
  private MatrixOps() {}

  private interface Added {
    Tensor of(Tensor c, Tensor a, Tensor b, double beta, double alpha);
  }

  private static void two(OpTable t, String name, BinaryOperator<Tensor> f) {
    t.op(name, (in, at) -> f.apply(in.get("a"), in.get("b")));
  }

  private static void added(OpTable t, String name, Added f) {
    t.op(
        name,
        (in, at) ->
            f.of(
                in.get("c"),
                in.get("a"),
                in.get("b"),
                at.number("beta", 1),
                at.number("alpha", 1)));
  }

  /** Adds the family to a table. */
  public static void addTo(OpTable t) {
    two(t, "dot", MatrixProducts::dot);
    two(t, "mv", MatrixProducts::mv);
    two(t, "kron", MatrixProducts::kron);
    added(t, "addmv", MatrixProducts::addmv);
    added(t, "addr", MatrixProducts::addr);
    added(t, "baddbmm", MatrixProducts::baddbmm);
    added(t, "addbmm", MatrixProducts::addbmm);
    t.op(
        "vecdot",
        (in, at) -> MatrixProducts.vecdot(in.get("a"), in.get("b"), at.integer("dim", -1)));
    t.op(
        "cross", (in, at) -> MatrixProducts.cross(in.get("a"), in.get("b"), at.integer("dim", -1)));
    t.op("cdist", (in, at) -> MatrixProducts.cdist(in.get("a"), in.get("b"), at.number("p", 2)));
    t.op("tensordot", MatrixOps::tensordot);
    t.op("multi_dot", (in, at) -> MatrixProducts.multiDot(in.all()));
    t.op("chain_matmul", (in, at) -> MatrixProducts.multiDot(in.all()));
  }

  /** Axes are named for each factor, or their number alone: a's last with b's first. */
  private static Tensor tensordot(Inputs in, Attrs at) {
    Tensor a = in.get("a");
    Tensor b = in.get("b");
    if (at.has("dims_a")) {
      return MatrixProducts.tensordot(a, b, at.ints("dims_a"), at.ints("dims_b"));
    }
    int n = at.integer("dims", 2);
    int[] last = new int[n];
    int[] first = new int[n];
    for (int i = 0; i < n; i++) {
      last[i] = a.dim() - n + i;
      first[i] = i;
    }
    return MatrixProducts.tensordot(a, b, last, first);
  }
}
