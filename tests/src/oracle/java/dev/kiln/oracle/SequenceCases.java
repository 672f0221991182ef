package dev.kiln.oracle;

import static dev.kiln.oracle.Draw.floats;
import static dev.kiln.oracle.Draw.ints;
import static dev.kiln.oracle.Draw.longs;
import static dev.kiln.oracle.Draw.normal;
import static dev.kiln.oracle.Draw.scalar;
import static dev.kiln.oracle.Draw.uniform;

import java.util.List;

/** What layers for sequences, tables and choices stand on, beyond the ops of the other families. */
final class SequenceCases {
  private static final double INF = Double.POSITIVE_INFINITY;
  private static final double NAN = Double.NaN;
  private static final List<String> REDUCTIONS = List.of("none", "mean", "sum");

  private SequenceCases() {}

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

  static void addTo(Suite s) {
    shrinks(s);
    bilinear(s);
    projections(s);
    bags(s);
    margins(s);
    gaussian(s);
    ctc(s);
  }

  private static void shrinks(Suite s) {
    Value edges = floats(-0.5, 0.5, 0, 0.25, -2, 2, INF, -INF);
    // Without a gradient, of which libtorch itself has two in its two precisions.
    Value nothing = floats(NAN).fixed();
    for (String name : List.of("hardshrink", "softshrink")) {
      s.op(name, "torch." + name + "(x, {lambd:0.5})")
          .add("default", "x", normal(1, 3, 5))
          .add("lambd", Attrs.of("lambd", 0.25), "x", normal(2, 7))
          .add("zero", Attrs.of("lambd", 0.0), "x", normal(3, 33))
          .add("edges", "x", edges)
          .add("nan", "x", nothing)
          .add("rank0", "x", scalar(1.5))
          .add("empty", "x", normal(4, 0, 3))
          .add("float64", "x", normal(5, 4).wide());
    }
    s.op("threshold", "torch.threshold(x, {threshold}, {value})")
        .add("plain", Attrs.of("threshold", 0.25, "value", 20.0), "x", normal(1, 3, 5))
        .add("edges", Attrs.of("threshold", 0.5, "value", -1.0), "x", edges)
        .add("nan", Attrs.of("threshold", 0.5, "value", -1.0), "x", nothing)
        .add("empty", Attrs.of("threshold", 0.5, "value", -1.0), "x", normal(2, 0));
    s.op("tanhshrink", "x - torch.tanh(x)")
        .add("plain", "x", normal(1, 3, 5))
        .add("far", "x", floats(-30, 30, 0, 100));
    s.op("softmin", "torch.softmax(-x, {dim:-1})")
        .add("last", Attrs.of("dim", -1), "x", normal(1, 3, 5))
        .add("first", Attrs.of("dim", 0), "x", normal(2, 4, 2, 3))
        .add("large", Attrs.of("dim", 0), "x", floats(-1000, 1000, 0));
  }

  private static void bilinear(Suite s) {
    s.op("bilinear", "torch.bilinear(x1, x2, weight, {?bias})")
        .add(
            "plain",
            "x1",
            normal(1, 4, 3),
            "x2",
            normal(2, 4, 5),
            "weight",
            normal(3, 2, 3, 5),
            "bias",
            normal(4, 2))
        .add(
            "axes",
            "x1",
            normal(5, 2, 3, 4),
            "x2",
            normal(6, 2, 3, 1),
            "weight",
            normal(7, 5, 4, 1))
        .add("one", "x1", normal(8, 1, 1), "x2", normal(9, 1, 1), "weight", normal(10, 1, 1, 1))
        .add(
            "float64",
            "x1",
            normal(11, 2, 3).wide(),
            "x2",
            normal(12, 2, 2).wide(),
            "weight",
            normal(13, 3, 3, 2).wide(),
            "bias",
            normal(14, 3).wide());
  }

