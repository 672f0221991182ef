package dev.kiln.cli.conform.ops;

import dev.kiln.Tensor;
import dev.kiln.cli.conform.Attrs;
import dev.kiln.cli.conform.Inputs;
import dev.kiln.cli.conform.OpTable;
import dev.kiln.ops.Indexing;
import dev.kiln.ops.Rearranging;
import java.util.OptionalLong;

/** Picking elements by index and putting them back. */
public final class IndexingOps {
  private IndexingOps() {}

  /** Adds the family to a table. */
  public static void addTo(OpTable t) {
    t.op("gather", (in, at) -> Indexing.gather(in.x(), at.integer("dim"), in.get("index")));
    t.op(
        "scatter_add",
        (in, at) -> Indexing.scatterAdd(in.x(), at.integer("dim"), in.get("index"), in.get("src")));
    t.op(
        "index_select",
        (in, at) -> Indexing.indexSelect(in.x(), at.integer("dim"), in.get("index")));
    t.op(
        "scatter",
        (in, at) -> Indexing.scatter(in.x(), at.integer("dim"), in.get("index"), in.get("src")));
    t.op(
        "index_add",
        (in, at) -> Indexing.indexAdd(in.x(), at.integer("dim"), in.get("index"), source(in, at)));
    t.op(
        "masked_fill",
        (in, at) -> Rearranging.maskedFill(in.x(), in.get("mask"), at.number("value")));
    t.op("embedding", IndexingOps::embedding);
  }

  private static Tensor source(Inputs in, Attrs at) {
    double alpha = at.number("alpha", 1);
    return alpha == 1 ? in.get("src") : in.get("src").mul(alpha);
  }

  private static Tensor embedding(Inputs in, Attrs at) {
    OptionalLong padding =
        at.has("padding_idx") ? OptionalLong.of(at.longs("padding_idx")[0]) : OptionalLong.empty();
    return Indexing.embedding(in.get("weight"), in.get("indices"), padding);
  }
}
