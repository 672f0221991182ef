package dev.kiln.cuda;

import static dev.kiln.cuda.CudaBackend.done;
import static dev.kiln.cuda.CudaBackend.type;
import static dev.kiln.cuda.CudaStorage.address;

import dev.kiln.backend.CompositeOps;
import dev.kiln.backend.CrossEntropySpec;
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

  // ---- Pooling ----

  // ---- Normalisation ----

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
