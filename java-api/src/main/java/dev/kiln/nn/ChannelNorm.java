package dev.kiln.nn;

import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.KilnException;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * What {@link BatchNorm} and {@link InstanceNorm} share: the tensors, how they are made and
 * printed.
 *
 * <p>Parameters: {@code weight} (at first 1) and {@code bias} (at first 0), both [features].
 * Buffers: {@code running_mean} (0), {@code running_var} (1, unbiased), both [features], and {@code
 * num_batches_tracked}, an INT64 scalar, as in torchvision's files. Freezing the parameters does
 * not stop the statistics; {@link #eval} does.
 */
public abstract class ChannelNorm extends Module {
  final double eps;
  final OptionalDouble momentum;
  private final long features;
  private final Optional<Tensor> weight;
  private final Optional<Tensor> bias;
  private final Optional<Tensor> runningMean;
  private final Optional<Tensor> runningVar;
  final Optional<Tensor> batches;

  ChannelNorm(String op, Options<?> options) {
    features = options.features;
    eps = options.eps;
    momentum = options.momentum;
    if (features < 1) {
      throw new KilnException("[" + op + "] features " + features + " must be 1 or more");
    }
    Device device = Device.defaultDevice();
    Shape shape = Shape.of(features);
    boolean affine = options.affine;
    boolean track = options.trackRunningStats;
    weight =
        affine
            ? Optional.of(parameter("weight", Tensor.ones(shape, DType.FLOAT32, device)))
            : Optional.empty();
    bias =
        affine
            ? Optional.of(parameter("bias", Tensor.zeros(shape, DType.FLOAT32, device)))
            : Optional.empty();
    runningMean =
        track
            ? Optional.of(buffer("running_mean", Tensor.zeros(shape, DType.FLOAT32, device)))
            : Optional.empty();
    runningVar =
        track
            ? Optional.of(buffer("running_var", Tensor.ones(shape, DType.FLOAT32, device)))
            : Optional.empty();
    batches =
        track
            ? Optional.of(
                buffer("num_batches_tracked", Tensor.zeros(Shape.scalar(), DType.INT64, device)))
            : Optional.empty();
  }

  /**
   * Collects the options of a layer.
   *
   * @param <B> the builder's own type
   */
  public abstract static class Options<B extends Options<B>> {
    private final long features;
    private double eps = 1e-5;
    private OptionalDouble momentum = OptionalDouble.of(0.1);
    private boolean affine;
    private boolean trackRunningStats;

    Options(long features, boolean wanted) {
      this.features = features;
      affine = wanted;
      trackRunningStats = wanted;
    }

    abstract B self();

    /** What is added to the variance; 1e-5 unless set. */
    public B eps(double value) {
      eps = value;
      return self();
    }

    /** The weight of each batch in the running statistics; 0.1 unless set. */
    public B momentum(double value) {
      momentum = OptionalDouble.of(value);
      return self();
    }

    /** Running statistics are plain averages over all batches: PyTorch's {@code momentum=None}. */
    public B cumulativeAverage() {
      momentum = OptionalDouble.empty();
      return self();
    }

    /**
     * Whether there are weight and bias; unless set, batch norm has them, instance norm has not.
     */
    public B affine(boolean wanted) {
      affine = wanted;
      return self();
    }

    /**
     * Whether there are running statistics; without them eval mode uses the input's. Unless set,
     * batch norm has them, instance norm has not.
     */
    public B trackRunningStats(boolean wanted) {
      trackRunningStats = wanted;
      return self();
    }
  }

  /** Returns the scale of each channel, if there is one. */
  public final Optional<Tensor> weight() {
    return weight;
  }

  /** Returns the shift of each channel, if there is one. */
  public final Optional<Tensor> bias() {
    return bias;
  }

  /** Returns the running mean of each channel, if there is one. */
  public final Optional<Tensor> runningMean() {
    return runningMean;
  }

  /** Returns the running, unbiased variance of each channel, if there is one. */
  public final Optional<Tensor> runningVar() {
    return runningVar;
  }

  final long features() {
    return features;
  }

  @Override
  protected final String extraRepr() {
    return features
        + ", eps="
        + eps
        + ", momentum="
        + (momentum.isPresent() ? String.valueOf(momentum.getAsDouble()) : "none")
        + ", affine="
        + weight.isPresent()
        + ", track_running_stats="
        + runningMean.isPresent();
  }
}
