package dev.kiln.nn;

import dev.kiln.KilnException;
import dev.kiln.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Decoder layers one after another, then a norm if there is one. Parts, as in PyTorch: {@code
 * layers.0}, {@code layers.1}, ... and {@code norm}.
 *
 * <p>Each layer draws first values of its own, where PyTorch copies those of one layer.
 */
public final class TransformerDecoder extends PairModule {
  private final List<TransformerDecoderLayer> layers = new ArrayList<>();
  private final Optional<Module> norm;

  /** Makes a decoder without a last norm. */
  public TransformerDecoder(TransformerDecoderLayer.Builder layer, int numLayers) {
    this(layer, numLayers, Optional.empty());
  }

  /** Makes a decoder with a last norm. */
  public TransformerDecoder(TransformerDecoderLayer.Builder layer, int numLayers, LayerNorm norm) {
    this(layer, numLayers, Optional.of(norm));
  }

  private TransformerDecoder(
      TransformerDecoderLayer.Builder layer, int numLayers, Optional<Module> norm) {
    TransformerOptions.checkLayers("transformer_decoder", numLayers);
    for (int i = 0; i < numLayers; i++) {
      layers.add(layer.build());
    }
    module("layers", new ModuleList(layers.toArray(new Module[0])));
    this.norm = norm.map(n -> module("norm", n));
  }

  @Override
  Tensor forward(Tensor tgt, Tensor memory) {
    return decode(tgt, memory, AttentionMask.none(), AttentionMask.none());
  }

  /**
   * Runs all layers.
   *
   * @param tgt the sequences
   * @param memory what they attend to, usually an encoder's output
   * @param tgtMask which of their own places they do not see; usually causal
   * @param memoryMask which places of the memory they do not see
   * @return of tgt's shape
   * @throws KilnException if shapes do not fit
   */
  public Tensor run(Tensor tgt, Tensor memory, AttentionMask tgtMask, AttentionMask memoryMask) {
    return call(tgt, () -> decode(tgt, memory, tgtMask, memoryMask), y -> y);
  }

  private Tensor decode(
      Tensor tgt, Tensor memory, AttentionMask tgtMask, AttentionMask memoryMask) {
    Tensor x = tgt;
    for (TransformerDecoderLayer layer : layers) {
      x = layer.run(x, memory, tgtMask, memoryMask);
    }
    return norm.isPresent() ? norm.get().call(x) : x;
  }
}
