package dev.kiln.cpu.simd;

import dev.kiln.cpu.kernels.Kernels;

/** Makes the Vector API's set of kernels; the only class of this package that others name. */
public final class VectorKernels {
  private VectorKernels() {}

  /**
   * Returns the set for the width in use.
   *
   * @throws LinkageError if the module {@code jdk.incubator.vector} is absent
   */
  public static Kernels create() {
    return new Kernels(
        Lanes.describe(),
        new VectorTiles(),
        new VectorUnary(),
        new VectorRows(),
        new VectorSpans(),
        new VectorWinograd(),
        new VectorRandom());
  }
}
