package dev.kiln.cpu;

import static dev.kiln.cpu.FloatSoftmax.areClasses;
import static dev.kiln.cpu.Halves.isHalf;
import static dev.kiln.cpu.Moves.floats;
import static dev.kiln.cpu.Moves.isFloat;
import static dev.kiln.cpu.Operands.at;
import static dev.kiln.cpu.Operands.data;
import static dev.kiln.cpu.Operands.dim;
import static dev.kiln.cpu.Operands.span;

import dev.kiln.DType;
import dev.kiln.Shape;
import dev.kiln.backend.CompositeOps;
import dev.kiln.backend.Conv2dSpec;
import dev.kiln.backend.CrossEntropySpec;
import dev.kiln.backend.Epilogue;
import dev.kiln.backend.OptimizerKind;
import dev.kiln.backend.PixelProgram;
import dev.kiln.backend.Pool2dSpec;
import dev.kiln.backend.RankSpec;
import dev.kiln.backend.ReduceOp;
import dev.kiln.backend.Sampling;
import dev.kiln.backend.View;
import dev.kiln.cpu.kernels.Conv2d;
import dev.kiln.cpu.kernels.ConvShape;
import dev.kiln.cpu.kernels.Kernels;
import dev.kiln.cpu.kernels.OptimizerSteps;
import dev.kiln.cpu.kernels.OptimizerSteps.Span;
import dev.kiln.cpu.kernels.Pool2d;
import dev.kiln.cpu.kernels.Pool2d.Planes;
import dev.kiln.cpu.kernels.Ranks;
import dev.kiln.cpu.kernels.SpanKernels;
import dev.kiln.cpu.threads.WorkerPool;
import java.util.List;
import java.util.Optional;

/**
 * The fused ops on FLOAT32 vectors; 16-bit floats go through FLOAT32, other types are composed from
 * the core.
 */
final class VectorFusedOps extends CompositeOps {
  /** Smaller planes of a group's channels are too short for loops of their own. */
  private static final int LEAST_PLANE = 8;

  private final Conv2d conv;
  private final Pool2d pool;
  private final FloatNorm norm;
  private final FloatSoftmax softmax;
  private final OptimizerSteps optimizers;
  private final Ranks ranks;
  private final FloatAugment augment;
  private final VectorBackend core;
  private final WorkerPool workers;
  private final SpanKernels spans;

  VectorFusedOps(VectorBackend core, Kernels kernels, WorkerPool workers) {
    super(core);
    this.core = core;
    this.workers = workers;
    spans = kernels.spans();
    conv = new Conv2d(kernels, workers);
    pool = new Pool2d(kernels.spans(), workers);
    norm = new FloatNorm(kernels, workers);
    softmax = new FloatSoftmax(kernels, workers);
    optimizers = new OptimizerSteps(kernels.spans(), workers);
    ranks = new Ranks(workers);
    augment = new FloatAugment(core, workers);
  }

  private static ConvShape shape(View x, View weight, View y, Conv2dSpec spec) {
    return new ConvShape(
        (int) x.shape().dim(0),
        (int) x.shape().dim(1),
        (int) x.shape().dim(2),
        (int) x.shape().dim(3),
        (int) weight.shape().dim(0),
        (int) weight.shape().dim(2),
        (int) weight.shape().dim(3),
        (int) y.shape().dim(2),
        (int) y.shape().dim(3),
        spec);
  }

  @Override
  public void conv2d(
      View y, View x, View weight, Optional<View> bias, Conv2dSpec spec, Epilogue epilogue) {
    if (isHalf(y)) {
      try (Halves half = new Halves(core)) {
        conv2d(half.out(y), half.in(x), half.in(weight), half.in(bias), spec, epilogue);
      }
      return;
    }
    if (!isFloat(y)) {
      super.conv2d(y, x, weight, bias, spec, epilogue);
      return;
    }
    conv.forward(
        shape(x, weight, y, spec),
        floats(x),
        at(x),
        floats(weight),
        at(weight),
        data(bias),
        at(bias),
        epilogue == Epilogue.RELU,
        floats(y),
        at(y));
  }

  @Override
  public void conv2dGradInput(View dx, View dy, View weight, Conv2dSpec spec) {
    if (isHalf(dx)) {
      try (Halves half = new Halves(core)) {
        conv2dGradInput(half.out(dx), half.in(dy), half.in(weight), spec);
      }
      return;
    }
    if (!isFloat(dx)) {
      super.conv2dGradInput(dx, dy, weight, spec);
      return;
    }
    conv.gradInput(
        shape(dx, weight, dy, spec),
        floats(dy),
        at(dy),
        floats(weight),
        at(weight),
        floats(dx),
        at(dx));
  }

