package dev.kiln.oracle;

import static dev.kiln.oracle.Draw.bools;
import static dev.kiln.oracle.Draw.flags;
import static dev.kiln.oracle.Draw.floats;
import static dev.kiln.oracle.Draw.ints;
import static dev.kiln.oracle.Draw.longs;
import static dev.kiln.oracle.Draw.normal;
import static dev.kiln.oracle.Draw.scalar;

/** Picking elements by index and putting them back. */
final class IndexingCases {
  private static final double NAN = Double.NaN;
  private static final double INF = Double.POSITIVE_INFINITY;

  private IndexingCases() {}

  private static Attrs dim(int dim) {
    return Attrs.of("dim", dim);
  }

  static void addTo(Suite s) {
    gather(s);
    scatter(s);
    select(s);
    indexAdd(s);
    fill(s);
    embedding(s);
  }

  private static void gather(Suite s) {
    s.op("gather", "torch.gather(x, {dim}, index)")
        .add("first", dim(0), "x", normal(1, 4, 3), "index", ints(2, 0, 4, 6, 3))
        .add("last", dim(-1), "x", normal(3, 4, 3), "index", ints(4, 0, 3, 4, 5))
        .add("middle", dim(1), "x", normal(5, 2, 5, 3), "index", ints(6, 0, 5, 2, 4, 3))
        .add("smaller", dim(1), "x", normal(7, 4, 5, 3), "index", ints(8, 0, 5, 2, 7, 1))
        .add("vector", dim(0), "x", normal(9, 5), "index", longs(4, 4, 0, 2))
        .add("rank0", dim(0), "x", scalar(1.5), "index", longs(0).as())
        .add("empty_index", dim(1), "x", normal(10, 3, 4), "index", ints(11, 0, 1, 3, 0))
        .add("empty_rows", dim(1), "x", normal(12, 0, 4), "index", ints(13, 0, 1, 0, 2))
        .add("ints", dim(1), "x", ints(14, -9, 9, 2, 4), "index", ints(15, 0, 4, 2, 3))
        .add("bools", dim(0), "x", flags(1, 0, 1), "index", longs(2, 1, 1, 0))
        .add("special", dim(0), "x", floats(NAN, INF, -0.0, 1), "index", longs(0, 1, 2, 0))
        .add("float64", dim(0), "x", normal(16, 3, 2).wide(), "index", ints(17, 0, 3, 2, 2));
  }

