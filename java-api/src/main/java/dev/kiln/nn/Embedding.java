package dev.kiln.nn;

import dev.kiln.KilnException;
import dev.kiln.ShapeException;
import dev.kiln.Tensor;
import dev.kiln.ops.Embeddings;
import dev.kiln.ops.Indexing;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/**
 * A table of vectors that are looked up by integers of any shape: [...] to [..., dim].
 *
 * <p>Parameter: {@code weight} [num, dim], at first standard normal, with zeros in the row of
 * padding, PyTorch's default.
 *
 * <pre>{@code
 * new Embedding(1000, 64)
 * Embedding.builder(1000, 64).paddingIdx(0).build()
 * Embedding.fromPretrained(vectors)
 * }</pre>
 */
public final class Embedding extends Module {
  private final OptionalLong paddingIdx;
  private final OptionalDouble maxNorm;
  private final double normType;
  private final boolean scaleGradByFreq;
  private final Tensor weight;

  /**
   * Makes a table with PyTorch's defaults.
   *
   * @param numEmbeddings the number of rows
   * @param embeddingDim the size of each
   */
  public Embedding(long numEmbeddings, long embeddingDim) {
    this(builder(numEmbeddings, embeddingDim));
  }

  private Embedding(Builder b) {
    TableOptions<?> o = b.checked("embedding");
    paddingIdx = o.padding();
    maxNorm = o.maxNorm;
    normType = o.normType;
    scaleGradByFreq = o.scaleGradByFreq;
    weight = parameter("weight", o.firstWeight());
  }

  /** Starts a table. */
  public static Builder builder(long numEmbeddings, long embeddingDim) {
    return new Builder(numEmbeddings, embeddingDim);
  }

  /**
   * Makes a frozen table of given vectors, copied.
   *
   * @param vectors [num, dim]
   * @throws ShapeException if they are no matrix
   */
  public static Embedding fromPretrained(Tensor vectors) {
    return fromPretrained(vectors, true);
  }

  /**
   * Makes a table of given vectors, copied.
   *
   * @param vectors [num, dim]
   * @param freeze whether they are not trained
   * @throws ShapeException if they are no matrix
   */
  public static Embedding fromPretrained(Tensor vectors, boolean freeze) {
    if (vectors.dim() != 2) {
      throw new ShapeException(
          "[embedding] pretrained vectors " + vectors.describe() + " must be [num, dim]");
    }
    return builder(vectors.size(0), vectors.size(1)).pretrained(vectors, freeze).build();
  }

  /** Collects the options of a table. */
  public static final class Builder extends TableOptions<Builder> {
    private Builder(long numEmbeddings, long embeddingDim) {
      super(numEmbeddings, embeddingDim);
    }

    @Override
    Builder self() {
      return this;
    }

    /**
     * Makes the table.
     *
     * @throws KilnException if a size is below 1, the padding is no row or the greatest norm is not
     *     above 0
     */
    public Embedding build() {
      Embedding e = new Embedding(this);
      e.weight.requiresGrad(!frozen);
      return e;
    }
  }

  /** Returns the table, [num, dim]. */
  public Tensor weight() {
    return weight;
  }

  @Override
  public Tensor forward(Tensor indices) {
    if (maxNorm.isPresent()) {
      Embeddings.renorm(weight, indices, maxNorm.getAsDouble(), normType);
    }
    return Indexing.embedding(weight, indices, paddingIdx, scaleGradByFreq);
  }

  @Override
  protected String extraRepr() {
    return weight.size(0)
        + ", "
        + weight.size(1)
        + (paddingIdx.isPresent() ? ", padding_idx=" + paddingIdx.getAsLong() : "")
        + (maxNorm.isPresent() ? ", max_norm=" + maxNorm.getAsDouble() : "")
        + (normType == 2 ? "" : ", norm_type=" + normType)
        + (scaleGradByFreq ? ", scale_grad_by_freq=true" : "");
  }
}
