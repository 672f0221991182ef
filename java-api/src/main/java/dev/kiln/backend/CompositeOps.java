package dev.kiln.backend;

import dev.kiln.DType;
import dev.kiln.Shape;
import java.util.List;
import java.util.Optional;

/**
 * Every fused op, built from the core of a backend alone: a new backend is complete, if slow, once
 * its core is. A backend extends it and overrides what it accelerates.
 */
public class CompositeOps implements FusedOps {
  private final Backend backend;
  private final Optional<DType> arithmetic;

  /**
   * Composes in the operands' own type, 16-bit types in FLOAT32.
   *
   * @param backend whose core ops are used
   */
  public CompositeOps(Backend backend) {
    this.backend = backend;
    this.arithmetic = Optional.empty();
  }

  /**
   * Composes in one type, whatever the operands' is.
   *
   * @param backend whose core ops are used
   * @param arithmetic the type of intermediate results
   */
  public CompositeOps(Backend backend, DType arithmetic) {
    this.backend = backend;
    this.arithmetic = Optional.of(arithmetic);
  }

  private Composer composer(View operand) {
    return new Composer(backend, arithmetic.orElse(DType.promote(operand.dtype(), DType.FLOAT32)));
  }

  @Override
  public void conv2d(
      View y, View x, View weight, Optional<View> bias, Conv2dSpec spec, Epilogue epilogue) {
    try (Composer k = composer(y)) {
      CompositeConv.forward(k, y, x, weight, bias, spec, epilogue);
    }
  }

  @Override
  public void conv2dGradInput(View dx, View dy, View weight, Conv2dSpec spec) {
    try (Composer k = composer(dx)) {
      CompositeConv.gradInput(k, dx, dy, weight, spec);
    }
  }

  @Override
  public void conv2dGradWeight(View dweight, View dy, View x, Conv2dSpec spec) {
    try (Composer k = composer(dweight)) {
      CompositeConv.gradWeight(k, dweight, dy, x, spec);
    }
  }

  @Override
  public void maxPool2d(View y, View index, View x, Pool2dSpec spec) {
    try (Composer k = composer(y)) {
      CompositePool.max(k, y, index, x, spec);
    }
  }

  @Override
  public void maxPool2dGrad(View dx, View dy, View index, Pool2dSpec spec) {
    try (Composer k = composer(dx)) {
      CompositePool.maxGrad(k, dx, dy, index, spec);
    }
  }

  @Override
  public void avgPool2d(View y, View x, Pool2dSpec spec) {
    try (Composer k = composer(y)) {
      CompositePool.avg(k, y, x, spec);
    }
  }

  @Override
  public void avgPool2dGrad(View dx, View dy, Pool2dSpec spec) {
    try (Composer k = composer(dx)) {
      CompositePool.avgGrad(k, dx, dy, spec);
    }
  }

  @Override
  public void adaptiveAvgPool2d(View y, View x) {
    try (Composer k = composer(y)) {
      CompositePool.adaptiveAvg(k, y, x);
    }
  }

