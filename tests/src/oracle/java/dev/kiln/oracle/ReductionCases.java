package dev.kiln.oracle;

import static dev.kiln.oracle.Draw.bools;
import static dev.kiln.oracle.Draw.distinct;
import static dev.kiln.oracle.Draw.flags;
import static dev.kiln.oracle.Draw.floats;
import static dev.kiln.oracle.Draw.ints;
import static dev.kiln.oracle.Draw.normal;
import static dev.kiln.oracle.Draw.scalar;
import static dev.kiln.oracle.Draw.steps;
import static dev.kiln.oracle.Draw.uniform;

import java.util.Map;
import org.bytedeco.pytorch.Tensor;

/** Reductions. */
final class ReductionCases {
  private static final double NAN = Double.NaN;
  private static final double INF = Double.POSITIVE_INFINITY;

  private ReductionCases() {}

  /** Two ways of calling libtorch: with the axis given, and without. */
  private static Program either(String with, String without, String... outputs) {
    Script a = new Script(with, outputs);
    Script b = new Script(without);
    return (Map<String, Tensor> in, Attrs at) -> (at.has("dim") ? a : b).run(in, at);
  }

  private static Attrs dim(Object dim) {
    return Attrs.of("dim", dim);
  }

  private static Attrs kept(Object dim) {
    return Attrs.of("dim", dim, "keepdim", true);
  }

  private static int[] axes(int... axes) {
    return axes;
  }

  static void addTo(Suite s) {
    overAxes(s.op("sum", either("torch.sum(x, {dim}, {keepdim:False})", "torch.sum(x)")))
        .add("ints", "x", ints(20, -5, 6, 3, 4))
        .add("ints_dim", dim(1), "x", ints(21, -5, 6, 3, 4))
        .add("bools", "x", bools(22, 3, 5))
        .add("bools_dim", dim(0), "x", bools(23, 3, 5))
        .add("ints_empty", dim(0), "x", ints(24, 0, 2, 0, 3));
    overAxes(s.op("mean", either("torch.mean(x, {dim}, {keepdim:False})", "torch.mean(x)")));
    spread(s, "var");
    spread(s, "std");
    extremes(s, "amax");
    extremes(s, "amin");
    alongAxis(
            s.op(
                "max",
                either(
                    "torch.max(x, {dim}, {keepdim:False})", "torch.max(x)", "values", "indices")))
        .add("all", "x", normal(30, 3, 4));
    alongAxis(s.op("argmax", "torch.argmax(x, {dim:None}, {keepdim:False})"))
        .add("all", "x", normal(30, 3, 4))
        .add("all_ties", "x", steps(31, 0, 3, 3, 4))
        .add("all_keepdim", Attrs.of("keepdim", true), "x", normal(32, 3, 4));
    logsumexp(s);
    overAxis(s.op("prod", either("torch.prod(x, {dim}, {keepdim:False})", "torch.prod(x)")));
    norms(s);
    running(s);
  }

  private static Suite.Op overAxes(Suite.Op op) {
    return op.add("all", "x", normal(1, 3, 5, 2))
        .add("first", dim(0), "x", normal(2, 5, 3))
        .add("last", dim(-1), "x", normal(3, 3, 37))
        .add("middle", dim(1), "x", normal(4, 2, 5, 3))
        .add("list", dim(axes(1)), "x", normal(5, 2, 5, 3))
        .add("two", dim(axes(0, 2)), "x", normal(6, 2, 5, 3))
        .add("two_negative", dim(axes(-1, 0)), "x", normal(7, 2, 5, 3))
        .add("every", dim(axes(0, 1, 2)), "x", normal(8, 2, 5, 3))
        .add("keepdim", kept(1), "x", normal(9, 2, 5, 3))
        .add("two_keepdim", kept(axes(0, -1)), "x", normal(10, 2, 5, 3))
        .add("four", dim(axes(0, 2, 3)), "x", normal(11, 2, 3, 4, 5))
        .add("one", dim(1), "x", normal(12, 3, 1))
        .add("rank0", "x", scalar(1.5))
        .add("rank0_dim", dim(0), "x", scalar(1.5))
        .add("empty", "x", normal(13, 0))
        .add("empty_axis", dim(1), "x", normal(14, 2, 0, 3))
        .add("empty_rows", dim(1), "x", normal(15, 0, 4))
        .add("long", "x", normal(16, 1025))
        .add(
            "special", dim(1), "x", floats(NAN, 1, 2, INF, 1, 2, INF, -INF, 2, -INF, 0, 0).as(4, 3))
        .add("float64", dim(0), "x", normal(17, 3, 2).wide());
  }

