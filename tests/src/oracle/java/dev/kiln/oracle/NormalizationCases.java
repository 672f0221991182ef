package dev.kiln.oracle;

import static dev.kiln.oracle.Draw.distinct;
import static dev.kiln.oracle.Draw.floats;
import static dev.kiln.oracle.Draw.normal;
import static dev.kiln.oracle.Draw.uniform;

/** Normalisation. */
final class NormalizationCases {
  private static final double NAN = Double.NaN;
  private static final double INF = Double.POSITIVE_INFINITY;

  private NormalizationCases() {}

  private static int[] list(int... values) {
    return values;
  }

  private static Value far(Value x) {
    return x.map(v -> v * 3 + 100);
  }

  static void addTo(Suite s) {
    batch(s);
    layer(s);
    group(s);
    instance(s);
    rms(s);
    normalize(s);
    cosine(s);
  }

  private static void batch(Suite s) {
    String call = "{training:False}, {momentum:0.1}, {eps:1e-05}, False)";
    Script buffers =
        new Script(
            "m = running_mean.clone(); v = running_var.clone();"
                + " y = torch.batch_norm(x, {?weight}, {?bias}, m, v, "
                + call
                + "; (y, m, v)",
            "y",
            "running_mean_after",
            "running_var_after");
    Script none = new Script("torch.batch_norm(x, {?weight}, {?bias}, None, None, " + call);
    Suite.Op op =
        s.op(
            "batch_norm",
            (in, at) -> (in.containsKey("running_mean") ? buffers : none).run(in, at));
    Value w = normal(91, 3);
    Value b = normal(92, 3);
    Value m = normal(93, 3).fixed();
    Value v = uniform(94, 0.5, 2, 3).fixed();
    Attrs train = Attrs.of("training", true);
    Attrs eval = Attrs.of("training", false);
    op.add(
            "train_2d",
            train,
            "x",
            normal(1, 5, 3),
            "weight",
            w,
            "bias",
            b,
            "running_mean",
            m,
            "running_var",
            v)
        .add(
            "train_3d",
            train,
            "x",
            normal(2, 2, 3, 5),
            "weight",
            w,
            "bias",
            b,
            "running_mean",
            m,
            "running_var",
            v)
        .add(
            "train_4d",
            train,
            "x",
            normal(3, 2, 3, 3, 4),
            "weight",
            w,
            "bias",
            b,
            "running_mean",
            m,
            "running_var",
            v)
        .add(
            "train_5d",
            train,
            "x",
            normal(4, 2, 3, 2, 2, 3),
            "weight",
            w,
            "bias",
            b,
            "running_mean",
            m,
            "running_var",
            v)
        .add(
            "eval_2d",
            eval,
            "x",
            normal(5, 5, 3),
            "weight",
            w,
            "bias",
            b,
            "running_mean",
            m,
            "running_var",
            v)
        .add(
            "eval_3d",
            eval,
            "x",
            normal(6, 2, 3, 5),
            "weight",
            w,
            "bias",
            b,
            "running_mean",
            m,
            "running_var",
            v)
        .add(
            "eval_4d",
            eval,
            "x",
            normal(7, 2, 3, 3, 4),
            "weight",
            w,
            "bias",
            b,
            "running_mean",
            m,
            "running_var",
            v)
        .add(
            "eval_5d",
            eval,
            "x",
            normal(8, 2, 3, 2, 2, 3),
            "weight",
            w,
            "bias",
            b,
            "running_mean",
            m,
            "running_var",
            v)
        .add("train_no_affine", train, "x", normal(9, 2, 3, 4), "running_mean", m, "running_var", v)
        .add("eval_no_affine", eval, "x", normal(10, 2, 3, 4), "running_mean", m, "running_var", v)
        .add(
            "train_weight",
            train,
            "x",
            normal(11, 2, 3, 4),
            "weight",
            w,
            "running_mean",
            m,
            "running_var",
            v)
        .add(
            "eval_bias",
            eval,
            "x",
            normal(12, 2, 3, 4),
            "bias",
            b,
            "running_mean",
            m,
            "running_var",
            v)
        .add("train_no_buffers", train, "x", normal(13, 2, 3, 4), "weight", w, "bias", b)
        .add("train_bare", train, "x", normal(14, 4, 3))
        .add(
            "momentum",
            Attrs.of("training", true, "momentum", 0.7, "eps", 1e-3),
            "x",
            normal(15, 2, 3, 4),
            "weight",
            w,
            "bias",
            b,
            "running_mean",
            m,
            "running_var",
            v)
        .add(
            "momentum_one",
            Attrs.of("training", true, "momentum", 1.0),
            "x",
            normal(16, 2, 3, 4),
            "weight",
            w,
            "bias",
            b,
            "running_mean",
            m,
            "running_var",
            v)
        .add(
            "momentum_zero",
            Attrs.of("training", true, "momentum", 0.0),
            "x",
            normal(17, 2, 3, 4),
            "weight",
            w,
            "bias",
            b,
            "running_mean",
            m,
            "running_var",
            v)
        .add(
            "eps",
            Attrs.of("training", false, "eps", 0.1),
            "x",
            normal(18, 2, 3, 4),
            "weight",
            w,
            "bias",
            b,
            "running_mean",
            m,
            "running_var",
            v)
        .add(
            "far",
            train,
            "x",
            far(normal(19, 4, 3, 5)),
            "weight",
            w,
            "bias",
            b,
            "running_mean",
            m,
            "running_var",
            v)
        .add(
            "two_values",
            train,
            "x",
            normal(20, 2, 3),
            "weight",
            w,
            "bias",
            b,
            "running_mean",
            m,
            "running_var",
            v)
        .add(
            "eval_one",
            eval,
            "x",
            normal(21, 1, 3),
            "weight",
            w,
            "bias",
            b,
            "running_mean",
            m,
            "running_var",
            v)
        .add(
            "eval_no_rows",
            eval,
            "x",
            normal(22, 0, 3),
            "weight",
            w,
            "bias",
            b,
            "running_mean",
            m,
            "running_var",
            v)
        .add(
            "constant",
            train,
            "x",
            floats(2, 2, 2, 2, 2, 2).as(2, 3),
            "weight",
            w,
            "bias",
            b,
            "running_mean",
            m,
            "running_var",
            v)
        .add(
            "float64",
            train,
            "x",
            normal(23, 4, 3).wide(),
            "weight",
            w.wide(),
            "bias",
            b.wide(),
            "running_mean",
            m.wide(),
            "running_var",
            v.wide());
  }

