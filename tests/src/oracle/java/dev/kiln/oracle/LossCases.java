package dev.kiln.oracle;

import static dev.kiln.oracle.Draw.distinct;
import static dev.kiln.oracle.Draw.floats;
import static dev.kiln.oracle.Draw.ints;
import static dev.kiln.oracle.Draw.longs;
import static dev.kiln.oracle.Draw.normal;
import static dev.kiln.oracle.Draw.scalar;
import static dev.kiln.oracle.Draw.uniform;

import java.util.List;

/** Losses. */
final class LossCases {
  private static final double INF = Double.POSITIVE_INFINITY;
  private static final List<String> REDUCTIONS = List.of("none", "mean", "sum");

  /** What PyTorch's functions do before they call these ops, whose own gradients do not. */
  private static final String SPREAD = "b = torch.broadcast_tensors([x, target]); ";

  private LossCases() {}

  /** A script in which RED stands for libtorch's number of the reduction. */
  private static Program loss(String text) {
    return (in, at) -> {
      int code = REDUCTIONS.indexOf((String) at.get("reduction", "mean"));
      return new Script(text.replace("RED", Integer.toString(code))).run(in, at);
    };
  }

  private static Attrs by(String reduction, Object... more) {
    Object[] pairs = new Object[more.length + 2];
    pairs[0] = "reduction";
    pairs[1] = reduction;
    System.arraycopy(more, 0, pairs, 2, more.length);
    return Attrs.of(pairs);
  }

  private static Value signs(long seed, long... shape) {
    Value v = ints(seed, 0, 2, shape);
    return new Value("float32", shape, true, v.data()).map(d -> 2 * d - 1).fixed();
  }

  /** Each row sums to about 1. */
  private static Value shares(long seed, long... shape) {
    Value v = uniform(seed, 0.05, 1, shape);
    double n = shape[shape.length - 1];
    return v.map(d -> Math.round(d / n * 1000) / 1000.0);
  }

  static void addTo(Suite s) {
    distances(s);
    binary(s);
    likelihoods(s);
    crossEntropy(s);
    margins(s);
  }

  private static void distances(Suite s) {
    pairs(s.op("mse_loss", loss(SPREAD + "torch.mse_loss(b[0], b[1], RED)")));
    pairs(s.op("l1_loss", loss(SPREAD + "torch.l1_loss(b[0], b[1], RED)")))
        .add("touching", by("sum"), "x", floats(1, 2, 3), "target", floats(1, 0, 3));
    String smooth = SPREAD + "torch.smooth_l1_loss(b[0], b[1], RED, {beta:1.})";
    pairs(s.op("smooth_l1_loss", loss(smooth)))
        .add("beta", by("mean", "beta", 0.3), "x", normal(20, 3, 4), "target", normal(21, 3, 4))
        .add("beta_zero", by("sum", "beta", 0.0), "x", normal(22, 3, 4), "target", normal(23, 3, 4))
        .add(
            "beta_large",
            by("none", "beta", 5.0),
            "x",
            normal(24, 3, 4),
            "target",
            normal(25, 3, 4))
        .add(
            "edges",
            by("none", "beta", 1.0),
            "x",
            floats(1, -1, 0, 2),
            "target",
            floats(0, 0, 0, 0).fixed());
    pairs(s.op("huber_loss", loss(SPREAD + "torch.huber_loss(b[0], b[1], RED, {delta:1.})")))
        .add("delta", by("mean", "delta", 0.3), "x", normal(20, 3, 4), "target", normal(21, 3, 4))
        .add(
            "delta_large",
            by("none", "delta", 5.0),
            "x",
            normal(24, 3, 4),
            "target",
            normal(25, 3, 4))
        .add(
            "edges",
            by("none", "delta", 1.0),
            "x",
            floats(1, -1, 0, 2),
            "target",
            floats(0, 0, 0, 0).fixed());
  }