  @Override
  public void adaptiveAvgPool2dGrad(View dx, View dy) {
    try (Composer k = composer(dx)) {
      CompositePool.adaptiveAvgGrad(k, dx, dy);
    }
  }

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
    try (Composer k = composer(y)) {
      CompositeNorm.batchTrain(
          k, y, mean, invStd, runningMean, runningVar, x, weight, bias, momentum, eps);
    }
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
    try (Composer k = composer(dx)) {
      CompositeNorm.batchTrainGrad(k, dx, dweight, dbias, dy, x, weight, mean, invStd);
    }
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
    try (Composer k = composer(y)) {
      CompositeNorm.channelAffine(k, y, x, mean, variance, weight, bias, eps);
    }
  }

  @Override
  public void pickLabels(View out, View scores, View labels, long ignored) {
    backend.gather(out, scores, labels, 1);
  }

  @Override
  public void gatherSlices(View out, View x, View index, int axis) {
    try (Composer k = new Composer(backend, DType.INT64)) {
      backend.gather(out, x, k.in(slices(index, out, axis)), axis);
    }
  }

  @Override
  public void scatterAddSlices(View out, View src, View index, int axis) {
    try (Composer k = new Composer(backend, DType.INT64)) {
      backend.scatterAdd(out, src, k.in(slices(index, src, axis)), axis);
    }
  }

  /** An index vector for each element of the slices. */
  private static View slices(View index, View like, int axis) {
    long[] strides = new long[like.shape().rank()];
    strides[axis] = index.stride(0);
    return View.strided(index.storage(), index.offset(), like.shape(), strides);
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
    try (Composer k = composer(y)) {
      CompositeNorm.layer(k, y, mean, invStd, x, weight, bias, eps);
    }
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
    try (Composer k = composer(dx)) {
      CompositeNorm.layerGrad(k, dx, dweight, dbias, dy, x, weight, mean, invStd);
    }
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
    boolean affine = weight.isPresent() || bias.isPresent();
    if (affine && y.dtype().bytes() == 2) {
      // In FLOAT32 to the end: between the two steps a result would be rounded once more.
      try (Composer k = composer(y)) {
        View wide = k.temp(mean.dtype(), y.shape());
        groupNorm(wide, mean, invStd, k.in(x), weight.map(k::in), bias.map(k::in), eps);
        k.store(y, wide);
      }
      return;
    }
    Shape rows = CompositeNorm.groups(x, mean);
    Shape each = Shape.of(rows.dim(0));
    layerNorm(
        y.reshape(rows),
        mean.reshape(each),
        invStd.reshape(each),
        x.reshape(rows),
        Optional.empty(),
        Optional.empty(),
        eps);
    if (affine) {
      channelAffine(y, y, Optional.empty(), Optional.empty(), weight, bias, 0);
    }
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
    try (Composer k = composer(dx)) {
      CompositeNorm.groupGrad(k, dx, dweight, dbias, dy, x, weight, mean, invStd);
    }
  }

  @Override
  public void rmsNorm(View y, View invRms, View x, Optional<View> weight, double eps) {
    try (Composer k = composer(y)) {
      CompositeNorm.rms(k, y, invRms, x, weight, eps);
    }
  }

  @Override
  public void rmsNormGrad(
      View dx, View dweight, View dy, View x, Optional<View> weight, View invRms) {
    try (Composer k = composer(dx)) {
      CompositeNorm.rmsGrad(k, dx, dweight, dy, x, weight, invRms);
    }
  }

  @Override
  public void softmax(View y, View x, boolean log) {
    try (Composer k = composer(y)) {
      CompositeSoftmax.forward(k, y, x, log);
    }
  }

  @Override
  public void softmaxGrad(View dx, View dy, View y, boolean log) {
    try (Composer k = composer(dx)) {
      CompositeSoftmax.grad(k, dx, dy, y, log);
    }
  }

  @Override
  public void crossEntropy(
      View loss, View logProbs, View x, View target, Optional<View> weight, CrossEntropySpec spec) {
    try (Composer k = composer(loss)) {
      CompositeSoftmax.crossEntropy(k, loss, logProbs, x, target, weight, spec);
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
    try (Composer k = composer(dx)) {
      CompositeSoftmax.crossEntropyGrad(k, dx, dloss, logProbs, target, weight, spec);
    }
  }

  @Override
  public void optimizerStep(
      OptimizerKind kind, View param, View grad, List<View> state, View hyper) {
    try (Composer k = composer(param)) {
      CompositeOptimizer.step(k, kind, param, grad, state, hyper);
    }
  }

  @Override
  public void optimizerClock(View hyper, Optional<View> factor) {
    try (Composer k = new Composer(backend, DType.FLOAT64)) {
      CompositeOptimizer.clock(k, hyper, factor);
    }
  }

  @Override
  public void gradientNorm(View norm, List<View> parts, double maxNorm, double eps) {
    try (Composer k = new Composer(backend, DType.FLOAT64)) {
      View squares = k.full(0, Math.max(1, parts.size()));
      for (int i = 0; i < parts.size(); i++) {
        try (Composer own = composer(parts.get(i))) {
          CompositeGradients.squares(own, squares.narrow(0, i, 1), parts.get(i));
        }
      }
      CompositeGradients.norm(k, norm, squares, maxNorm, eps);
    }
  }

  @Override
  public void scaleAll(List<View> parts, View factor) {
    for (View part : parts) {
      try (Composer k = composer(part)) {
        CompositeGradients.scale(k, part, factor);
      }
    }
  }

  @Override
  public void nonFinite(View found, List<View> parts) {
    backend.fill(found, 0);
    for (View part : parts) {
      try (Composer k = composer(part)) {
        CompositeGradients.nonFinite(k, found, part);
      }
    }
  }

  @Override
  public void lossScaleFactor(View factor, View found, Optional<View> scale) {
    try (Composer k = new Composer(backend, DType.FLOAT64)) {
      CompositeGradients.lossScaleFactor(k, factor, found, scale);
    }
  }

  @Override
  public void lossScaleUpdate(View scale, View tracker, View found, LossScaleSpec spec) {
    try (Composer k = new Composer(backend, DType.FLOAT64)) {
      CompositeGradients.lossScaleUpdate(k, scale, tracker, found, spec);
    }
  }

  @Override
  public void countCorrect(View right, View all, View scores, View target, RankSpec spec) {
    boolean exact = !scores.dtype().isFloating();
    try (Composer k = exact ? new Composer(backend, scores.dtype()) : composer(scores)) {
      CompositeRanks.count(k, right, all, scores, target, spec);
    }
  }

  @Override
  public void affineSample(View out, View x, View theta, Optional<View> fill, Sampling sampling) {
    try (Composer k = composer(out)) {
      CompositeAffine.sample(k, out, x, theta, fill, sampling);
    }
  }

  @Override
  public void transformPixels(
      View out, View x, PixelProgram program, View steps, View channels, View keys) {
    try (Composer k = composer(out)) {
      new CompositePixels(k, program, steps, channels, keys).run(out, x);
    }
  }
}
