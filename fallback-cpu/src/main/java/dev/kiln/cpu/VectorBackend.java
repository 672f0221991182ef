package dev.kiln.cpu;

import static dev.kiln.cpu.Halves.isHalf;
import static dev.kiln.cpu.Moves.floats;
import static dev.kiln.cpu.Moves.isFloat;

import dev.kiln.DType;
import dev.kiln.backend.Backend;
import dev.kiln.backend.BinaryOp;
import dev.kiln.backend.DeviceId;
import dev.kiln.backend.Dist;
import dev.kiln.backend.FusedOps;
import dev.kiln.backend.MathOp;
import dev.kiln.backend.ReduceOp;
import dev.kiln.backend.ScanOp;
import dev.kiln.backend.ScatterOp;
import dev.kiln.backend.Storage;
import dev.kiln.backend.UnaryOp;
import dev.kiln.backend.View;
import dev.kiln.cpu.kernels.ArgExtreme;
import dev.kiln.cpu.kernels.Epilogue;
import dev.kiln.cpu.kernels.Gemm;
import dev.kiln.cpu.kernels.Kernels;
import dev.kiln.cpu.kernels.Reduce;
import dev.kiln.cpu.threads.WorkerPool;
import dev.kiln.random.Draws;
import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * The product: FLOAT32 ops on vectors and all cores; 16-bit floats go through FLOAT32; what is
 * neither runs as the oracle does.
 *
 * <p>Its results depend neither on the number of threads nor on what has been compiled yet.
 */
public final class VectorBackend implements Backend {
  /** Random numbers that one piece draws, a multiple of those of a block. */
  private static final int DRAWS = 16_384;

  /** The device type of the processor. */
  public static final String TYPE = "cpu";

  private final ArrayPool pool = new ArrayPool();
  private final ScalarBackend oracle = new ScalarBackend(pool);
  private final WorkerPool workers = WorkerPool.shared();
  private final Kernels kernels;
  private final Gemm gemm;
  private final Reduce sums;
  private final FloatReduce reduce;
  private final ArgExtreme extremes;
  private final FusedOps fused;

  /** Makes the backend with the fastest kernels that this launch allows. */
  public VectorBackend() {
    this(Kernels.best());
  }

  VectorBackend(Kernels kernels) {
    this.kernels = kernels;
    this.gemm = new Gemm(kernels.tiles(), workers);
    this.sums = new Reduce(kernels, workers);
    this.reduce = new FloatReduce(sums, pool);
    this.extremes = new ArgExtreme(kernels, workers);
    this.fused = new VectorFusedOps(this, kernels, workers);
  }

  @Override
  public DeviceId id() {
    return new DeviceId(TYPE, 0);
  }

  @Override
  public String description() {
    return "pure Java, " + kernels.name() + " kernels, " + workers.threads() + " threads";
  }

  @Override
  public Storage alloc(DType dtype, long length) {
    return pool.alloc(dtype, length);
  }

  @Override
  public void free(Storage storage) {
    pool.free((CpuStorage) storage);
  }

  @Override
  public long cachedBytes() {
    return pool.cachedBytes();
  }

  @Override
  public void trim() {
    pool.trim();
  }

  @Override
  public void upload(View out, ByteBuffer source) {
    oracle.upload(out, source);
  }

  @Override
  public void download(ByteBuffer target, View x) {
    oracle.download(target, x);
  }

  @Override
  public void sync() {}

  @Override
  public void fill(View out, double value) {
    if (isFloat(out)) {
      Moves.fill(workers, out, (float) value);
    } else {
      oracle.fill(out, value);
    }
  }

  @Override
  public void copy(View out, View x) {
    if (isFloat(out, x)) {
      Moves.copy(kernels.tiles(), workers, out, x);
    } else if (isFloat(out) && (x.dtype() == DType.UINT8 || x.dtype() == DType.BOOL)) {
      Moves.widen(workers, out, x);
    } else if (out.dtype() == x.dtype() && Moves.isRuns(out, x)) {
      Moves.copyRuns(workers, out, x);
    } else if (Halves.isConversion(out, x)) {
      Halves.convert(workers, out, x);
    } else {
      oracle.copy(out, x);
    }
  }

  @Override
  public void binary(BinaryOp op, View out, View a, View b) {
    if (isHalf(a)) {
      try (Halves half = new Halves(this)) {
        binary(op, half.out(out), half.in(a), half.in(b));
      }
    } else if (!isFloat(a)) {
      oracle.binary(op, out, a, b);
    } else if (op.isPredicate()) {
      Comparison.run(kernels.spans(), workers, op, out, a, b);
    } else {
      Arithmetic.binary(kernels.spans(), workers, op, out, a, b);
    }
  }