  private static void layer(Suite s) {
    s.op("layer_norm", "torch.layer_norm(x, {normalized_shape}, {?weight}, {?bias}, {eps:1e-05})")
        .add(
            "last",
            Attrs.of("normalized_shape", list(5)),
            "x",
            normal(1, 3, 5),
            "weight",
            normal(2, 5),
            "bias",
            normal(3, 5))
        .add(
            "two",
            Attrs.of("normalized_shape", list(4, 5)),
            "x",
            normal(4, 3, 4, 5),
            "weight",
            normal(5, 4, 5),
            "bias",
            normal(6, 4, 5))
        .add(
            "whole",
            Attrs.of("normalized_shape", list(2, 3, 4)),
            "x",
            normal(7, 2, 3, 4),
            "weight",
            normal(8, 2, 3, 4),
            "bias",
            normal(9, 2, 3, 4))
        .add("bare", Attrs.of("normalized_shape", list(6)), "x", normal(10, 2, 3, 6))
        .add(
            "weight_only",
            Attrs.of("normalized_shape", list(6)),
            "x",
            normal(11, 4, 6),
            "weight",
            normal(12, 6))
        .add(
            "bias_only",
            Attrs.of("normalized_shape", list(6)),
            "x",
            normal(13, 4, 6),
            "bias",
            normal(14, 6))
        .add(
            "vector",
            Attrs.of("normalized_shape", list(7)),
            "x",
            normal(15, 7),
            "weight",
            normal(16, 7),
            "bias",
            normal(17, 7))
        .add(
            "one",
            Attrs.of("normalized_shape", list(1)),
            "x",
            normal(18, 4, 1),
            "weight",
            normal(19, 1),
            "bias",
            normal(20, 1))
        .add("eps", Attrs.of("normalized_shape", list(5), "eps", 0.1), "x", normal(21, 3, 5))
        .add("far", Attrs.of("normalized_shape", list(9)), "x", far(normal(22, 3, 9)))
        .add(
            "constant",
            Attrs.of("normalized_shape", list(3)),
            "x",
            floats(2, 2, 2, 1, 2, 3).as(2, 3))
        .add(
            "no_rows",
            Attrs.of("normalized_shape", list(3)),
            "x",
            normal(23, 0, 3),
            "weight",
            normal(24, 3),
            "bias",
            normal(25, 3))
        .add(
            "whole_number",
            Attrs.of("normalized_shape", list(37)),
            "x",
            normal(26, 2, 37),
            "weight",
            normal(27, 37),
            "bias",
            normal(28, 37))
        .add(
            "four",
            Attrs.of("normalized_shape", list(3)),
            "x",
            normal(29, 2, 2, 2, 3),
            "weight",
            normal(30, 3),
            "bias",
            normal(31, 3))
        .add(
            "float64",
            Attrs.of("normalized_shape", list(4)),
            "x",
            normal(32, 2, 4).wide(),
            "weight",
            normal(33, 4).wide(),
            "bias",
            normal(34, 4).wide());
  }

