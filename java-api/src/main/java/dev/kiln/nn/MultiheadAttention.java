package dev.kiln.nn;

import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.KilnException;
import dev.kiln.Shape;
import dev.kiln.ShapeException;
import dev.kiln.Tensor;
import dev.kiln.ops.Attention;
import dev.kiln.ops.Products;
import dev.kiln.ops.RandomOps;
import dev.kiln.ops.Shaping;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * Attention of several heads: projections in, {@code softmax(q k^T / sqrt(d)) v} for each head, one
 * projection out. Vaswani et al. 2017.
 *
 * <p>Sequences are [length, batch, features], [batch, length, features] if batch first, or [length,
 * features] for one. Parameters, as in PyTorch: {@code in_proj_weight} [3 e, e], or {@code
 * q_proj_weight}, {@code k_proj_weight} and {@code v_proj_weight} where keys or values have other
 * sizes (all Xavier uniform at first), {@code in_proj_bias} [3 e] and {@code out_proj.bias} [e]
 * (0), {@code bias_k} and {@code bias_v} [1, 1, e] (Xavier normal), {@code out_proj.weight} [e, e]
 * (uniform in ±1/sqrt(e)).
 *
 * <pre>{@code
 * MultiheadAttention attention = MultiheadAttention.builder(64, 4).batchFirst(true).build();
 * Tensor y = attention.call(x); // of x to itself
 * MultiheadAttention.Output o = attention.run(q, k, v, AttentionMask.causal());
 * }</pre>
 */
public final class MultiheadAttention extends Module {
  private final long embedDim;
  private final int heads;
  private final double dropout;
  private final boolean batchFirst;
  private final boolean addZeroAttn;
  private final Optional<Tensor> inWeight;
  private final List<Tensor> ownWeights;
  private final Optional<Tensor> inBias;
  private final Optional<Tensor> biasK;
  private final Optional<Tensor> biasV;
  private final Linear outProj;

  /** What {@link #run} returns beside the output. */
  public enum Weights {
    /** Nothing; the fastest. */
    NONE,
    /** The mean of the heads' weights, [batch, queries, keys]. */
    AVERAGE,
    /** Each head's weights, [batch, heads, queries, keys]. */
    EACH_HEAD
  }

  /**
   * What attention makes of sequences.
   *
   * @param output laid out as the queries
   * @param weights what each query took of each key, if asked for; without the batch for one
   *     sequence
   */
  public record Output(Tensor output, Optional<Tensor> weights) {}

  /**
   * Makes a layer with PyTorch's defaults.
   *
   * @param embedDim the features of queries and outputs
   * @param numHeads divides them
   */
  public MultiheadAttention(long embedDim, int numHeads) {
    this(builder(embedDim, numHeads));
  }

  private MultiheadAttention(Builder b) {
    b.check();
    embedDim = b.embedDim;
    heads = b.heads;
    dropout = b.dropout;
    batchFirst = b.batchFirst;
    addZeroAttn = b.addZeroAttn;
    long e = embedDim;
    long kdim = b.kdim == 0 ? e : b.kdim;
    long vdim = b.vdim == 0 ? e : b.vdim;
    if (kdim == e && vdim == e) {
      inWeight = Optional.of(weight("in_proj_weight", 3 * e, e));
      ownWeights = List.of();
    } else {
      inWeight = Optional.empty();
      ownWeights =
          List.of(
              weight("q_proj_weight", e, e),
              weight("k_proj_weight", e, kdim),
              weight("v_proj_weight", e, vdim));
    }
    inBias = b.bias ? Optional.of(parameter("in_proj_bias", zeros(3 * e))) : Optional.empty();
    outProj = module("out_proj", new Linear(e, e, b.bias));
    outProj.bias().ifPresent(Init::zeros);
    biasK = b.addBiasKv ? Optional.of(row("bias_k")) : Optional.empty();
    biasV = b.addBiasKv ? Optional.of(row("bias_v")) : Optional.empty();
  }

  private static Tensor zeros(long... dims) {
    return Tensor.zeros(Shape.of(dims), DType.FLOAT32, Device.defaultDevice());
  }

  private Tensor weight(String name, long... dims) {
    return parameter(name, Init.xavierUniform(zeros(dims), 1));
  }

  private Tensor row(String name) {
    return parameter(name, Init.xavierNormal(zeros(1, 1, embedDim), 1));
  }

  /** Starts a layer. */
  public static Builder builder(long embedDim, int numHeads) {
    return new Builder(embedDim, numHeads);
  }

