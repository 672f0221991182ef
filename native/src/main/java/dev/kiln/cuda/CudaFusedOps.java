package dev.kiln.cuda;

import static dev.kiln.cuda.CudaBackend.done;
import static dev.kiln.cuda.CudaBackend.type;
import static dev.kiln.cuda.CudaStorage.address;

import dev.kiln.backend.CompositeOps;
import dev.kiln.backend.CrossEntropySpec;
import dev.kiln.backend.Conv2dSpec;
import dev.kiln.backend.Epilogue;
import dev.kiln.backend.View;
import java.util.Optional;

/**
 * The fused ops that have kernels of their own on a CUDA device; {@link CompositeOps} builds the
 * others from the core.
 */
final class CudaFusedOps extends CompositeOps {
  private final CudaBackend device;

  CudaFusedOps(CudaBackend device) {
    super(device);
    this.device = device;
  }

  /** The address of an operand, 0 for none. */
  private static long addressOf(Optional<View> x) {
    return x.isPresent() ? address(x.get()) : 0;
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
    synchronized (device) {
      long images = x.shape().dim(0);
      long channels = x.shape().dim(1);
      long inner = x.shape().dim(2);
      DeviceAllocator.Chunk scratch =
          device.memory().alloc(Launchers.batchNormScratch(images, channels, inner));
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
    synchronized (device) {
      long images = x.shape().dim(0);
      long channels = x.shape().dim(1);
      long inner = x.shape().dim(2);
      DeviceAllocator.Chunk scratch =
          device.memory().alloc(Launchers.batchNormScratch(images, channels, inner));
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

  @Override
  public void layerNorm(
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
    synchronized (device) {
      long rows = x.shape().dim(0);
      long n = x.shape().dim(1);
      DeviceAllocator.Chunk scratch =
          device.memory().alloc(Launchers.layerNormGradScratch(rows, n));
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

  @Override
  public void rmsNorm(View y, View invRms, View x, Optional<View> weight, double eps) {
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

  @Override
  public void rmsNormGrad(
      View dx, View dweight, View dy, View x, Optional<View> weight, View invRms) {
    synchronized (device) {
      long rows = x.shape().dim(0);
      long n = x.shape().dim(1);
      DeviceAllocator.Chunk scratch =
          device.memory().alloc(Launchers.layerNormGradScratch(rows, n));
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
}
