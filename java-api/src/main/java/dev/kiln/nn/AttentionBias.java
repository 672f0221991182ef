package dev.kiln.nn;

import dev.kiln.DType;
import dev.kiln.DTypeException;
import dev.kiln.Shape;
import dev.kiln.ShapeException;
import dev.kiln.Tensor;
import dev.kiln.ops.Elementwise;
import dev.kiln.ops.Rearranging;
import dev.kiln.ops.Shaping;
import java.util.Optional;

/** Turns an {@link AttentionMask} into numbers that are added to scores. */
final class AttentionBias {
  private static final String OP = "multi_head_attention";

  private AttentionBias() {}

  /**
   * Joins all parts of a mask.
   *
   * @param mask the mask
   * @param scores [batch, heads, queries, keys], the shape to hide parts of
   * @param like gives type and device
   * @return broadcast to the scores; nothing if nothing is hidden
   */
  static Optional<Tensor> of(AttentionMask mask, Shape scores, Tensor like) {
    Optional<Tensor> sum = Optional.empty();
    if (mask.isCausal()) {
      Tensor never =
          Tensor.full(
              Shape.of(scores.dim(2), scores.dim(3)),
              Double.NEGATIVE_INFINITY,
              like.dtype(),
              like.device());
      sum = Optional.of(Rearranging.triu(never, 1));
    }
    if (mask.attn().isPresent()) {
      sum = plus(sum, attn(mask.attn().get(), scores, like));
    }
    if (mask.keyPadding().isPresent()) {
      sum = plus(sum, keyPadding(mask.keyPadding().get(), scores, like));
    }
    return sum;
  }

  private static Optional<Tensor> plus(Optional<Tensor> sum, Tensor more) {
    return Optional.of(sum.isPresent() ? sum.get().add(more) : more);
  }

  private static Tensor attn(Tensor mask, Shape scores, Tensor like) {
    Shape shared = Shape.of(scores.dim(2), scores.dim(3));
    Shape each = Shape.of(scores.dim(0) * scores.dim(1), scores.dim(2), scores.dim(3));
    if (mask.shape().equals(shared)) {
      return numbers("attn_mask", mask, like);
    }
    if (!mask.shape().equals(each)) {
      throw new ShapeException(
          "["
              + OP
              + "] attn_mask "
              + mask.describe()
              + " must be "
              + shared
              + " (queries, keys) or "
              + each
              + " (batch * heads, queries, keys)");
    }
    return numbers("attn_mask", mask, like).reshape(scores.dims());
  }

  private static Tensor keyPadding(Tensor mask, Shape scores, Tensor like) {
    Shape want = Shape.of(scores.dim(0), scores.dim(3));
    if (!mask.shape().equals(want)) {
      throw new ShapeException(
          "["
              + OP
              + "] key_padding_mask "
              + mask.describe()
              + " must be "
              + want
              + " (batch, keys)");
    }
    return numbers("key_padding_mask", mask, like).unsqueeze(1).unsqueeze(1);
  }

  private static Tensor numbers(String role, Tensor mask, Tensor like) {
    if (mask.dtype().isFloating()) {
      return mask.to(like.dtype());
    }
    if (mask.dtype() != DType.BOOL) {
      throw new DTypeException(
          "["
              + OP
              + "] "
              + role
              + " "
              + mask.describe()
              + " must be BOOL (true hides) or floating; compare it, as in ne(0)");
    }
    return Elementwise.where(
        mask, Elementwise.constant(like, Double.NEGATIVE_INFINITY), Elementwise.constant(like, 0));
  }

  /** Lets every query see some more keys at the end. */
  static Tensor widen(Tensor bias, int keys) {
    return keys == 0 ? bias : Shaping.padConstant(bias, 0, 0, keys);
  }
}
