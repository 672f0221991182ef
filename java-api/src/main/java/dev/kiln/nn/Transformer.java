package dev.kiln.nn;

import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.KilnException;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.ops.Rearranging;

/**
 * An encoder and a decoder that attends to its output, each with a last norm. Vaswani et al. 2017.
 *
 * <p>Sequences are [length, batch, d], [batch, length, d] if batch first, or [length, d] for one.
 * Parts: {@code encoder} and {@code decoder}; parameters of two axes are Xavier uniform at first.
 *
 * <pre>{@code
 * Transformer t = Transformer.builder(64, 4).numEncoderLayers(2).numDecoderLayers(2).build();
 * Tensor y = t.run(src, tgt, AttentionMask.none(), AttentionMask.causal(), AttentionMask.none());
 * }</pre>
 */
public final class Transformer extends PairModule {
  private final TransformerEncoder encoder;
  private final TransformerDecoder decoder;

  /** Takes PyTorch's defaults: 512 features, 8 heads, 6 layers each. */
  public Transformer() {
    this(builder(512, 8));
  }

  private Transformer(Builder b) {
    encoder =
        module(
            "encoder",
            new TransformerEncoder(
                TransformerEncoderLayer.builder(b.dModel, b.heads).like(b),
                b.numEncoderLayers,
                b.norm()));
    decoder =
        module(
            "decoder",
            new TransformerDecoder(
                TransformerDecoderLayer.builder(b.dModel, b.heads).like(b),
                b.numDecoderLayers,
                b.norm()));
    parameters().stream().filter(p -> p.dim() > 1).forEach(p -> Init.xavierUniform(p, 1));
  }

  /** Starts a model. */
  public static Builder builder(long dModel, int heads) {
    return new Builder(dModel, heads);
  }

  /** Collects the options of a model. */
  public static final class Builder extends TransformerOptions<Builder> {
    private int numEncoderLayers = 6;
    private int numDecoderLayers = 6;

    private Builder(long dModel, int heads) {
      super(dModel, heads);
    }

    @Override
    Builder self() {
      return this;
    }

    /** How many layers encode; 6 unless set. */
    public Builder numEncoderLayers(int count) {
      numEncoderLayers = count;
      return this;
    }

    /** How many layers decode; 6 unless set. */
    public Builder numDecoderLayers(int count) {
      numDecoderLayers = count;
      return this;
    }

    /**
     * Makes the model.
     *
     * @throws KilnException if the heads do not divide the features, a size is below 1 or the
     *     dropout is no probability
     */
    public Transformer build() {
      return new Transformer(this);
    }
  }

  /** Returns the part that reads. */
  public TransformerEncoder encoder() {
    return encoder;
  }

  /** Returns the part that writes. */
  public TransformerDecoder decoder() {
    return decoder;
  }

  /**
   * Makes a mask that hides later keys, for {@link AttentionMask#withAttn}; {@link
   * AttentionMask#causal} does the same without one.
   *
   * @param size how many queries and keys
   * @return FLOAT32 on the default device: minus infinity above the diagonal, else 0
   */
  public static Tensor generateSquareSubsequentMask(long size) {
    Tensor never =
        Tensor.full(
            Shape.of(size, size), Double.NEGATIVE_INFINITY, DType.FLOAT32, Device.defaultDevice());
    return Rearranging.triu(never, 1);
  }

  @Override
  Tensor forward(Tensor src, Tensor tgt) {
    AttentionMask none = AttentionMask.none();
    return transform(src, tgt, none, none, none);
  }

  /**
   * Encodes one batch of sequences and decodes another that attends to it.
   *
   * @param src the sequences to read
   * @param tgt the sequences so far written
   * @param srcMask which of their own places the read ones do not see
   * @param tgtMask which of their own places the written ones do not see; usually causal
   * @param memoryMask which places of the read ones the written ones do not see
   * @return of tgt's shape
   */
  public Tensor run(
      Tensor src,
      Tensor tgt,
      AttentionMask srcMask,
      AttentionMask tgtMask,
      AttentionMask memoryMask) {
    return call(src, () -> transform(src, tgt, srcMask, tgtMask, memoryMask), y -> y);
  }

  private Tensor transform(
      Tensor src,
      Tensor tgt,
      AttentionMask srcMask,
      AttentionMask tgtMask,
      AttentionMask memoryMask) {
    return decoder.run(tgt, encoder.run(src, srcMask), tgtMask, memoryMask);
  }
}
