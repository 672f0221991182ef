package dev.kiln.cli.conform.ops;

import dev.kiln.cli.conform.OpTable;
import dev.kiln.ops.Indexing;

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
  }
}
