package dev.kiln.cpu;

import dev.kiln.backend.Conv2dSpec;
import dev.kiln.backend.CrossEntropySpec;
import dev.kiln.backend.Epilogue;
import dev.kiln.backend.FusedOps;
import dev.kiln.backend.LossScaleSpec;
import dev.kiln.backend.OptimizerKind;
import dev.kiln.backend.PixelProgram;
import dev.kiln.backend.Pool2dSpec;
import dev.kiln.backend.RankSpec;
import dev.kiln.backend.Sampling;
import dev.kiln.backend.View;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Counts each fused op as one launch. */
final class NullFusedOps implements FusedOps {
  private final NullBackend counter;

  NullFusedOps(NullBackend counter) {
    this.counter = counter;
  }

  @Override
  public void conv2d(
      View y, View x, View weight, Optional<View> bias, Conv2dSpec spec, Epilogue epilogue) {
    counter.launch("conv2d");
  }

  @Override
  public void conv2dGradInput(View dx, View dy, View weight, Conv2dSpec spec) {
    counter.launch("conv2d_grad_input");
  }

  @Override
  public void conv2dGradWeight(View dweight, View dy, View x, Conv2dSpec spec) {
    counter.launch("conv2d_grad_weight");
  }

  @Override
  public void maxPool2d(View y, View index, View x, Pool2dSpec spec) {
    counter.launch("max_pool2d");
  }

  @Override
  public void maxPool2dGrad(View dx, View dy, View index, Pool2dSpec spec) {
    counter.launch("max_pool2d_grad");
  }

  @Override
  public void avgPool2d(View y, View x, Pool2dSpec spec) {
    counter.launch("avg_pool2d");
  }

  @Override
  public void avgPool2dGrad(View dx, View dy, Pool2dSpec spec) {
    counter.launch("avg_pool2d_grad");
  }

  @Override
  public void adaptiveAvgPool2d(View y, View x) {
    counter.launch("adaptive_avg_pool2d");
  }

  @Override
  public void adaptiveAvgPool2dGrad(View dx, View dy) {
    counter.launch("adaptive_avg_pool2d_grad");
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
    counter.launch("batch_norm");
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
    counter.launch("batch_norm_grad");
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
    counter.launch("channel_affine");
  }

  @Override
  public void gatherSlices(View out, View x, View index, int axis) {
    counter.launch("gather_slices");
  }

  @Override
  public void scatterAddSlices(View out, View src, View index, int axis) {
    counter.launch("scatter_add_slices");
  }

  @Override
  public void pickLabels(View out, View scores, View labels, long ignored) {
    counter.launch("pick_labels");
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
    counter.launch("layer_norm");
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
    counter.launch("layer_norm_grad");
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
    counter.launch("group_norm");
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
    counter.launch("group_norm_grad");
  }

  @Override
  public void rmsNorm(View y, View invRms, View x, Optional<View> weight, double eps) {
    counter.launch("rms_norm");
  }

  @Override
  public void rmsNormGrad(
      View dx, View dweight, View dy, View x, Optional<View> weight, View invRms) {
    counter.launch("rms_norm_grad");
  }

  @Override
  public void softmax(View y, View x, boolean log) {
    counter.launch(log ? "log_softmax" : "softmax");
  }

  @Override
  public void softmaxGrad(View dx, View dy, View y, boolean log) {
    counter.launch(log ? "log_softmax_grad" : "softmax_grad");
  }

  @Override
  public void crossEntropy(
      View loss, View logProbs, View x, View target, Optional<View> weight, CrossEntropySpec spec) {
    counter.launch("cross_entropy");
  }

  @Override
  public void crossEntropyGrad(
      View dx,
      View dloss,
      View logProbs,
      View target,
      Optional<View> weight,
      CrossEntropySpec spec) {
    counter.launch("cross_entropy_grad");
  }

  @Override
  public void optimizerStep(
      OptimizerKind kind, View param, View grad, List<View> state, View hyper) {
    counter.launch(kind.name().toLowerCase(Locale.ROOT) + "_step");
  }

  @Override
  public void optimizerClock(View hyper, Optional<View> factor) {
    counter.launch("optimizer_clock");
  }

  @Override
  public void gradientNorm(View norm, List<View> parts, double maxNorm, double eps) {
    counter.launch("gradient_norm");
  }

  @Override
  public void scaleAll(List<View> parts, View factor) {
    counter.launch("scale_all");
  }

  @Override
  public void nonFinite(View found, List<View> parts) {
    counter.launch("non_finite");
  }

  @Override
  public void lossScaleFactor(View factor, View found, Optional<View> scale) {
    counter.launch("loss_scale_factor");
  }

  @Override
  public void lossScaleUpdate(View scale, View tracker, View found, LossScaleSpec spec) {
    counter.launch("loss_scale_update");
  }

  @Override
  public void countCorrect(View right, View all, View scores, View target, RankSpec spec) {
    counter.launch("count_correct");
  }

  @Override
  public void affineSample(View out, View x, View theta, Optional<View> fill, Sampling sampling) {
    counter.launch("affine_sample");
  }

  @Override
  public void transformPixels(
      View out, View x, PixelProgram program, View steps, View channels, View keys) {
    counter.launch("transform_pixels");
  }
}
