package dev.kiln.nn;

import dev.kiln.KilnException;
import dev.kiln.Tensor;
import java.util.function.UnaryOperator;

/**
 * Self-attention, then a feed-forward part, each with a shortcut, dropout and layer norm. Vaswani
 * et al. 2017.
 *
 * <p>Sequences are [length, batch, d], [batch, length, d] if batch first, or [length, d] for one.
 * Parts, as in PyTorch: {@code self_attn}, {@code linear1}, {@code linear2}, {@code norm1}, {@code
 * norm2} and dropouts.
 */
public final class TransformerEncoderLayer extends Module {
  private final boolean normFirst;
  private final UnaryOperator<Tensor> activation;
  private final MultiheadAttention selfAttn;
  private final Linear linear1;
  private final Dropout dropout;
  private final Linear linear2;
  private final LayerNorm norm1;
  private final LayerNorm norm2;
  private final Dropout dropout1;
  private final Dropout dropout2;

  /**
   * Makes a layer with PyTorch's defaults.
   *
   * @param dModel the features of inputs and outputs
   * @param heads divides them
   */
  public TransformerEncoderLayer(long dModel, int heads) {
    this(builder(dModel, heads));
  }

  private TransformerEncoderLayer(Builder b) {
    normFirst = b.normFirst;
    activation = b.activation;
    selfAttn = module("self_attn", b.attention());
    linear1 = module("linear1", new Linear(b.dModel, b.dimFeedforward, b.bias));
    dropout = module("dropout", new Dropout(b.dropout));
    linear2 = module("linear2", new Linear(b.dimFeedforward, b.dModel, b.bias));
    norm1 = module("norm1", b.norm());
    norm2 = module("norm2", b.norm());
    dropout1 = module("dropout1", new Dropout(b.dropout));
    dropout2 = module("dropout2", new Dropout(b.dropout));
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
    public TransformerEncoderLayer build() {
      return new TransformerEncoderLayer(this);
    }
  }

  /** Runs the layer, hiding nothing. */
  @Override
  public Tensor forward(Tensor src) {
    return encode(src, AttentionMask.none());
  }

  /**
   * Runs the layer.
   *
   * @param src the sequences
   * @param mask which of their own places they do not see
   * @return of src's shape
   */
  public Tensor run(Tensor src, AttentionMask mask) {
    return call(src, () -> encode(src, mask), y -> y);
  }

  private Tensor encode(Tensor src, AttentionMask mask) {
    if (normFirst) {
      Tensor x = src.add(attend(norm1.call(src), mask));
      return x.add(feedForward(norm2.call(x)));
    }
    Tensor x = norm1.call(src.add(attend(src, mask)));
    return norm2.call(x.add(feedForward(x)));
  }

  private Tensor attend(Tensor x, AttentionMask mask) {
    return dropout1.call(selfAttn.run(x, x, x, mask));
  }

  private Tensor feedForward(Tensor x) {
    Tensor inner = dropout.call(activation.apply(linear1.call(x)));
    return dropout2.call(linear2.call(inner));
  }
}
