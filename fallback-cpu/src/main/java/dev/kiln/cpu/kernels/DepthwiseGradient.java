package dev.kiln.cpu.kernels;

import dev.kiln.cpu.threads.Workspace;
import java.util.Arrays;

/**
 * The input gradient of a depthwise convolution of any stride.
 *
 * <p>Input pixels whose row and column leave the same remainders by the strides see the same filter
 * taps, at output pixels side by side: for each such phase, dx is dy correlated with those taps. dy
 * is padded with zeros, and a phase is computed as one long row, as in {@link Patch#filter}.
 */
final class DepthwiseGradient {
  private final ConvShape shape;
  private final TileKernels tiles;
  private final Axis vertical;
  private final Axis horizontal;
  private final Phase[] phases;

  DepthwiseGradient(ConvShape s, TileKernels tiles) {
    shape = s;
    this.tiles = tiles;
    vertical =
        new Axis(
            s.height(),
            s.outHeight(),
            s.kernelH(),
            s.spec().strideH(),
            s.spec().paddingH(),
            s.spec().dilationH());
    horizontal =
        new Axis(
            s.width(),
            s.outWidth(),
            s.kernelW(),
            s.spec().strideW(),
            s.spec().paddingW(),
            s.spec().dilationW());
    phases = new Phase[vertical.stride * horizontal.stride];
    for (int p = 0; p < phases.length; p++) {
      phases[p] = new Phase(p / horizontal.stride, p % horizontal.stride);
    }
  }

  /** One axis: input x = output * stride + tap * dilation - padding. */
  private record Axis(int in, int out, int taps, int stride, int padding, int dilation) {
    /** How many inputs a phase has. */
    int count(int phase) {
      return phase >= in ? 0 : (in - 1 - phase) / stride + 1;
    }

    /** Whether a phase's inputs see a tap. */
    boolean sees(int phase, int tap) {
      return (phase + padding - tap * dilation) % stride == 0;
    }

    /** The output that the first input of a phase sees by a tap; those after it follow. */
    int first(int phase, int tap) {
      return (phase + padding - tap * dilation) / stride;
    }

    /** Zeros before the outputs. */
    int before() {
      int most = 0;
      for (int phase = 0; phase < stride; phase++) {
        for (int tap = 0; tap < taps; tap++) {
          most = sees(phase, tap) ? Math.max(most, -first(phase, tap)) : most;
        }
      }
      return most;
    }

    /** Outputs with the zeros before and after. */
    int padded() {
      int most = out;
      for (int phase = 0; phase < stride; phase++) {
        for (int tap = 0; tap < taps; tap++) {
          most = sees(phase, tap) ? Math.max(most, count(phase) + first(phase, tap)) : most;
        }
      }
      return before() + most;
    }
  }

  /** The taps of the inputs of one phase. */
  private final class Phase {
    final int row;
    final int column;
    final int rows;
    final int columns;
    final int[] weight = new int[shape.area()];
    final int[] place = new int[shape.area()];
    final int taps;

    Phase(int row, int column) {
      this.row = row;
      this.column = column;
      rows = vertical.count(row);
      columns = horizontal.count(column);
      int n = 0;
      for (int t = 0; t < shape.area(); t++) {
        int i = t / shape.kernelW();
        int j = t % shape.kernelW();
        if (vertical.sees(row, i) && horizontal.sees(column, j)) {
          weight[n] = t;
          place[n++] =
              (vertical.first(row, i) + vertical.before()) * horizontal.padded()
                  + horizontal.first(column, j)
                  + horizontal.before();
        }
      }
      taps = n;
    }
  }

  /**
   * Writes the gradient of one input plane.
   *
   * @param dyo where the first output plane of the channel begins in dy
   * @param wo where its filter begins in w
   * @param dxo where the input plane begins in dx
   */
  void plane(float[] dy, int dyo, float[] w, int wo, float[] dx, int dxo) {
    Arrays.fill(dx, dxo, dxo + shape.inPixels(), 0f);
    int width = horizontal.padded();
    int size = vertical.padded() * width;
    Workspace space = Workspace.mine();
    float[] padded = space.floats(Workspace.Slot.IMAGE, (long) size + tiles.slack());
    float[] flat = space.floats(Workspace.Slot.COLUMNS, size);
    float[] weights = space.floats(Workspace.Slot.LAYOUT, shape.area());
    for (int f = 0; f < shape.groupFilters(); f++) {
      Arrays.fill(padded, 0, size, 0f);
      for (int r = 0; r < shape.outHeight(); r++) {
        System.arraycopy(
            dy,
            dyo + f * shape.outPixels() + r * shape.outWidth(),
            padded,
            (r + vertical.before()) * width + horizontal.before(),
            shape.outWidth());
      }
      for (Phase p : phases) {
        if (p.taps > 0 && p.rows > 0 && p.columns > 0) {
          for (int t = 0; t < p.taps; t++) {
            weights[t] = w[wo + f * shape.area() + p.weight[t]];
          }
          int n = (p.rows - 1) * width + p.columns;
          tiles.taps(0f, weights, 0, p.place, p.taps, padded, 0, n, flat, 0);
          add(p, flat, width, dx, dxo);
        }
      }
    }
  }

  private void add(Phase p, float[] flat, int width, float[] dx, int dxo) {
    int step = horizontal.stride;
    for (int r = 0; r < p.rows; r++) {
      int to = dxo + (p.row + r * vertical.stride) * shape.width() + p.column;
      for (int c = 0, from = r * width; c < p.columns; c++, to += step) {
        dx[to] += flat[from + c];
      }
    }
  }
}
