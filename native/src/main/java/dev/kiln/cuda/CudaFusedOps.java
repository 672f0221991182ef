package dev.kiln.cuda;

import static dev.kiln.cuda.CudaBackend.done;
import static dev.kiln.cuda.CudaBackend.type;
import static dev.kiln.cuda.CudaStorage.address;
import static dev.kiln.cuda.CudaStorage.addressOf;
import static dev.kiln.cuda.Poolings.divides;
import static dev.kiln.cuda.Poolings.fits;

import dev.kiln.DType;
import dev.kiln.Shape;
import dev.kiln.backend.CompositeOps;
import dev.kiln.backend.Conv2dSpec;
import dev.kiln.backend.CrossEntropySpec;
import dev.kiln.backend.Epilogue;
import dev.kiln.backend.LossScaleSpec;
import dev.kiln.backend.OptimizerKind;
import dev.kiln.backend.PixelProgram;
import dev.kiln.backend.Pool2dSpec;
import dev.kiln.backend.RankSpec;
import dev.kiln.backend.ReduceOp;
import dev.kiln.backend.Sampling;
import dev.kiln.backend.View;
import java.util.List;
import java.util.Optional;

/**
 * The fused ops that have kernels of their own on a CUDA device; {@link CompositeOps} builds the
 * others from the core.
 */
final class CudaFusedOps extends CompositeOps {
  private final CudaBackend device;
  private final Poolings pools;
  private final Normalizations norms;
  private final Numbers numbers = new Numbers();

  CudaFusedOps(CudaBackend device) {
    super(device);
    this.device = device;
    pools = new Poolings(device);
    norms = new Normalizations(device);
  }

  // ---- Convolution ----

  @Override
  public void conv2d(
      View y, View x, View weight, Optional<View> bias, Conv2dSpec spec, Epilogue epilogue) {
    synchronized (device) {
      boolean relu = epilogue == Epilogue.RELU;
      if (!device.convolutions().forward(y, x, weight, bias, spec, relu)) {
        super.conv2d(y, x, weight, bias, spec, epilogue);
      }
    }
  }

  @Override
  public void conv2dGradInput(View dx, View dy, View weight, Conv2dSpec spec) {
    synchronized (device) {
      if (!device.convolutions().gradInput(dx, dy, weight, spec)) {
        super.conv2dGradInput(dx, dy, weight, spec);
      }
    }
  }

  @Override
  public void conv2dGradWeight(View dweight, View dy, View x, Conv2dSpec spec) {
    synchronized (device) {
      if (!device.convolutions().gradWeight(dweight, dy, x, spec)) {
        super.conv2dGradWeight(dweight, dy, x, spec);
      }
    }
  }

  // ---- Pooling ----

  @Override
  public void maxPool2d(View y, View index, View x, Pool2dSpec spec) {
    if (!fits(x) || !fits(y)) {
      super.maxPool2d(y, index, x, spec);
      return;
    }
    pools.max(y, index, x, spec);
  }

  @Override
  public void maxPool2dGrad(View dx, View dy, View index, Pool2dSpec spec) {
    if (!fits(dx) || !fits(dy)) {
      super.maxPool2dGrad(dx, dy, index, spec);
      return;
    }
    pools.maxGrad(dx, dy, index, spec);
  }

  @Override
  public void avgPool2d(View y, View x, Pool2dSpec spec) {
    if (!fits(x) || !fits(y)) {
      super.avgPool2d(y, x, spec);
      return;
    }
    pools.avg(y, x, spec);
  }

  @Override
  public void avgPool2dGrad(View dx, View dy, Pool2dSpec spec) {
    if (!fits(dx) || !fits(dy)) {
      super.avgPool2dGrad(dx, dy, spec);
      return;
    }
    pools.avgGrad(dx, dy, spec);
  }

  @Override
  public void adaptiveAvgPool2d(View y, View x) {
    if (!divides(x, y)) {
      super.adaptiveAvgPool2d(y, x);
      return;
    }
    if (y.shape().dim(2) == 1 && y.shape().dim(3) == 1 && x.numel() > 0) {
      Shape planes = Shape.of(y.numel(), x.shape().dim(2) * x.shape().dim(3));
      View means = y.reshape(Shape.of(y.numel(), 1));
      device.reduce(ReduceOp.MEAN, means, x.reshape(planes), 1);
      return;
    }
    pools.adaptiveAvg(false, y, x, x, y);
  }

