package dev.kiln.models;

import dev.kiln.Tensor;
import dev.kiln.nn.Linear;
import dev.kiln.nn.Module;
import dev.kiln.ops.Attention;
import java.util.Optional;
import java.util.OptionalDouble;

/** Attention of tokens [n, tokens, d] to each other; the three projections are one layer. */
final class ViTAttention extends Module {
  private final int heads;
  private final Linear qkv;
  private final Linear proj;

  ViTAttention(long dim, int heads) {
    this.heads = heads;
    qkv = module("qkv", new Linear(dim, 3 * dim));
    proj = module("proj", new Linear(dim, dim));
  }

  @Override
  public Tensor forward(Tensor x) {
    long n = x.size(0);
    long tokens = x.size(1);
    long dim = x.size(2);
    Tensor all = qkv.call(x).reshape(n, tokens, 3, heads, dim / heads).permute(2, 0, 3, 1, 4);
    Tensor y =
        Attention.scaledDotProduct(
            all.select(0, 0),
            all.select(0, 1),
            all.select(0, 2),
            Optional.empty(),
            false,
            OptionalDouble.empty());
    return proj.call(y.transpose(1, 2).reshape(n, tokens, dim));
  }

  @Override
  protected String extraRepr() {
    return "heads=" + heads;
  }
}