  /** LSTMs whose hidden state is projected, one and two layers, one way and both. */
  private static void projections(Suite s) {
    Suite.Op op = s.op("lstm", "");
    String names = "weight_ih_l0, weight_hh_l0, bias_ih_l0, bias_hh_l0, weight_hr_l0";
    String call = "torch.lstm(x, [h0, c0], [%s], True, %d, 0., False, %s, False)";
    op.add(
        "projected",
        new Script(call.formatted(names, 1, "False"), "y", "hn", "cn"),
        Attrs.of("layers", 1, "hidden", 4),
        "x",
        normal(1, 3, 2, 5),
        "h0",
        normal(2, 1, 2, 3),
        "c0",
        normal(3, 1, 2, 4),
        "weight_ih_l0",
        normal(4, 16, 5),
        "weight_hh_l0",
        normal(5, 16, 3),
        "bias_ih_l0",
        normal(6, 16),
        "bias_hh_l0",
        normal(7, 16),
        "weight_hr_l0",
        normal(8, 3, 4));
    String both = names + ", " + names.replace("_l0", "_l0_reverse");
    op.add(
        "projected_both_ways",
        new Script(call.formatted(both, 1, "True"), "y", "hn", "cn"),
        Attrs.of("layers", 1, "hidden", 3, "bidirectional", true),
        "x",
        normal(11, 3, 2, 2),
        "h0",
        normal(12, 2, 2, 2),
        "c0",
        normal(13, 2, 2, 3),
        "weight_ih_l0",
        normal(14, 12, 2),
        "weight_hh_l0",
        normal(15, 12, 2),
        "bias_ih_l0",
        normal(16, 12),
        "bias_hh_l0",
        normal(17, 12),
        "weight_hr_l0",
        normal(18, 2, 3),
        "weight_ih_l0_reverse",
        normal(19, 12, 2),
        "weight_hh_l0_reverse",
        normal(20, 12, 2),
        "bias_ih_l0_reverse",
        normal(21, 12),
        "bias_hh_l0_reverse",
        normal(22, 12),
        "weight_hr_l0_reverse",
        normal(23, 2, 3));
  }

  /** With offsets, or of equal bags, for which libtorch is given offsets too. */
  private static Program bag(boolean equal) {
    return (in, at) -> {
      int mode = List.of("sum", "mean", "max").indexOf((String) at.get("mode", "mean"));
      String offsets = equal ? "torch.arange(0, indices.numel(), indices.size(1))" : "offsets";
      String weights =
          in.containsKey("per_sample_weights") ? "per_sample_weights.reshape([-1])" : "None";
      return new Script(
              "r = torch.embedding_bag(weight, indices.reshape([-1]), "
                  + offsets
                  + ", {scale_grad_by_freq:False}, "
                  + mode
                  + ", False, "
                  + weights
                  + ", False, {padding_idx:None}); r[0]")
          .run(in, at);
    };
  }

