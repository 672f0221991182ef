package dev.kiln.cli.conform.ops;

import dev.kiln.DType;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.cli.conform.Attrs;
import dev.kiln.cli.conform.CaseFormatException;
import dev.kiln.cli.conform.Inputs;
import dev.kiln.cli.conform.OpTable;
import dev.kiln.ops.Attention;
import dev.kiln.ops.Elementwise;
import dev.kiln.ops.Normalization;
import dev.kiln.ops.Products;
import dev.kiln.ops.Rearranging;
import java.util.Optional;
import java.util.OptionalDouble;

/** Attention, and the encoder layer that is made of it. */
public final class AttentionOps {
  private AttentionOps() {}

  /** Adds the family to a table. */
  public static void addTo(OpTable t) {
    t.op(
        "scaled_dot_product_attention",
        (in, at) -> {
          boolean causal = at.flag("causal", at.flag("is_causal", false));
          OptionalDouble scale =
              at.has("scale") ? OptionalDouble.of(at.number("scale")) : OptionalDouble.empty();
          Optional<Tensor> mask = in.find("attn_mask");
          Tensor q = in.get("q");
          return at.flag("enable_gqa", false)
              ? Attention.groupedQuery(q, in.get("k"), in.get("v"), mask, causal, scale)
              : Attention.scaledDotProduct(q, in.get("k"), in.get("v"), mask, causal, scale);
        });
    t.op("multi_head_attention", (in, at) -> batched(in, at, false, AttentionOps::attention));
    t.op(
        "transformer_encoder_layer", (in, at) -> batched(in, at, true, AttentionOps::encoderLayer));
  }

  private interface OnBatch {
    Tensor of(Tensor x, Inputs in, Attrs at);
  }

  /** Brings x into [batch, sequence, features] and the result back; a matrix is one sequence. */
  private static Tensor batched(Inputs in, Attrs at, boolean batchFirst, OnBatch f) {
    Tensor x = in.x();
    if (x.dim() == 2) {
      return f.of(x.unsqueeze(0), in, at).squeeze(0);
    }
    return at.flag("batch_first", batchFirst)
        ? f.of(x, in, at)
        : f.of(x.transpose(0, 1), in, at).transpose(0, 1);
  }

  /**
   * The masks as {@link Attention} takes them. In PyTorch's layers a true BOOL hides, and there may
   * be one of keys [batch, keys] and one for each head [batch * heads, queries, keys].
   */
  private static Optional<Tensor> mask(Tensor x, Inputs in, Attrs at) {
    Optional<Tensor> scores =
        in.find("attn_mask")
            .map(m -> added(m, x))
            .map(
                m ->
                    m.dim() == 3
                        ? m.reshape(x.size(0), at.integer("heads"), m.size(1), m.size(2))
                        : m);
    Optional<Tensor> keys =
        in.find("key_padding_mask").map(m -> added(m, x).reshape(x.size(0), 1, 1, x.size(1)));
    return scores.isPresent() && keys.isPresent()
        ? Optional.of(scores.get().add(keys.get()))
        : scores.isPresent() ? scores : keys;
  }

  private static Tensor added(Tensor mask, Tensor x) {
    if (mask.dtype() != DType.BOOL) {
      return mask;
    }
    Tensor zero = Tensor.zeros(mask.shape(), x.dtype(), x.device());
    return Rearranging.maskedFill(zero, mask, Double.NEGATIVE_INFINITY);
  }

  private static Tensor attention(Tensor x, Inputs in, Attrs at) {
    return Attention.multiHeadSelf(
        x,
        in.get("in_proj_weight"),
        in.find("in_proj_bias"),
        in.get("out_proj_weight"),
        in.find("out_proj_bias"),
        at.integer("heads"),
        mask(x, in, at),
        at.flag("causal", false));
  }

  /** PyTorch's TransformerEncoderLayer without dropout, on [batch, sequence, features]. */
  private static Tensor encoderLayer(Tensor x, Inputs in, Attrs at) {
    if (at.flag("norm_first", false)) {
      Tensor y = x.add(attention(norm(x, "norm1", in, at), in, at));
      return y.add(feedForward(norm(y, "norm2", in, at), in, at));
    }
    Tensor y = norm(x.add(attention(x, in, at)), "norm1", in, at);
    return norm(y.add(feedForward(y, in, at)), "norm2", in, at);
  }

  private static Tensor norm(Tensor x, String name, Inputs in, Attrs at) {
    return Normalization.layerNorm(
        x,
        Shape.of(x.size(-1)),
        in.find(name + "_weight"),
        in.find(name + "_bias"),
        at.number("eps", 1e-5));
  }

  private static Tensor feedForward(Tensor x, Inputs in, Attrs at) {
    Tensor h = Products.linear(x, in.get("linear1_weight"), in.find("linear1_bias"));
    Tensor a =
        switch (at.text("activation", "relu")) {
          case "relu" -> Elementwise.relu(h);
          case "gelu" -> Elementwise.gelu(h);
          default -> throw new CaseFormatException("attrs.activation must be relu or gelu");
        };
    return Products.linear(a, in.get("linear2_weight"), in.find("linear2_bias"));
  }
}