  @Override
  public void unary(UnaryOp op, View out, View x, double a, double b) {
    if (isHalf(out)) {
      try (Halves half = new Halves(this)) {
        unary(op, half.out(out), half.in(x), a, b);
      }
      return;
    }
    if (!isFloat(out)) {
      oracle.unary(op, out, x, a, b);
      return;
    }
    float[] from = floats(x);
    float[] y = floats(out);
    Strided.of(out, x)
        .forEach(
            workers,
            (at, n) -> kernels.unary().apply(op, (float) a, (float) b, from, at[1], y, at[0], n));
  }

  @Override
  public void math(MathOp op, View out, View x, double a) {
    if (isHalf(out)) {
      try (Halves half = new Halves(this)) {
        math(op, half.out(out), half.in(x), a);
      }
      return;
    }
    if (!isFloat(out)) {
      oracle.math(op, out, x, a);
      return;
    }
    Functions.Function f = Functions.of(op);
    float[] from = floats(x);
    float[] y = floats(out);
    Strided.of(out, x)
        .forEach(
            workers,
            (at, n) -> {
              for (int i = 0; i < n; i++) {
                y[at[0] + i] = (float) f.at(from[at[1] + i], a);
              }
            });
  }

  @Override
  public void unaryGrad(UnaryOp op, View dx, View dy, View saved, double a, double b) {
    if (isHalf(dx)) {
      try (Halves half = new Halves(this)) {
        unaryGrad(op, half.out(dx), half.in(dy), half.in(saved), a, b);
      }
      return;
    }
    if (!isFloat(dx)) {
      oracle.unaryGrad(op, dx, dy, saved, a, b);
      return;
    }
    float[] g = floats(dy);
    float[] s = floats(saved);
    float[] d = floats(dx);
    Strided.of(dx, dy, saved)
        .forEach(
            workers,
            (at, n) ->
                kernels
                    .unary()
                    .gradient(op, (float) a, (float) b, g, at[1], s, at[2], d, at[0], n));
  }

  @Override
  public void where(View out, View condition, View a, View b) {
    if (isFloat(out)) {
      Where.run(kernels.spans(), workers, out, condition, a, b);
    } else {
      oracle.where(out, condition, a, b);
    }
  }

  @Override
  public void matmul(
      View out,
      View a,
      View b,
      Optional<View> bias,
      boolean transposeA,
      boolean transposeB,
      double alpha,
      double beta,
      dev.kiln.backend.Epilogue epilogue) {
    if (isHalf(out)) {
      try (Halves half = new Halves(this)) {
        View y = beta == 0 ? half.out(out) : half.inOut(out);
        matmul(
            y,
            half.in(a),
            half.in(b),
            half.in(bias),
            transposeA,
            transposeB,
            alpha,
            beta,
            epilogue);
      }
      return;
    }
    if (!isFloat(out)) {
      oracle.matmul(out, a, b, bias, transposeA, transposeB, alpha, beta, epilogue);
      return;
    }
    int batch = (int) out.shape().dim(0);
    int m = (int) out.shape().dim(1);
    int n = (int) out.shape().dim(2);
    int k = (int) a.shape().dim(transposeA ? 1 : 2);
    gemm.multiplyBatched(
        batch,
        transposeA,
        transposeB,
        m,
        n,
        k,
        (float) alpha,
        floats(a),
        (int) a.offset(),
        transposeA ? m : k,
        a.shape().dim(0) == 1 ? 0 : m * k,
        floats(b),
        (int) b.offset(),
        transposeB ? k : n,
        b.shape().dim(0) == 1 ? 0 : k * n,
        (float) beta,
        floats(out),
        (int) out.offset(),
        n,
        m * n,
        epilogue(bias, epilogue));
  }

  /** The kernels' form of a bias per column and an activation. */
  static Epilogue epilogue(Optional<View> bias, dev.kiln.backend.Epilogue epilogue) {
    boolean relu = epilogue == dev.kiln.backend.Epilogue.RELU;
    return bias.map(v -> Epilogue.columnBias(floats(v), (int) v.offset(), relu))
        .orElse(relu ? Epilogue.RELU : Epilogue.NONE);
  }

