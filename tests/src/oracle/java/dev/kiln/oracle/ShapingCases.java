package dev.kiln.oracle;

import static dev.kiln.oracle.Draw.bools;
import static dev.kiln.oracle.Draw.floats;
import static dev.kiln.oracle.Draw.ints;
import static dev.kiln.oracle.Draw.longs;
import static dev.kiln.oracle.Draw.normal;
import static dev.kiln.oracle.Draw.scalar;

/** Ops that move elements without computing. */
final class ShapingCases {
  private static final double NAN = Double.NaN;
  private static final double INF = Double.POSITIVE_INFINITY;

  private ShapingCases() {}

  private static int[] list(int... values) {
    return values;
  }

  static void addTo(Suite s) {
    slices(s);
    joins(s);
    splits(s);
    turns(s);
    repeats(s);
    triangles(s);
    pads(s);
    oneHot(s);
    shuffle(s);
  }

  private static void slices(Suite s) {
    s.op("slice", "torch.slice(x, {dim:0}, {start:None}, {end:None}, {step:1})")
        .add("first", Attrs.of("dim", 0, "start", 1, "end", 3), "x", normal(1, 5, 3))
        .add("step", Attrs.of("dim", 1, "start", 0, "end", 7, "step", 2), "x", normal(2, 2, 7))
        .add(
            "step_uneven",
            Attrs.of("dim", 1, "start", 1, "end", 9, "step", 4),
            "x",
            normal(3, 2, 9, 2))
        .add("open_end", Attrs.of("dim", 1, "start", 2), "x", normal(4, 2, 5))
        .add("open_start", Attrs.of("dim", -1, "end", 2), "x", normal(5, 2, 5))
        .add("open", Attrs.of("dim", 1), "x", normal(6, 2, 5))
        .add("negative", Attrs.of("dim", 1, "start", -3, "end", -1), "x", normal(7, 2, 5))
        .add("beyond", Attrs.of("dim", 0, "start", 2, "end", 100), "x", normal(8, 5, 2))
        .add("far_negative", Attrs.of("dim", 0, "start", -100, "end", 2), "x", normal(9, 5, 2))
        .add("nothing", Attrs.of("dim", 0, "start", 3, "end", 2), "x", normal(10, 5, 2))
        .add("past", Attrs.of("dim", 0, "start", 9, "end", 12), "x", normal(11, 5, 2))
        .add(
            "long_step",
            Attrs.of("dim", 0, "start", 1, "end", 5, "step", 10),
            "x",
            normal(12, 5, 2))
        .add("ints", Attrs.of("dim", 0, "start", 1, "step", 2), "x", ints(13, -9, 9, 6))
        .add("bools", Attrs.of("dim", 0, "start", 1), "x", bools(14, 6))
        .add("float64", Attrs.of("dim", 0, "start", 1), "x", normal(15, 3, 2).wide());
    s.op("narrow", "torch.narrow(x, {dim}, {start}, {length})")
        .add("first", Attrs.of("dim", 0, "start", 1, "length", 2), "x", normal(1, 5, 3))
        .add("last", Attrs.of("dim", -1, "start", 0, "length", 2), "x", normal(2, 2, 5))
        .add("middle", Attrs.of("dim", 1, "start", 2, "length", 3), "x", normal(3, 2, 5, 3))
        .add("whole", Attrs.of("dim", 0, "start", 0, "length", 3), "x", normal(4, 3, 2))
        .add("nothing", Attrs.of("dim", 0, "start", 2, "length", 0), "x", normal(5, 3, 2))
        .add("at_end", Attrs.of("dim", 0, "start", 3, "length", 0), "x", normal(6, 3, 2))
        .add("negative_start", Attrs.of("dim", 0, "start", -2, "length", 1), "x", normal(7, 3, 2))
        .add("ints", Attrs.of("dim", 0, "start", 1, "length", 3), "x", ints(8, -9, 9, 6))
        .add("float64", Attrs.of("dim", 0, "start", 1, "length", 1), "x", normal(9, 3, 2).wide());
  }