  private static Suite.Op pairs(Suite.Op op) {
    for (String r : REDUCTIONS) {
      op.add(r, by(r), "x", normal(1, 3, 4), "target", normal(2, 3, 4));
    }
    return op.add("default", "x", normal(3, 2, 3, 2), "target", normal(4, 2, 3, 2))
        .add("fixed_target", by("mean"), "x", normal(5, 7), "target", normal(6, 7).fixed())
        .add("rank0", by("mean"), "x", scalar(1.5), "target", scalar(-1))
        .add("one", by("mean"), "x", normal(7, 1, 1), "target", normal(8, 1, 1))
        .add("empty_sum", by("sum"), "x", normal(9, 0, 3), "target", normal(10, 0, 3))
        .add("empty_mean", by("mean"), "x", normal(11, 0), "target", normal(12, 0))
        .add("spread", by("mean"), "x", normal(13, 3, 4), "target", normal(14, 4))
        .add("long", by("mean"), "x", normal(15, 1025), "target", normal(16, 1025))
        .add("float64", by("mean"), "x", normal(17, 3).wide(), "target", normal(18, 3).wide());
  }

  private static void binary(Suite s) {
    Suite.Op bce = s.op("bce_loss", loss("torch.binary_cross_entropy(x, target, {?weight}, RED)"));
    Suite.Op logits =
        s.op(
            "bce_with_logits",
            loss(
                "torch.binary_cross_entropy_with_logits(x, target, {?weight}, {?pos_weight}, RED)"));
    for (String r : REDUCTIONS) {
      bce.add(r, by(r), "x", uniform(1, 0.05, 0.95, 3, 4), "target", uniform(2, 0, 1, 3, 4));
      logits.add(r, by(r), "x", normal(1, 3, 4), "target", uniform(2, 0, 1, 3, 4));
    }
    Value corners = floats(0, 1, 0, 1, 0.5);
    bce.add("default", "x", uniform(3, 0.05, 0.95, 5), "target", floats(0, 1, 1, 0, 1).fixed())
        .add(
            "weight",
            by("mean"),
            "x",
            uniform(5, 0.1, 0.9, 3, 4),
            "target",
            uniform(6, 0, 1, 3, 4),
            "weight",
            uniform(7, 0.5, 2, 3, 4).fixed())
        .add(
            "weight_row",
            by("sum"),
            "x",
            uniform(8, 0.1, 0.9, 3, 4),
            "target",
            uniform(9, 0, 1, 3, 4),
            "weight",
            uniform(10, 0.5, 2, 4).fixed())
        .add("corners", by("none"), "x", corners, "target", floats(0, 1, 1, 0, 1).fixed())
        .add("rank0", by("mean"), "x", scalar(0.3), "target", scalar(1))
        .add("empty", by("sum"), "x", normal(11, 0), "target", normal(12, 0))
        .add(
            "float64",
            by("mean"),
            "x",
            uniform(13, 0.1, 0.9, 3).wide(),
            "target",
            uniform(14, 0, 1, 3).wide());
    logits
        .add("default", "x", normal(3, 5), "target", uniform(4, 0, 1, 5).fixed())
        .add(
            "pos_weight",
            by("mean"),
            "x",
            normal(5, 3, 4),
            "target",
            uniform(6, 0, 1, 3, 4),
            "pos_weight",
            uniform(7, 0.5, 3, 4).fixed())
        .add(
            "pos_weight_whole",
            by("none"),
            "x",
            normal(8, 3, 4),
            "target",
            uniform(9, 0, 1, 3, 4),
            "pos_weight",
            uniform(10, 0.5, 3, 3, 4).fixed())
        .add(
            "weight",
            by("mean"),
            "x",
            normal(11, 3, 4),
            "target",
            uniform(12, 0, 1, 3, 4),
            "weight",
            uniform(13, 0.5, 2, 4).fixed())
        .add(
            "both_weights",
            by("sum"),
            "x",
            normal(14, 3, 4),
            "target",
            uniform(15, 0, 1, 3, 4),
            "weight",
            uniform(16, 0.5, 2, 3, 1).fixed(),
            "pos_weight",
            uniform(17, 0.5, 3, 4).fixed())
        .add(
            "large",
            by("none"),
            "x",
            floats(1000, -1000, 100, -100, 0, 50),
            "target",
            floats(0, 1, 1, 0, 0.5, 0.25).fixed())
        .add("infinite", by("none"), "x", floats(INF, -INF).fixed(), "target", floats(1, 0).fixed())
        .add("rank0", by("mean"), "x", scalar(0.3), "target", scalar(1))
        .add("empty", by("sum"), "x", normal(18, 0), "target", normal(19, 0))
        .add(
            "float64",
            by("mean"),
            "x",
            normal(20, 3).wide(),
            "target",
            uniform(21, 0, 1, 3).wide());
  }