  @Override
  public void reduce(ReduceOp op, View out, View x, int... axes) {
    if (isHalf(x)) {
      try (Halves half = new Halves(this)) {
        reduce(op, half.out(out), half.in(x), axes);
      }
      return;
    }
    if (!isFloat(x)) {
      oracle.reduce(op, out, x, axes);
      return;
    }
    switch (op) {
      case SUM -> reduce.reduce(Reduce.Kind.SUM, out, x, axes);
      case MEAN -> reduce.reduce(Reduce.Kind.MEAN, out, x, axes);
      case MAX -> reduce.reduce(Reduce.Kind.MAX, out, x, axes);
      case MIN -> reduce.reduce(Reduce.Kind.MIN, out, x, axes);
      case SUM_SQUARES -> sumSquares(out, x, axes);
      case ARGMAX, ARGMIN -> {
        if (x.numel() > 0 && axes.length == 1) {
          argExtreme(op == ReduceOp.ARGMAX, out, x, axes[0]);
        } else {
          oracle.reduce(op, out, x, axes);
        }
      }
      default -> oracle.reduce(op, out, x, axes);
    }
  }

  private void argExtreme(boolean largest, View out, View x, int axis) {
    int inner = 1;
    for (int a = axis + 1; a < x.shape().rank(); a++) {
      inner *= (int) x.shape().dim(a);
    }
    int n = (int) x.shape().dim(axis);
    int outer = (int) x.numel() / n / inner;
    long[] to = CpuStorage.of(out).longs();
    extremes.find(largest, floats(x), (int) x.offset(), outer, n, inner, to, (int) out.offset());
  }

  private void sumSquares(View out, View x, int... axes) {
    if (out.numel() == 1) {
      double sum = sums.sumSquares(floats(x), (int) x.offset(), (int) x.numel());
      floats(out)[(int) out.offset()] = (float) sum;
      return;
    }
    View squares = View.dense(alloc(DType.FLOAT32, x.numel()), 0, x.shape());
    binary(BinaryOp.MUL, squares, x, x);
    reduce.reduce(Reduce.Kind.SUM, out, squares, axes);
    free(squares.storage());
  }

  @Override
  public void gather(View out, View x, View index, int axis) {
    if (isFloat(out, x)
        && index.dtype() == DType.INT64
        && out.isDense()
        && x.isDense()
        && index.isDense()) {
      Gather.run(workers, out, x, index, axis);
    } else {
      oracle.gather(out, x, index, axis);
    }
  }

  @Override
  public void scatterAdd(View out, View src, View index, int axis) {
    if (isFloat(out, src)
        && index.dtype() == DType.INT64
        && out.isDense()
        && src.isDense()
        && index.isDense()
        && out.shape().with(axis, 1).equals(index.shape().with(axis, 1))) {
      Scatter.add(workers, out, src, index, axis);
    } else {
      oracle.scatterAdd(out, src, index, axis);
    }
  }

  @Override
  public void scatter(ScatterOp op, View out, View src, View index, int axis) {
    oracle.scatter(op, out, src, index, axis);
  }

  @Override
  public void sort(View values, View index, View x, boolean descending) {
    RowSort.sort(workers, values, index, x, descending);
  }

  @Override
  public void scan(ScanOp op, View out, View x, int axis) {
    if (isFloat(x) && (op == ScanOp.SUM || op == ScanOp.PROD)) {
      FloatScan.scan(workers, op, out, x, axis);
    } else {
      oracle.scan(op, out, x, axis);
    }
  }

  @Override
  public void random(Dist dist, View out, View rng, double a, double b) {
    if (!isFloat(out)) {
      oracle.random(dist, out, rng, a, b);
      return;
    }
    long[] state = CpuStorage.of(rng).longs();
    int at = (int) rng.offset();
    long seed = state[at];
    long stream = state[at + 1];
    long counter = state[at + 2];
    float[] y = floats(out);
    int n = (int) out.numel();
    int pieces = (n + DRAWS - 1) / DRAWS;
    workers.parallelFor(
        pieces,
        piece -> {
          int first = piece * DRAWS;
          long block = counter + first / Draws.perBlock(dist, DType.FLOAT32);
          int to = (int) out.offset() + first;
          kernels.random().fill(dist, a, b, seed, stream, block, y, to, Math.min(DRAWS, n - first));
        });
    state[at + 2] = counter + Draws.blocks(dist, DType.FLOAT32, n);
  }

  @Override
  public FusedOps fused() {
    return fused;
  }

  @Override
  public void close() {
    pool.trim();
  }
}