  private static void joins(Suite s) {
    String three = "torch.cat([a, b, c], {dim:0})";
    String two = "torch.cat([a, b], {dim:0})";
    s.op("cat", three)
        .add(
            "first",
            Attrs.of("dim", 0),
            "a",
            normal(1, 2, 3),
            "b",
            normal(2, 1, 3),
            "c",
            normal(3, 4, 3))
        .add(
            "last",
            Attrs.of("dim", -1),
            "a",
            normal(4, 2, 3),
            "b",
            normal(5, 2, 1),
            "c",
            normal(6, 2, 5))
        .add(
            "middle",
            Attrs.of("dim", 1),
            "a",
            normal(7, 2, 1, 3),
            "b",
            normal(8, 2, 2, 3),
            "c",
            normal(9, 2, 3, 3))
        .add("default", "a", normal(10, 2), "b", normal(11, 3), "c", normal(12, 1))
        .add("two", two, Attrs.of("dim", 0), "a", normal(13, 2), "b", normal(14, 3))
        .add("one", "torch.cat([a], {dim})", Attrs.of("dim", 1), "a", normal(15, 2, 3))
        .add(
            "an_empty",
            Attrs.of("dim", 0),
            "a",
            normal(16, 2, 3),
            "b",
            normal(17, 0, 3),
            "c",
            normal(18, 1, 3))
        .add(
            "legacy_empty",
            Attrs.of("dim", 1),
            "a",
            normal(19, 2, 3),
            "b",
            normal(20, 0),
            "c",
            normal(21, 2, 1))
        .add("all_empty", two, Attrs.of("dim", 1), "a", normal(22, 0, 3), "b", normal(23, 0, 2))
        .add("ints", two, Attrs.of("dim", 0), "a", ints(24, 0, 9, 3), "b", ints(25, 0, 9, 2))
        .add("mixed", two, Attrs.of("dim", 0), "a", longs(1, 2), "b", floats(0.5, 1.5))
        .add("bools", two, Attrs.of("dim", 0), "a", bools(26, 3), "b", bools(27, 2))
        .add("mixed_width", two, Attrs.of("dim", 0), "a", normal(28, 3).wide(), "b", normal(29, 2))
        .add(
            "float64",
            two,
            Attrs.of("dim", 0),
            "a",
            normal(30, 3).wide(),
            "b",
            normal(31, 2).wide());
    s.op("stack", "torch.stack([a, b], {dim:0})")
        .add("first", Attrs.of("dim", 0), "a", normal(1, 2, 3), "b", normal(2, 2, 3))
        .add("middle", Attrs.of("dim", 1), "a", normal(3, 2, 3), "b", normal(4, 2, 3))
        .add("last", Attrs.of("dim", 2), "a", normal(5, 2, 3), "b", normal(6, 2, 3))
        .add("negative", Attrs.of("dim", -1), "a", normal(7, 2, 3), "b", normal(8, 2, 3))
        .add("negative_first", Attrs.of("dim", -3), "a", normal(9, 2, 3), "b", normal(10, 2, 3))
        .add("rank0", Attrs.of("dim", 0), "a", scalar(1), "b", scalar(2))
        .add("empty", Attrs.of("dim", 1), "a", normal(11, 0, 2), "b", normal(12, 0, 2))
        .add(
            "three",
            "torch.stack([a, b, c], {dim})",
            Attrs.of("dim", 1),
            "a",
            normal(13, 2),
            "b",
            normal(14, 2),
            "c",
            normal(15, 2))
        .add("one", "torch.stack([a], {dim})", Attrs.of("dim", 0), "a", normal(16, 2))
        .add("ints", Attrs.of("dim", 0), "a", ints(17, 0, 9, 3), "b", ints(18, 0, 9, 3))
        .add("mixed", Attrs.of("dim", 0), "a", longs(1, 2), "b", floats(0.5, 1.5))
        .add("float64", Attrs.of("dim", 0), "a", normal(19, 3).wide(), "b", normal(20, 3).wide());
  }