  @Override
  public void conv2dGradWeight(View dweight, View dy, View x, Conv2dSpec spec) {
    if (isHalf(dweight)) {
      try (Halves half = new Halves(core)) {
        conv2dGradWeight(half.out(dweight), half.in(dy), half.in(x), spec);
      }
      return;
    }
    if (!isFloat(dweight)) {
      super.conv2dGradWeight(dweight, dy, x, spec);
      return;
    }
    conv.gradWeight(
        shape(x, dweight, dy, spec),
        floats(dy),
        at(dy),
        floats(x),
        at(x),
        floats(dweight),
        at(dweight));
  }

  private static Planes planes(View x, View y) {
    return new Planes(
        (int) (x.shape().dim(0) * x.shape().dim(1)),
        (int) x.shape().dim(2),
        (int) x.shape().dim(3),
        (int) y.shape().dim(2),
        (int) y.shape().dim(3));
  }

  @Override
  public void maxPool2d(View y, View index, View x, Pool2dSpec spec) {
    if (isHalf(y)) {
      try (Halves half = new Halves(core)) {
        maxPool2d(half.out(y), index, half.in(x), spec);
      }
      return;
    }
    if (!isFloat(y)) {
      super.maxPool2d(y, index, x, spec);
      return;
    }
    int[] where = CpuStorage.of(index).ints();
    pool.max(planes(x, y), spec, floats(x), at(x), floats(y), at(y), where, at(index));
  }

  @Override
  public void maxPool2dGrad(View dx, View dy, View index, Pool2dSpec spec) {
    if (isHalf(dx)) {
      try (Halves half = new Halves(core)) {
        maxPool2dGrad(half.out(dx), half.in(dy), index, spec);
      }
      return;
    }
    if (!isFloat(dx)) {
      super.maxPool2dGrad(dx, dy, index, spec);
      return;
    }
    int[] where = CpuStorage.of(index).ints();
    pool.maxGradient(planes(dx, dy), floats(dy), at(dy), where, at(index), floats(dx), at(dx));
  }

  @Override
  public void avgPool2d(View y, View x, Pool2dSpec spec) {
    if (isHalf(y)) {
      try (Halves half = new Halves(core)) {
        avgPool2d(half.out(y), half.in(x), spec);
      }
      return;
    }
    if (!isFloat(y)) {
      super.avgPool2d(y, x, spec);
      return;
    }
    pool.average(planes(x, y), spec, floats(x), at(x), floats(y), at(y));
  }

  @Override
  public void avgPool2dGrad(View dx, View dy, Pool2dSpec spec) {
    if (isHalf(dx)) {
      try (Halves half = new Halves(core)) {
        avgPool2dGrad(half.out(dx), half.in(dy), spec);
      }
      return;
    }
    if (!isFloat(dx)) {
      super.avgPool2dGrad(dx, dy, spec);
      return;
    }
    pool.averageGradient(planes(dx, dy), spec, floats(dy), at(dy), floats(dx), at(dx));
  }

  @Override
  public void adaptiveAvgPool2d(View y, View x) {
    if (isHalf(y)) {
      try (Halves half = new Halves(core)) {
        adaptiveAvgPool2d(half.out(y), half.in(x));
      }
      return;
    }
    if (!isFloat(y)) {
      super.adaptiveAvgPool2d(y, x);
      return;
    }
    if (y.shape().dim(2) == 1 && y.shape().dim(3) == 1) {
      core.reduce(ReduceOp.MEAN, y, x, 2, 3);
    } else {
      pool.adaptiveAverage(planes(x, y), floats(x), at(x), floats(y), at(y));
    }
  }