  private static void scatter(Suite s) {
    Value distinct = longs(0, 3, 1, 4, 2, 0).as(3, 2);
    Suite.Op op = s.op("scatter", "torch.scatter(x, {dim}, index, src)");
    op.add("last", dim(-1), "x", normal(1, 3, 5), "index", distinct, "src", normal(2, 3, 2))
        .add(
            "first",
            dim(0),
            "x",
            normal(3, 5, 2),
            "index",
            longs(4, 0, 2, 3).as(2, 2),
            "src",
            normal(4, 2, 2))
        .add(
            "wider_src",
            dim(1),
            "x",
            normal(5, 3, 5),
            "index",
            distinct,
            "src",
            normal(6, 4, 3).fixed())
        .add(
            "middle",
            dim(1),
            "x",
            normal(7, 2, 4, 3),
            "index",
            longs(3, 1, 0, 2, 0, 3).as(1, 2, 3),
            "src",
            normal(8, 1, 2, 3))
        .add("vector", dim(0), "x", normal(9, 5), "index", longs(4, 0), "src", normal(10, 2))
        .add(
            "empty_index",
            dim(1),
            "x",
            normal(11, 3, 4),
            "index",
            ints(12, 0, 1, 3, 0),
            "src",
            normal(13, 3, 0))
        .add("ints", dim(0), "x", ints(14, 0, 9, 4), "index", longs(3, 1), "src", longs(-1, -2))
        .add(
            "float64",
            dim(0),
            "x",
            normal(15, 4).wide(),
            "index",
            longs(3, 1),
            "src",
            normal(16, 2).wide())
        .add(
            "value",
            "torch.scatter(x, {dim}, index, {value})",
            Attrs.of("dim", 1, "value", 2.5),
            "x",
            normal(17, 3, 5),
            "index",
            distinct)
        .add(
            "reduce_add",
            "torch.scatter(x, {dim}, index, src, reduce='add')",
            Attrs.of("dim", 1, "reduce", "add"),
            "x",
            normal(18, 3, 5).fixed(),
            "index",
            ints(19, 0, 5, 3, 4),
            "src",
            normal(20, 3, 4).fixed());
    s.op("scatter_add", "torch.scatter_add(x, {dim}, index, src)")
        .add(
            "last",
            dim(-1),
            "x",
            normal(1, 3, 5),
            "index",
            ints(2, 0, 5, 3, 7),
            "src",
            normal(3, 3, 7))
        .add(
            "first",
            dim(0),
            "x",
            normal(4, 3, 4),
            "index",
            ints(5, 0, 3, 6, 4),
            "src",
            normal(6, 6, 4))
        .add(
            "middle",
            dim(1),
            "x",
            normal(7, 2, 4, 3),
            "index",
            ints(8, 0, 4, 2, 6, 2),
            "src",
            normal(9, 2, 7, 3).fixed())
        .add(
            "all_same",
            dim(0),
            "x",
            normal(10, 2),
            "index",
            ints(11, 1, 2, 1025),
            "src",
            normal(12, 1025))
        .add("vector", dim(0), "x", normal(13, 5), "index", longs(4, 4, 0), "src", normal(14, 3))
        .add("rank0", dim(0), "x", scalar(1), "index", longs(0).as(), "src", scalar(2))
        .add(
            "empty_index",
            dim(1),
            "x",
            normal(15, 3, 4),
            "index",
            ints(16, 0, 1, 3, 0),
            "src",
            normal(17, 3, 0))
        .add(
            "ints",
            dim(0),
            "x",
            ints(18, 0, 9, 4),
            "index",
            longs(3, 1, 3),
            "src",
            longs(-1, -2, 7))
        .add(
            "special",
            dim(0),
            "x",
            floats(1, 2, 3),
            "index",
            longs(0, 0, 2),
            "src",
            floats(INF, -INF, NAN))
        .add(
            "float64",
            dim(0),
            "x",
            normal(19, 4).wide(),
            "index",
            longs(3, 3),
            "src",
            normal(20, 2).wide());
  }

  private static void select(Suite s) {
    s.op("index_select", "torch.index_select(x, {dim}, index)")
        .add("first", dim(0), "x", normal(1, 4, 3), "index", longs(3, 0, 3, 1, 3))
        .add("last", dim(-1), "x", normal(2, 4, 3), "index", longs(2, 2))
        .add("middle", dim(1), "x", normal(3, 2, 5, 3), "index", longs(4, 0, 4))
        .add("negative", dim(-3), "x", normal(4, 3, 2, 2), "index", longs(2, 1))
        .add("vector", dim(0), "x", normal(5, 5), "index", longs(4))
        .add("rank0", dim(0), "x", scalar(1.5), "index", longs(0))
        .add("scalar_index", dim(0), "x", normal(6, 5, 2), "index", longs(3).as())
        .add("none", dim(1), "x", normal(7, 3, 4), "index", longs())
        .add("empty_rows", dim(1), "x", normal(8, 0, 4), "index", longs(1, 1))
        .add("ints", dim(0), "x", ints(9, -9, 9, 4, 2), "index", longs(3, 0))
        .add("bools", dim(0), "x", bools(10, 4), "index", longs(3, 0))
        .add("many", dim(0), "x", normal(11, 3, 2), "index", ints(12, 0, 3, 300))
        .add("float64", dim(0), "x", normal(13, 3, 2).wide(), "index", longs(2, 2));
  }

  private static void indexAdd(Suite s) {
    s.op("index_add", "torch.index_add(x, {dim}, index, src, alpha={alpha:1})")
        .add("first", dim(0), "x", normal(1, 4, 3), "index", longs(3, 0, 3), "src", normal(2, 3, 3))
        .add("last", dim(-1), "x", normal(3, 4, 3), "index", longs(2, 2), "src", normal(4, 4, 2))
        .add(
            "middle",
            dim(1),
            "x",
            normal(5, 2, 5, 3),
            "index",
            longs(4, 0, 4),
            "src",
            normal(6, 2, 3, 3))
        .add(
            "alpha",
            Attrs.of("dim", 0, "alpha", -2.5),
            "x",
            normal(7, 4, 3),
            "index",
            longs(1, 1),
            "src",
            normal(8, 2, 3))
        .add(
            "alpha_zero",
            Attrs.of("dim", 0, "alpha", 0),
            "x",
            normal(9, 4),
            "index",
            longs(1, 1),
            "src",
            normal(10, 2))
        .add("vector", dim(0), "x", normal(11, 5), "index", longs(4), "src", normal(12, 1))
        .add("rank0", dim(0), "x", scalar(1), "index", longs(0), "src", scalar(2))
        .add("none", dim(0), "x", normal(13, 3, 4), "index", longs(), "src", normal(14, 0, 4))
        .add("ints", dim(0), "x", ints(15, 0, 9, 4), "index", longs(3, 3), "src", longs(1, -2))
        .add(
            "float64",
            dim(0),
            "x",
            normal(16, 4).wide(),
            "index",
            longs(3, 3),
            "src",
            normal(17, 2).wide());
  }

