package dev.kiln.ops;

import dev.kiln.DType;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import java.util.Optional;
import java.util.OptionalDouble;

/** Attention. Vaswani et al. 2017. */
public final class Attention {
  private static final String OP = "scaled_dot_product_attention";

  private Attention() {}

  /**
   * {@code softmax(q k^T * scale + mask) v}.
   *
   * @param q [..., queries, e]
   * @param k [..., keys, e]
   * @param v [..., keys, ev]
   * @param mask broadcast to [..., queries, keys], if there is one: numbers are added to the
   *     scores; where a BOOL is false the key is hidden
   * @param causal whether query i sees keys 0 .. i only; not together with a mask
   * @param scale of the scores; 1 / sqrt(e) if not given
   * @return [..., queries, ev]
   */
  public static Tensor scaledDotProduct(
      Tensor q, Tensor k, Tensor v, Optional<Tensor> mask, boolean causal, OptionalDouble scale) {
    ShapeRules.require(
        v.dim() >= 2 && (k.dim() < 2 || k.size(-2) == v.size(-2)),
        () ->
            "["
                + OP
                + "] key "
                + k.describe()
                + " and value "
                + v.describe()
                + " must be equally long sequences");
    return weights(q, k, mask, causal, scale).matmul(v);
  }

  /**
   * What each query takes of each key's value: {@code softmax(q k^T * scale + mask)}.
   *
   * @param q [..., queries, e]
   * @param k [..., keys, e]
   * @param mask as for {@link #scaledDotProduct}, if there is one
   * @param causal whether query i sees keys 0 .. i only; not together with a mask
   * @param scale of the scores; 1 / sqrt(e) if not given
   * @return [..., queries, keys]
   */
  public static Tensor weights(
      Tensor q, Tensor k, Optional<Tensor> mask, boolean causal, OptionalDouble scale) {
    Check.floating(OP, "query", q);
    ShapeRules.require(
        q.dim() >= 2 && k.dim() >= 2 && q.size(-1) == k.size(-1),
        () ->
            "["
                + OP
                + "] query "
                + q.describe()
                + " and key "
                + k.describe()
                + " must be [..., sequence, features] with equally many features");
    ShapeRules.require(
        !causal || mask.isEmpty(), () -> "[" + OP + "] give either a mask or causal, not both");
    Tensor scores = q.mul(scale.orElse(1 / Math.sqrt(q.size(-1)))).matmul(k.transpose(-1, -2));
    Optional<Tensor> seen =
        causal
            ? Optional.of(Rearranging.below(OP, scores, 0))
            : mask.filter(m -> m.dtype() == DType.BOOL);
    if (seen.isPresent()) {
      scores = scores.where(seen.get(), Elementwise.constant(scores, Double.NEGATIVE_INFINITY));
    } else if (mask.isPresent()) {
      scores = scores.add(mask.get());
    }
    return mask.isPresent() ? seenOnly(scores) : scores.softmax(-1);
  }

  /** Softmax, and 0 rather than NaN where a query sees no key at all, as in PyTorch. */
  private static Tensor seenOnly(Tensor scores) {
    if (scores.size(-1) == 0) {
      return scores;
    }
    Tensor zero = Elementwise.constant(scores, 0);
    Tensor blind =
        Reductions.amax(scores.detach(), new int[] {-1}, true).eq(Double.NEGATIVE_INFINITY);
    return zero.where(blind, zero.where(blind, scores).softmax(-1));
  }

  /**
   * Attention whose queries have more heads than keys and values, which are shared evenly. Ainslie
   * et al. 2023.
   *
   * @param q [..., heads, queries, e]
   * @param k [..., fewer, keys, e] where fewer divides heads
   * @param v [..., fewer, keys, ev]
   * @param mask as for {@link #scaledDotProduct}, if there is one
   * @param causal whether query i sees keys 0 .. i only; not together with a mask
   * @param scale of the scores; 1 / sqrt(e) if not given
   * @return [..., heads, queries, ev]
   */
  public static Tensor groupedQuery(
      Tensor q, Tensor k, Tensor v, Optional<Tensor> mask, boolean causal, OptionalDouble scale) {
    String op = "scaled_dot_product_attention";
    ShapeRules.require(
        q.dim() >= 3
            && k.dim() == q.dim()
            && v.dim() == q.dim()
            && k.size(-3) == v.size(-3)
            && k.size(-3) > 0
            && q.size(-3) % k.size(-3) == 0,
        () ->
            "["
                + op
                + "] the heads of key "
                + k.describe()
                + " and value "
                + v.describe()
                + " must be as many, and divide those of query "
                + q.describe());
    long times = q.size(-3) / k.size(-3);
    return scaledDotProduct(q, repeated(k, times), repeated(v, times), mask, causal, scale);
  }

  /** Repeats each head. */
  private static Tensor repeated(Tensor x, long times) {
    int heads = x.dim() - 3;
    Shape each = x.shape().insert(heads + 1, times);
    Shape all = x.shape().with(heads, x.size(heads) * times);
    return x.unsqueeze(heads + 1).expand(each.dims()).reshape(all.dims());
  }

  /**
   * Self-attention of several heads: packed projection in, attention of each head, projection out.
   *
   * @param x [batch, sequence, e]
   * @param inWeight [3 e, e]: queries, keys, values
   * @param inBias [3 e], if there is one
   * @param outWeight [e, e]
   * @param outBias [e], if there is one
   * @param heads divides e
   * @param mask as for {@link #scaledDotProduct}, if there is one
   * @param causal whether each position sees itself and earlier ones only
   * @return [batch, sequence, e]
   */
  public static Tensor multiHeadSelf(
      Tensor x,
      Tensor inWeight,
      Optional<Tensor> inBias,
      Tensor outWeight,
      Optional<Tensor> outBias,
      int heads,
      Optional<Tensor> mask,
      boolean causal) {
    String op = "multi_head_attention";
    ShapeRules.rank(op, "input", x, 3, "[batch, sequence, features]");
    long e = x.size(2);
    ShapeRules.require(
        heads > 0 && e % heads == 0,
        () ->
            "["
                + op
                + "] "
                + heads
                + " heads must divide the "
                + e
                + " features of "
                + x.describe());
    ShapeRules.require(
        inWeight.dim() == 2 && inWeight.size(0) == 3 * e,
        () ->
            "["
                + op
                + "] in-projection "
                + inWeight.describe()
                + " must be ["
                + 3 * e
                + ","
                + e
                + "]: queries, keys, values");
    long n = x.size(0);
    long length = x.size(1);
    // [batch, sequence, 3, heads, e / heads] -> three of [batch, heads, sequence, e / heads]
    Tensor packed =
        Products.linear(x, inWeight, inBias)
            .reshape(n, length, 3, heads, e / heads)
            .permute(2, 0, 3, 1, 4);
    Tensor y =
        scaledDotProduct(
            packed.select(0, 0),
            packed.select(0, 1),
            packed.select(0, 2),
            mask,
            causal,
            OptionalDouble.empty());
    return Products.linear(y.permute(0, 2, 1, 3).reshape(n, length, e), outWeight, outBias);
  }
}
