package dev.kiln.nn;

import dev.kiln.KilnException;
import dev.kiln.Tensor;
import dev.kiln.ops.Embeddings;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/**
 * A table of vectors, of which one is made for each bag of integers: their sum, mean or maximum.
 *
 * <p>Bags of one size are a matrix [bags, size]; others are a vector, with the offset at which each
 * begins. Empty bags give zeros. Parameter: {@code weight} [num, dim], at first standard normal,
 * with zeros in the row of padding, PyTorch's default.
 *
 * <pre>{@code
 * EmbeddingBag.builder(1000, 64).mode(Embeddings.Mode.SUM).build().run(indices, offsets)
 * }</pre>
 */
public final class EmbeddingBag extends Module {
  private final OptionalLong paddingIdx;
  private final OptionalDouble maxNorm;
  private final double normType;
  private final boolean scaleGradByFreq;
  private final Embeddings.Mode mode;
  private final boolean includeLastOffset;
  private final Tensor weight;

  /**
   * Makes a table with PyTorch's defaults, which takes means.
   *
   * @param numEmbeddings the number of rows
   * @param embeddingDim the size of each
   */
  public EmbeddingBag(long numEmbeddings, long embeddingDim) {
    this(builder(numEmbeddings, embeddingDim));
  }

  private EmbeddingBag(Builder b) {
    TableOptions<?> o = b.checked("embedding_bag");
    paddingIdx = o.padding();
    maxNorm = o.maxNorm;
    normType = o.normType;
    scaleGradByFreq = o.scaleGradByFreq;
    mode = b.mode;
    includeLastOffset = b.includeLastOffset;
    weight = parameter("weight", o.firstWeight());
  }

  /** Starts a table. */
  public static Builder builder(long numEmbeddings, long embeddingDim) {
    return new Builder(numEmbeddings, embeddingDim);
  }

  /** Collects the options of a table. */
  public static final class Builder extends TableOptions<Builder> {
    private Embeddings.Mode mode = Embeddings.Mode.MEAN;
    private boolean includeLastOffset;

    private Builder(long numEmbeddings, long embeddingDim) {
      super(numEmbeddings, embeddingDim);
    }

    @Override
    Builder self() {
      return this;
    }

    /** How a bag's rows become one; MEAN unless set. */
    public Builder mode(Embeddings.Mode way) {
      mode = way;
      return this;
    }

    /** Whether offsets end in the number of indices, as in CSR matrices; false unless set. */
    public Builder includeLastOffset(boolean wanted) {
      includeLastOffset = wanted;
      return this;
    }

    /**
     * Makes the table.
     *
     * @throws KilnException if a size is below 1, the padding is no row, the greatest norm is not
     *     above 0 or MAX shall be scaled by frequency
     */
    public EmbeddingBag build() {
      if (scaleGradByFreq && mode == Embeddings.Mode.MAX) {
        throw new KilnException("[embedding_bag] mode max takes no scaling by frequency");
      }
      EmbeddingBag bag = new EmbeddingBag(this);
      bag.weight.requiresGrad(!frozen);
      return bag;
    }
  }

  /** Returns the table, [num, dim]. */
  public Tensor weight() {
    return weight;
  }

  /**
   * Makes one vector for each bag of a vector of indices.
   *
   * @param indices of all bags, one behind another
   * @param offsets where each bag begins, ascending from 0; integers
   * @return [bags, dim]
   */
  public Tensor run(Tensor indices, Tensor offsets) {
    return run(indices, Optional.of(offsets), Optional.empty());
  }

  /**
   * Makes one vector for each bag.
   *
   * @param indices [bags, size], or with offsets a vector
   * @param offsets where each bag begins, ascending from 0, if they are not of one size; integers
   * @param perSampleWeights a factor for each index, of indices' shape, for sums, if there is one
   * @return [bags, dim]
   */
  public Tensor run(Tensor indices, Optional<Tensor> offsets, Optional<Tensor> perSampleWeights) {
    return call(indices, () -> bags(indices, offsets, perSampleWeights), y -> y);
  }

  /** Makes one vector for each row of a matrix of indices. */
  @Override
  public Tensor forward(Tensor indices) {
    return bags(indices, Optional.empty(), Optional.empty());
  }

  private Tensor bags(Tensor indices, Optional<Tensor> offsets, Optional<Tensor> weights) {
    if (maxNorm.isPresent()) {
      Embeddings.renorm(weight, indices, maxNorm.getAsDouble(), normType);
    }
    Tensor y =
        Embeddings.embeddingBag(
            weight, indices, offsets, mode, weights, paddingIdx, scaleGradByFreq);
    // The last offset opens one bag too many, of what lies behind the end.
    return includeLastOffset && offsets.isPresent() ? y.narrow(0, 0, y.size(0) - 1) : y;
  }

  @Override
  protected String extraRepr() {
    return weight.size(0)
        + ", "
        + weight.size(1)
        + (maxNorm.isPresent() ? ", max_norm=" + maxNorm.getAsDouble() : "")
        + (normType == 2 ? "" : ", norm_type=" + normType)
        + (scaleGradByFreq ? ", scale_grad_by_freq=true" : "")
        + ", mode="
        + mode.name().toLowerCase(Locale.ROOT)
        + (paddingIdx.isPresent() ? ", padding_idx=" + paddingIdx.getAsLong() : "");
  }
}