  private static void bags(Suite s) {
    Suite.Op op = s.op("embedding_bag", bag(false));
    for (String mode : List.of("sum", "mean", "max")) {
      Attrs plain = Attrs.of("mode", mode);
      Value indices = longs(4, 1, 1, 0, 2, 3, 3);
      op.add(
              mode,
              plain,
              "weight",
              normal(1, 5, 3),
              "indices",
              indices,
              "offsets",
              longs(0, 3, 3, 5))
          .add(
              mode + "_equal",
              bag(true),
              plain,
              "weight",
              normal(2, 5, 3),
              "indices",
              ints(3, 0, 5, 4, 2))
          .add(
              mode + "_padding",
              Attrs.of("mode", mode, "padding_idx", 1),
              "weight",
              normal(4, 5, 3),
              "indices",
              indices,
              "offsets",
              longs(0, 1, 3, 5))
          .add(
              mode + "_one",
              plain,
              "weight",
              normal(5, 1, 1),
              "indices",
              longs(0),
              "offsets",
              longs(0));
    }
    // Only the last row in order is repeated: libtorch divides by the count of another row else.
    for (String mode : List.of("sum", "mean")) {
      op.add(
          mode + "_by_frequency",
          Attrs.of("mode", mode, "scale_grad_by_freq", true),
          "weight",
          normal(6, 5, 3),
          "indices",
          longs(4, 1, 4, 0, 4),
          "offsets",
          longs(0, 2));
    }
    op.add(
            "weighted",
            Attrs.of("mode", "sum"),
            "weight",
            normal(7, 5, 3),
            "indices",
            longs(4, 1, 1, 0),
            "offsets",
            longs(0, 3),
            "per_sample_weights",
            normal(8, 4))
        .add(
            "weighted_equal",
            bag(true),
            Attrs.of("mode", "sum"),
            "weight",
            normal(9, 5, 2),
            "indices",
            ints(10, 0, 5, 2, 3),
            "per_sample_weights",
            normal(11, 2, 3));
    s.op(
            "embedding_renorm",
            "torch.embedding_renorm_(weight.clone(), indices, {max_norm}, {norm_type:2.})")
        .add(
            "plain",
            Attrs.of("max_norm", 1.0),
            "weight",
            normal(1, 6, 4).fixed(),
            "indices",
            longs(0, 3, 3, 5))
        .add(
            "order_one",
            Attrs.of("max_norm", 2.0, "norm_type", 1.0),
            "weight",
            normal(2, 6, 4).fixed(),
            "indices",
            longs(1, 2, 4));
  }

  private static Value signs(long seed, long... shape) {
    Value v = ints(seed, 0, 2, shape);
    return new Value("float32", shape, true, v.data()).map(d -> 2 * d - 1).fixed();
  }

  private static void margins(Suite s) {
    Suite.Op soft = s.op("soft_margin_loss", loss("torch.soft_margin_loss(x, target, RED)"));
    Suite.Op several =
        s.op("multilabel_margin_loss", loss("torch.multilabel_margin_loss(x, target, RED)"));
    Suite.Op right =
        s.op(
            "multi_margin_loss",
            loss("torch.multi_margin_loss(x, target, {p:1}, {margin:1.}, {?weight}, RED)"));
    Value labels = longs(3, 0, -1, 1, 2, -1, 0, 0, -1, 1, 2, 3).as(3, 4);
    for (String r : REDUCTIONS) {
      soft.add(r, by(r), "x", normal(1, 3, 4), "target", signs(2, 3, 4));
      several
          .add(r, by(r), "x", normal(3, 3, 4), "target", labels)
          .add(r + "_one", by(r), "x", normal(4, 4), "target", longs(2, 1, 3, -1));
      right
          .add(r, by(r), "x", normal(5, 3, 4), "target", longs(3, 0, 2))
          .add(
              r + "_squared",
              by(r, "p", 2, "margin", 0.5),
              "x",
              normal(6, 3, 4),
              "target",
              longs(3, 1, 1),
              "weight",
              uniform(7, 0.5, 2, 4).fixed());
    }
    soft.add("empty", by("sum"), "x", normal(8, 0), "target", signs(9, 0));
    several
        .add("all", by("none"), "x", normal(10, 2, 3), "target", longs(2, 0, 1, 1, 2, 0).as(2, 3))
        .add("ties", by("none"), "x", floats(1, 2, 2), "target", longs(0, -1, -1));
    right
        .add("vector", by("mean"), "x", normal(11, 5), "target", longs(2).as())
        .add("ties", by("none"), "x", floats(1, 2, 0).as(1, 3), "target", longs(1))
        .add("one_class", by("mean"), "x", normal(12, 2, 1), "target", longs(0, 0));
    String each = "e = torch.binary_cross_entropy_with_logits(x, target, {?weight}, None, 0).mean(-1)";
    s.op("multilabel_soft_margin_loss", new Script(each + "; e.mean()"))
        .add("mean", "x", normal(1, 3, 4), "target", signs(2, 3, 4).map(d -> (d + 1) / 2))
        .add(
            "weight",
            "x",
            normal(3, 3, 4),
            "target",
            signs(4, 3, 4).map(d -> (d + 1) / 2),
            "weight",
            uniform(5, 0.5, 2, 4).fixed());
  }

