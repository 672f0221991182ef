package dev.kiln.cli.conform.ops;

import dev.kiln.Tensor;
import dev.kiln.cli.conform.Attrs;
import dev.kiln.cli.conform.OpFunction;
import dev.kiln.cli.conform.OpTable;
import dev.kiln.ops.Norms;
import dev.kiln.ops.Reductions;
import dev.kiln.ops.Scans;
import dev.kiln.ops.Sorting;
import java.util.Arrays;
import java.util.Map;
import java.util.function.UnaryOperator;

/** Reductions. */
public final class ReductionOps {
  private ReductionOps() {}

  private interface OverAxes {
    Tensor of(Tensor x, int[] dims, boolean keepdim);
  }

  private interface AlongAxis {
    Tensor of(Tensor x, int dim, boolean keepdim);
  }

  private interface Pick {
    Reductions.Extreme of(Tensor x, int dim, boolean keepdim);
  }

  private static void overAxes(OpTable t, String name, OverAxes f) {
    t.op(name, (in, at) -> f.of(in.x(), at.dims(), at.flag("keepdim", false)));
  }

  /** Without an axis, PyTorch looks at the flattened input. */
  private static void alongAxis(OpTable t, String name, AlongAxis f) {
    t.op(
        name,
        (in, at) ->
            at.has("dim")
                ? f.of(in.x(), at.integer("dim"), at.flag("keepdim", false))
                : unreduced(f.of(in.x().reshape(-1), 0, false), in.x(), at));
  }

  /** One result of all elements, with the axes of x as size 1 if they are kept. */
  private static Tensor unreduced(Tensor y, Tensor x, Attrs at) {
    long[] ones = new long[at.flag("keepdim", false) ? x.dim() : 0];
    Arrays.fill(ones, 1);
    return y.reshape(ones);
  }

  private static OpFunction pick(Pick along, UnaryOperator<Tensor> all) {
    return (in, at) -> {
      if (!at.has("dim")) {
        Tensor extreme = all.apply(in.x());
        return Map.of("y", extreme, "values", extreme);
      }
      Reductions.Extreme e = along.of(in.x(), at.integer("dim"), at.flag("keepdim", false));
      return Map.of("values", e.values(), "indices", e.indices());
    };
  }

  private static int correction(Attrs at) {
    return at.integer("correction", at.flag("unbiased", true) ? 1 : 0);
  }

  /** PyTorch's "fro" is the 2-norm of all named axes. */
  private static double order(Attrs at) {
    if (!at.isText("p") || !at.text("p", "").equals("fro")) {
      return at.number("p", 2);
    }
    return 2;
  }

  /** Adds the family to a table. */
  public static void addTo(OpTable t) {
    overAxes(t, "sum", Reductions::sum);
    overAxes(t, "mean", Reductions::mean);
    overAxes(t, "prod", Reductions::prod);
    overAxes(t, "amax", Reductions::amax);
    overAxes(t, "amin", Reductions::amin);
    overAxes(t, "logsumexp", Reductions::logsumexp);
    overAxes(t, "any", Reductions::any);
    overAxes(t, "all", Reductions::all);
    t.op(
        "var",
        (in, at) -> Reductions.var(in.x(), at.dims(), correction(at), at.flag("keepdim", false)));
    t.op(
        "std",
        (in, at) -> Reductions.std(in.x(), at.dims(), correction(at), at.flag("keepdim", false)));
    alongAxis(t, "argmax", Reductions::argmax);
    alongAxis(t, "argmin", Reductions::argmin);
    t.outputs("max", pick(Reductions::max, Reductions::max));
    t.outputs("min", pick(Reductions::min, Reductions::min));
    t.op("norm", (in, at) -> Norms.norm(in.x(), order(at), at.dims(), at.flag("keepdim", false)));
    t.op("cumsum", (in, at) -> Scans.cumsum(in.x(), at.integer("dim")));
    t.outputs(
        "sort",
        (in, at) ->
            named(Sorting.sort(in.x(), at.integer("dim", -1), at.flag("descending", false))));
    t.outputs(
        "topk",
        (in, at) ->
            named(
                Sorting.topk(
                    in.x(), at.integer("k"), at.integer("dim", -1), at.flag("largest", true))));
  }

  private static Map<String, Tensor> named(Sorting.Sorted s) {
    return Map.of("values", s.values(), "indices", s.indices());
  }
}