  private static void fill(Suite s) {
    s.op("masked_fill", "torch.masked_fill(x, mask, {value})")
        .add("odd", Attrs.of("value", 1.5), "x", normal(1, 3, 5, 3), "mask", bools(2, 3, 5, 3))
        .add("row", Attrs.of("value", -2), "x", normal(3, 3, 5), "mask", bools(4, 5))
        .add("column", Attrs.of("value", 0.0), "x", normal(5, 3, 5), "mask", bools(6, 3, 1))
        .add("wider_mask", Attrs.of("value", 1.0), "x", normal(7, 5), "mask", bools(8, 3, 5))
        .add("scalar_mask", Attrs.of("value", 1.0), "x", normal(9, 5), "mask", flags(1).as())
        .add("rank0", Attrs.of("value", 1.0), "x", scalar(3), "mask", flags(0).as())
        .add("infinite", Attrs.of("value", -INF), "x", normal(10, 3, 4), "mask", bools(11, 3, 4))
        .add("nan", Attrs.of("value", NAN), "x", floats(1, NAN, 2, NAN), "mask", flags(1, 1, 0, 0))
        .add("empty", Attrs.of("value", 1.0), "x", normal(12, 0, 3), "mask", bools(13, 3))
        .add("ints", Attrs.of("value", -7), "x", ints(14, 0, 9, 6), "mask", bools(15, 6))
        .add("float64", Attrs.of("value", 0.1), "x", normal(16, 4).wide(), "mask", bools(17, 4));
    Suite.Op tensor = s.op("masked_fill", "");
    tensor.add(
        "tensor",
        "torch.masked_fill(x, mask, value)",
        Attrs.of(),
        "x",
        normal(18, 3, 4),
        "mask",
        bools(19, 3, 4),
        "value",
        scalar(0.5));
  }

  private static void embedding(Suite s) {
    s.op(
            "embedding",
            "torch.embedding(weight, indices, {padding_idx:-1}, {scale_grad_by_freq:False})")
        .add("vector", "weight", normal(1, 5, 3), "indices", longs(4, 0, 4, 1))
        .add("matrix", "weight", normal(2, 5, 3), "indices", ints(3, 0, 5, 2, 6))
        .add("cube", "weight", normal(4, 5, 2), "indices", ints(5, 0, 5, 2, 3, 2))
        .add("rank0", "weight", normal(6, 5, 3), "indices", longs(2).as())
        .add(
            "padding",
            Attrs.of("padding_idx", 0),
            "weight",
            normal(7, 5, 3),
            "indices",
            longs(0, 1, 0, 4))
        .add(
            "padding_middle",
            Attrs.of("padding_idx", 2),
            "weight",
            normal(8, 5, 3),
            "indices",
            longs(2, 2, 1, 0, 2, 4).as(2, 3))
        .add(
            "padding_negative",
            "torch.embedding(weight, indices, 4)",
            Attrs.of("padding_idx", -1),
            "weight",
            normal(9, 5, 3),
            "indices",
            longs(4, 1, 4, 0))
        .add(
            "by_frequency",
            Attrs.of("scale_grad_by_freq", true),
            "weight",
            normal(10, 4, 3),
            "indices",
            longs(3, 1, 3, 3, 0).as(1, 5))
        .add("none", "weight", normal(11, 5, 3), "indices", longs())
        .add("one_wide", "weight", normal(12, 4, 1), "indices", longs(3, 3))
        .add("many", "weight", normal(13, 3, 2), "indices", ints(14, 0, 3, 300))
        .add("float64", "weight", normal(15, 4, 2).wide(), "indices", longs(3, 3));
  }
}
