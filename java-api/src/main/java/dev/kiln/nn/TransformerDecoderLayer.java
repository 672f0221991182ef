package dev.kiln.nn;

import dev.kiln.KilnException;
import dev.kiln.Tensor;
import java.util.function.UnaryOperator;

/**
 * Self-attention, attention to a memory, then a feed-forward part, each with a shortcut, dropout
 * and layer norm. Vaswani et al. 2017.
 *
 * <p>Sequences are [length, batch, d], [batch, length, d] if batch first, or [length, d] for one.
 * Parts, as in PyTorch: {@code self_attn}, {@code multihead_attn}, {@code linear1}, {@code
 * linear2}, {@code norm1} to {@code norm3} and dropouts.
 */
public final class TransformerDecoderLayer extends PairModule {
  private final boolean normFirst;
  private final UnaryOperator<Tensor> activation;
  private final MultiheadAttention selfAttn;
  private final MultiheadAttention multiheadAttn;
  private final Linear linear1;
  private final Dropout dropout;
  private final Linear linear2;
  private final LayerNorm norm1;
  private final LayerNorm norm2;
  private final LayerNorm norm3;
  private final Dropout dropout1;
  private final Dropout dropout2;
  private final Dropout dropout3;

  /**
   * Makes a layer with PyTorch's defaults.
   *
   * @param dModel the features of inputs and outputs
   * @param heads divides them
   */
  public TransformerDecoderLayer(long dModel, int heads) {
    this(builder(dModel, heads));
  }

  private TransformerDecoderLayer(Builder b) {
    normFirst = b.normFirst;
    activation = b.activation;
    selfAttn = module("self_attn", b.attention());
    multiheadAttn = module("multihead_attn", b.attention());
    linear1 = module("linear1", new Linear(b.dModel, b.dimFeedforward, b.bias));
    dropout = module("dropout", new Dropout(b.dropout));
    linear2 = module("linear2", new Linear(b.dimFeedforward, b.dModel, b.bias));
    norm1 = module("norm1", b.norm());
    norm2 = module("norm2", b.norm());
    norm3 = module("norm3", b.norm());
    dropout1 = module("dropout1", new Dropout(b.dropout));
    dropout2 = module("dropout2", new Dropout(b.dropout));
    dropout3 = module("dropout3", new Dropout(b.dropout));
  }

  /** Starts a layer. */
  public static Builder builder(long dModel, int heads) {
    return new Builder(dModel, heads);
  }

  /** Collects the options of a layer. */
  public static final class Builder extends TransformerOptions<Builder> {
    private Builder(long dModel, int heads) {
      super(dModel, heads);
    }

    @Override
    Builder self() {
      return this;
    }

    /**
     * Makes the layer.
     *
     * @throws KilnException if the heads do not divide the features, a size is below 1 or the
     *     dropout is no probability
     */
    public TransformerDecoderLayer build() {
      return new TransformerDecoderLayer(this);
    }
  }

  @Override
  Tensor forward(Tensor tgt, Tensor memory) {
    return decode(tgt, memory, AttentionMask.none(), AttentionMask.none());
  }

  /**
   * Runs the layer.
   *
   * @param tgt the sequences
   * @param memory what they attend to, usually an encoder's output
   * @param tgtMask which of their own places they do not see; usually causal
   * @param memoryMask which places of the memory they do not see
   * @return of tgt's shape
   */
  public Tensor run(Tensor tgt, Tensor memory, AttentionMask tgtMask, AttentionMask memoryMask) {
    return call(tgt, () -> decode(tgt, memory, tgtMask, memoryMask), y -> y);
  }

  private Tensor decode(
      Tensor tgt, Tensor memory, AttentionMask tgtMask, AttentionMask memoryMask) {
    if (normFirst) {
      Tensor x = tgt.add(attend(norm1.call(tgt), tgtMask));
      Tensor y = x.add(remember(norm2.call(x), memory, memoryMask));
      return y.add(feedForward(norm3.call(y)));
    }
    Tensor x = norm1.call(tgt.add(attend(tgt, tgtMask)));
    Tensor y = norm2.call(x.add(remember(x, memory, memoryMask)));
    return norm3.call(y.add(feedForward(y)));
  }

  private Tensor attend(Tensor x, AttentionMask mask) {
    return dropout1.call(selfAttn.run(x, x, x, mask));
  }

  private Tensor remember(Tensor x, Tensor memory, AttentionMask mask) {
    return dropout2.call(multiheadAttn.run(x, memory, memory, mask));
  }

  private Tensor feedForward(Tensor x) {
    Tensor inner = dropout.call(activation.apply(linear1.call(x)));
    return dropout3.call(linear2.call(inner));
  }
}
