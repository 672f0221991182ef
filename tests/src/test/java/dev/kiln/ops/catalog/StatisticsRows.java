package dev.kiln.ops.catalog;

import static dev.kiln.testing.GradCheck.input;
import static dev.kiln.testing.GradCheck.uniform;

import dev.kiln.ops.Statistics;
import dev.kiln.ops.Statistics.Interpolation;
import dev.kiln.testing.GradCheck.Input;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The rows of medians, quantiles and counts. */
final class StatisticsRows {
  private StatisticsRows() {}

  static List<Row> rows() {
    List<Row> rows = new ArrayList<>();
    int[] last = {-1};
    Input x = input(61, 2, 3, 5);
    Input small = uniform(62, 0, 6, 9);
    rows.add(
        new Row(
            "Statistics.kthvalue", t -> Statistics.kthvalue(t.get(0), 2, 1, false).values(), x));
    rows.add(new Row("Statistics.median", t -> Statistics.median(t.get(0), -1, true).values(), x));
    rows.add(new Row("Statistics.median all", t -> Statistics.median(t.get(0)), x));
    rows.add(
        new Row("Statistics.nanmedian", t -> Statistics.nanmedian(t.get(0), 0, false).values(), x));
    rows.add(new Row("Statistics.nanmedian all", t -> Statistics.nanmedian(t.get(0)), x));
    rows.add(new Row("Statistics.mode", t -> Statistics.mode(t.get(0), 2, false).values(), x));
    rows.add(
        new Row(
            "Statistics.quantile",
            t -> Statistics.quantile(t.get(0), 0.3, -1, false, Interpolation.LINEAR),
            x));
    rows.add(
        new Row(
            "Statistics.quantile higher",
            t -> Statistics.quantile(t.get(0), 0.3, 1, true, Interpolation.HIGHER),
            x));
    rows.add(
        new Row("Statistics.stdMean", t -> Statistics.stdMean(t.get(0), last, 1, true).first(), x));
    rows.add(
        new Row(
            "Statistics.varMean", t -> Statistics.varMean(t.get(0), last, 0, false).first(), x));
    rows.add(
        new Row("Statistics.aminmax", t -> Statistics.aminmax(t.get(0), last, false).second(), x));
    rows.add(Row.fixed("Statistics.countNonzero", t -> Statistics.countNonzero(t.get(0), last), x));
    rows.add(new Row("Statistics.nansum", t -> Statistics.nansum(t.get(0), last, false), x));
    rows.add(new Row("Statistics.nanmean", t -> Statistics.nanmean(t.get(0), last, true), x));
    rows.add(
        Row.fixed(
            "Statistics.bincount", t -> Statistics.bincount(t.get(0), Optional.empty(), 3), small));
    rows.add(Row.fixed("Statistics.histc", t -> Statistics.histc(t.get(0), 4, -1, 1), x));
    return rows;
  }
}
