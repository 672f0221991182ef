package dev.kiln.oracle;

import static dev.kiln.oracle.Draw.flags;
import static dev.kiln.oracle.Draw.floats;
import static dev.kiln.oracle.Draw.normal;

import java.util.LinkedHashMap;
import java.util.Map;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.MultiheadAttentionForwardFuncOptions;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;

/** Attention, and the encoder layer that is made of it. */
final class AttentionCases {
  private static final double INF = Double.POSITIVE_INFINITY;

  private AttentionCases() {}

  static void addTo(Suite s) {
    products(s);
    heads(s);
    encoder(s);
  }

  private static void products(Suite s) {
    Suite.Op op =
        s.op(
            "scaled_dot_product_attention",
            "torch.scaled_dot_product_attention(q, k, v, {?attn_mask}, 0., {causal:False},"
                + " scale={scale:None})");
    op.add(
            "plain",
            "q",
            normal(1, 2, 2, 3, 4),
            "k",
            normal(2, 2, 2, 5, 4),
            "v",
            normal(3, 2, 2, 5, 4))
        .add("rank3", "q", normal(4, 2, 3, 4), "k", normal(5, 2, 5, 4), "v", normal(6, 2, 5, 4))
        .add("rank2", "q", normal(7, 3, 4), "k", normal(8, 5, 4), "v", normal(9, 5, 4))
        .add(
            "wide_values",
            "q",
            normal(10, 2, 3, 4),
            "k",
            normal(11, 2, 5, 4),
            "v",
            normal(12, 2, 5, 7))
        .add(
            "causal",
            Attrs.of("causal", true),
            "q",
            normal(13, 1, 2, 4, 3),
            "k",
            normal(14, 1, 2, 4, 3),
            "v",
            normal(15, 1, 2, 4, 3))
        .add(
            "causal_short",
            Attrs.of("causal", true),
            "q",
            normal(16, 1, 2, 3, 4),
            "k",
            normal(17, 1, 2, 5, 4),
            "v",
            normal(18, 1, 2, 5, 4))
        .add(
            "causal_long",
            Attrs.of("causal", true),
            "q",
            normal(19, 1, 2, 5, 4),
            "k",
            normal(20, 1, 2, 3, 4),
            "v",
            normal(21, 1, 2, 3, 4))
        .add(
            "scale",
            Attrs.of("scale", 0.3),
            "q",
            normal(22, 1, 1, 3, 4),
            "k",
            normal(23, 1, 1, 5, 4),
            "v",
            normal(24, 1, 1, 5, 4))
        .add(
            "scale_causal",
            Attrs.of("scale", 2.0, "causal", true),
            "q",
            normal(25, 1, 1, 3, 4),
            "k",
            normal(26, 1, 1, 3, 4),
            "v",
            normal(27, 1, 1, 3, 4))
        .add(
            "mask",
            "q",
            normal(28, 2, 2, 3, 4),
            "k",
            normal(29, 2, 2, 5, 4),
            "v",
            normal(30, 2, 2, 5, 4),
            "attn_mask",
            normal(31, 3, 5).fixed())
        .add(
            "mask_batch",
            "q",
            normal(32, 2, 2, 3, 4),
            "k",
            normal(33, 2, 2, 5, 4),
            "v",
            normal(34, 2, 2, 5, 4),
            "attn_mask",
            normal(35, 2, 1, 3, 5).fixed())
        .add(
            "mask_learnt",
            "q",
            normal(36, 2, 2, 3, 4),
            "k",
            normal(37, 2, 2, 5, 4),
            "v",
            normal(38, 2, 2, 5, 4),
            "attn_mask",
            normal(39, 2, 2, 3, 5))
        .add(
            "mask_infinite",
            "q",
            normal(40, 1, 1, 2, 4),
            "k",
            normal(41, 1, 1, 3, 4),
            "v",
            normal(42, 1, 1, 3, 4),
            "attn_mask",
            floats(0, -INF, 0, -INF, 0.5, -INF).as(2, 3).fixed())
        .add(
            "mask_bool",
            "q",
            normal(43, 2, 2, 2, 4),
            "k",
            normal(44, 2, 2, 3, 4),
            "v",
            normal(45, 2, 2, 3, 4),
            "attn_mask",
            flags(1, 0, 1, 0, 1, 1).as(2, 3))
        .add(
            "mask_bool_batch",
            "q",
            normal(46, 2, 1, 2, 3),
            "k",
            normal(47, 2, 1, 4, 3),
            "v",
            normal(48, 2, 1, 4, 3),
            "attn_mask",
            flags(1, 1, 0, 0, 1, 1, 1, 1).as(2, 1, 1, 4))
        .add(
            "mask_bool_nothing",
            "q",
            normal(49, 1, 1, 2, 3),
            "k",
            normal(50, 1, 1, 3, 3),
            "v",
            normal(51, 1, 1, 3, 3),
            "attn_mask",
            flags(0, 0, 0, 1, 0, 1).as(2, 3))
        .add(
            "mask_nothing",
            "q",
            normal(52, 1, 1, 2, 3),
            "k",
            normal(53, 1, 1, 3, 3),
            "v",
            normal(54, 1, 1, 3, 3),
            "attn_mask",
            floats(-INF, -INF, -INF, 0, 0, -INF).as(2, 3).fixed())
        .add(
            "grouped",
            "torch.scaled_dot_product_attention(q, k, v, None, 0., False, scale=None, enable_gqa=True)",
            Attrs.of("enable_gqa", true),
            "q",
            normal(55, 2, 4, 3, 4),
            "k",
            normal(56, 2, 2, 5, 4),
            "v",
            normal(57, 2, 2, 5, 4))
        .add(
            "grouped_causal",
            "torch.scaled_dot_product_attention(q, k, v, None, 0., True, scale=None, enable_gqa=True)",
            Attrs.of("enable_gqa", true, "causal", true),
            "q",
            normal(58, 1, 6, 3, 4),
            "k",
            normal(59, 1, 2, 3, 4),
            "v",
            normal(60, 1, 2, 3, 4))
        .add(
            "shared_batch",
            "q",
            normal(61, 2, 2, 3, 4),
            "k",
            normal(62, 1, 1, 5, 4),
            "v",
            normal(63, 1, 1, 5, 4))
        .add(
            "large",
            "q",
            normal(64, 1, 1, 3, 4).map(v -> v * 100),
            "k",
            normal(65, 1, 1, 3, 4).map(v -> Math.round(v * 10)),
            "v",
            normal(66, 1, 1, 3, 4))
        .add(
            "one",
            "q",
            normal(67, 1, 1, 1, 1),
            "k",
            normal(68, 1, 1, 1, 1),
            "v",
            normal(69, 1, 1, 1, 1))
        .add(
            "tail",
            "q",
            normal(70, 1, 1, 19, 9),
            "k",
            normal(71, 1, 1, 35, 9),
            "v",
            normal(72, 1, 1, 35, 9))
        .add(
            "no_batch",
            "q",
            normal(73, 0, 2, 3, 4),
            "k",
            normal(74, 0, 2, 3, 4),
            "v",
            normal(75, 0, 2, 3, 4))
        .add(
            "float64",
            "q",
            normal(76, 1, 2, 3).wide(),
            "k",
            normal(77, 1, 2, 3).wide(),
            "v",
            normal(78, 1, 2, 3).wide());
  }