  private static void group(Suite s) {
    s.op("group_norm", "torch.group_norm(x, {groups}, {?weight}, {?bias}, {eps:1e-05})")
        .add(
            "images",
            Attrs.of("groups", 2),
            "x",
            normal(1, 2, 4, 3, 3),
            "weight",
            normal(2, 4),
            "bias",
            normal(3, 4))
        .add(
            "one_group",
            Attrs.of("groups", 1),
            "x",
            normal(4, 2, 4, 3),
            "weight",
            normal(5, 4),
            "bias",
            normal(6, 4))
        .add(
            "own_groups",
            Attrs.of("groups", 4),
            "x",
            normal(7, 2, 4, 5),
            "weight",
            normal(8, 4),
            "bias",
            normal(9, 4))
        .add(
            "rows",
            Attrs.of("groups", 3),
            "x",
            normal(10, 4, 6),
            "weight",
            normal(11, 6),
            "bias",
            normal(12, 6))
        .add(
            "volume",
            Attrs.of("groups", 2),
            "x",
            normal(13, 1, 4, 2, 2, 2),
            "weight",
            normal(14, 4),
            "bias",
            normal(15, 4))
        .add("bare", Attrs.of("groups", 2), "x", normal(16, 2, 6, 3))
        .add(
            "weight_only", Attrs.of("groups", 2), "x", normal(17, 2, 4, 3), "weight", normal(18, 4))
        .add("eps", Attrs.of("groups", 2, "eps", 0.1), "x", normal(21, 2, 4, 3))
        .add("far", Attrs.of("groups", 2), "x", far(normal(22, 2, 4, 5)))
        .add(
            "no_batch",
            Attrs.of("groups", 2),
            "x",
            normal(23, 0, 4, 3),
            "weight",
            normal(24, 4),
            "bias",
            normal(25, 4))
        .add(
            "float64",
            Attrs.of("groups", 2),
            "x",
            normal(26, 1, 4, 2).wide(),
            "weight",
            normal(27, 4).wide(),
            "bias",
            normal(28, 4).wide());
  }

  private static void instance(Suite s) {
    s.op(
            "instance_norm",
            "torch.instance_norm(x, {?weight}, {?bias}, None, None, True, 0.1, {eps:1e-05}, False)")
        .add("images", "x", normal(1, 2, 3, 3, 4), "weight", normal(2, 3), "bias", normal(3, 3))
        .add("sequence", "x", normal(4, 2, 3, 7), "weight", normal(5, 3), "bias", normal(6, 3))
        .add("volume", "x", normal(7, 1, 2, 2, 3, 2), "weight", normal(8, 2), "bias", normal(9, 2))
        .add("bare", "x", normal(10, 2, 3, 5))
        .add("weight_only", "x", normal(11, 2, 3, 5), "weight", normal(12, 3))
        .add("eps", Attrs.of("eps", 0.1), "x", normal(13, 2, 3, 5))
        .add("far", "x", far(normal(14, 2, 3, 5)))
        .add("one_example", "x", normal(15, 1, 1, 5))
        .add(
            "float64",
            "x",
            normal(16, 1, 2, 4).wide(),
            "weight",
            normal(17, 2).wide(),
            "bias",
            normal(18, 2).wide());
  }