  /** Collects the options of a layer. */
  public static final class Builder {
    private final long embedDim;
    private final int heads;
    private double dropout;
    private boolean bias = true;
    private boolean addBiasKv;
    private boolean addZeroAttn;
    private long kdim;
    private long vdim;
    private boolean batchFirst;

    private Builder(long embedDim, int heads) {
      this.embedDim = embedDim;
      this.heads = heads;
    }

    /** The probability of dropping a weight when training; 0 unless set. */
    public Builder dropout(double p) {
      dropout = p;
      return this;
    }

    /** Whether the projections have biases; true unless set. */
    public Builder bias(boolean wanted) {
      bias = wanted;
      return this;
    }

    /** Whether a learnt key and value are added to each sequence; false unless set. */
    public Builder addBiasKv(boolean wanted) {
      addBiasKv = wanted;
      return this;
    }

    /** Whether a key and value of zeros are added to each sequence; false unless set. */
    public Builder addZeroAttn(boolean wanted) {
      addZeroAttn = wanted;
      return this;
    }

    /** The features of keys; as many as queries have unless set. */
    public Builder kdim(long features) {
      kdim = features;
      return this;
    }

    /** The features of values; as many as queries have unless set. */
    public Builder vdim(long features) {
      vdim = features;
      return this;
    }

    /** Whether the batch is the first axis; false unless set. */
    public Builder batchFirst(boolean wanted) {
      batchFirst = wanted;
      return this;
    }

    /**
     * Makes the layer.
     *
     * @throws KilnException if the heads do not divide the features, a size is below 1 or the
     *     dropout is no probability
     */
    public MultiheadAttention build() {
      return new MultiheadAttention(this);
    }

    private void check() {
      if (heads < 1 || embedDim < 1 || embedDim % heads != 0 || kdim < 0 || vdim < 0) {
        throw new KilnException(
            "[multi_head_attention] "
                + heads
                + " heads must divide the "
                + embedDim
                + " features, and keys and values must have some");
      }
      if (!(dropout >= 0 && dropout <= 1)) {
        throw new KilnException(
            "[multi_head_attention] dropout probability " + dropout + " must be between 0 and 1");
      }
    }
  }

  /** Lets a sequence attend to itself, hiding nothing. */
  @Override
  public Tensor forward(Tensor x) {
    return attend(x, x, x, AttentionMask.none(), Weights.NONE).output();
  }

  /** Runs the layer, hiding nothing, and returns the mean of the heads' weights too. */
  public Output run(Tensor query, Tensor key, Tensor value) {
    return run(query, key, value, AttentionMask.none(), Weights.AVERAGE);
  }

  /** Runs the layer and returns no weights. */
  public Tensor run(Tensor query, Tensor key, Tensor value, AttentionMask mask) {
    return run(query, key, value, mask, Weights.NONE).output();
  }

  /**
   * Runs the layer.
   *
   * @param query [queries, batch, e], [batch, queries, e] if batch first, or [queries, e]
   * @param key likewise, of kdim features
   * @param value as long as the keys, of vdim features
   * @param mask which keys are not seen
   * @param weights which weights to return
   * @return the output and the weights
   */
  public Output run(Tensor query, Tensor key, Tensor value, AttentionMask mask, Weights weights) {
    return call(query, () -> attend(query, key, value, mask, weights), Output::output);
  }

  private Output attend(
      Tensor query, Tensor key, Tensor value, AttentionMask mask, Weights wanted) {
    checkInputs(query, key, value);
    boolean one = query.dim() == 2;
    List<Tensor> in = projected(query, key, value, one);
    Tensor q = heads(in.get(0));
    Tensor k = in.get(1);
    Tensor v = in.get(2);
    long keys = k.size(1);
    if (biasK.isPresent()) {
      k = append(k, biasK.get());
      v = append(v, biasV.get());
    }
    if (addZeroAttn) {
      Tensor zero = Tensor.zeros(Shape.of(1, 1, embedDim), k.dtype(), k.device());
      k = append(k, zero);
      v = append(v, zero);
    }
    Shape scores = Shape.of(q.size(0), heads, q.size(2), keys);
    int more = Math.toIntExact(k.size(1) - keys);
    boolean plainCausal =
        mask.isCausal() && mask.attn().isEmpty() && mask.keyPadding().isEmpty() && more == 0;
    Optional<Tensor> bias =
        plainCausal
            ? Optional.empty()
            : AttentionBias.of(one ? batchOfOne(mask) : mask, scores, q)
                .map(b -> AttentionBias.widen(b, more));
    return attend(q, heads(k), heads(v), bias, plainCausal, wanted, one);
  }