  private static void likelihoods(Suite s) {
    Suite.Op nll =
        s.op("nll_loss", loss("torch.nll_loss_nd(x, target, {?weight}, RED, {ignore_index:-100})"));
    for (String r : REDUCTIONS) {
      nll.add(r, by(r), "x", normal(1, 4, 5), "target", ints(2, 0, 5, 4))
          .add(
              "weight_" + r,
              by(r),
              "x",
              normal(3, 4, 3),
              "target",
              ints(4, 0, 3, 4),
              "weight",
              uniform(5, 0.2, 2, 3).fixed())
          .add("images_" + r, by(r), "x", normal(6, 2, 3, 2, 2), "target", ints(7, 0, 3, 2, 2, 2));
    }
    nll.add("default", "x", normal(8, 4, 5), "target", ints(9, 0, 5, 4))
        .add(
            "ignored",
            by("mean", "ignore_index", 1),
            "x",
            normal(10, 5, 3),
            "target",
            longs(0, 1, 2, 1, 0))
        .add(
            "ignored_default", by("mean"), "x", normal(11, 4, 3), "target", longs(0, -100, 2, -100))
        .add(
            "ignored_weight",
            by("mean", "ignore_index", 0),
            "x",
            normal(12, 4, 3),
            "target",
            longs(0, 1, 2, 1),
            "weight",
            uniform(13, 0.2, 2, 3).fixed())
        .add("all_ignored", by("mean"), "x", normal(14, 2, 3), "target", longs(-100, -100))
        .add("all_ignored_sum", by("sum"), "x", normal(15, 2, 3), "target", longs(-100, -100))
        .add("unbatched", by("mean"), "x", normal(16, 5), "target", longs(3).as())
        .add("sequence", by("mean"), "x", normal(17, 2, 3, 4), "target", ints(18, 0, 3, 2, 4))
        .add(
            "volume",
            by("sum"),
            "x",
            normal(19, 1, 2, 2, 2, 2),
            "target",
            ints(20, 0, 2, 1, 2, 2, 2))
        .add("one_class", by("mean"), "x", normal(21, 3, 1), "target", longs(0, 0, 0))
        .add("no_rows_sum", by("sum"), "x", normal(22, 0, 3), "target", longs())
        .add("no_rows", by("mean"), "x", normal(23, 0, 3), "target", longs())
        .add("float64", by("mean"), "x", normal(24, 3, 2).wide(), "target", longs(0, 1, 1));
    Suite.Op kl =
        s.op(
            "kl_div",
            (in, at) ->
                at.get("reduction", "mean").equals("batchmean")
                    ? new Script(
                            "torch.kl_div(x, target, 2, log_target={log_target:False}) / x.size(0)")
                        .run(in, at)
                    : loss("torch.kl_div(x, target, RED, log_target={log_target:False})")
                        .run(in, at));
    for (String r : List.of("none", "mean", "sum", "batchmean")) {
      kl.add(r, by(r), "x", normal(1, 3, 4), "target", shares(2, 3, 4))
          .add(
              "log_" + r,
              by(r, "log_target", true),
              "x",
              normal(3, 3, 4),
              "target",
              uniform(4, -3, -0.1, 3, 4));
    }
    kl.add("default", "x", normal(5, 2, 3), "target", shares(6, 2, 3))
        .add("zeros", by("none"), "x", normal(7, 4), "target", floats(0, 0.5, 0, 0.5).fixed())
        .add("vector", by("batchmean"), "x", normal(8, 5), "target", shares(9, 5))
        .add("cube", by("batchmean"), "x", normal(10, 2, 3, 2), "target", shares(11, 2, 3, 2))
        .add(
            "infinite_log",
            by("none", "log_target", true),
            "x",
            normal(12, 3),
            "target",
            floats(-INF, -1, -0.5).fixed())
        .add("float64", by("mean"), "x", normal(13, 3).wide(), "target", shares(14, 3).wide());
    Suite.Op poisson =
        s.op(
            "poisson_nll_loss",
            loss(
                "torch.poisson_nll_loss(x, target, {log_input:True}, {full:False}, {eps:1e-08}, RED)"));
    Value counts = new Value("float32", new long[] {3, 4}, false, ints(1, 0, 6, 3, 4).data());
    for (String r : REDUCTIONS) {
      poisson
          .add(r, by(r), "x", normal(2, 3, 4), "target", counts)
          .add(
              "rates_" + r,
              by(r, "log_input", false),
              "x",
              uniform(3, 0.2, 4, 3, 4),
              "target",
              counts);
    }
    poisson
        .add("default", "x", normal(4, 3, 4), "target", counts)
        .add("full", by("none", "full", true), "x", normal(5, 3, 4), "target", counts)
        .add(
            "full_rates",
            by("mean", "full", true, "log_input", false),
            "x",
            uniform(6, 0.2, 4, 3, 4),
            "target",
            counts)
        .add(
            "full_edges",
            by("none", "full", true),
            "x",
            normal(7, 5),
            "target",
            floats(0, 0.5, 1, 1.5, 2).fixed())
        .add(
            "eps",
            by("mean", "log_input", false, "eps", 0.1),
            "x",
            floats(0, 1, 2),
            "target",
            floats(1, 0, 3).fixed())
        .add("rank0", by("mean"), "x", scalar(0.5), "target", scalar(2).fixed())
        .add(
            "float64",
            by("mean"),
            "x",
            normal(8, 3).wide(),
            "target",
            floats(1, 0, 3).wide().fixed());
  }