  @Override
  public void adaptiveAvgPool2dGrad(View dx, View dy) {
    if (!divides(dx, dy)) {
      super.adaptiveAvgPool2dGrad(dx, dy);
      return;
    }
    pools.adaptiveAvg(true, dx, dy, dx, dy);
  }

  // ---- Normalisation ----

  @Override
  public void batchNormTrain(
      View y,
      View mean,
      View invStd,
      Optional<View> runningMean,
      Optional<View> runningVar,
      View x,
      Optional<View> weight,
      Optional<View> bias,
      double momentum,
      double eps) {
    norms.batchTrain(y, mean, invStd, runningMean, runningVar, x, weight, bias, momentum, eps);
  }

  @Override
  public void batchNormTrainGrad(
      View dx,
      View dweight,
      View dbias,
      View dy,
      View x,
      Optional<View> weight,
      View mean,
      View invStd) {
    norms.batchTrainGrad(dx, dweight, dbias, dy, x, weight, mean, invStd);
  }

  @Override
  public void channelAffine(
      View y,
      View x,
      Optional<View> mean,
      Optional<View> variance,
      Optional<View> weight,
      Optional<View> bias,
      double eps) {
    norms.channelAffine(y, x, mean, variance, weight, bias, eps);
  }

  @Override
  public void pickLabels(View out, View scores, View labels, long ignored) {
    device.gather(IndexErrors.NLL_LOSS, ignored, out, scores, labels, 1);
  }

  @Override
  public void gatherSlices(View out, View x, View index, int axis) {
    synchronized (device) {
      int status =
          Launchers.gatherSlices(
              device.launchers(),
              out.dtype().bytes(),
              address(out),
              address(x),
              address(index),
              axis,
              count(x, 0, axis),
              index.numel(),
              count(x, axis + 1, x.shape().rank()),
              x.shape().dim(axis));
      done(status, "gather", out, x, index);
      device.checkIndices();
    }
  }

  @Override
  public void scatterAddSlices(View out, View src, View index, int axis) {
    synchronized (device) {
      long n = index.numel();
      Chunk scratch = device.memory().alloc(Launchers.scatterAddSlicesScratch(n));
      int status =
          Launchers.scatterAddSlices(
              device.launchers(),
              type(out),
              address(out),
              address(src),
              address(index),
              scratch.address(),
              axis,
              count(out, 0, axis),
              n,
              count(out, axis + 1, out.shape().rank()),
              out.shape().dim(axis));
      device.memory().free(scratch);
      done(status, "scatter_add", out, src, index);
      device.checkIndices();
    }
  }

  /** How many elements the axes from one to before another have. */
  private static long count(View x, int from, int to) {
    long n = 1;
    for (int axis = from; axis < to; axis++) {
      n *= x.shape().dim(axis);
    }
    return n;
  }

  @Override
  public void layerNorm(
      View y,
      View mean,
      View invStd,
      View x,
      Optional<View> weight,
      Optional<View> bias,
      double eps) {
    norms.layer(y, mean, invStd, x, weight, bias, eps);
  }

  @Override
  public void layerNormGrad(
      View dx,
      View dweight,
      View dbias,
      View dy,
      View x,
      Optional<View> weight,
      View mean,
      View invStd) {
    norms.layerGrad(dx, dweight, dbias, dy, x, weight, mean, invStd);
  }

  @Override
  public void rmsNorm(View y, View invRms, View x, Optional<View> weight, double eps) {
    norms.rms(y, invRms, x, weight, eps);
  }

  @Override
  public void rmsNormGrad(
      View dx, View dweight, View dy, View x, Optional<View> weight, View invRms) {
    norms.rmsGrad(dx, dweight, dy, x, weight, invRms);
  }

  @Override
  public void groupNorm(
      View y,
      View mean,
      View invStd,
      View x,
      Optional<View> weight,
      Optional<View> bias,
      double eps) {
    if (!Normalizations.counts(x, mean.shape().dim(1))) {
      super.groupNorm(y, mean, invStd, x, weight, bias, eps);
      return;
    }
    norms.group(y, mean, invStd, x, weight, bias, eps);
  }