  private static Suite.Op overAxis(Suite.Op op) {
    return op.add("all", "x", uniform(1, 0.5, 1.5, 3, 5, 2))
        .add("first", dim(0), "x", normal(2, 5, 3))
        .add("last", dim(-1), "x", normal(3, 3, 7))
        .add("middle", dim(1), "x", normal(4, 2, 5, 3))
        .add("keepdim", kept(1), "x", normal(9, 2, 5, 3))
        .add("one", dim(1), "x", normal(12, 3, 1))
        .add("rank0", "x", scalar(1.5))
        .add("rank0_dim", dim(0), "x", scalar(1.5))
        .add("empty", "x", normal(13, 0))
        .add("empty_axis", dim(1), "x", normal(14, 2, 0, 3))
        .add("empty_rows", dim(1), "x", normal(15, 0, 4))
        .add("a_zero", dim(1), "x", floats(2, 0, 3, 1, 2, 4).as(2, 3))
        .add("two_zeros", dim(1), "x", floats(2, 0, 0, 0, 2, 4, 0, 0, 0).as(3, 3))
        .add("all_zero", "x", floats(2, 0, 3, 5))
        .add("all_zeros", "x", floats(2, 0, 3, 0))
        .add("special", dim(1), "x", floats(NAN, 1, 2, INF, 1, 2, INF, -1, 2).as(3, 3))
        .add("ints", "x", ints(20, 1, 4, 3, 2))
        .add("ints_dim", dim(0), "x", ints(21, -3, 4, 3, 2))
        .add("bools", dim(1), "x", flags(1, 1, 1, 0).as(2, 2))
        .add("float64", dim(0), "x", normal(17, 3, 2).wide());
  }

  private static void spread(Suite s, String name) {
    Script corrected =
        new Script(
            "torch." + name + "(x, {dim:None}, correction={correction}, keepdim={keepdim:False})");
    Script biased = new Script("torch." + name + "(x, {dim}, {unbiased:True}, {keepdim:False})");
    Script all = new Script("torch." + name + "(x, {unbiased:True})");
    Suite.Op op =
        s.op(
            name,
            (in, at) ->
                (at.has("correction") ? corrected : at.has("dim") ? biased : all).run(in, at));
    op.add("all", "x", normal(1, 3, 5, 2))
        .add("all_biased", Attrs.of("unbiased", false), "x", normal(2, 3, 5, 2))
        .add("first", dim(0), "x", normal(3, 5, 3))
        .add("biased", Attrs.of("dim", 1, "unbiased", false), "x", normal(4, 3, 6))
        .add("two", Attrs.of("dim", axes(0, -1), "unbiased", true), "x", normal(5, 2, 5, 3))
        .add(
            "keepdim",
            Attrs.of("dim", axes(1), "unbiased", false, "keepdim", true),
            "x",
            normal(6, 2, 5, 3))
        .add("correction0", Attrs.of("dim", 1, "correction", 0), "x", normal(7, 3, 6))
        .add("correction1", Attrs.of("dim", 1, "correction", 1), "x", normal(8, 3, 6))
        .add("correction2", Attrs.of("dim", 1, "correction", 2), "x", normal(9, 3, 6))
        .add("correction_all", Attrs.of("correction", 3), "x", normal(10, 3, 6))
        .add("offset", dim(1), "x", normal(11, 2, 9).map(v -> v + 1000))
        .add("constant_biased", Attrs.of("dim", 0, "unbiased", false), "x", floats(2).fixed())
        .add("one", dim(1), "x", normal(12, 3, 1).fixed())
        .add("rank0", "x", scalar(1.5).fixed())
        .add("rank0_biased", Attrs.of("unbiased", false), "x", scalar(1.5).fixed())
        .add("empty", "x", normal(13, 0).fixed())
        .add("empty_axis", dim(1), "x", normal(14, 2, 0).fixed())
        .add("empty_rows", dim(1), "x", normal(15, 0, 4))
        .add("long", "x", normal(16, 1025))
        .add("special", dim(1), "x", floats(NAN, 1, 2, INF, 1, 2, 3, 4, 5).as(3, 3).fixed())
        .add("float64", dim(0), "x", normal(17, 4, 2).wide());
    if (name.equals("std")) {
      op.add("constant", dim(1), "x", floats(2, 2, 2, 1, 2, 3).as(2, 3).fixed());
      op.add("constant_gradient", dim(1), "x", floats(2, 2, 2, 2, 1, 2, 3, 4).as(2, 4));
    }
  }

