package dev.kiln.cli.conform.ops;

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
import java.util.OptionalDouble;

/** Attention, and the encoder layer that is made of it. */
public final class AttentionOps {
  private AttentionOps() {}

  /** Adds the family to a table. */
  public static void addTo(OpTable t) {
    t.op(
        "scaled_dot_product_attention",
        (in, at) ->
            Attention.scaledDotProduct(
                in.get("q"),
                in.get("k"),
                in.get("v"),
                in.find("attn_mask"),
                at.flag("causal", at.flag("is_causal", false)),
                at.has("scale") ? OptionalDouble.of(at.number("scale")) : OptionalDouble.empty()));
    t.op(
        "multi_head_attention",
        (in, at) ->
            at.flag("batch_first", false)
                ? attention(in.x(), in, at)
                : attention(in.x().transpose(0, 1), in, at).transpose(0, 1));
    t.op("transformer_encoder_layer", AttentionOps::encoderLayer);
  }

  private static Tensor attention(Tensor x, Inputs in, Attrs at) {
    return Attention.multiHeadSelf(
        x,
        in.get("in_proj_weight"),
        in.find("in_proj_bias"),
        in.get("out_proj_weight"),
        in.find("out_proj_bias"),
        at.integer("heads"),
        in.find("attn_mask"),
        at.flag("causal", false));
  }

  /** PyTorch's TransformerEncoderLayer without dropout, on [batch, sequence, features]. */
  private static Tensor encoderLayer(Inputs in, Attrs at) {
    Tensor x = in.x();
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
