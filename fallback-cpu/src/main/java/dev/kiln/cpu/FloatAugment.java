package dev.kiln.cpu;

import static dev.kiln.cpu.Moves.floats;
import static dev.kiln.cpu.Operands.at;
import static dev.kiln.cpu.Operands.dim;

import dev.kiln.DType;
import dev.kiln.backend.PixelProgram;
import dev.kiln.backend.Sampling;
import dev.kiln.backend.View;
import dev.kiln.cpu.kernels.AffineSample;
import dev.kiln.cpu.kernels.PixelSteps;
import dev.kiln.cpu.threads.WorkerPool;
import java.util.Optional;

/** Changes of images, UINT8 or FLOAT32, to dense FLOAT32 views. */
final class FloatAugment {
  private final VectorBackend core;
  private final AffineSample affine;
  private final PixelSteps pixels;

  FloatAugment(VectorBackend core, WorkerPool workers) {
    this.core = core;
    affine = new AffineSample(workers);
    pixels = new PixelSteps(workers);
  }

  void affineSample(View out, View x, View theta, Optional<View> fill, Sampling sampling) {
    boolean bytes = x.dtype() == DType.UINT8;
    float[] outside = new float[dim(x, 1)];
    for (int c = 0; c < outside.length && fill.isPresent(); c++) {
      outside[c] = floats(fill.get())[at(fill) + c] * (bytes ? 255 : 1);
    }
    AffineSample.Sizes sizes =
        new AffineSample.Sizes(
            dim(x, 0), dim(x, 1), dim(x, 2), dim(x, 3), dim(out, 2), dim(out, 3));
    View in = bytes ? View.dense(core.alloc(DType.FLOAT32, x.numel()), 0, x.shape()) : x;
    if (bytes) {
      core.copy(in, x);
    }
    affine.run(
        sizes,
        sampling,
        bytes ? 255 : 1,
        floats(in),
        at(in),
        floats(theta),
        at(theta),
        outside,
        floats(out),
        at(out));
    if (bytes) {
      core.free(in.storage());
    }
  }

  void transform(View out, View x, PixelProgram program, View steps, View channels, View keys) {
    if (out != x) {
      core.copy(out, x);
    }
    float[] y = floats(out);
    pixels.run(
        new PixelSteps.Sizes(dim(x, 0), dim(x, 1), dim(x, 2), dim(x, 3)),
        x.dtype() == DType.UINT8 ? 255 : 1,
        program,
        floats(steps),
        at(steps),
        floats(channels),
        at(channels),
        CpuStorage.of(keys).longs(),
        at(keys),
        y,
        at(out));
  }
}
