package dev.kiln.cpu;

import static dev.kiln.cpu.Moves.floats;
import static dev.kiln.cpu.Operands.at;
import static dev.kiln.cpu.Operands.data;
import static dev.kiln.cpu.Operands.dim;

import dev.kiln.backend.CrossEntropySpec;
import dev.kiln.backend.View;
import dev.kiln.cpu.kernels.Kernels;
import dev.kiln.cpu.kernels.Softmax;
import dev.kiln.cpu.threads.WorkerPool;
import java.util.Optional;

/** Softmax and cross-entropy of dense FLOAT32 views, and their gradients. */
final class FloatSoftmax {
  private final Softmax softmax;

  FloatSoftmax(Kernels kernels, WorkerPool workers) {
    softmax = new Softmax(kernels, workers);
  }

  void forward(View y, View x, boolean log) {
    softmax.forward(log, floats(x), at(x), floats(y), at(y), dim(x, 0), dim(x, 1));
  }

  void gradient(View dx, View dy, View y, boolean log) {
    softmax.gradient(
        log, floats(dy), at(dy), floats(y), at(y), floats(dx), at(dx), dim(y, 0), dim(y, 1));
  }

  void crossEntropy(
      View loss, View logProbs, View x, View target, Optional<View> weight, CrossEntropySpec spec) {
    long[] labels = CpuStorage.of(target).longs();
    softmax.crossEntropy(
        floats(x),
        at(x),
        row -> labels[at(target) + row],
        data(weight),
        at(weight),
        spec.labelSmoothing(),
        spec.ignoreIndex(),
        floats(loss),
        at(loss),
        floats(logProbs),
        at(logProbs),
        dim(x, 0),
        dim(x, 1));
  }

  void crossEntropyGradient(
      View dx,
      View dloss,
      View logProbs,
      View target,
      Optional<View> weight,
      CrossEntropySpec spec) {
    long[] labels = CpuStorage.of(target).longs();
    softmax.crossEntropyGradient(
        floats(dloss),
        at(dloss),
        floats(logProbs),
        at(logProbs),
        row -> labels[at(target) + row],
        data(weight),
        at(weight),
        spec.labelSmoothing(),
        spec.ignoreIndex(),
        floats(dx),
        at(dx),
        dim(dx, 0),
        dim(dx, 1));
  }

  /** Whether every label, unless it is ignored, names one of the classes. */
  static boolean areClasses(
      long[] labels, int offset, int rows, int classes, CrossEntropySpec spec) {
    for (int r = 0; r < rows; r++) {
      long label = labels[offset + r];
      if (label != spec.ignoreIndex() && (label < 0 || label >= classes)) {
        return false;
      }
    }
    return true;
  }
}