  private Output attend(
      Tensor q,
      Tensor k,
      Tensor v,
      Optional<Tensor> bias,
      boolean causal,
      Weights wanted,
      boolean one) {
    OptionalDouble scale = OptionalDouble.empty();
    boolean drops = isTraining() && dropout > 0;
    if (wanted == Weights.NONE && !drops) {
      return new Output(
          joined(Attention.scaledDotProduct(q, k, v, bias, causal, scale), one), Optional.empty());
    }
    Tensor weights = Attention.weights(q, k, bias, causal, scale);
    Tensor used = drops ? RandomOps.dropout(weights, dropout, q.device().generator()) : weights;
    Tensor y = joined(used.matmul(v), one);
    if (wanted == Weights.NONE) {
      return new Output(y, Optional.empty());
    }
    Tensor shown = wanted == Weights.AVERAGE ? used.mean(1) : used;
    return new Output(y, Optional.of(one ? shown.squeeze(0) : shown));
  }

  private static AttentionMask batchOfOne(AttentionMask mask) {
    return mask.keyPadding().filter(m -> m.dim() == 1).isPresent()
        ? mask.withKeyPadding(mask.keyPadding().get().unsqueeze(0))
        : mask;
  }

  private Tensor batchMajor(Tensor x, boolean one) {
    return one ? x.unsqueeze(0) : batchFirst ? x : x.transpose(0, 1);
  }

  /** Projects queries, keys and values, each [batch, length, e]. */
  private List<Tensor> projected(Tensor query, Tensor key, Tensor value, boolean one) {
    if (inWeight.isPresent() && query == key && key == value) {
      // One product for all three.
      Tensor all = Products.linear(batchMajor(query, one), inWeight.get(), inBias);
      return List.of(third(all, 2, 0), third(all, 2, 1), third(all, 2, 2));
    }
    return List.of(
        projected(batchMajor(query, one), 0),
        projected(batchMajor(key, one), 1),
        projected(batchMajor(value, one), 2));
  }

  private Tensor third(Tensor x, int axis, int which) {
    return x.narrow(axis, which * embedDim, embedDim);
  }

  private Tensor projected(Tensor x, int which) {
    Tensor weight = inWeight.map(w -> third(w, 0, which)).orElseGet(() -> ownWeights.get(which));
    return Products.linear(x, weight, inBias.map(b -> third(b, 0, which)));
  }

  private static Tensor append(Tensor x, Tensor row) {
    return Shaping.cat(List.of(x, row.expand(x.size(0), 1, x.size(2))), 1);
  }

  /** [batch, length, e] to [batch, heads, length, e / heads]. */
  private Tensor heads(Tensor x) {
    return x.reshape(x.size(0), x.size(1), heads, embedDim / heads).permute(0, 2, 1, 3);
  }

  /** [batch, heads, length, e / heads] to the layout of the queries, projected. */
  private Tensor joined(Tensor x, boolean one) {
    Tensor y = outProj.call(x.permute(0, 2, 1, 3).reshape(x.size(0), x.size(2), embedDim));
    return one ? y.squeeze(0) : batchFirst ? y : y.transpose(0, 1);
  }

  private void checkInputs(Tensor query, Tensor key, Tensor value) {
    long kdim = inWeight.isPresent() ? embedDim : ownWeights.get(1).size(1);
    long vdim = inWeight.isPresent() ? embedDim : ownWeights.get(2).size(1);
    int rank = query.dim();
    boolean fits =
        (rank == 2 || rank == 3)
            && key.dim() == rank
            && value.dim() == rank
            && key.shape().without(-1).equals(value.shape().without(-1))
            && query.size(-1) == embedDim
            && key.size(-1) == kdim
            && value.size(-1) == vdim
            && (rank == 2 || query.size(batchFirst ? 0 : 1) == key.size(batchFirst ? 0 : 1));
    if (!fits) {
      throw new ShapeException(
          "[multi_head_attention] query "
              + query.describe()
              + ", key "
              + key.describe()
              + " and value "
              + value.describe()
              + " must be "
              + (batchFirst ? "[batch, length, " : "[length, batch, ")
              + "features] of one batch, or [length, features], with "
              + embedDim
              + ", "
              + kdim
              + " and "
              + vdim
              + " features; keys and values equally long");
    }
  }

  @Override
  protected long multiplyAdds(Shape input, Shape output) {
    long length = input.dim(input.rank() == 2 || !batchFirst ? 0 : 1);
    // Three projections in, then scores and their use; the projection out counts itself.
    return output.numel() * (3 * embedDim + 2 * length);
  }
}