  private static void crossEntropy(Suite s) {
    Suite.Op op =
        s.op(
            "cross_entropy",
            loss(
                "torch.cross_entropy_loss(x, target, {?weight}, RED, {ignore_index:-100},"
                    + " {label_smoothing:0.})"));
    for (String r : REDUCTIONS) {
      op.add(r, by(r), "x", normal(1, 4, 5), "target", ints(2, 0, 5, 4))
          .add(
              "weight_" + r,
              by(r),
              "x",
              normal(3, 4, 3),
              "target",
              ints(4, 0, 3, 4),
              "weight",
              uniform(5, 0.2, 2, 3).fixed())
          .add(
              "smooth_" + r,
              by(r, "label_smoothing", 0.2),
              "x",
              normal(6, 4, 3),
              "target",
              ints(7, 0, 3, 4))
          .add(
              "smooth_weight_" + r,
              by(r, "label_smoothing", 0.3),
              "x",
              normal(8, 4, 3),
              "target",
              ints(9, 0, 3, 4),
              "weight",
              uniform(10, 0.2, 2, 3).fixed())
          .add(
              "smooth_ignored_" + r,
              by(r, "label_smoothing", 0.1, "ignore_index", 1),
              "x",
              normal(11, 5, 3),
              "target",
              longs(0, 1, 2, 1, 0),
              "weight",
              uniform(12, 0.2, 2, 3).fixed())
          .add("shares_" + r, by(r), "x", normal(13, 4, 3), "target", shares(14, 4, 3))
          .add(
              "shares_weight_" + r,
              by(r),
              "x",
              normal(15, 4, 3),
              "target",
              shares(16, 4, 3),
              "weight",
              uniform(17, 0.2, 2, 3).fixed())
          .add(
              "shares_smooth_" + r,
              by(r, "label_smoothing", 0.2),
              "x",
              normal(18, 4, 3),
              "target",
              shares(19, 4, 3),
              "weight",
              uniform(20, 0.2, 2, 3).fixed())
          .add("sequence_" + r, by(r), "x", normal(21, 2, 3, 4), "target", ints(22, 0, 3, 2, 4))
          .add(
              "images_" + r,
              by(r, "ignore_index", 0),
              "x",
              normal(23, 2, 3, 2, 2),
              "target",
              ints(24, 0, 3, 2, 2, 2),
              "weight",
              uniform(25, 0.2, 2, 3).fixed())
          .add(
              "images_shares_" + r,
              by(r),
              "x",
              normal(26, 2, 3, 2, 2),
              "target",
              shares(27, 2, 3, 2, 2));
    }
    op.add("default", "x", normal(28, 4, 5), "target", ints(29, 0, 5, 4))
        .add("ignored", by("mean"), "x", normal(30, 4, 3), "target", longs(0, -100, 2, -100))
        .add("all_ignored", by("mean"), "x", normal(31, 2, 3), "target", longs(-100, -100))
        .add("all_ignored_sum", by("sum"), "x", normal(32, 2, 3), "target", longs(-100, -100))
        .add("unbatched", by("mean"), "x", normal(33, 5), "target", longs(3).as())
        .add(
            "unbatched_none",
            by("none", "label_smoothing", 0.1),
            "x",
            normal(34, 5),
            "target",
            longs(3).as())
        .add("unbatched_shares", by("mean"), "x", normal(35, 5), "target", shares(36, 5))
        .add(
            "large",
            by("none"),
            "x",
            floats(1e4, -1e4, 0, 1000, 999, 998).as(2, 3),
            "target",
            longs(1, 0))
        .add(
            "masked",
            by("none"),
            "x",
            floats(1, -INF, 2, 0, 1, -INF).as(2, 3),
            "target",
            longs(0, 1))
        .add("one_class", by("mean"), "x", normal(37, 3, 1), "target", longs(0, 0, 0))
        .add("no_rows", by("sum"), "x", normal(38, 0, 3), "target", longs())
        .add(
            "fully_smooth",
            by("mean", "label_smoothing", 1.0),
            "x",
            normal(39, 3, 4),
            "target",
            longs(0, 3, 1))
        .add("many_classes", by("mean"), "x", normal(40, 2, 103), "target", longs(100, 7))
        .add("float64", by("mean"), "x", normal(41, 3, 2).wide(), "target", longs(0, 1, 1));
  }

