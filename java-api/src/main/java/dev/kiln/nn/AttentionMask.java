package dev.kiln.nn;

import dev.kiln.Tensor;
import java.util.Optional;

/**
 * Which keys an attention layer's queries do not see; parts add up.
 *
 * <p>As in PyTorch's modules, but unlike {@code scaledDotProduct}, a BOOL that is true hides. A
 * query that sees no key takes nothing: its weights are zeros.
 *
 * <pre>{@code
 * AttentionMask.none()
 * AttentionMask.causal().withKeyPadding(lengthMask)
 * }</pre>
 *
 * @param attn [queries, keys], or [batch * heads, queries, keys]: BOOL hides where true, numbers
 *     are added to the scores; if there is one
 * @param keyPadding [batch, keys], or [keys] for one sequence: BOOL hides where true, numbers are
 *     added to the scores; if there is one
 * @param isCausal whether query i sees keys 0 .. i only
 */
public record AttentionMask(Optional<Tensor> attn, Optional<Tensor> keyPadding, boolean isCausal) {
  private static final AttentionMask NONE =
      new AttentionMask(Optional.empty(), Optional.empty(), false);

  /** Hides nothing. */
  public static AttentionMask none() {
    return NONE;
  }

  /** Hides later keys. */
  public static AttentionMask causal() {
    return new AttentionMask(Optional.empty(), Optional.empty(), true);
  }

  /** Returns the same mask with hidden or shifted pairs of query and key. */
  public AttentionMask withAttn(Tensor mask) {
    return new AttentionMask(Optional.of(mask), keyPadding, isCausal);
  }

  /** Returns the same mask with hidden or shifted keys. */
  public AttentionMask withKeyPadding(Tensor mask) {
    return new AttentionMask(attn, Optional.of(mask), isCausal);
  }
}
