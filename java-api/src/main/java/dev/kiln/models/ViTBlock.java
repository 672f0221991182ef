package dev.kiln.models;

import dev.kiln.Tensor;
import dev.kiln.nn.LayerNorm;
import dev.kiln.nn.Module;

/** Attention, then dense layers, each after layer normalisation and with a shortcut around it. */
final class ViTBlock extends Module {
  /** Of the layer normalisation: timm's, not PyTorch's. */
  static final double EPS = 1e-6;

  private final LayerNorm norm1;
  private final ViTAttention attn;
  private final LayerNorm norm2;
  private final ViTMlp mlp;

  ViTBlock(long dim, int heads, long hidden, double dropout) {
    norm1 = module("norm1", norm(dim));
    attn = module("attn", new ViTAttention(dim, heads));
    norm2 = module("norm2", norm(dim));
    mlp = module("mlp", new ViTMlp(dim, hidden, dropout));
  }

  static LayerNorm norm(long dim) {
    return LayerNorm.builder(dim).eps(EPS).build();
  }

  @Override
  public Tensor forward(Tensor x) {
    Tensor y = x.add(chain(x, norm1, attn));
    return y.add(chain(y, norm2, mlp));
  }
}
