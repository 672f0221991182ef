package dev.kiln.ops;

import dev.kiln.Scope;
import dev.kiln.Tensor;
import dev.kiln.autograd.NoGrad;
import java.util.Optional;
import java.util.stream.IntStream;

/** Instance normalisation with running statistics. */
public final class InstanceNormalization {
  private InstanceNormalization() {}

  /**
   * Normalises each channel of each example by its own statistics, or all examples by the running
   * ones. Ulyanov et al. 2016.
   *
   * @param x [n, c, ...], of rank 3 to 5
   * @param runningMean [c], if there is one; updated in place by the examples' average if {@code
   *     useInputStats}
   * @param runningVar [c] (unbiased), if there is one; updated likewise
   * @param weight [c], if there is one
   * @param bias [c], if there is one
   * @param useInputStats whether the examples' own statistics are used
   * @param momentum the weight of this batch in the running statistics
   * @param eps added to the biased variance
   * @return of x's shape
   * @throws dev.kiln.ShapeException if a channel of an example has a single value to be normalised
   *     by itself, sizes differ, or there are no statistics to use
   */
  public static Tensor instanceNorm(
      Tensor x,
      Optional<Tensor> runningMean,
      Optional<Tensor> runningVar,
      Optional<Tensor> weight,
      Optional<Tensor> bias,
      boolean useInputStats,
      double momentum,
      double eps) {
    if (!useInputStats) {
      return Normalization.batchNorm(
          x, runningMean, runningVar, weight, bias, false, momentum, eps);
    }
    long values = 1;
    for (int i = 2; i < x.dim(); i++) {
      values *= x.size(i);
    }
    ShapeRules.require(
        x.dim() >= 3 && values > 1,
        () ->
            "[instance_norm] input "
                + x.describe()
                + " must be [n, channels, ...] with more than 1 value per channel of an example");
    Tensor y = Normalization.instanceNorm(x, weight, bias, eps);
    if (runningMean.isPresent() && runningVar.isPresent()) {
      int[] within = IntStream.range(2, x.dim()).toArray();
      try (NoGrad off = NoGrad.open();
          Scope scope = Scope.open("instance_norm")) {
        update(runningMean.get(), "running_mean", x.mean(within, false), momentum);
        update(runningVar.get(), "running_var", Reductions.var(x, within, true, false), momentum);
      }
    }
    return y;
  }

  /** Moves a running statistic towards the average [c] of the examples' [n, c]. */
  private static void update(Tensor running, String role, Tensor each, double momentum) {
    ShapeRules.vector("instance_norm", role, running, each.size(1), "channel");
    running.copyFrom(Elementwise.lerp(running, each.mean(new int[] {0}, false), momentum));
  }
}
