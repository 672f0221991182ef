package dev.kiln.cpu.simd;

import static dev.kiln.cpu.simd.Lanes.F;
import static dev.kiln.cpu.simd.Lanes.TILE_COLUMNS;

import dev.kiln.cpu.kernels.PixelRuns;
import jdk.incubator.vector.FloatVector;

/**
 * Copies runs of pixels, of a vector at most, side by side: what a vector holds beyond the end of
 * its run is overwritten by the next run, or by the next row.
 *
 * <p>Rows of a few runs have loops of their own: with one over the runs, convolutions of 64 filters
 * took a quarter longer.
 */
final class RunCopies {
  private RunCopies() {}

  /** See {@link dev.kiln.cpu.kernels.TileKernels#packRuns}. */
  static void rows(float[] x, int[] tap, int t, int depth, PixelRuns runs, float[] y, int at) {
    int n = runs.pixels() == TILE_COLUMNS ? runs.count() : 0;
    switch (n) {
      case 2 -> two(x, tap, t, depth, runs.start(0), runs.start(1), runs.column(1), y, at);
      case 3 ->
          three(
              x,
              tap,
              t,
              depth,
              runs.start(0),
              runs.start(1),
              runs.column(1),
              runs.start(2),
              runs.column(2),
              y,
              at);
      case 4 ->
          four(
              x,
              tap,
              t,
              depth,
              runs.start(0),
              runs.start(1),
              runs.column(1),
              runs.start(2),
              runs.column(2),
              runs.start(3),
              runs.column(3),
              y,
              at);
      default -> {
        for (int k = 0; k < depth; k++) {
          int d = at + k * TILE_COLUMNS;
          row(x, tap[t + k], runs, y, d);
          for (int j = runs.pixels(); j < TILE_COLUMNS; j++) {
            y[d + j] = 0f;
          }
        }
      }
    }
  }

  private static void two(
      float[] x, int[] tap, int t, int depth, int s0, int s1, int d1, float[] y, int at) {
    int d = at;
    for (int k = 0; k < depth; k++, d += TILE_COLUMNS) {
      int s = tap[t + k];
      FloatVector.fromArray(F, x, s + s0).intoArray(y, d);
      FloatVector.fromArray(F, x, s + s1).intoArray(y, d + d1);
    }
  }

  private static void three(
      float[] x,
      int[] tap,
      int t,
      int depth,
      int s0,
      int s1,
      int d1,
      int s2,
      int d2,
      float[] y,
      int at) {
    int d = at;
    for (int k = 0; k < depth; k++, d += TILE_COLUMNS) {
      int s = tap[t + k];
      FloatVector.fromArray(F, x, s + s0).intoArray(y, d);
      FloatVector.fromArray(F, x, s + s1).intoArray(y, d + d1);
      FloatVector.fromArray(F, x, s + s2).intoArray(y, d + d2);
    }
  }

  private static void four(
      float[] x,
      int[] tap,
      int t,
      int depth,
      int s0,
      int s1,
      int d1,
      int s2,
      int d2,
      int s3,
      int d3,
      float[] y,
      int at) {
    int d = at;
    for (int k = 0; k < depth; k++, d += TILE_COLUMNS) {
      int s = tap[t + k];
      FloatVector.fromArray(F, x, s + s0).intoArray(y, d);
      FloatVector.fromArray(F, x, s + s1).intoArray(y, d + d1);
      FloatVector.fromArray(F, x, s + s2).intoArray(y, d + d2);
      FloatVector.fromArray(F, x, s + s3).intoArray(y, d + d3);
    }
  }

  /** See {@link dev.kiln.cpu.kernels.TileKernels#packRow}. */
  static void row(float[] x, int base, PixelRuns runs, float[] y, int at) {
    for (int r = 0; r < runs.count(); r++) {
      FloatVector.fromArray(F, x, base + runs.start(r)).intoArray(y, at + runs.column(r));
    }
  }
}
