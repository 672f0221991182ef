package dev.kiln.cuda;

import static dev.kiln.cuda.CudaBackend.done;
import static dev.kiln.cuda.CudaBackend.type;
import static dev.kiln.cuda.CudaStorage.address;
import static dev.kiln.cuda.CudaStorage.addressOf;

import dev.kiln.backend.View;
import java.util.Optional;

/** Normalisations and their gradients by kernels of their own. */
final class Normalizations {
  private final CudaBackend device;

  Normalizations(CudaBackend device) {
    this.device = device;
  }

  void batchTrain(
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
    synchronized (device) {
      long images = x.shape().dim(0);
      long channels = x.shape().dim(1);
      long inner = x.shape().dim(2);
      Chunk scratch = device.memory().alloc(Launchers.batchNormScratch(images, channels, inner));
      int status =
          Launchers.batchNorm(
              device.launchers(),
              type(x),
              address(y),
              address(mean),
              address(invStd),
              addressOf(runningMean),
              addressOf(runningVar),
              address(x),
              addressOf(weight),
              addressOf(bias),
              scratch.address(),
              images,
              channels,
              inner,
              momentum,
              eps);
      device.memory().free(scratch);
      done(status, "batch_norm", y, x);
    }
  }

  void batchTrainGrad(
      View dx,
      View dweight,
      View dbias,
      View dy,
      View x,
      Optional<View> weight,
      View mean,
      View invStd) {
    synchronized (device) {
      long images = x.shape().dim(0);
      long channels = x.shape().dim(1);
      long inner = x.shape().dim(2);
      Chunk scratch = device.memory().alloc(Launchers.batchNormScratch(images, channels, inner));
      int status =
          Launchers.batchNormGrad(
              device.launchers(),
              type(x),
              address(dx),
              address(dweight),
              address(dbias),
              address(dy),
              address(x),
              addressOf(weight),
              address(mean),
              address(invStd),
              scratch.address(),
              images,
              channels,
              inner);
      device.memory().free(scratch);
      done(status, "batch_norm gradient", dx, dweight, dbias, dy, x);
    }
  }

  void channelAffine(
      View y,
      View x,
      Optional<View> mean,
      Optional<View> variance,
      Optional<View> weight,
      Optional<View> bias,
      double eps) {
    synchronized (device) {
      int status =
          Launchers.channelAffine(
              device.launchers(),
              type(x),
              address(y),
              address(x),
              addressOf(mean),
              addressOf(variance),
              addressOf(weight),
              addressOf(bias),
              x.shape().dim(0),
              x.shape().dim(1),
              x.shape().dim(2),
              eps);
      done(status, "channel_affine", y, x);
    }
  }

  void layer(
      View y,
      View mean,
      View invStd,
      View x,
      Optional<View> weight,
      Optional<View> bias,
      double eps) {
    synchronized (device) {
      int status =
          Launchers.layerNorm(
              device.launchers(),
              type(x),
              address(y),
              address(mean),
              address(invStd),
              address(x),
              addressOf(weight),
              addressOf(bias),
              x.shape().dim(0),
              x.shape().dim(1),
              eps);
      done(status, "layer_norm", y, x);
    }
  }

  void layerGrad(
      View dx,
      View dweight,
      View dbias,
      View dy,
      View x,
      Optional<View> weight,
      View mean,
      View invStd) {
    synchronized (device) {
      long rows = x.shape().dim(0);
      long n = x.shape().dim(1);
      Chunk scratch = device.memory().alloc(Launchers.layerNormGradScratch(rows, n));
      int status =
          Launchers.layerNormGrad(
              device.launchers(),
              type(x),
              address(dx),
              address(dweight),
              address(dbias),
              address(dy),
              address(x),
              addressOf(weight),
              address(mean),
              address(invStd),
              scratch.address(),
              rows,
              n);
      device.memory().free(scratch);
      done(status, "layer_norm gradient", dx, dweight, dbias, dy, x);
    }
  }

  void rms(View y, View invRms, View x, Optional<View> weight, double eps) {
    synchronized (device) {
      int status =
          Launchers.rmsNorm(
              device.launchers(),
              type(x),
              address(y),
              address(invRms),
              address(x),
              addressOf(weight),
              x.shape().dim(0),
              x.shape().dim(1),
              eps);
      done(status, "rms_norm", y, x);
    }
  }

  void rmsGrad(View dx, View dweight, View dy, View x, Optional<View> weight, View invRms) {
    synchronized (device) {
      long rows = x.shape().dim(0);
      long n = x.shape().dim(1);
      Chunk scratch = device.memory().alloc(Launchers.layerNormGradScratch(rows, n));
      int status =
          Launchers.rmsNormGrad(
              device.launchers(),
              type(x),
              address(dx),
              address(dweight),
              address(dy),
              address(x),
              addressOf(weight),
              address(invRms),
              scratch.address(),
              rows,
              n);
      device.memory().free(scratch);
      done(status, "rms_norm gradient", dx, dweight, dy, x);
    }
  }

  void group(
      View y,
      View mean,
      View invStd,
      View x,
      Optional<View> weight,
      Optional<View> bias,
      double eps) {
    long groups = mean.shape().dim(1);
    synchronized (device) {
      int status =
          Launchers.groupNorm(
              device.launchers(),
              type(x),
              address(y),
              address(mean),
              address(invStd),
              address(x),
              addressOf(weight),
              addressOf(bias),
              x.shape().dim(0),
              groups,
              x.shape().dim(1) / groups,
              x.shape().dim(2),
              eps);
      done(status, "group_norm", y, x);
    }
  }

  void groupGrad(
      View dx,
      View dweight,
      View dbias,
      View dy,
      View x,
      Optional<View> weight,
      View mean,
      View invStd) {
    long groups = mean.shape().dim(1);
    synchronized (device) {
      long images = x.shape().dim(0);
      long channels = x.shape().dim(1) / groups;
      Chunk scratch =
          device.memory().alloc(Launchers.groupNormGradScratch(images, groups, channels));
      int status =
          Launchers.groupNormGrad(
              device.launchers(),
              type(x),
              address(dx),
              address(dweight),
              address(dbias),
              address(dy),
              address(x),
              addressOf(weight),
              address(mean),
              address(invStd),
              scratch.address(),
              images,
              groups,
              channels,
              x.shape().dim(2));
      device.memory().free(scratch);
      done(status, "group_norm gradient", dx, dweight, dbias, dy, x);
    }
  }

  /** Whether kernels can count the elements of a group and the planes in 32 bits. */
  static boolean counts(View x, long groups) {
    long planes = x.shape().dim(0) * x.shape().dim(1);
    return planes <= Integer.MAX_VALUE
        && x.shape().dim(1) / groups * x.shape().dim(2) <= Integer.MAX_VALUE;
  }
}