  private static Map<String, Value> projections(long seed, long e) {
    Map<String, Value> named = new LinkedHashMap<>();
    named.put("in_proj_weight", normal(seed, 3 * e, e).map(v -> v * 0.5));
    named.put("in_proj_bias", normal(seed + 1, 3 * e));
    named.put("out_proj_weight", normal(seed + 2, e, e).map(v -> v * 0.5));
    named.put("out_proj_bias", normal(seed + 3, e));
    return named;
  }

  private static Map<String, Value> with(String name, Value x, Map<String, Value> rest) {
    Map<String, Value> named = new LinkedHashMap<>();
    named.put(name, x);
    named.putAll(rest);
    return named;
  }

  private static Tensor orNone(Map<String, Tensor> in, String name) {
    return in.containsKey(name) ? in.get(name) : new Tensor();
  }

  /**
   * libtorch's own function, on [sequence, batch, features]. Unlike Python's, it would add a BOOL
   * mask as 0 and 1, so true becomes -Infinity here.
   */
  private static Map<String, Tensor> selfAttention(Map<String, Tensor> in, Attrs at) {
    Tensor x = in.get("x");
    boolean single = x.dim() == 2;
    boolean batchFirst = at.flag("batch_first", false) && !single;
    Tensor sequence = single ? x.unsqueeze(1) : batchFirst ? x.transpose(0, 1) : x;
    long e = sequence.size(2);
    MultiheadAttentionForwardFuncOptions options =
        new MultiheadAttentionForwardFuncOptions(
            e,
            (long) at.number("heads", 1),
            in.get("in_proj_weight"),
            orNone(in, "in_proj_bias"),
            new Tensor(),
            new Tensor(),
            false,
            0,
            in.get("out_proj_weight"),
            orNone(in, "out_proj_bias"));
    options.training().put(false);
    options.need_weights().put(false);
    if (in.containsKey("attn_mask")) {
      Tensor mask = in.get("attn_mask");
      boolean hides = Torch.dtype(mask).equals("bool");
      Tensor zeros =
          torch.zeros_like(mask, new TensorOptions(x.scalar_type()), new MemoryFormatOptional());
      options
          .attn_mask()
          .put(hides ? zeros.masked_fill(mask, new Scalar(Double.NEGATIVE_INFINITY)) : mask);
    }
    if (in.containsKey("key_padding_mask")) {
      options.key_padding_mask().put(in.get("key_padding_mask"));
    }
    Tensor y = torch.multi_head_attention_forward(sequence, sequence, sequence, options).get0();
    return Map.of("y", single ? y.squeeze(1) : batchFirst ? y.transpose(0, 1) : y);
  }

