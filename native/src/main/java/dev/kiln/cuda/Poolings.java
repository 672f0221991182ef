package dev.kiln.cuda;

import static dev.kiln.cuda.CudaBackend.done;
import static dev.kiln.cuda.CudaBackend.type;
import static dev.kiln.cuda.CudaStorage.address;

import dev.kiln.backend.Pool2dSpec;
import dev.kiln.backend.View;

/** Poolings and their gradients by kernels of their own. */
final class Poolings {
  private static final long LARGEST_PLANE = 1L << 30;

  private final CudaBackend device;
  private final Numbers numbers = new Numbers();

  Poolings(CudaBackend device) {
    this.device = device;
  }

  /** Whether kernels can count the pixels of the planes. */
  static boolean fits(View x) {
    return x.shape().dim(2) * x.shape().dim(3) <= LARGEST_PLANE;
  }

  /** Whether kernels can count where the parts of x begin. */
  static boolean divides(View x, View y) {
    return fits(x)
        && fits(y)
        && (x.shape().dim(2) + 1) * (y.shape().dim(2) + 1) < Integer.MAX_VALUE
        && (x.shape().dim(3) + 1) * (y.shape().dim(3) + 1) < Integer.MAX_VALUE;
  }

  /** The sizes of planes x pooled to y, as launchers read them. */
  private long sizes(View x, View y, Pool2dSpec s) {
    return sizes(x, y)
        .add(s.kernelH())
        .add(s.kernelW())
        .add(s.strideH())
        .add(s.strideW())
        .add(s.paddingH())
        .add(s.paddingW())
        .add(s.dilationH())
        .add(s.dilationW())
        .add(s.countIncludePad() ? 1 : 0)
        .address();
  }

  private Numbers sizes(View x, View y) {
    return numbers
        .begin(14)
        .add(x.shape().dim(0) * x.shape().dim(1))
        .add(x.shape().dim(2))
        .add(x.shape().dim(3))
        .add(y.shape().dim(2))
        .add(y.shape().dim(3));
  }

  void max(View y, View index, View x, Pool2dSpec spec) {
    synchronized (device) {
      long sizes = sizes(x, y, spec);
      int status =
          Launchers.maxPool(
              device.launchers(), type(x), address(y), address(index), address(x), sizes);
      done(status, "max_pool2d", y, index, x);
    }
  }

  void maxGrad(View dx, View dy, View index, Pool2dSpec spec) {
    synchronized (device) {
      long sizes = sizes(dx, dy, spec);
      int status =
          Launchers.maxPoolGrad(
              device.launchers(), type(dx), address(dx), address(dy), address(index), sizes);
      done(status, "max_pool2d gradient", dx, dy, index);
    }
  }

  void avg(View y, View x, Pool2dSpec spec) {
    synchronized (device) {
      long sizes = sizes(x, y, spec);
      int status = Launchers.avgPool(device.launchers(), type(x), address(y), address(x), sizes);
      done(status, "avg_pool2d", y, x);
    }
  }

  void avgGrad(View dx, View dy, Pool2dSpec spec) {
    synchronized (device) {
      long sizes = sizes(dx, dy, spec);
      int status =
          Launchers.avgPoolGrad(device.launchers(), type(dx), address(dx), address(dy), sizes);
      done(status, "avg_pool2d gradient", dx, dy);
    }
  }

  void adaptiveAvg(boolean grad, View result, View operand, View x, View y) {
    synchronized (device) {
      long sizes = sizes(x, y).address();
      int status =
          Launchers.adaptiveAvgPool(
              device.launchers(), type(x), grad ? 1 : 0, address(result), address(operand), sizes);
      done(status, "adaptive_avg_pool2d", result, operand);
    }
  }
}