  private static void extremes(Suite s, String name) {
    s.op(name, either("torch." + name + "(x, {dim}, {keepdim:False})", "torch." + name + "(x)"))
        .add("all", "x", normal(1, 3, 5, 2))
        .add("first", dim(0), "x", normal(2, 5, 3))
        .add("last", dim(-1), "x", normal(3, 3, 37))
        .add("two", dim(axes(0, 2)), "x", distinct(4, 2, 5, 3))
        .add("keepdim", kept(axes(1)), "x", normal(5, 2, 5, 3))
        .add("two_keepdim", kept(axes(0, -1)), "x", distinct(6, 2, 5, 3))
        .add("one", dim(1), "x", normal(7, 3, 1))
        .add("rank0", "x", scalar(1.5))
        .add("rank0_dim", dim(0), "x", scalar(1.5))
        .add("empty_rows", dim(1), "x", normal(8, 0, 4))
        .add("ties", dim(1), "x", steps(9, 0, 3, 4, 5))
        .add("ties_all", "x", steps(10, 0, 3, 4, 5))
        .add("special", dim(1), "x", floats(NAN, 1, 2, INF, 1, 2, -INF, 1, 2).as(3, 3).fixed())
        .add("infinite", dim(1), "x", floats(INF, 1, 2, -INF, 1, 2, INF, INF, 2).as(3, 3))
        .add("ints", dim(0), "x", ints(11, -9, 9, 4, 3))
        .add("bools", dim(0), "x", flags(0, 1, 0, 0, 1, 1).as(2, 3))
        .add("long", "x", normal(12, 1025))
        .add("float64", dim(0), "x", normal(13, 3, 2).wide());
  }

  private static Suite.Op alongAxis(Suite.Op op) {
    return op.add("first", dim(0), "x", distinct(1, 5, 3))
        .add("last", dim(-1), "x", distinct(2, 3, 37))
        .add("middle", dim(1), "x", distinct(3, 2, 5, 3))
        .add("keepdim", kept(-2), "x", distinct(4, 2, 5, 3))
        .add("one", dim(1), "x", distinct(5, 3, 1))
        .add("rank0", dim(0), "x", scalar(1.5))
        .add("empty_rows", dim(1), "x", normal(6, 0, 4))
        .add("ties", dim(1), "x", steps(7, 0, 3, 4, 5))
        .add(
            "special",
            dim(1),
            "x",
            floats(1, NAN, 2, INF, 1, 2, -INF, -INF, -INF, NAN, INF, NAN).as(4, 3))
        .add("ints", dim(1), "x", ints(8, -9, 9, 4, 3))
        .add("long", dim(0), "x", distinct(9, 1025))
        .add("float64", dim(0), "x", distinct(10, 3, 2).wide());
  }

  private static void logsumexp(Suite s) {
    s.op("logsumexp", "torch.logsumexp(x, {dim}, {keepdim:False})")
        .add("first", dim(0), "x", normal(1, 5, 3))
        .add("last", dim(-1), "x", normal(2, 3, 37))
        .add("two", dim(axes(0, 2)), "x", normal(3, 2, 5, 3))
        .add("keepdim", kept(axes(1)), "x", normal(4, 2, 5, 3))
        .add("all", dim(axes(0, 1)), "x", normal(5, 3, 4))
        .add("one", dim(1), "x", normal(6, 3, 1))
        .add("rank0", dim(0), "x", scalar(1.5))
        .add("empty_rows", dim(1), "x", normal(7, 0, 4))
        .add("empty_axis", dim(1), "x", normal(8, 3, 0))
        .add(
            "large",
            dim(1),
            "x",
            floats(1e4, -1e4, 9999, 1e38, -1e38, 9e37, -500, -500, -500).as(3, 3))
        .add("masked", dim(1), "x", floats(1, -INF, 2, -INF, -INF, 0.5).as(2, 3))
        .add(
            "special",
            dim(1),
            "x",
            floats(-INF, -INF, -INF, INF, 1, 2, NAN, 1, 2, INF, -INF, INF).as(4, 3).fixed())
        .add("ties", dim(1), "x", floats(2, 2, 2, -7, -7, -7).as(2, 3))
        .add("float64", dim(0), "x", normal(9, 4, 2).wide());
  }