  private static void heads(Suite s) {
    Suite.Op op = s.op("multi_head_attention", AttentionCases::selfAttention);
    Attrs first = Attrs.of("heads", 2, "batch_first", true);
    Attrs last = Attrs.of("heads", 2, "batch_first", false);
    op.add("batch_first", first, with("x", normal(1, 2, 4, 6), projections(2, 6)))
        .add("sequence_first", last, with("x", normal(10, 4, 2, 6), projections(11, 6)))
        .add("default", Attrs.of("heads", 3), with("x", normal(20, 4, 2, 6), projections(21, 6)))
        .add(
            "one_head",
            Attrs.of("heads", 1, "batch_first", true),
            with("x", normal(30, 2, 3, 5), projections(31, 5)))
        .add(
            "thin_heads",
            Attrs.of("heads", 4, "batch_first", true),
            with("x", normal(40, 1, 3, 4), projections(41, 4)))
        .add("one_step", first, with("x", normal(50, 2, 1, 4), projections(51, 4)))
        .add("unbatched", last, with("x", normal(60, 3, 4), projections(61, 4)));
    Map<String, Value> mask = with("x", normal(70, 2, 3, 4), projections(71, 4));
    mask.put("attn_mask", normal(75, 3, 3).fixed());
    op.add("mask", first, mask);
    Map<String, Value> hidden = with("x", normal(80, 2, 3, 4), projections(81, 4));
    hidden.put("attn_mask", flags(0, 1, 1, 0, 0, 1, 0, 0, 0).as(3, 3));
    op.add("mask_bool", first, hidden);
    Map<String, Value> padding = with("x", normal(100, 2, 3, 4), projections(101, 4));
    padding.put("key_padding_mask", flags(0, 0, 1, 0, 1, 1).as(2, 3));
    op.add("padding", first, padding);
    Map<String, Value> both = with("x", normal(110, 2, 3, 4), projections(111, 4));
    both.put("attn_mask", flags(0, 1, 1, 0, 0, 1, 0, 0, 0).as(3, 3));
    both.put("key_padding_mask", flags(0, 0, 1, 0, 1, 0).as(2, 3));
    op.add("mask_and_padding", first, both);
    Map<String, Value> wide = new LinkedHashMap<>();
    with("x", normal(120, 1, 2, 4), projections(121, 4)).forEach((n, v) -> wide.put(n, v.wide()));
    op.add("float64", first, wide);
  }

  private static Map<String, Value> layer(long seed, Value x, long hidden) {
    long e = x.shape()[x.shape().length - 1];
    Map<String, Value> named = with("x", x, projections(seed, e));
    named.put("linear1_weight", normal(seed + 10, hidden, e).map(v -> v * 0.5));
    named.put("linear1_bias", normal(seed + 11, hidden));
    named.put("linear2_weight", normal(seed + 12, e, hidden).map(v -> v * 0.5));
    named.put("linear2_bias", normal(seed + 13, e));
    named.put("norm1_weight", normal(seed + 14, e));
    named.put("norm1_bias", normal(seed + 15, e));
    named.put("norm2_weight", normal(seed + 16, e));
    named.put("norm2_bias", normal(seed + 17, e));
    return named;
  }

