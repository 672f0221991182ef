package dev.kiln.cli.conform.ops;

import dev.kiln.Tensor;
import dev.kiln.cli.conform.Attrs;
import dev.kiln.cli.conform.CaseFormatException;
import dev.kiln.cli.conform.Inputs;
import dev.kiln.cli.conform.OpTable;
import dev.kiln.ops.Embeddings;
import dev.kiln.ops.Indexing;
import dev.kiln.ops.Rearranging;
import java.util.Optional;
import java.util.OptionalLong;

/** Picking elements by index and putting them back. */
public final class IndexingOps {
  private IndexingOps() {}

  /** Adds the family to a table. */
  public static void addTo(OpTable t) {
    t.op("gather", (in, at) -> Indexing.gather(in.x(), at.integer("dim"), in.get("index")));
    t.op(
        "scatter_add",
        (in, at) -> Indexing.scatterAdd(in.x(), at.integer("dim"), in.get("index"), in.get("src")));
    t.op(
        "index_select",
        (in, at) -> Indexing.indexSelect(in.x(), at.integer("dim"), in.get("index")));
    t.op("scatter", IndexingOps::scatter);
    t.op(
        "index_add",
        (in, at) -> Indexing.indexAdd(in.x(), at.integer("dim"), in.get("index"), source(in, at)));
    t.op("masked_fill", IndexingOps::maskedFill);
    t.op("embedding", IndexingOps::embedding);
    t.op("embedding_bag", IndexingOps::embeddingBag);
    t.op(
        "embedding_renorm",
        (in, at) ->
            Embeddings.renorm(
                in.get("weight").copy().detach(),
                in.get("indices"),
                at.number("max_norm"),
                at.number("norm_type", 2)));
  }

  /** What is scattered may be a tensor or one value; PyTorch also lets it be added. */
  private static Tensor scatter(Inputs in, Attrs at) {
    Tensor index = in.get("index");
    Tensor src =
        in.find("src")
            .orElseGet(
                () ->
                    Tensor.full(index.shape(), at.number("value"), in.x().dtype(), index.device()));
    return switch (at.text("reduce", "")) {
      case "" -> Indexing.scatter(in.x(), at.integer("dim"), index, src);
      case "add" -> Indexing.scatterAdd(in.x(), at.integer("dim"), index, src);
      default -> throw new CaseFormatException("attrs.reduce must be add");
    };
  }

  private static Tensor maskedFill(Inputs in, Attrs at) {
    Optional<Tensor> value = in.find("value");
    return value.isPresent()
        ? Rearranging.maskedFill(in.x(), in.get("mask"), value.get())
        : Rearranging.maskedFill(in.x(), in.get("mask"), at.number("value"));
  }

  private static Tensor source(Inputs in, Attrs at) {
    double alpha = at.number("alpha", 1);
    return alpha == 1 ? in.get("src") : in.get("src").mul(alpha);
  }

  private static Tensor embedding(Inputs in, Attrs at) {
    return Indexing.embedding(
        in.get("weight"), in.get("indices"), padding(at), at.flag("scale_grad_by_freq", false));
  }

  private static OptionalLong padding(Attrs at) {
    return at.has("padding_idx")
        ? OptionalLong.of(at.longs("padding_idx")[0])
        : OptionalLong.empty();
  }

  private static Tensor embeddingBag(Inputs in, Attrs at) {
    return Embeddings.embeddingBag(
        in.get("weight"),
        in.get("indices"),
        in.find("offsets"),
        switch (at.text("mode", "mean")) {
          case "sum" -> Embeddings.Mode.SUM;
          case "mean" -> Embeddings.Mode.MEAN;
          case "max" -> Embeddings.Mode.MAX;
          default -> throw new CaseFormatException("attrs.mode must be sum, mean or max");
        },
        in.find("per_sample_weights"),
        padding(at),
        at.flag("scale_grad_by_freq", false));
  }
}
