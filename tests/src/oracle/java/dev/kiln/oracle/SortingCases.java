package dev.kiln.oracle;

import static dev.kiln.oracle.Draw.bools;
import static dev.kiln.oracle.Draw.distinct;
import static dev.kiln.oracle.Draw.floats;
import static dev.kiln.oracle.Draw.ints;
import static dev.kiln.oracle.Draw.longs;
import static dev.kiln.oracle.Draw.normal;
import static dev.kiln.oracle.Draw.scalar;
import static dev.kiln.oracle.Draw.steps;

/** Sorting and picking the largest. */
final class SortingCases {
  private static final double NAN = Double.NaN;
  private static final double INF = Double.POSITIVE_INFINITY;

  private SortingCases() {}

  static void addTo(Suite s) {
    Value special = floats(1, NAN, -INF, 3, INF, NAN, -2, -0.5);
    s.op(
            "sort",
            new Script(
                "torch.sort(x, stable=True, dim={dim:-1}, descending={descending:False})",
                "values",
                "indices"))
        .add("last", "x", distinct(1, 3, 7))
        .add("first", Attrs.of("dim", 0), "x", distinct(2, 7, 3))
        .add("middle", Attrs.of("dim", 1), "x", distinct(3, 2, 5, 3))
        .add("negative", Attrs.of("dim", -2), "x", distinct(4, 2, 5, 3))
        .add("descending", Attrs.of("dim", 1, "descending", true), "x", distinct(5, 3, 7))
        .add("descending_first", Attrs.of("dim", 0, "descending", true), "x", distinct(6, 7, 3))
        .add("stable", Attrs.of("dim", 1, "stable", true), "x", steps(7, 0, 3, 3, 9))
        .add(
            "stable_descending",
            Attrs.of("dim", 1, "descending", true, "stable", true),
            "x",
            steps(8, 0, 3, 3, 9))
        .add("one", "x", distinct(9, 3, 1))
        .add("rank0", "x", scalar(1.5))
        .add("empty", "x", normal(10, 2, 0))
        .add("empty_rows", "x", normal(11, 0, 3))
        .add("long", "x", distinct(12, 1025))
        .add("special", "x", special)
        .add("special_descending", Attrs.of("descending", true), "x", special)
        .add("ints", Attrs.of("dim", 0), "x", longs(5, -3, 9, 0, 5, -3, 100000000000L))
        .add("ints_descending", Attrs.of("descending", true), "x", ints(13, -5, 6, 2, 9))
        .add("bools", "x", bools(14, 9))
        .add("float64", "x", distinct(15, 3, 4).wide());
    s.op(
            "topk",
            new Script(
                "torch.topk(x, {k}, {dim:-1}, {largest:True}, {sorted:True})", "values", "indices"))
        .add("last", Attrs.of("k", 3), "x", distinct(1, 3, 7))
        .add("first", Attrs.of("k", 2, "dim", 0), "x", distinct(2, 7, 3))
        .add("middle", Attrs.of("k", 4, "dim", 1), "x", distinct(3, 2, 5, 3))
        .add("smallest", Attrs.of("k", 3, "dim", -1, "largest", false), "x", distinct(4, 3, 7))
        .add("smallest_first", Attrs.of("k", 3, "dim", 0, "largest", false), "x", distinct(5, 7, 2))
        .add("sorted", Attrs.of("k", 3, "largest", true, "sorted", true), "x", distinct(6, 3, 7))
        .add("every", Attrs.of("k", 5, "dim", 1), "x", distinct(7, 2, 5))
        .add("one", Attrs.of("k", 1), "x", distinct(8, 4, 5))
        .add("none", Attrs.of("k", 0), "x", distinct(9, 4, 5))
        .add("rank0", Attrs.of("k", 1), "x", scalar(2.5))
        .add("empty_rows", Attrs.of("k", 2), "x", normal(10, 0, 3))
        .add("long", Attrs.of("k", 5), "x", distinct(11, 1025))
        .add("nan", Attrs.of("k", 3), "x", floats(1, NAN, -INF, 3, INF, -2))
        .add(
            "nan_smallest",
            Attrs.of("k", 6, "largest", false),
            "x",
            floats(1, NAN, -INF, 3, INF, -2))
        .add("ints", Attrs.of("k", 2), "x", longs(5, -3, 9, 0, 6, 4))
        .add("float64", Attrs.of("k", 2), "x", distinct(12, 3, 4).wide());
  }
}
