package dev.kiln.models;

import dev.kiln.Tensor;
import dev.kiln.nn.Module;
import dev.kiln.ops.Shaping;

/**
 * A shortcut without parameters: every stride-th pixel of the input, and channels of zeros behind
 * its own. He et al. 2016, option A.
 */
final class PaddedShortcut extends Module {
  private final long more;
  private final int stride;

  PaddedShortcut(long in, long out, int stride) {
    more = out - in;
    this.stride = stride;
  }

  @Override
  public Tensor forward(Tensor x) {
    Tensor sparse = x.slice(2, 0, x.size(2), stride).slice(3, 0, x.size(3), stride);
    return Shaping.padConstant(sparse, 0, 0, 0, 0, 0, 0, (int) more);
  }

  @Override
  protected String extraRepr() {
    return "more_channels=" + more + ", stride=" + stride;
  }
}
