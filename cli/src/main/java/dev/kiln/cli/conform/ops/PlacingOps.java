package dev.kiln.cli.conform.ops;

import dev.kiln.Tensor;
import dev.kiln.cli.conform.Attrs;
import dev.kiln.cli.conform.CaseFormatException;
import dev.kiln.cli.conform.Inputs;
import dev.kiln.cli.conform.OpTable;
import dev.kiln.ops.Placing;
import dev.kiln.ops.Searching;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Picking and placing by several indices, by masks and by reducing. */
public final class PlacingOps {
  private PlacingOps() {}

  /** Adds the family to a table. */
  public static void addTo(OpTable t) {
    t.op("take", (in, at) -> Placing.take(in.x(), in.get("index")));
    t.op("take_along_dim", PlacingOps::takeAlongDim);
    t.op("index", (in, at) -> Placing.index(in.x(), indices(in)));
    t.op(
        "index_put",
        (in, at) ->
            Placing.indexPut(in.x(), indices(in), in.get("values"), at.flag("accumulate", false)));
    t.op(
        "index_fill",
        (in, at) ->
            Placing.indexFill(in.x(), at.integer("dim"), in.get("index"), at.number("value")));
    t.op(
        "index_copy",
        (in, at) -> Placing.indexCopy(in.x(), at.integer("dim"), in.get("index"), in.get("src")));
    t.op("scatter_reduce", PlacingOps::scatterReduce);
    t.op("masked_select", (in, at) -> Searching.maskedSelect(in.x(), in.get("mask")));
    t.op(
        "masked_scatter",
        (in, at) -> Searching.maskedScatter(in.x(), in.get("mask"), in.get("source")));
  }

  /** Without an axis, PyTorch looks at the flattened input. */
  private static Tensor takeAlongDim(Inputs in, Attrs at) {
    Tensor index = in.get("index");
    return at.has("dim")
        ? Placing.takeAlongDim(in.x(), index, at.integer("dim"))
        : Placing.takeAlongDim(in.x().reshape(-1), index.reshape(-1), 0);
  }

  /** The inputs index0, index1, ... */
  private static List<Tensor> indices(Inputs in) {
    List<Tensor> all = new ArrayList<>();
    for (Optional<Tensor> i = in.find("index0"); i.isPresent(); i = in.find("index" + all.size())) {
      all.add(i.get());
    }
    return all;
  }

  private static Tensor scatterReduce(Inputs in, Attrs at) {
    Placing.Reduce reduce =
        switch (at.text("reduce", "")) {
          case "sum" -> Placing.Reduce.SUM;
          case "prod" -> Placing.Reduce.PROD;
          case "mean" -> Placing.Reduce.MEAN;
          case "amax" -> Placing.Reduce.AMAX;
          case "amin" -> Placing.Reduce.AMIN;
          default ->
              throw new CaseFormatException("attrs.reduce must be sum, prod, mean, amax or amin");
        };
    return Placing.scatterReduce(
        in.x(),
        at.integer("dim"),
        in.get("index"),
        in.get("src"),
        reduce,
        at.flag("include_self", true));
  }
}
