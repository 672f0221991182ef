package dev.kiln.nn;

import dev.kiln.KilnException;
import dev.kiln.Tensor;
import dev.kiln.ops.Elementwise;
import java.util.function.UnaryOperator;

/**
 * The options that {@link TransformerEncoderLayer}, {@link TransformerDecoderLayer} and {@link
 * Transformer} share.
 *
 * @param <B> the builder's own type
 */
public abstract class TransformerOptions<B extends TransformerOptions<B>> {
  final long dModel;
  final int heads;
  long dimFeedforward = 2048;
  double dropout = 0.1;
  UnaryOperator<Tensor> activation = Elementwise::relu;
  double layerNormEps = 1e-5;
  boolean batchFirst;
  boolean normFirst;
  boolean bias = true;

  TransformerOptions(long dModel, int heads) {
    this.dModel = dModel;
    this.heads = heads;
  }

  abstract B self();

  /** The features inside the feed-forward part; 2048 unless set. */
  public B dimFeedforward(long features) {
    dimFeedforward = features;
    return self();
  }

  /** The probability of dropping; 0.1 unless set. */
  public B dropout(double p) {
    dropout = p;
    return self();
  }

  /** The function of the feed-forward part, such as {@code Elementwise::gelu}; ReLU unless set. */
  public B activation(UnaryOperator<Tensor> function) {
    activation = function;
    return self();
  }

  /** What layer norms add to the variance; 1e-5 unless set. */
  public B layerNormEps(double value) {
    layerNormEps = value;
    return self();
  }

  /** Whether the batch is the first axis; false unless set. */
  public B batchFirst(boolean wanted) {
    batchFirst = wanted;
    return self();
  }

  /** Whether norms come before attention and feed-forward rather than after; false unless set. */
  public B normFirst(boolean wanted) {
    normFirst = wanted;
    return self();
  }

  /** Whether linear maps and norms have biases; true unless set. */
  public B bias(boolean wanted) {
    bias = wanted;
    return self();
  }

  /** Takes over all options of another builder. */
  B like(TransformerOptions<?> other) {
    dimFeedforward = other.dimFeedforward;
    dropout = other.dropout;
    activation = other.activation;
    layerNormEps = other.layerNormEps;
    batchFirst = other.batchFirst;
    normFirst = other.normFirst;
    bias = other.bias;
    return self();
  }

  MultiheadAttention attention() {
    return MultiheadAttention.builder(dModel, heads)
        .dropout(dropout)
        .bias(bias)
        .batchFirst(batchFirst)
        .build();
  }

  LayerNorm norm() {
    return LayerNorm.builder(dModel).eps(layerNormEps).bias(bias).build();
  }

  static void checkLayers(String op, int layers) {
    if (layers < 1) {
      throw new KilnException("[" + op + "] layers " + layers + " must be 1 or more");
    }
  }
}