  private static void norms(Suite s) {
    Suite.Op op =
        s.op(
            "norm", either("torch.norm(x, {p:2}, {dim}, {keepdim:False})", "torch.norm(x, {p:2})"));
    double[] orders = {0, 1, 2, 3, INF, -INF, 0.5, 1.5, -1, 2.5};
    String[] names = {"0", "1", "2", "3", "inf", "minus_inf", "half", "1_5", "minus_1", "2_5"};
    for (int i = 0; i < orders.length; i++) {
      op.add("p" + names[i], Attrs.of("p", orders[i], "dim", axes(1)), "x", distinct(1, 4, 5))
          .add("p" + names[i] + "_all", Attrs.of("p", orders[i]), "x", distinct(2, 3, 4));
    }
    op.add("two", Attrs.of("p", 2.0, "dim", axes(0, 2)), "x", normal(3, 2, 5, 3))
        .add("keepdim", Attrs.of("p", 1.0, "dim", axes(-1), "keepdim", true), "x", normal(4, 2, 3))
        .add(
            "two_keepdim",
            Attrs.of("p", 3.0, "dim", axes(0, 1), "keepdim", true),
            "x",
            normal(5, 2, 3, 2))
        .add("default", dim(axes(1)), "x", normal(6, 3, 4))
        .add("zeros", Attrs.of("p", 2.0, "dim", axes(1)), "x", floats(0, 0, 0, 3, 0, 4).as(2, 3))
        .add("zeros_1", Attrs.of("p", 1.0, "dim", axes(1)), "x", floats(0, 0, 0, 3, 0, 4).as(2, 3))
        .add("zeros_3", Attrs.of("p", 3.0, "dim", axes(1)), "x", floats(0, 0, 0, 3, 0, 4).as(2, 3))
        .add(
            "zeros_inf", Attrs.of("p", INF, "dim", axes(1)), "x", floats(0, 0, 0, 4, 0, 4).as(2, 3))
        .add("ties_inf", Attrs.of("p", INF), "x", floats(2, -2, 1, 2))
        .add("one", Attrs.of("p", 2.0, "dim", axes(1)), "x", normal(7, 3, 1))
        .add("rank0", Attrs.of("p", 2.0), "x", scalar(-1.5))
        .add("empty", Attrs.of("p", 2.0), "x", normal(8, 0))
        .add("empty_axis", Attrs.of("p", 1.0, "dim", axes(1)), "x", normal(9, 2, 0))
        .add("empty_rows", Attrs.of("p", 2.0, "dim", axes(1)), "x", normal(10, 0, 3))
        .add("long", Attrs.of("p", 2.0), "x", normal(11, 1025))
        .add(
            "special",
            Attrs.of("p", 2.0, "dim", axes(1)),
            "x",
            floats(NAN, 1, INF, 1, -INF, 2).as(3, 2).fixed())
        .add("float64", Attrs.of("p", 3.0, "dim", axes(0)), "x", normal(12, 3, 2).wide());
    Script fro = new Script("torch.frobenius_norm(x, {dim}, {keepdim:False})");
    op.add("fro", fro, Attrs.of("p", "fro", "dim", axes(0, 1)), Map.of("x", normal(13, 3, 4)));
    op.add(
        "fro_keepdim",
        fro,
        Attrs.of("p", "fro", "dim", axes(1, 2), "keepdim", true),
        Map.of("x", normal(14, 2, 3, 4)));
    Script froAll = new Script("torch.norm(x)");
    op.add("fro_all", froAll, Attrs.of("p", "fro"), Map.of("x", normal(15, 2, 3, 4)));
    op.add("plain", froAll, Attrs.of(), Map.of("x", normal(16, 2, 3)));
  }

  private static void running(Suite s) {
    s.op("cumsum", "torch.cumsum(x, {dim})")
        .add("first", dim(0), "x", normal(1, 5, 3))
        .add("last", dim(-1), "x", normal(2, 3, 37))
        .add("middle", dim(1), "x", normal(3, 2, 5, 3))
        .add("one", dim(1), "x", normal(4, 3, 1))
        .add("rank0", dim(0), "x", scalar(1.5))
        .add("empty", dim(1), "x", normal(5, 2, 0))
        .add("empty_rows", dim(1), "x", normal(6, 0, 3))
        .add("long", dim(0), "x", normal(7, 1025))
        .add("special", dim(1), "x", floats(1, NAN, 2, 1, INF, 2, INF, -INF, 2).as(3, 3))
        .add("ints", dim(1), "x", ints(8, -5, 6, 3, 4))
        .add("bools", dim(0), "x", bools(9, 7))
        .add("float64", dim(0), "x", normal(10, 3, 2).wide());
  }
}
