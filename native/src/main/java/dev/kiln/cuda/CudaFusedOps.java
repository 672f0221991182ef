package dev.kiln.cuda;

import dev.kiln.backend.CompositeOps;

/**
 * The fused ops that have kernels of their own on a CUDA device; {@link CompositeOps} builds the
 * others from the core.
 */
final class CudaFusedOps extends CompositeOps {
  CudaFusedOps(CudaBackend device) {
    super(device);
  }

  // ---- Convolution ----

  // ---- Pooling ----

  // ---- Normalisation ----

  // ---- Softmax and cross-entropy ----

  // ---- Optimizers ----
}