  @Override
  public void adaptiveAvgPool2dGrad(View dx, View dy) {
    if (isHalf(dx)) {
      try (Halves half = new Halves(core)) {
        adaptiveAvgPool2dGrad(half.out(dx), half.in(dy));
      }
      return;
    }
    if (!isFloat(dx)) {
      super.adaptiveAvgPool2dGrad(dx, dy);
      return;
    }
    pool.adaptiveAverageGradient(planes(dx, dy), floats(dy), at(dy), floats(dx), at(dx));
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
    if (!isFloat(y)) {
      super.batchNormTrain(
          y, mean, invStd, runningMean, runningVar, x, weight, bias, momentum, eps);
      return;
    }
    norm.batchTrain(y, mean, invStd, runningMean, runningVar, x, weight, bias, momentum, eps);
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
    if (!isFloat(dx)) {
      super.batchNormTrainGrad(dx, dweight, dbias, dy, x, weight, mean, invStd);
      return;
    }
    norm.batchTrainGradient(dx, dweight, dbias, dy, x, weight, mean, invStd);
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
    if (!isFloat(y)) {
      super.channelAffine(y, x, mean, variance, weight, bias, eps);
      return;
    }
    norm.channelAffine(y, x, mean, variance, weight, bias, eps);
  }

  @Override
  public void gatherSlices(View out, View x, View index, int axis) {
    if (isFloat(out, x)) {
      Gather.slices(workers, out, x, index, axis);
    } else {
      super.gatherSlices(out, x, index, axis);
    }
  }

  @Override
  public void scatterAddSlices(View out, View src, View index, int axis) {
    if (isFloat(out, src)) {
      Scatter.slices(spans, workers, out, src, index, axis);
    } else {
      super.scatterAddSlices(out, src, index, axis);
    }
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
    if (!isFloat(y)) {
      super.layerNorm(y, mean, invStd, x, weight, bias, eps);
      return;
    }
    norm.layer(y, mean, invStd, x, weight, bias, eps);
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
    if (!isFloat(dx)) {
      super.layerNormGrad(dx, dweight, dbias, dy, x, weight, mean, invStd);
      return;
    }
    norm.layerGradient(dx, dweight, dbias, dy, x, weight, mean, invStd);
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
    if (!isFloat(y) || dim(y, 2) < LEAST_PLANE) {
      super.groupNorm(y, mean, invStd, x, weight, bias, eps);
      return;
    }
    norm.group(y, mean, invStd, x, weight, bias, eps);
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
    if (!isFloat(dx) || dim(dx, 2) < LEAST_PLANE) {
      super.groupNormGrad(dx, dweight, dbias, dy, x, weight, mean, invStd);
      return;
    }
    norm.groupGradient(dx, dweight, dbias, dy, x, weight, mean, invStd);
  }

  @Override
  public void rmsNorm(View y, View invRms, View x, Optional<View> weight, double eps) {
    if (!isFloat(y)) {
      super.rmsNorm(y, invRms, x, weight, eps);
      return;
    }
    norm.rms(y, invRms, x, weight, eps);
  }

  @Override
  public void rmsNormGrad(
      View dx, View dweight, View dy, View x, Optional<View> weight, View invRms) {
    if (!isFloat(dx)) {
      super.rmsNormGrad(dx, dweight, dy, x, weight, invRms);
      return;
    }
    norm.rmsGradient(dx, dweight, dy, x, weight, invRms);
  }

  @Override
  public void softmax(View y, View x, boolean log) {
    if (isHalf(y)) {
      try (Halves half = new Halves(core)) {
        softmax(half.out(y), half.in(x), log);
      }
      return;
    }
    if (!isFloat(y)) {
      super.softmax(y, x, log);
      return;
    }
    softmax.forward(y, x, log);
  }

  @Override
  public void softmaxGrad(View dx, View dy, View y, boolean log) {
    if (isHalf(dx)) {
      try (Halves half = new Halves(core)) {
        softmaxGrad(half.out(dx), half.in(dy), half.in(y), log);
      }
      return;
    }
    if (!isFloat(dx)) {
      super.softmaxGrad(dx, dy, y, log);
      return;
    }
    softmax.gradient(dx, dy, y, log);
  }

  @Override
  public void crossEntropy(
      View loss, View logProbs, View x, View target, Optional<View> weight, CrossEntropySpec spec) {
    long[] labels = CpuStorage.of(target).longs();
    // The composed op names a label that is no class.
    if (!isFloat(x) || !areClasses(labels, at(target), dim(x, 0), dim(x, 1), spec)) {
      super.crossEntropy(loss, logProbs, x, target, weight, spec);
      return;
    }
    softmax.crossEntropy(loss, logProbs, x, target, weight, spec);
  }

  @Override
  public void crossEntropyGrad(
      View dx,
      View dloss,
      View logProbs,
      View target,
      Optional<View> weight,
      CrossEntropySpec spec) {
    if (!isFloat(dx)) {
      super.crossEntropyGrad(dx, dloss, logProbs, target, weight, spec);
      return;
    }
    softmax.crossEntropyGradient(dx, dloss, logProbs, target, weight, spec);
  }