  private static void rms(Suite s) {
    s.op("rms_norm", "torch.rms_norm(x, {normalized_shape}, {?weight}, {eps:None})")
        .add(
            "last",
            Attrs.of("normalized_shape", list(5), "eps", 1e-5),
            "x",
            normal(1, 3, 5),
            "weight",
            normal(2, 5))
        .add(
            "two",
            Attrs.of("normalized_shape", list(4, 5), "eps", 1e-6),
            "x",
            normal(3, 3, 4, 5),
            "weight",
            normal(4, 4, 5))
        .add("bare", Attrs.of("normalized_shape", list(6), "eps", 1e-5), "x", normal(5, 2, 3, 6))
        .add(
            "default_eps",
            Attrs.of("normalized_shape", list(6)),
            "x",
            normal(6, 2, 6),
            "weight",
            normal(7, 6))
        .add(
            "vector",
            Attrs.of("normalized_shape", list(7), "eps", 1e-5),
            "x",
            normal(8, 7),
            "weight",
            normal(9, 7))
        .add("one", Attrs.of("normalized_shape", list(1), "eps", 1e-5), "x", normal(10, 4, 1))
        .add("large_eps", Attrs.of("normalized_shape", list(5), "eps", 0.5), "x", normal(11, 3, 5))
        .add(
            "zeros",
            Attrs.of("normalized_shape", list(3), "eps", 1e-3),
            "x",
            floats(0, 0, 0, 1, 2, 3).as(2, 3))
        .add(
            "no_rows",
            Attrs.of("normalized_shape", list(3), "eps", 1e-5),
            "x",
            normal(12, 0, 3),
            "weight",
            normal(13, 3))
        .add("far", Attrs.of("normalized_shape", list(9), "eps", 1e-5), "x", far(normal(14, 3, 9)))
        .add(
            "float64",
            Attrs.of("normalized_shape", list(4)),
            "x",
            normal(15, 2, 4).wide(),
            "weight",
            normal(16, 4).wide());
  }

  private static void normalize(Suite s) {
    Suite.Op op =
        s.op(
            "normalize",
            "x / torch.norm(x, {p:2.}, [{dim:1}], True).clamp_min({eps:1e-12}).expand_as(x)");
    op.add("rows", "x", normal(1, 3, 5))
        .add("first", Attrs.of("dim", 0), "x", normal(2, 3, 5))
        .add("last", Attrs.of("dim", -1, "p", 2.0), "x", normal(3, 2, 3, 5))
        .add("images", "x", normal(4, 2, 3, 2, 2))
        .add("p1", Attrs.of("p", 1.0), "x", normal(5, 3, 5))
        .add("p3", Attrs.of("p", 3.0), "x", normal(6, 3, 5))
        .add("p_inf", Attrs.of("p", INF), "x", distinct(7, 3, 5))
        .add("p0", Attrs.of("p", 0.0), "x", normal(8, 3, 5))
        .add("zeros", "x", floats(0, 0, 0, 3, 0, 4).as(2, 3))
        .add("eps", Attrs.of("eps", 2.0), "x", normal(9, 3, 2))
        .add("vector", Attrs.of("dim", 0), "x", normal(10, 7))
        .add("no_rows", "x", normal(11, 0, 3))
        .add("special", "x", floats(NAN, 1, INF, 1).as(2, 2).fixed())
        .add("float64", "x", normal(12, 2, 3).wide());
  }

  private static void cosine(Suite s) {
    s.op("cosine_similarity", "torch.cosine_similarity(x1, x2, {dim:1}, {eps:1e-08})")
        .add("rows", "x1", normal(1, 3, 5), "x2", normal(2, 3, 5))
        .add("first", Attrs.of("dim", 0), "x1", normal(3, 3, 5), "x2", normal(4, 3, 5))
        .add("last", Attrs.of("dim", -1), "x1", normal(5, 2, 3, 4), "x2", normal(6, 2, 3, 4))
        .add("vector", Attrs.of("dim", 0), "x1", normal(7, 6), "x2", normal(8, 6))
        .add("row", "x1", normal(9, 3, 5), "x2", normal(10, 1, 5))
        .add("spread", Attrs.of("dim", 2), "x1", normal(11, 3, 1, 4), "x2", normal(12, 1, 2, 4))
        .add("ranks", Attrs.of("dim", -1), "x1", normal(13, 3, 4), "x2", normal(14, 4))
        .add("zeros", "x1", floats(0, 0, 0, 1, 2, 3).as(2, 3), "x2", normal(15, 2, 3))
        .add("eps", Attrs.of("eps", 2.0), "x1", normal(16, 3, 2), "x2", normal(17, 3, 2))
        .add("one", "x1", normal(18, 3, 1), "x2", normal(19, 3, 1))
        .add("no_rows", "x1", normal(20, 0, 3), "x2", normal(21, 0, 3))
        .add("float64", "x1", normal(22, 2, 3).wide(), "x2", normal(23, 2, 3).wide());
  }
}
