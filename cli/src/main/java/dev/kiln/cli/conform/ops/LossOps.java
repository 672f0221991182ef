package dev.kiln.cli.conform.ops;

import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.cli.conform.Attrs;
import dev.kiln.cli.conform.CaseFormatException;
import dev.kiln.cli.conform.Inputs;
import dev.kiln.cli.conform.OpTable;
import dev.kiln.ops.LikelihoodLosses;
import dev.kiln.ops.Losses;
import dev.kiln.ops.MarginLosses;
import dev.kiln.ops.Reduction;

/** Losses. */
public final class LossOps {
  private LossOps() {}

  /** Adds the family to a table. */
  public static void addTo(OpTable t) {
    distance(t, "mse_loss", (x, y, at) -> Losses.mse(x, y, reduction(at)));
    distance(t, "l1_loss", (x, y, at) -> Losses.l1(x, y, reduction(at)));
    distance(
        t, "huber_loss", (x, y, at) -> Losses.huber(x, y, at.number("delta", 1), reduction(at)));
    distance(
        t,
        "smooth_l1_loss",
        (x, y, at) -> Losses.smoothL1(x, y, at.number("beta", 1), reduction(at)));
    t.op(
        "bce_with_logits",
        (in, at) ->
            Losses.bceWithLogits(
                in.x(), in.get("target"), in.find("weight"), in.find("pos_weight"), reduction(at)));
    t.op(
        "kl_div",
        (in, at) ->
            Losses.klDiv(in.x(), in.get("target"), at.flag("log_target", false), reduction(at)));
    t.op(
        "nll_loss",
        (in, at) ->
            Losses.nll(in.x(), in.get("target"), in.find("weight"), ignored(at), reduction(at)));
    t.op("cross_entropy", LossOps::crossEntropy);
    t.op(
        "bce_loss",
        (in, at) -> Losses.bce(in.x(), in.get("target"), in.find("weight"), reduction(at)));
    t.op(
        "poisson_nll_loss",
        (in, at) ->
            Losses.poissonNll(
                in.x(),
                in.get("target"),
                at.flag("log_input", true),
                at.flag("full", false),
                at.number("eps", 1e-8),
                reduction(at)));
    t.op(
        "hinge_embedding_loss",
        (in, at) ->
            MarginLosses.hingeEmbedding(
                in.x(), in.get("target"), at.number("margin", 1), reduction(at)));
    t.op(
        "margin_ranking_loss",
        (in, at) ->
            MarginLosses.marginRanking(
                in.get("x1"),
                in.get("x2"),
                in.get("target"),
                at.number("margin", 0),
                reduction(at)));
    t.op(
        "triplet_margin_loss",
        (in, at) ->
            MarginLosses.tripletMargin(
                in.get("anchor"),
                in.get("positive"),
                in.get("negative"),
                at.number("margin", 1),
                at.number("p", 2),
                at.number("eps", 1e-6),
                at.flag("swap", false),
                reduction(at)));
    t.op(
        "cosine_embedding_loss",
        (in, at) ->
            MarginLosses.cosineEmbedding(
                in.get("x1"),
                in.get("x2"),
                in.get("target"),
                at.number("margin", 0),
                reduction(at)));
    t.op(
        "soft_margin_loss",
        (in, at) -> MarginLosses.softMargin(in.x(), in.get("target"), reduction(at)));
    t.op(
        "multilabel_soft_margin_loss",
        (in, at) ->
            MarginLosses.multiLabelSoftMargin(
                in.x(), in.get("target"), in.find("weight"), reduction(at)));
    t.op(
        "multi_margin_loss",
        (in, at) ->
            MarginLosses.multiMargin(
                in.x(),
                in.get("target"),
                at.integer("p", 1),
                at.number("margin", 1),
                in.find("weight"),
                reduction(at)));
    t.op(
        "multilabel_margin_loss",
        (in, at) -> MarginLosses.multiLabelMargin(in.x(), in.get("target"), reduction(at)));
    t.op(
        "gaussian_nll_loss",
        (in, at) ->
            LikelihoodLosses.gaussianNll(
                in.x(),
                in.get("target"),
                in.get("var"),
                at.flag("full", false),
                at.number("eps", 1e-6),
                reduction(at)));
    t.op(
        "ctc_loss",
        (in, at) ->
            LikelihoodLosses.ctc(
                in.get("log_probs"),
                in.get("targets"),
                in.get("input_lengths"),
                in.get("target_lengths"),
                at.integer("blank", 0),
                reduction(at),
                at.flag("zero_infinity", false)));
  }

  private interface Distance {
    Tensor of(Tensor x, Tensor target, Attrs at);
  }

  /** PyTorch warns when these broadcast, and does it; Kiln's own refuse. */
  private static void distance(OpTable t, String name, Distance loss) {
    t.op(
        name,
        (in, at) -> {
          Tensor x = in.x();
          Tensor target = in.get("target");
          Shape shape = common(x, target);
          return loss.of(x.expand(shape.dims()), target.expand(shape.dims()), at);
        });
  }

  private static Shape common(Tensor a, Tensor b) {
    long[] dims = new long[Math.max(a.dim(), b.dim())];
    for (int i = 1; i <= dims.length; i++) {
      long n = i <= a.dim() ? a.size(-i) : 1;
      dims[dims.length - i] = n == 1 && i <= b.dim() ? b.size(-i) : n;
    }
    return Shape.of(dims);
  }

  private static Tensor crossEntropy(Inputs in, Attrs at) {
    Tensor target = in.get("target");
    double smoothing = at.number("label_smoothing", 0);
    return target.dtype().isFloating()
        ? Losses.crossEntropyProbabilities(
            in.x(), target, in.find("weight"), smoothing, reduction(at))
        : Losses.crossEntropy(
            in.x(), target, in.find("weight"), smoothing, ignored(at), reduction(at));
  }

  private static long ignored(Attrs at) {
    return at.has("ignore_index") ? at.longs("ignore_index")[0] : Losses.IGNORE_INDEX;
  }

  static Reduction reduction(Attrs at) {
    return switch (at.text("reduction", "mean")) {
      case "none" -> Reduction.NONE;
      case "mean" -> Reduction.MEAN;
      case "sum" -> Reduction.SUM;
      case "batchmean" -> Reduction.BATCHMEAN;
      default ->
          throw new CaseFormatException(
              "attrs.reduction must be none, mean, sum or (kl_div) batchmean");
    };
  }
}