  private static void splits(Suite s) {
    String even = "torch.split(x, {sizes}, {dim:0})";
    s.op("split", "torch.split_with_sizes(x, {sizes}, {dim:0})")
        .add("first", Attrs.of("sizes", list(1, 3, 2), "dim", 0), "x", normal(1, 6, 2))
        .add("last", Attrs.of("sizes", list(2, 3), "dim", -1), "x", normal(2, 2, 5))
        .add("middle", Attrs.of("sizes", list(1, 1, 3), "dim", 1), "x", normal(3, 2, 5, 2))
        .add("a_zero", Attrs.of("sizes", list(2, 0, 1), "dim", 0), "x", normal(4, 3, 2))
        .add("one_list", Attrs.of("sizes", list(3), "dim", 0), "x", normal(5, 3, 2))
        .add("default", Attrs.of("sizes", list(1, 2)), "x", normal(6, 3, 2))
        .add("even", even, Attrs.of("sizes", 2, "dim", 0), "x", normal(7, 6, 2))
        .add("rest", even, Attrs.of("sizes", 3, "dim", 1), "x", normal(8, 2, 7))
        .add("too_long", even, Attrs.of("sizes", 10, "dim", 1), "x", normal(9, 2, 7))
        .add("ints", Attrs.of("sizes", list(1, 2), "dim", 0), "x", ints(10, 0, 9, 3))
        .add("float64", Attrs.of("sizes", list(1, 2), "dim", 0), "x", normal(11, 3, 2).wide());
  }

  private static void turns(Suite s) {
    s.op("permute", "torch.permute(x, {dims})")
        .add("cycle", Attrs.of("dims", list(2, 0, 1)), "x", normal(1, 2, 3, 4))
        .add("same", Attrs.of("dims", list(0, 1)), "x", normal(2, 2, 3))
        .add("negative", Attrs.of("dims", list(-1, 0, -2)), "x", normal(3, 2, 3, 4))
        .add("six", Attrs.of("dims", list(5, 0, 3, 1, 4, 2)), "x", normal(4, 2, 1, 3, 2, 1, 2))
        .add("vector", Attrs.of("dims", list(0)), "x", normal(5, 4))
        .add("rank0", Attrs.of("dims", list()), "x", scalar(2))
        .add("empty", Attrs.of("dims", list(1, 0)), "x", normal(6, 0, 3))
        .add("ints", Attrs.of("dims", list(1, 0)), "x", ints(7, 0, 9, 2, 3))
        .add("float64", Attrs.of("dims", list(1, 0)), "x", normal(8, 2, 3).wide());
    s.op("flip", "torch.flip(x, {dims})")
        .add("first", Attrs.of("dims", list(0)), "x", normal(1, 3, 2))
        .add("both", Attrs.of("dims", list(0, 1)), "x", normal(2, 3, 5))
        .add("negative", Attrs.of("dims", list(-1, 0)), "x", normal(3, 2, 3, 4))
        .add("none", Attrs.of("dims", list()), "x", normal(4, 2, 3))
        .add("one", Attrs.of("dims", list(1)), "x", normal(5, 3, 1))
        .add("empty", Attrs.of("dims", list(0)), "x", normal(6, 0, 3))
        .add("ints", Attrs.of("dims", list(0)), "x", ints(7, 0, 9, 5))
        .add("bools", Attrs.of("dims", list(0)), "x", bools(8, 5))
        .add("float64", Attrs.of("dims", list(1)), "x", normal(9, 2, 3).wide());
    s.op("roll", "torch.roll(x, {shifts}, {dims:[]})")
        .add("first", Attrs.of("shifts", list(1), "dims", list(0)), "x", normal(1, 4, 2))
        .add("negative", Attrs.of("shifts", list(-2), "dims", list(1)), "x", normal(2, 2, 5))
        .add("two", Attrs.of("shifts", list(1, -1), "dims", list(0, 1)), "x", normal(3, 3, 4))
        .add("around", Attrs.of("shifts", list(9), "dims", list(-1)), "x", normal(4, 2, 4))
        .add("twice", Attrs.of("shifts", list(1, 2), "dims", list(0, 0)), "x", normal(5, 5, 2))
        .add("flat", Attrs.of("shifts", list(2)), "x", normal(6, 3, 4))
        .add("whole_numbers", Attrs.of("shifts", 1, "dims", 0), "x", normal(7, 3, 4))
        .add("still", Attrs.of("shifts", list(0), "dims", list(0)), "x", normal(8, 3))
        .add("empty", Attrs.of("shifts", list(1), "dims", list(0)), "x", normal(9, 0, 3))
        .add("ints", Attrs.of("shifts", list(2), "dims", list(0)), "x", ints(10, 0, 9, 5))
        .add("float64", Attrs.of("shifts", list(1), "dims", list(0)), "x", normal(11, 3).wide());
  }

