package dev.kiln.nn;

import dev.kiln.KilnException;
import dev.kiln.Tensor;
import dev.kiln.ops.Rearranging;

/** Deals the channels of [n, channels, ...] out over groups. Zhang et al. 2018. */
public final class ChannelShuffle extends Module {
  private final int groups;

  /**
   * Makes a layer.
   *
   * @param groups divides the channels
   * @throws KilnException if it is below 1
   */
  public ChannelShuffle(int groups) {
    if (groups < 1) {
      throw new KilnException("[channel_shuffle] groups " + groups + " must be 1 or more");
    }
    this.groups = groups;
  }

  @Override
  public Tensor forward(Tensor x) {
    return Rearranging.channelShuffle(x, groups);
  }

  @Override
  protected String extraRepr() {
    return "groups=" + groups;
  }
}
