package dev.kiln.nn;

import dev.kiln.Scope;
import dev.kiln.ShapeException;
import dev.kiln.Tensor;
import dev.kiln.autograd.NoGrad;
import dev.kiln.backend.UnaryOp;
import dev.kiln.backend.View;
import dev.kiln.ops.Normalization;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Batch normalisation: in training by the batch's own mean and variance, which also update running
 * ones; in eval mode by the running ones. Ioffe and Szegedy 2015.
 *
 * <p>Parameters and buffers: see {@link ChannelNorm}. Freezing the parameters does not stop the
 * statistics; {@link #eval} does until the next {@link #train}, {@link #freezeStatistics} for good.
 */
public abstract class BatchNorm extends ChannelNorm {
  private boolean statisticsFrozen;
  private boolean averages;

  BatchNorm(ChannelNorm.Options<?> options) {
    super("batch_norm", options);
  }

  /**
   * Measures the running statistics of a model's batch norms anew, as plain averages over the
   * batches that pass through it: PyTorch's {@code update_bn}. The model is in training mode
   * meanwhile, and as it was before afterwards; dropout and the like act as in training.
   *
   * @param model with batch norms, whose weights changed in another way than by training
   * @param passes calls the model on the batches of the training data
   */
  public static void reestimate(Module model, Runnable passes) {
    Map<Module, Boolean> modes = new LinkedHashMap<>();
    List<BatchNorm> layers = new ArrayList<>();
    for (Module m : model.namedModules().values()) {
      modes.put(m, m.isTraining());
      if (m instanceof BatchNorm b && b.runningMean().isPresent()) {
        layers.add(b);
      }
    }
    try (NoGrad off = NoGrad.open()) {
      for (BatchNorm b : layers) {
        b.runningMean().orElseThrow().fill(0);
        b.runningVar().orElseThrow().fill(1);
        b.batches.orElseThrow().fill(0);
        b.averages = true;
      }
      model.train();
      passes.run();
    } finally {
      layers.forEach(b -> b.averages = false);
      modes.forEach(Module::train);
    }
  }

  /** Demands the rank that the layer is for. */
  abstract void checkRank(Tensor x);

  /** Demands one rank, or another. */
  static void checkRank(String op, Tensor x, int rank, int orRank, String expected) {
    if (x.dim() != rank && x.dim() != orRank) {
      throw new ShapeException(
          "[" + op + "] input " + x.describe() + " has rank " + x.dim() + " but " + expected);
    }
  }

  @Override
  final boolean freezeOwnStatistics(boolean frozen) {
    if (runningMean().isPresent()) {
      statisticsFrozen = frozen;
    }
    return runningMean().isPresent();
  }

  @Override
  final boolean statisticsFrozen() {
    return statisticsFrozen;
  }

  @Override
  public final Tensor forward(Tensor x) {
    checkRank(x);
    boolean follows = isTraining() && !statisticsFrozen;
    boolean byBatch = follows || runningMean().isEmpty();
    boolean update = follows && runningMean().isPresent();
    if (update && (averages || momentum.isEmpty())) {
      return averaging(x);
    }
    Tensor y =
        Normalization.batchNorm(
            x,
            update || !byBatch ? runningMean() : Optional.empty(),
            update || !byBatch ? runningVar() : Optional.empty(),
            weight(),
            bias(),
            byBatch,
            momentum.orElse(0),
            eps);
    if (update) {
      count();
    }
    return y;
  }

  /** Normalises as this layer does in eval mode, but by tensors of others. */
  final Tensor evaluate(
      Tensor x,
      Optional<Tensor> mean,
      Optional<Tensor> variance,
      Optional<Tensor> weight,
      Optional<Tensor> bias) {
    checkRank(x);
    return Normalization.batchNorm(x, mean, variance, weight, bias, mean.isEmpty(), 0, eps);
  }

  /** Counts the batch on the device, so that a recorded step counts too. */
  private void count() {
    View n = batches.orElseThrow().view("batch_norm", "num_batches_tracked");
    batches.orElseThrow().device().backend().unary(UnaryOp.AFFINE, n, n, 1, 1);
    batches.orElseThrow().incrementVersion();
  }

  /** Trains with averages over all batches; how many there were is read on the device alone. */
  private Tensor averaging(Tensor x) {
    Tensor mean = runningMean().orElseThrow();
    Tensor variance = runningVar().orElseThrow();
    Tensor batchMean = Tensor.zeros(mean.shape(), mean.dtype(), mean.device());
    Tensor batchVar = Tensor.zeros(mean.shape(), mean.dtype(), mean.device());
    Tensor y =
        Normalization.batchNorm(
            x, Optional.of(batchMean), Optional.of(batchVar), weight(), bias(), true, 1, eps);
    count();
    try (NoGrad off = NoGrad.open();
        Scope scope = Scope.open("batch_norm")) {
      Tensor n = batches.orElseThrow().to(mean.dtype());
      mean.copyFrom(mean.add(batchMean.sub(mean).div(n)));
      variance.copyFrom(variance.add(batchVar.sub(variance).div(n)));
    }
    return y;
  }
}