  private static void repeats(Suite s) {
    s.op("expand", "x.expand({shape})")
        .add("row", Attrs.of("shape", list(3, 4)), "x", normal(1, 1, 4))
        .add("lead", Attrs.of("shape", list(2, 3, 4)), "x", normal(2, 3, 1))
        .add("keep", Attrs.of("shape", list(2, -1, 4)), "x", normal(3, 3, 1))
        .add("rank0", Attrs.of("shape", list(2, 3)), "x", scalar(2))
        .add("same", Attrs.of("shape", list(2, 3)), "x", normal(4, 2, 3))
        .add("to_empty", Attrs.of("shape", list(0, 3)), "x", normal(5, 1, 3))
        .add("empty", Attrs.of("shape", list(2, 0)), "x", normal(6, 0))
        .add("ints", Attrs.of("shape", list(2, 3)), "x", ints(7, 0, 9, 3))
        .add("bools", Attrs.of("shape", list(2, 3)), "x", bools(8, 3))
        .add("float64", Attrs.of("shape", list(2, 3)), "x", normal(9, 2, 1).wide());
    s.op("repeat", "x.repeat({repeats})")
        .add("both", Attrs.of("repeats", list(2, 3)), "x", normal(1, 2, 3))
        .add("lead", Attrs.of("repeats", list(2, 1, 2)), "x", normal(2, 2, 3))
        .add("once", Attrs.of("repeats", list(1, 1)), "x", normal(3, 2, 3))
        .add("never", Attrs.of("repeats", list(0, 2)), "x", normal(4, 2, 3))
        .add("rank0", Attrs.of("repeats", list(3)), "x", scalar(2))
        .add("rank0_none", Attrs.of("repeats", list()), "x", scalar(2))
        .add("empty", Attrs.of("repeats", list(2)), "x", normal(5, 0))
        .add("ints", Attrs.of("repeats", list(2)), "x", ints(6, 0, 9, 3))
        .add("float64", Attrs.of("repeats", list(1, 2)), "x", normal(7, 2, 1).wide());
  }

  private static void triangles(Suite s) {
    for (String name : new String[] {"tril", "triu"}) {
      s.op(name, "torch." + name + "(x, {diagonal:0})")
          .add("square", "x", normal(1, 4, 4))
          .add("wide", Attrs.of("diagonal", 1), "x", normal(2, 3, 5))
          .add("tall", Attrs.of("diagonal", -1), "x", normal(3, 5, 3))
          .add("far", Attrs.of("diagonal", 7), "x", normal(4, 3, 4))
          .add("far_negative", Attrs.of("diagonal", -7), "x", normal(5, 3, 4))
          .add("batch", Attrs.of("diagonal", 2), "x", normal(6, 2, 2, 3, 4))
          .add("one", "x", normal(7, 1, 1))
          .add("empty", "x", normal(8, 0, 3))
          .add("special", "x", floats(NAN, NAN, INF, -INF).as(2, 2))
          .add("ints", "x", ints(9, 1, 9, 3, 3))
          .add("bools", "x", bools(10, 3, 3))
          .add("float64", "x", normal(11, 2, 3).wide());
    }
  }

