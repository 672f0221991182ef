package dev.kiln.cli.conform.ops;

import dev.kiln.Tensor;
import dev.kiln.cli.conform.Attrs;
import dev.kiln.cli.conform.CaseFormatException;
import dev.kiln.cli.conform.Inputs;
import dev.kiln.cli.conform.OpTable;
import dev.kiln.ops.Rearranging;
import dev.kiln.ops.Shaping;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Ops that move elements without computing. */
public final class ShapingOps {
  private ShapingOps() {}

  /** Adds the family to a table. */
  public static void addTo(OpTable t) {
    t.op("reshape", (in, at) -> Shaping.reshape(in.x(), at.longs("shape")));
    t.op(
        "flatten",
        (in, at) -> Shaping.flatten(in.x(), at.integer("start_dim", 0), at.integer("end_dim", -1)));
    t.op("permute", (in, at) -> Shaping.permute(in.x(), at.ints("dims")));
    t.op(
        "transpose", (in, at) -> Shaping.transpose(in.x(), at.integer("dim0"), at.integer("dim1")));
    t.op("unsqueeze", (in, at) -> Shaping.unsqueeze(in.x(), at.integer("dim")));
    t.op("squeeze", (in, at) -> Shaping.squeeze(in.x(), at.integer("dim")));
    t.op("expand", (in, at) -> Shaping.expand(in.x(), at.longs("shape")));
    t.op("slice", ShapingOps::slice);
    t.op(
        "narrow",
        (in, at) ->
            Shaping.narrow(in.x(), at.integer("dim"), at.integer("start"), at.integer("length")));
    t.op("select", (in, at) -> Shaping.select(in.x(), at.integer("dim"), at.integer("index")));
    t.op("cat", (in, at) -> Shaping.cat(in.all(), at.integer("dim", 0)));
    t.op("stack", (in, at) -> Shaping.stack(in.all(), at.integer("dim", 0)));
    t.outputs("split", ShapingOps::split);
    t.op("pad", ShapingOps::pad);
    t.op("one_hot", ShapingOps::oneHot);
    t.op("repeat", (in, at) -> Rearranging.repeat(in.x(), at.longs("repeats")));
    t.op("flip", (in, at) -> Rearranging.flip(in.x(), at.ints("dims")));
    t.op(
        "roll",
        (in, at) ->
            Rearranging.roll(
                in.x(), at.longs("shifts"), at.has("dims") ? at.ints("dims") : new int[0]));
    t.op("tril", (in, at) -> Rearranging.tril(in.x(), at.integer("diagonal", 0)));
    t.op("triu", (in, at) -> Rearranging.triu(in.x(), at.integer("diagonal", 0)));
    t.op("pixel_shuffle", (in, at) -> Rearranging.pixelShuffle(in.x(), at.integer("factor")));
    t.op("pixel_unshuffle", (in, at) -> Rearranging.pixelUnshuffle(in.x(), at.integer("factor")));
    t.op("channel_shuffle", (in, at) -> Rearranging.channelShuffle(in.x(), at.integer("groups")));
  }

  private static Tensor slice(Inputs in, Attrs at) {
    long start = at.has("start") ? at.longs("start")[0] : 0;
    long end = at.has("end") ? at.longs("end")[0] : Long.MAX_VALUE;
    return Shaping.slice(in.x(), at.integer("dim", 0), start, end, at.integer("step", 1));
  }

  /** Sizes may be a list, or one size that the last part may fall short of. */
  private static Map<String, Tensor> split(Inputs in, Attrs at) {
    int dim = at.integer("dim", 0);
    long[] sizes = at.longs("sizes");
    long length = in.x().size(dim);
    if (sizes.length == 1 && sizes[0] > 0) {
      long[] parts = new long[Math.toIntExact(Math.max(1, (length + sizes[0] - 1) / sizes[0]))];
      Arrays.fill(parts, sizes[0]);
      parts[parts.length - 1] = length - sizes[0] * (parts.length - 1);
      sizes = parts;
    }
    List<Tensor> parts = Shaping.split(in.x(), sizes, dim);
    Map<String, Tensor> named = new LinkedHashMap<>();
    for (int i = 0; i < parts.size(); i++) {
      named.put("y" + i, parts.get(i));
    }
    return named;
  }

  private static Tensor pad(Inputs in, Attrs at) {
    Rearranging.PadMode mode =
        switch (at.text("mode", "constant")) {
          case "constant" -> Rearranging.PadMode.CONSTANT;
          case "reflect" -> Rearranging.PadMode.REFLECT;
          case "replicate" -> Rearranging.PadMode.REPLICATE;
          case "circular" -> Rearranging.PadMode.CIRCULAR;
          default ->
              throw new CaseFormatException(
                  "attrs.mode must be constant, reflect, replicate or circular");
        };
    return Rearranging.pad(in.x(), mode, at.number("value", 0), at.ints("pad"));
  }

  /** Without a number of classes, PyTorch takes the largest label's. */
  private static Tensor oneHot(Inputs in, Attrs at) {
    int classes = at.integer("classes", at.integer("num_classes", -1));
    if (classes < 0) {
      classes = (int) in.x().amax().item() + 1;
    }
    return Shaping.oneHot(in.x(), classes);
  }
}