  @Override
  public void groupNormGrad(
      View dx,
      View dweight,
      View dbias,
      View dy,
      View x,
      Optional<View> weight,
      View mean,
      View invStd) {
    if (!Normalizations.counts(x, mean.shape().dim(1))) {
      super.groupNormGrad(dx, dweight, dbias, dy, x, weight, mean, invStd);
      return;
    }
    norms.groupGrad(dx, dweight, dbias, dy, x, weight, mean, invStd);
  }

  // ---- Softmax and cross-entropy ----

  @Override
  public void softmax(View y, View x, boolean log) {
    synchronized (device) {
      int status =
          Launchers.softmax(
              device.launchers(),
              type(x),
              address(y),
              address(x),
              x.shape().dim(0),
              x.shape().dim(1),
              log ? 1 : 0);
      done(status, log ? "log_softmax" : "softmax", y, x);
    }
  }

  @Override
  public void softmaxGrad(View dx, View dy, View y, boolean log) {
    synchronized (device) {
      int status =
          Launchers.softmaxGrad(
              device.launchers(),
              type(y),
              address(dx),
              address(dy),
              address(y),
              y.shape().dim(0),
              y.shape().dim(1),
              log ? 1 : 0);
      done(status, log ? "log_softmax gradient" : "softmax gradient", dx, dy, y);
    }
  }

  @Override
  public void crossEntropy(
      View loss, View logProbs, View x, View target, Optional<View> weight, CrossEntropySpec spec) {
    synchronized (device) {
      int status =
          Launchers.crossEntropy(
              device.launchers(),
              type(x),
              address(loss),
              address(logProbs),
              address(x),
              address(target),
              addressOf(weight),
              x.shape().dim(0),
              x.shape().dim(1),
              spec.labelSmoothing(),
              spec.ignoreIndex());
      done(status, "cross_entropy", loss, logProbs, x, target);
      device.errors().check();
    }
  }

  @Override
  public void crossEntropyGrad(
      View dx,
      View dloss,
      View logProbs,
      View target,
      Optional<View> weight,
      CrossEntropySpec spec) {
    synchronized (device) {
      int status =
          Launchers.crossEntropyGrad(
              device.launchers(),
              type(dx),
              address(dx),
              address(dloss),
              address(logProbs),
              address(target),
              addressOf(weight),
              dx.shape().dim(0),
              dx.shape().dim(1),
              spec.labelSmoothing(),
              spec.ignoreIndex());
      done(status, "cross_entropy gradient", dx, dloss, logProbs, target);
    }
  }

  // ---- Optimizers ----

  @Override
  public void optimizerStep(
      OptimizerKind kind, View param, View grad, List<View> state, View hyper) {
    long[] states = new long[3];
    for (int i = 0; i < state.size(); i++) {
      states[i] = state.get(i).numel() == 0 ? 0 : address(state.get(i));
    }
    synchronized (device) {
      int status =
          Launchers.optimizerStep(
              device.launchers(),
              OpNumbers.of(kind),
              type(param),
              address(param),
              address(grad),
              states[0],
              states[1],
              states[2],
              param.numel(),
              address(hyper));
      done(status, OpNumbers.name(kind) + " step", param, grad, hyper);
    }
  }

  @Override
  public void optimizerClock(View hyper, Optional<View> factor) {
    long by = factor.isPresent() ? address(factor.get()) : 0;
    synchronized (device) {
      int status = Launchers.optimizerClock(device.launchers(), address(hyper), by);
      done(status, "optimizer clock", hyper);
    }
  }

  // ---- Gradients ----

  /** The list of parts as launchers read it: their number, then address, size and type of each. */
  private long list(List<View> parts) {
    numbers.begin(1 + 3 * parts.size()).add(parts.size());
    for (View part : parts) {
      numbers.add(address(part)).add(part.numel()).add(type(part));
    }
    return numbers.address();
  }

  private static boolean areDense(List<View> parts) {
    return parts.stream().allMatch(View::isDense);
  }