  private static void margins(Suite s) {
    Suite.Op hinge =
        s.op(
            "hinge_embedding_loss",
            loss("torch.hinge_embedding_loss(x, target, {margin:1.}, RED)"));
    Suite.Op ranking =
        s.op(
            "margin_ranking_loss",
            loss("torch.margin_ranking_loss(x1, x2, target, {margin:0.}, RED)"));
    Suite.Op cosine =
        s.op(
            "cosine_embedding_loss",
            loss("torch.cosine_embedding_loss(x1, x2, target, {margin:0.}, RED)"));
    Suite.Op triplet =
        s.op(
            "triplet_margin_loss",
            loss(
                "torch.triplet_margin_loss(anchor, positive, negative, {margin:1.}, {p:2.}, {eps:1e-06},"
                    + " {swap:False}, RED)"));
    for (String r : REDUCTIONS) {
      hinge
          .add(r, by(r), "x", normal(1, 3, 4), "target", signs(2, 3, 4))
          .add("margin_" + r, by(r, "margin", 0.4), "x", normal(3, 9), "target", signs(4, 9));
      ranking
          .add(r, by(r), "x1", normal(1, 5), "x2", normal(2, 5), "target", signs(3, 5))
          .add(
              "margin_" + r,
              by(r, "margin", 0.7),
              "x1",
              normal(4, 3, 4),
              "x2",
              normal(5, 3, 4),
              "target",
              signs(6, 3, 4));
      cosine
          .add(r, by(r), "x1", normal(1, 5, 3), "x2", normal(2, 5, 3), "target", signs(3, 5))
          .add(
              "margin_" + r,
              by(r, "margin", 0.3),
              "x1",
              normal(4, 5, 3),
              "x2",
              normal(5, 5, 3),
              "target",
              signs(6, 5));
      triplet.add(
          r,
          by(r),
          "anchor",
          normal(1, 4, 3),
          "positive",
          normal(2, 4, 3),
          "negative",
          normal(3, 4, 3));
    }
    hinge
        .add("default", "x", normal(5, 5), "target", signs(6, 5))
        .add("rank0", by("mean"), "x", scalar(0.3), "target", scalar(-1).fixed())
        .add("edge", by("none"), "x", floats(1, 1, 2, 2), "target", floats(1, -1, 1, -1).fixed())
        .add("float64", by("mean"), "x", normal(7, 4).wide(), "target", signs(8, 4).wide());
    ranking
        .add("default", "x1", normal(7, 5), "x2", normal(8, 5), "target", signs(9, 5))
        .add(
            "spread",
            by("mean"),
            "x1",
            normal(10, 3, 4),
            "x2",
            normal(11, 4),
            "target",
            signs(12, 4))
        .add(
            "ties",
            by("none"),
            "x1",
            floats(1, 2),
            "x2",
            floats(1, 2),
            "target",
            floats(1, -1).fixed())
        .add("rank0", by("mean"), "x1", scalar(1), "x2", scalar(2), "target", scalar(1).fixed())
        .add(
            "float64",
            by("mean"),
            "x1",
            normal(13, 3).wide(),
            "x2",
            normal(14, 3).wide(),
            "target",
            signs(15, 3).wide());
    cosine
        .add("default", "x1", normal(7, 5, 3), "x2", normal(8, 5, 3), "target", signs(9, 5))
        .add(
            "unbatched",
            by("mean"),
            "x1",
            normal(10, 4),
            "x2",
            normal(11, 4),
            "target",
            scalar(1).fixed())
        .add(
            "unbatched_apart",
            by("mean", "margin", -0.9),
            "x1",
            normal(12, 4),
            "x2",
            normal(13, 4),
            "target",
            scalar(-1).fixed())
        .add(
            "zeros",
            by("none"),
            "x1",
            floats(0, 0, 1, 2).as(2, 2),
            "x2",
            normal(14, 2, 2),
            "target",
            floats(1, 1).fixed())
        .add(
            "int_target",
            by("mean"),
            "x1",
            normal(17, 3, 2),
            "x2",
            normal(18, 3, 2),
            "target",
            longs(1, -1, 1))
        .add(
            "float64",
            by("mean"),
            "x1",
            normal(15, 3, 2).wide(),
            "x2",
            normal(16, 3, 2).wide(),
            "target",
            signs(17, 3).wide());
    triplet
        .add(
            "default",
            "anchor",
            normal(4, 4, 3),
            "positive",
            normal(5, 4, 3),
            "negative",
            normal(6, 4, 3))
        .add(
            "margin",
            by("mean", "margin", 2.5),
            "anchor",
            normal(7, 4, 3),
            "positive",
            normal(8, 4, 3),
            "negative",
            normal(9, 4, 3))
        .add(
            "p1",
            by("mean", "p", 1.0),
            "anchor",
            normal(10, 4, 3),
            "positive",
            normal(11, 4, 3),
            "negative",
            normal(12, 4, 3))
        .add(
            "p3",
            by("sum", "p", 3.0, "eps", 1e-4),
            "anchor",
            normal(13, 4, 3),
            "positive",
            normal(14, 4, 3),
            "negative",
            normal(15, 4, 3))
        .add(
            "p_inf",
            by("sum", "p", INF),
            "anchor",
            distinct(16, 4, 3),
            "positive",
            distinct(17, 4, 3),
            "negative",
            distinct(18, 4, 3))
        .add(
            "swap",
            by("none", "swap", true, "margin", 2.0),
            "anchor",
            normal(19, 6, 3),
            "positive",
            normal(20, 6, 3),
            "negative",
            normal(21, 6, 3))
        .add(
            "vector",
            by("mean"),
            "anchor",
            normal(22, 5),
            "positive",
            normal(23, 5),
            "negative",
            normal(24, 5))
        .add(
            "cube",
            by("none", "margin", 3.0),
            "anchor",
            normal(25, 2, 3, 4),
            "positive",
            normal(26, 2, 3, 4),
            "negative",
            normal(27, 2, 3, 4))
        .add(
            "float64",
            by("mean"),
            "anchor",
            normal(28, 2, 3).wide(),
            "positive",
            normal(29, 2, 3).wide(),
            "negative",
            normal(30, 2, 3).wide());
  }
}