  @Override
  public void optimizerStep(
      OptimizerKind kind, View param, View grad, List<View> state, View hyper) {
    if (!isFloat(param)) {
      super.optimizerStep(kind, param, grad, state, hyper);
      return;
    }
    double[] settings = new double[(int) hyper.numel()];
    System.arraycopy(CpuStorage.of(hyper).doubles(), at(hyper), settings, 0, settings.length);
    Span[] states = state.stream().map(Operands::span).toArray(Span[]::new);
    optimizers.step(kind, span(param), span(grad), states, settings);
  }

  @Override
  public void optimizerClock(View hyper, Optional<View> factor) {
    double[] settings = CpuStorage.of(hyper).doubles();
    double by = factor.isPresent() ? CpuStorage.of(factor.get()).doubles()[at(factor)] : 1;
    int scale = at(hyper) + OptimizerKind.GRAD_SCALE;
    settings[scale] = Math.copySign(by, settings[scale]);
    if (by != 0) {
      settings[at(hyper) + OptimizerKind.STEP]++;
    }
  }

  @Override
  public void nonFinite(View found, List<View> parts) {
    double[] flag = CpuStorage.of(found).doubles();
    flag[at(found)] = 0;
    for (View part : parts) {
      if (flag[at(found)] == 0 && !hasFiniteSquares(part)) {
        super.nonFinite(found, List.of(part));
      }
    }
  }

  /** Whether a sum of squares shows that all elements are finite; large ones may overflow it. */
  private boolean hasFiniteSquares(View part) {
    if (!isFloat(part) || !part.isDense()) {
      return part.numel() == 0;
    }
    View sum = View.dense(core.alloc(DType.FLOAT32, 1), 0, Shape.of(1));
    core.reduce(ReduceOp.SUM_SQUARES, sum, part.reshape(Shape.of(part.numel())), 0);
    boolean finite = Float.isFinite(floats(sum)[at(sum)]);
    core.free(sum.storage());
    return finite;
  }

  @Override
  public void lossScaleFactor(View factor, View found, Optional<View> scale) {
    double by = scale.map(s -> 1 / CpuStorage.of(s).doubles()[at(s)]).orElse(1.0);
    boolean skip = CpuStorage.of(found).doubles()[at(found)] != 0;
    CpuStorage.of(factor).doubles()[at(factor)] = skip ? 0 : by;
  }

  @Override
  public void countCorrect(View right, View all, View scores, View target, RankSpec spec) {
    if (isHalf(scores)) {
      try (Halves half = new Halves(core)) {
        countCorrect(right, all, half.in(scores), target, spec);
      }
      return;
    }
    long[] labels = CpuStorage.of(target).longs();
    int examples = (int) target.numel();
    CrossEntropySpec ignored = new CrossEntropySpec(0, spec.ignoreIndex());
    // The composed op names a label that is no class.
    if (!isFloat(scores)
        || !spec.argmax() && !areClasses(labels, at(target), examples, dim(scores, 1), ignored)) {
      super.countCorrect(right, all, scores, target, spec);
      return;
    }
    Ranks.Scores s =
        new Ranks.Scores(
            floats(scores), at(scores), dim(scores, 0), dim(scores, 1), dim(scores, 2));
    long[] counts = ranks.count(s, labels, at(target), spec);
    CpuStorage.of(right).longs()[at(right)] += counts[0];
    CpuStorage.of(all).longs()[at(all)] += counts[1];
  }

  @Override
  public void affineSample(View out, View x, View theta, Optional<View> fill, Sampling sampling) {
    if (isHalf(out) || isHalf(x)) {
      try (Halves half = new Halves(core)) {
        affineSample(half.out(out), half.in(x), theta, fill, sampling);
      }
      return;
    }
    if (!isFloat(out) || !isFloat(x) && x.dtype() != DType.UINT8) {
      super.affineSample(out, x, theta, fill, sampling);
      return;
    }
    augment.affineSample(out, x, theta, fill, sampling);
  }

  @Override
  public void transformPixels(
      View out, View x, PixelProgram program, View steps, View channels, View keys) {
    if (isHalf(out)) {
      try (Halves half = new Halves(core)) {
        transformPixels(half.out(out), half.in(x), program, steps, channels, keys);
      }
      return;
    }
    if (!isFloat(out)) {
      super.transformPixels(out, x, program, steps, channels, keys);
      return;
    }
    augment.transform(out, x, program, steps, channels, keys);
  }
}
