package dev.kiln.nn;

import dev.kiln.KilnException;
import dev.kiln.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Encoder layers one after another, then a norm if there is one. Parts, as in PyTorch: {@code
 * layers.0}, {@code layers.1}, ... and {@code norm}.
 *
 * <p>Each layer draws first values of its own, where PyTorch copies those of one layer.
 */
public final class TransformerEncoder extends Module {
  private final List<TransformerEncoderLayer> layers = new ArrayList<>();
  private final Optional<Module> norm;

  /** Makes an encoder without a last norm. */
  public TransformerEncoder(TransformerEncoderLayer.Builder layer, int numLayers) {
    this(layer, numLayers, Optional.empty());
  }

  /** Makes an encoder with a last norm. */
  public TransformerEncoder(TransformerEncoderLayer.Builder layer, int numLayers, LayerNorm norm) {
    this(layer, numLayers, Optional.of(norm));
  }

  private TransformerEncoder(
      TransformerEncoderLayer.Builder layer, int numLayers, Optional<Module> norm) {
    TransformerOptions.checkLayers("transformer_encoder", numLayers);
    for (int i = 0; i < numLayers; i++) {
      layers.add(layer.build());
    }
    module("layers", new ModuleList(layers.toArray(new Module[0])));
    this.norm = norm.map(n -> module("norm", n));
  }

  /** Runs all layers, hiding nothing. */
  @Override
  public Tensor forward(Tensor src) {
    return encode(src, AttentionMask.none());
  }

  /**
   * Runs all layers.
   *
   * @param src the sequences
   * @param mask which of their own places they do not see
   * @return of src's shape
   * @throws KilnException if shapes do not fit
   */
  public Tensor run(Tensor src, AttentionMask mask) {
    return call(src, () -> encode(src, mask), y -> y);
  }

  private Tensor encode(Tensor src, AttentionMask mask) {
    Tensor x = src;
    for (TransformerEncoderLayer layer : layers) {
      x = layer.run(x, mask);
    }
    return norm.isPresent() ? norm.get().call(x) : x;
  }
}
