package dev.kiln.cli.conform.ops;

import dev.kiln.Tensor;
import dev.kiln.cli.conform.Attrs;
import dev.kiln.cli.conform.Inputs;
import dev.kiln.cli.conform.OpTable;
import dev.kiln.ops.Axes;
import dev.kiln.ops.Diagonals;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Ops on whole axes and on diagonals. */
public final class AxesOps {
  private AxesOps() {}

  private static Map<String, Tensor> numbered(List<Tensor> parts) {
    Map<String, Tensor> named = new LinkedHashMap<>();
    for (int i = 0; i < parts.size(); i++) {
      named.put("y" + i, parts.get(i));
    }
    return named;
  }

  /** Adds the family to a table. */
  public static void addTo(OpTable t) {
    t.outputs(
        "chunk",
        (in, at) -> numbered(Axes.chunk(in.x(), at.integer("chunks"), at.integer("dim", 0))));
    t.outputs("unbind", (in, at) -> numbered(Axes.unbind(in.x(), at.integer("dim", 0))));
    t.op("tile", (in, at) -> Axes.tile(in.x(), at.longs("dims")));
    t.op("repeat_interleave", AxesOps::repeatInterleave);
    t.op("movedim", (in, at) -> Axes.movedim(in.x(), at.ints("source"), at.ints("destination")));
    t.op("unflatten", (in, at) -> Axes.unflatten(in.x(), at.integer("dim"), at.longs("sizes")));
    t.outputs("broadcast_tensors", (in, at) -> numbered(Axes.broadcastTensors(in.all())));
    t.outputs(
        "meshgrid",
        (in, at) ->
            numbered(
                Axes.meshgrid(
                    in.all(),
                    at.text("indexing", "ij").equals("xy") ? Axes.Grid.XY : Axes.Grid.IJ)));
    t.op("rot90", AxesOps::rot90);
    t.op("atleast_1d", (in, at) -> Axes.atLeast(in.x(), 1));
    t.op("atleast_2d", (in, at) -> Axes.atLeast(in.x(), 2));
    t.op("atleast_3d", (in, at) -> Axes.atLeast(in.x(), 3));
    t.op("hstack", (in, at) -> Axes.hstack(in.all()));
    t.op("vstack", (in, at) -> Axes.vstack(in.all()));
    t.op("dstack", (in, at) -> Axes.dstack(in.all()));
    t.op(
        "diagonal",
        (in, at) ->
            Diagonals.diagonal(
                in.x(), at.integer("offset", 0), at.integer("dim1", 0), at.integer("dim2", 1)));
    t.op(
        "diag_embed",
        (in, at) ->
            Diagonals.diagEmbed(
                in.x(), at.integer("offset", 0), at.integer("dim1", -2), at.integer("dim2", -1)));
    t.op("diag", (in, at) -> Diagonals.diag(in.x(), at.integer("diagonal", 0)));
    t.op("trace", (in, at) -> Diagonals.trace(in.x()));
  }

  private static Tensor repeatInterleave(Inputs in, Attrs at) {
    Tensor x = at.has("dim") ? in.x() : in.x().reshape(-1);
    int dim = at.integer("dim", 0);
    return in.find("repeats")
        .map(r -> Axes.repeatInterleave(x, r, dim))
        .orElseGet(() -> Axes.repeatInterleave(x, at.integer("repeats"), dim));
  }

  private static Tensor rot90(Inputs in, Attrs at) {
    int[] dims = at.has("dims") ? at.ints("dims") : new int[] {0, 1};
    return Axes.rot90(in.x(), at.integer("k", 1), dims[0], dims[1]);
  }
}