  /** PyTorch's own function is no op: variances are held above eps, and the gradient is not. */
  private static void gaussian(Suite s) {
    Suite.Op op =
        s.op(
            "gaussian_nll_loss",
            loss(
                "v = var + (torch.clamp(var, {eps:1e-06}) - var).detach(); "
                    + "e = 0.5 * (torch.log(v) + (x - target) ** 2 / v); "
                    + "[e, e.mean(), e.sum()][RED]"));
    for (String r : REDUCTIONS) {
      op.add(
          r,
          by(r),
          "x",
          normal(1, 3, 4),
          "target",
          normal(2, 3, 4),
          "var",
          uniform(3, 0.5, 2, 3, 4));
    }
    op.add(
        "held",
        by("sum", "eps", 0.5),
        "x",
        normal(4, 5),
        "target",
        normal(5, 5),
        "var",
        uniform(6, 0, 1, 5));
  }

  private static void ctc(Suite s) {
    Suite.Op op =
        s.op(
            "ctc_loss",
            loss(
                "torch.ctc_loss(log_probs, targets, input_lengths, target_lengths, {blank:0}, RED,"
                    + " {zero_infinity:False})"));
    Value targets = longs(1, 2, 3, 3, 3, 1, 2, 0, 0).as(3, 3);
    for (String r : REDUCTIONS) {
      op.add(
              r,
              by(r),
              "log_probs",
              normal(1, 7, 3, 4),
              "targets",
              targets,
              "input_lengths",
              longs(7, 6, 4),
              "target_lengths",
              longs(3, 2, 1))
          .add(
              r + "_joined",
              by(r),
              "log_probs",
              normal(2, 6, 3, 4),
              "targets",
              longs(1, 2, 3, 3, 2),
              "input_lengths",
              longs(6, 6, 5),
              "target_lengths",
              longs(2, 2, 1));
    }
    op.add(
            "blank_last",
            by("sum", "blank", 3),
            "log_probs",
            normal(3, 5, 2, 4),
            "targets",
            longs(0, 1, 2, 2).as(2, 2),
            "input_lengths",
            longs(5, 5),
            "target_lengths",
            longs(2, 2))
        .add(
            "no_labels",
            by("none"),
            "log_probs",
            normal(4, 4, 2, 3),
            "targets",
            longs(1, 2, 1, 1).as(2, 2),
            "input_lengths",
            longs(4, 3),
            "target_lengths",
            longs(0, 2))
        .add(
            "one_step",
            by("mean"),
            "log_probs",
            normal(5, 1, 1, 2),
            "targets",
            longs(1).as(1, 1),
            "input_lengths",
            longs(1),
            "target_lengths",
            longs(1))
        .add(
            "zero_infinity",
            by("mean", "zero_infinity", true),
            "log_probs",
            normal(6, 4, 2, 3),
            "targets",
            longs(1, 1, 2, 1).as(2, 2),
            "input_lengths",
            longs(2, 4),
            "target_lengths",
            longs(2, 2))
        .add(
            "unbatched",
            by("mean"),
            "log_probs",
            normal(7, 5, 4),
            "targets",
            longs(1, 3),
            "input_lengths",
            longs(5).as(),
            "target_lengths",
            longs(2).as())
        .add(
            "float64",
            by("sum"),
            "log_probs",
            normal(8, 5, 2, 4).wide(),
            "targets",
            longs(1, 2, 3, 3).as(2, 2),
            "input_lengths",
            longs(5, 4),
            "target_lengths",
            longs(2, 2));
  }
}