  private static Tensor norm(Tensor x, String name, Map<String, Tensor> in, Attrs at) {
    Map<String, Tensor> named = new LinkedHashMap<>();
    named.put("x", x);
    named.put("w", in.get(name + "_weight"));
    named.put("b", in.get(name + "_bias"));
    return new Script("torch.layer_norm(x, [x.size(-1)], w, b, {eps:1e-05})")
        .run(named, at)
        .get("y");
  }

  private static Tensor attention(Tensor x, Map<String, Tensor> in, Attrs at) {
    Map<String, Tensor> inner = new LinkedHashMap<>(in);
    inner.put("x", x);
    Attrs settings =
        Attrs.of("heads", at.get("heads", 1), "batch_first", at.get("batch_first", true));
    return selfAttention(inner, settings).get("y");
  }

  private static Tensor feedForward(Tensor x, Map<String, Tensor> in, Attrs at) {
    Map<String, Tensor> named = new LinkedHashMap<>();
    named.put("x", x);
    for (String name :
        new String[] {"linear1_weight", "linear1_bias", "linear2_weight", "linear2_bias"}) {
      named.put(name, in.get(name));
    }
    String call =
        "torch." + at.get("activation", "relu") + "(torch.linear(x, linear1_weight, linear1_bias))";
    return new Script("torch.linear(" + call + ", linear2_weight, linear2_bias)")
        .run(named, at)
        .get("y");
  }

  /** PyTorch's layer, from libtorch's attention, norms and products. */
  private static Map<String, Tensor> encode(Map<String, Tensor> in, Attrs at) {
    Tensor x = in.get("x");
    if (at.flag("norm_first", false)) {
      Tensor y = x.add(attention(norm(x, "norm1", in, at), in, at));
      return Map.of("y", y.add(feedForward(norm(y, "norm2", in, at), in, at)));
    }
    Tensor y = norm(x.add(attention(x, in, at)), "norm1", in, at);
    return Map.of("y", norm(y.add(feedForward(y, in, at)), "norm2", in, at));
  }

  private static void encoder(Suite s) {
    Suite.Op op = s.op("transformer_encoder_layer", AttentionCases::encode);
    op.add(
            "post_relu",
            Attrs.of("heads", 2, "activation", "relu"),
            layer(1, normal(100, 2, 3, 4), 5))
        .add(
            "post_gelu",
            Attrs.of("heads", 2, "norm_first", false, "activation", "gelu"),
            layer(2, normal(101, 2, 3, 4), 5))
        .add(
            "pre_relu",
            Attrs.of("heads", 2, "norm_first", true, "activation", "relu"),
            layer(3, normal(102, 2, 3, 4), 5))
        .add(
            "pre_gelu",
            Attrs.of("heads", 2, "norm_first", true, "activation", "gelu"),
            layer(4, normal(103, 2, 3, 4), 5))
        .add("default", Attrs.of("heads", 2), layer(5, normal(104, 2, 3, 4), 5))
        .add("eps", Attrs.of("heads", 1, "eps", 0.1), layer(6, normal(105, 1, 3, 3), 4))
        .add("one_step", Attrs.of("heads", 2), layer(7, normal(106, 1, 1, 4), 3))
        .add(
            "sequence_first",
            Attrs.of("heads", 2, "batch_first", false),
            layer(8, normal(107, 3, 2, 4), 5))
        .add("unbatched", Attrs.of("heads", 2), layer(9, normal(108, 3, 4), 5));
    Map<String, Value> mask = layer(10, normal(109, 2, 3, 4), 5);
    mask.put("attn_mask", flags(0, 1, 1, 0, 0, 1, 0, 0, 0).as(3, 3));
    op.add("mask", Attrs.of("heads", 2), mask);
    Map<String, Value> wide = new LinkedHashMap<>();
    layer(11, normal(110, 1, 2, 2), 3).forEach((n, v) -> wide.put(n, v.wide()));
    op.add("float64", Attrs.of("heads", 1), wide);
  }
}
