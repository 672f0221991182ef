package dev.kiln.nn;

import dev.kiln.ShapeException;
import dev.kiln.Tensor;
import dev.kiln.ops.InstanceNormalization;

/**
 * Instance normalisation: each channel of each example by its own mean and variance; in eval mode
 * by running ones, if the layer tracks them. Ulyanov et al. 2016.
 *
 * <p>As in PyTorch, there are no parameters and no running statistics unless asked for, and batches
 * are not counted. Parameters and buffers: see {@link ChannelNorm}.
 */
public abstract class InstanceNorm extends ChannelNorm {
  private final String op;
  private final int axes;

  InstanceNorm(String op, int axes, ChannelNorm.Options<?> options) {
    super(op, options);
    this.op = op;
    this.axes = axes;
  }

  @Override
  public final Tensor forward(Tensor x) {
    return Images.batched(op, x, axes, this::normalise);
  }

  private Tensor normalise(Tensor x) {
    if (x.size(1) != features()) {
      throw new ShapeException(
          "["
              + op
              + "] input "
              + x.describe()
              + " has "
              + x.size(1)
              + " channels but the layer expects "
              + features());
    }
    return InstanceNormalization.instanceNorm(
        x,
        runningMean(),
        runningVar(),
        weight(),
        bias(),
        isTraining() || runningMean().isEmpty(),
        momentum.orElse(0),
        eps);
  }
}