  @Override
  public void gradientNorm(View norm, List<View> parts, double maxNorm, double eps) {
    if (!areDense(parts)) {
      super.gradientNorm(norm, parts, maxNorm, eps);
      return;
    }
    synchronized (device) {
      long list = list(parts);
      Chunk scratch = device.memory().alloc(Launchers.gradientNormScratch(list));
      int status =
          Launchers.gradientNorm(
              device.launchers(), address(norm), list, scratch.address(), maxNorm, eps);
      device.memory().free(scratch);
      done(status, "gradient norm", norm);
    }
  }

  @Override
  public void scaleAll(List<View> parts, View factor) {
    if (!areDense(parts)) {
      super.scaleAll(parts, factor);
      return;
    }
    synchronized (device) {
      int status = Launchers.scale(device.launchers(), list(parts), address(factor));
      done(status, "scale", factor);
    }
  }

  @Override
  public void nonFinite(View found, List<View> parts) {
    if (!areDense(parts)) {
      super.nonFinite(found, parts);
      return;
    }
    synchronized (device) {
      int status = Launchers.nonFinite(device.launchers(), address(found), list(parts));
      done(status, "search for non-finite elements", found);
    }
  }

  @Override
  public void lossScaleFactor(View factor, View found, Optional<View> scale) {
    long by = scale.isPresent() ? address(scale.get()) : 0;
    synchronized (device) {
      int status =
          Launchers.lossScaleFactor(device.launchers(), address(factor), address(found), by);
      done(status, "loss scale", factor, found);
    }
  }

  @Override
  public void lossScaleUpdate(View scale, View tracker, View found, LossScaleSpec spec) {
    synchronized (device) {
      int status =
          Launchers.lossScaleUpdate(
              device.launchers(),
              address(scale),
              address(tracker),
              address(found),
              spec.growthFactor(),
              spec.backoffFactor(),
              spec.growthInterval(),
              spec.largest());
      done(status, "loss scale", scale, tracker, found);
    }
  }

  // ---- Accuracy ----

  @Override
  public void countCorrect(View right, View all, View scores, View target, RankSpec spec) {
    if (!scores.dtype().isFloating()) {
      super.countCorrect(right, all, scores, target, spec);
      return;
    }
    synchronized (device) {
      int status =
          Launchers.countCorrect(
              device.launchers(),
              type(scores),
              address(right),
              address(all),
              address(scores),
              address(target),
              scores.shape().dim(0),
              scores.shape().dim(1),
              scores.shape().dim(2),
              spec.k(),
              spec.ignoreIndex(),
              spec.argmax() ? 1 : 0);
      done(status, "count of hits", scores, target);
    }
  }

  // ---- Augmentation ----

  @Override
  public void affineSample(View out, View x, View theta, Optional<View> fill, Sampling sampling) {
    if (!isImage(out, x)) {
      super.affineSample(out, x, theta, fill, sampling);
      return;
    }
    synchronized (device) {
      int status =
          Launchers.affineSample(
              device.launchers(),
              type(out),
              type(x),
              address(out),
              address(x),
              address(theta),
              fill.map(CudaStorage::address).orElse(0L),
              x.shape().dim(0),
              x.shape().dim(1),
              x.shape().dim(2),
              x.shape().dim(3),
              out.shape().dim(2),
              out.shape().dim(3),
              sampling.filter() == Sampling.Filter.NEAREST ? 1 : 0,
              sampling.padding().ordinal());
      done(status, "affine_sample", out, x, theta);
    }
  }

  @Override
  public void transformPixels(
      View out, View x, PixelProgram program, View steps, View channels, View keys) {
    if (!isImage(out, x)) {
      super.transformPixels(out, x, program, steps, channels, keys);
      return;
    }
    synchronized (device) {
      int status =
          Launchers.transformPixels(
              device.launchers(),
              type(out),
              type(x),
              address(out),
              address(x),
              address(steps),
              address(channels),
              address(keys),
              x.shape().dim(0),
              x.shape().dim(1),
              x.shape().dim(2),
              x.shape().dim(3),
              program.steps().size(),
              program.first(),
              program.measures() ? 1 : 0);
      done(status, "transform_pixels", out, x);
    }
  }

  /** Whether there are kernels for images of these types and sizes. */
  private static boolean isImage(View out, View x) {
    boolean in = x.dtype() == DType.UINT8 || x.dtype() == DType.FLOAT32;
    return in && fits(x) && fits(out) && out.dtype().isFloating() && out.dtype() != DType.FLOAT64;
  }
}
