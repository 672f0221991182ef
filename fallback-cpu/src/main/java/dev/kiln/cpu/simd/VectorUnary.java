package dev.kiln.cpu.simd;

import static dev.kiln.cpu.simd.Lanes.LANES;

import dev.kiln.backend.UnaryOp;
import dev.kiln.cpu.kernels.UnaryKernels;
import dev.kiln.cpu.threads.Workspace;
import java.util.Arrays;

/**
 * {@link UnaryKernels} on the Vector API; what C2 vectorises by itself stays a plain loop.
 *
 * <p>The loops are objects so that C2 compiles each by itself: a method that chose among them would
 * take them all in as they come up, until it is too large for C2 to keep vectors in registers.
 */
final class VectorUnary implements UnaryKernels {
  private static final UnaryOp[] OPS = UnaryOp.values();
  private static final UnaryLoops.Function[] FUNCTIONS =
      Arrays.stream(OPS).map(UnaryLoops::function).toArray(UnaryLoops.Function[]::new);
  private static final UnaryLoops.Gradient[] GRADIENTS =
      Arrays.stream(OPS).map(UnaryLoops::gradient).toArray(UnaryLoops.Gradient[]::new);
  private static final Primer[] FUNCTION_PRIMERS = Primer.of(OPS.length, VectorUnary::primed);
  private static final Primer[] GRADIENT_PRIMERS =
      Primer.of(OPS.length, VectorUnary::primedGradient);

  private final UnaryKernels plain = UnaryKernels.loops();

  private static Primer.Loop primed(int op) {
    UnaryLoops.Function loop = FUNCTIONS[op];
    float[] x = Primer.SCRATCH;
    float[] y = Primer.SINK;
    return turns -> loop.run(x, 0, y, 0, turns * LANES, 1f, 1f);
  }

  private static Primer.Loop primedGradient(int op) {
    UnaryLoops.Gradient loop = GRADIENTS[op];
    float[] x = Primer.SCRATCH;
    float[] y = Primer.SINK;
    return turns -> loop.run(x, 0, x, 0, y, 0, turns * LANES, 1f, 1f);
  }

  @Override
  public void apply(
      UnaryOp named, float p, float q, float[] x, int xOffset, float[] y, int yOffset, int n) {
    UnaryOp op = simplest(named, p);
    UnaryLoops.Function loop = FUNCTIONS[op.ordinal()];
    if (loop == null) {
      plain.apply(op, p, q, x, xOffset, y, yOffset, n);
      return;
    }
    FUNCTION_PRIMERS[op.ordinal()].before(n / LANES);
    int whole = n / LANES * LANES;
    loop.run(x, xOffset, y, yOffset, whole, p, q);
    int rest = n - whole;
    if (rest > 0) {
      float[] tail = tail();
      load(x, xOffset + whole, rest, tail, 0);
      loop.run(tail, 0, tail, 0, LANES, p, q);
      System.arraycopy(tail, 0, y, yOffset + whole, rest);
    }
  }

  @Override
  public void gradient(
      UnaryOp named,
      float p,
      float q,
      float[] dy,
      int dyOffset,
      float[] saved,
      int savedOffset,
      float[] dx,
      int dxOffset,
      int n) {
    UnaryOp op = simplest(named, p);
    UnaryLoops.Gradient loop = GRADIENTS[op.ordinal()];
    if (loop == null) {
      plain.gradient(op, p, q, dy, dyOffset, saved, savedOffset, dx, dxOffset, n);
      return;
    }
    GRADIENT_PRIMERS[op.ordinal()].before(n / LANES);
    int whole = n / LANES * LANES;
    loop.run(dy, dyOffset, saved, savedOffset, dx, dxOffset, whole, p, q);
    int rest = n - whole;
    if (rest > 0) {
      float[] tail = tail();
      load(dy, dyOffset + whole, rest, tail, 0);
      load(saved, savedOffset + whole, rest, tail, LANES);
      loop.run(tail, 0, tail, LANES, tail, 0, LANES, p, q);
      System.arraycopy(tail, 0, dx, dxOffset + whole, rest);
    }
  }

  private static UnaryOp simplest(UnaryOp op, float p) {
    return op == UnaryOp.POW && p == 2f ? UnaryOp.SQUARE : op;
  }

  /** The remainder runs through the same vector loop, so that position decides nothing. */
  private static float[] tail() {
    return Workspace.mine().floats(Workspace.Slot.TAIL, 2L * LANES);
  }

  private static void load(float[] from, int offset, int n, float[] tail, int at) {
    System.arraycopy(from, offset, tail, at, n);
    Arrays.fill(tail, at + n, at + LANES, 1f);
  }
}
