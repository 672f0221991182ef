package dev.kiln.cli.conform.ops;

import dev.kiln.Tensor;
import dev.kiln.cli.conform.Attrs;
import dev.kiln.cli.conform.CaseFormatException;
import dev.kiln.cli.conform.OpFunction;
import dev.kiln.cli.conform.OpTable;
import dev.kiln.ops.Scans;
import dev.kiln.ops.Searching;
import dev.kiln.ops.Sorting;
import dev.kiln.ops.Statistics;
import dev.kiln.ops.Statistics.Interpolation;
import java.util.Map;
import java.util.function.UnaryOperator;

/** Running results, orders, medians, quantiles and counts. */
public final class StatisticsOps {
  private StatisticsOps() {}

  private interface AlongAxis {
    Statistics.Picked of(Tensor x, int dim, boolean keepdim);
  }

  private static OpFunction pick(AlongAxis along, UnaryOperator<Tensor> all) {
    return (in, at) ->
        at.has("dim")
            ? picked(along.of(in.x(), at.integer("dim"), at.flag("keepdim", false)))
            : Map.of("y", all.apply(in.x()));
  }

  private static Map<String, Tensor> picked(Statistics.Picked p) {
    return Map.of("values", p.values(), "indices", p.indices());
  }

  private static Map<String, Tensor> running(Scans.Running r) {
    return Map.of("values", r.values(), "indices", r.indices());
  }

  private static int correction(Attrs at) {
    return at.integer("correction", at.flag("unbiased", true) ? 1 : 0);
  }

  private static boolean keep(Attrs at) {
    return at.flag("keepdim", false);
  }

  /** Adds the family to a table. */
  public static void addTo(OpTable t) {
    t.op("cumprod", (in, at) -> Scans.cumprod(in.x(), at.integer("dim")));
    t.op("logcumsumexp", (in, at) -> Scans.logcumsumexp(in.x(), at.integer("dim")));
    t.outputs("cummax", (in, at) -> running(Scans.cummax(in.x(), at.integer("dim"))));
    t.outputs("cummin", (in, at) -> running(Scans.cummin(in.x(), at.integer("dim"))));
    t.op("diff", (in, at) -> Scans.diff(in.x(), at.integer("n", 1), at.integer("dim", -1)));
    t.op(
        "argsort",
        (in, at) -> Sorting.argsort(in.x(), at.integer("dim", -1), at.flag("descending", false)));
    t.op("msort", (in, at) -> Sorting.msort(in.x()));
    t.outputs("median", pick(Statistics::median, Statistics::median));
    t.outputs("nanmedian", pick(Statistics::nanmedian, Statistics::nanmedian));
    t.outputs("mode", (in, at) -> picked(Statistics.mode(in.x(), at.integer("dim", -1), keep(at))));
    t.outputs(
        "kthvalue",
        (in, at) ->
            picked(Statistics.kthvalue(in.x(), at.integer("k"), at.integer("dim", -1), keep(at))));
    t.op("quantile", (in, at) -> quantile(in.x(), at));
    t.outputs(
        "std_mean",
        (in, at) ->
            pair(Statistics.stdMean(in.x(), at.dims(), correction(at), keep(at)), "std", "mean"));
    t.outputs(
        "var_mean",
        (in, at) ->
            pair(Statistics.varMean(in.x(), at.dims(), correction(at), keep(at)), "var", "mean"));
    t.outputs(
        "aminmax", (in, at) -> pair(Statistics.aminmax(in.x(), at.dims(), keep(at)), "min", "max"));
    t.op("count_nonzero", (in, at) -> Statistics.countNonzero(in.x(), at.dims()));
    t.op("nansum", (in, at) -> Statistics.nansum(in.x(), at.dims(), keep(at)));
    t.op("nanmean", (in, at) -> Statistics.nanmean(in.x(), at.dims(), keep(at)));
    t.op(
        "bincount",
        (in, at) -> Statistics.bincount(in.x(), in.find("weights"), at.integer("minlength", 0)));
    t.op(
        "histc",
        (in, at) ->
            Statistics.histc(
                in.x(), at.integer("bins", 100), at.number("min", 0), at.number("max", 0)));
    t.op(
        "searchsorted",
        (in, at) ->
            Searching.searchsorted(
                in.get("sorted_sequence"), in.get("values"), at.flag("right", false)));
    t.op(
        "bucketize",
        (in, at) -> Searching.bucketize(in.x(), in.get("boundaries"), at.flag("right", false)));
    t.outputs("unique", (in, at) -> distinct(Searching.unique(in.x())));
    t.outputs("unique_consecutive", (in, at) -> distinct(Searching.uniqueConsecutive(in.x())));
    t.op("nonzero", (in, at) -> Searching.nonzero(in.x()));
  }

  private static Map<String, Tensor> pair(Statistics.Pair p, String first, String second) {
    return Map.of(first, p.first(), second, p.second());
  }

  private static Map<String, Tensor> distinct(Searching.Distinct d) {
    return Map.of("values", d.values(), "inverse", d.inverse(), "counts", d.counts());
  }

  private static Tensor quantile(Tensor x, Attrs at) {
    Interpolation between =
        switch (at.text("interpolation", "linear")) {
          case "linear" -> Interpolation.LINEAR;
          case "lower" -> Interpolation.LOWER;
          case "higher" -> Interpolation.HIGHER;
          case "nearest" -> Interpolation.NEAREST;
          case "midpoint" -> Interpolation.MIDPOINT;
          default ->
              throw new CaseFormatException(
                  "attrs.interpolation must be linear, lower, higher, nearest or midpoint");
        };
    boolean all = !at.has("dim");
    Tensor y =
        Statistics.quantile(
            all ? x.reshape(-1) : x,
            at.number("q"),
            all ? 0 : at.integer("dim"),
            !all && keep(at),
            between);
    return y;
  }
}