  private static void pads(Suite s) {
    Suite.Op op = s.op("pad", "torch.pad(x, {pad}, {mode:'constant'}, {value:None})");
    op.add("one_axis", Attrs.of("pad", list(1, 2)), "x", normal(1, 2, 3))
        .add("two_axes", Attrs.of("pad", list(1, 0, 2, 1), "value", -1.5), "x", normal(2, 2, 3, 2))
        .add(
            "three_axes",
            Attrs.of("pad", list(0, 1, 1, 0, 2, 0), "mode", "constant", "value", 0.5),
            "x",
            normal(3, 2, 1, 2, 2))
        .add("vector", Attrs.of("pad", list(2, 1)), "x", normal(4, 3))
        .add("cut", Attrs.of("pad", list(-1, -1)), "x", normal(5, 2, 5))
        .add("cut_and_add", Attrs.of("pad", list(-1, 2, 1, -1), "value", 3.0), "x", normal(6, 3, 4))
        .add("cut_all", Attrs.of("pad", list(-2, -1)), "x", normal(7, 2, 3))
        .add("nothing", Attrs.of("pad", list(0, 0)), "x", normal(8, 2, 3))
        .add("empty", Attrs.of("pad", list(1, 1)), "x", normal(9, 2, 0))
        .add("infinite", Attrs.of("pad", list(1, 1), "value", -INF), "x", normal(10, 2, 2))
        .add("ints", Attrs.of("pad", list(1, 1), "value", 7.0), "x", ints(11, 0, 9, 3))
        .add("bools", Attrs.of("pad", list(1, 1)), "x", bools(12, 3))
        .add("float64", Attrs.of("pad", list(1, 0)), "x", normal(13, 2, 2).wide());
    for (String mode : new String[] {"reflect", "replicate", "circular"}) {
      op.add(mode + "_1d", Attrs.of("mode", mode, "pad", list(2, 1)), "x", normal(14, 2, 2, 4))
          .add(
              mode + "_1d_unbatched",
              Attrs.of("mode", mode, "pad", list(1, 3)),
              "x",
              normal(15, 2, 5))
          .add(
              mode + "_2d",
              Attrs.of("mode", mode, "pad", list(2, 1, 1, 2)),
              "x",
              normal(16, 1, 2, 4, 3))
          .add(
              mode + "_2d_unbatched",
              Attrs.of("mode", mode, "pad", list(0, 1, 2, 0)),
              "x",
              normal(17, 2, 3, 3))
          .add(
              mode + "_3d",
              Attrs.of("mode", mode, "pad", list(1, 0, 1, 1, 0, 1)),
              "x",
              normal(18, 1, 2, 2, 3, 2))
          .add(mode + "_cut", Attrs.of("mode", mode, "pad", list(-1, 2)), "x", normal(19, 1, 2, 5))
          .add(mode + "_full", Attrs.of("mode", mode, "pad", list(3, 3)), "x", normal(20, 1, 1, 4))
          .add(
              mode + "_no_images",
              Attrs.of("mode", mode, "pad", list(1, 1)),
              "x",
              normal(21, 0, 2, 3))
          .add(
              mode + "_float64",
              Attrs.of("mode", mode, "pad", list(1, 1)),
              "x",
              normal(22, 1, 1, 3).wide());
    }
    op.add(
        "replicate_far",
        Attrs.of("mode", "replicate", "pad", list(5, 7)),
        "x",
        normal(23, 1, 1, 2));
  }

  private static void oneHot(Suite s) {
    s.op("one_hot", "torch.one_hot(x, {classes:-1})")
        .add("vector", Attrs.of("classes", 4), "x", longs(3, 0, 0, 2))
        .add("matrix", Attrs.of("classes", 3), "x", ints(1, 0, 3, 2, 3))
        .add("inferred", "x", longs(1, 4, 0))
        .add("inferred_minus", Attrs.of("classes", -1), "x", longs(1, 4, 0))
        .add("rank0", Attrs.of("classes", 3), "x", longs(2).as())
        .add("one", Attrs.of("classes", 1), "x", longs(0, 0))
        .add("empty", Attrs.of("classes", 3), "x", longs())
        .add("more", Attrs.of("classes", 9), "x", longs(1, 2));
  }

  private static void shuffle(Suite s) {
    s.op("pixel_shuffle", "torch.pixel_shuffle(x, {factor})")
        .add("two", Attrs.of("factor", 2), "x", normal(1, 2, 8, 2, 3))
        .add("three", Attrs.of("factor", 3), "x", normal(2, 1, 9, 2, 1))
        .add("once", Attrs.of("factor", 1), "x", normal(3, 1, 2, 2, 3))
        .add("unbatched", Attrs.of("factor", 2), "x", normal(4, 4, 2, 3))
        .add("more_batches", Attrs.of("factor", 2), "x", normal(5, 2, 1, 4, 1, 2))
        .add("empty", Attrs.of("factor", 2), "x", normal(6, 0, 4, 2, 2).fixed())
        .add("ints", Attrs.of("factor", 2), "x", ints(7, 0, 9, 1, 4, 1, 2))
        .add("float64", Attrs.of("factor", 2), "x", normal(8, 1, 4, 1, 2).wide());
  }
}
