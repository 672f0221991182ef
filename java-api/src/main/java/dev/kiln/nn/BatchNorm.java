package dev.kiln.nn;

import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.KilnException;
import dev.kiln.Scope;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.autograd.NoGrad;
import dev.kiln.backend.UnaryOp;
import dev.kiln.backend.View;
import dev.kiln.ops.Normalization;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * Batch normalisation: in training by the batch's own mean and variance, which also update running
 * ones; in eval mode by the running ones. Ioffe and Szegedy 2015.
 *
 * <p>Parameters: {@code weight} (at first 1) and {@code bias} (at first 0), both [features].
 * Buffers: {@code running_mean} (0), {@code running_var} (1, unbiased), both [features], and {@code
 * num_batches_tracked}, an INT64 scalar, as in torchvision's files. Freezing the parameters does
 * not stop the statistics; {@link #eval} does.
 */
public abstract class BatchNorm extends Module {
  private final long features;
  private final double eps;
  private final OptionalDouble momentum;
  private final Optional<Tensor> weight;
  private final Optional<Tensor> bias;
  private final Optional<Tensor> runningMean;
  private final Optional<Tensor> runningVar;
  private final Optional<Tensor> batches;

  BatchNorm(Options<?> options) {
    features = options.features;
    eps = options.eps;
    momentum = options.momentum;
    if (features < 1) {
      throw new KilnException("[batch_norm] features " + features + " must be 1 or more");
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
    private boolean affine = true;
    private boolean trackRunningStats = true;

    Options(long features) {
      this.features = features;
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

    /** Whether there are weight and bias; true unless set. */
    public B affine(boolean wanted) {
      affine = wanted;
      return self();
    }

    /** Whether there are running statistics; without them eval mode uses the batch's. */
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

  /** Demands the rank that the layer is for. */
  abstract void checkRank(Tensor x);

  @Override
  public final Tensor forward(Tensor x) {
    checkRank(x);
    boolean byBatch = isTraining() || runningMean.isEmpty();
    boolean update = isTraining() && runningMean.isPresent();
    if (update && momentum.isEmpty()) {
      return averaging(x);
    }
    Tensor y =
        Normalization.batchNorm(
            x,
            update || !byBatch ? runningMean : Optional.empty(),
            update || !byBatch ? runningVar : Optional.empty(),
            weight,
            bias,
            byBatch,
            momentum.orElse(0),
            eps);
    if (update) {
      count();
    }
    return y;
  }

  /** Counts the batch on the device, so that a recorded step counts too. */
  private void count() {
    View n = batches.orElseThrow().view("batch_norm", "num_batches_tracked");
    batches.orElseThrow().device().backend().unary(UnaryOp.AFFINE, n, n, 1, 1);
  }

  /** Trains with averages over all batches; how many there were is read on the device alone. */
  private Tensor averaging(Tensor x) {
    Tensor mean = runningMean.orElseThrow();
    Tensor variance = runningVar.orElseThrow();
    Tensor batchMean = Tensor.zeros(mean.shape(), mean.dtype(), mean.device());
    Tensor batchVar = Tensor.zeros(mean.shape(), mean.dtype(), mean.device());
    Tensor y =
        Normalization.batchNorm(
            x, Optional.of(batchMean), Optional.of(batchVar), weight, bias, true, 1, eps);
    count();
    try (NoGrad off = NoGrad.open();
        Scope scope = Scope.open("batch_norm")) {
      Tensor n = batches.orElseThrow().to(mean.dtype());
      mean.copyFrom(mean.add(batchMean.sub(mean).div(n)));
      variance.copyFrom(variance.add(batchVar.sub(variance).div(n)));
    }
    return y;
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
