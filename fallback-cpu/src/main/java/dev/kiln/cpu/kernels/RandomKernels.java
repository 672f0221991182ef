package dev.kiln.cpu.kernels;

import dev.kiln.backend.Dist;

/** The inner loop of random numbers. */
public interface RandomKernels {
  /**
   * Draws FLOAT32 numbers, bit for bit those of {@link dev.kiln.random.Draws#fill(Dist, double,
   * double, long, long, long, float[], int, int)}.
   */
  void fill(
      Dist dist,
      double a,
      double b,
      long seed,
      long stream,
      long counter,
      float[] y,
      int yo,
      int n);
}
