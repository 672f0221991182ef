package dev.kiln.cpu;

import dev.kiln.DType;
import dev.kiln.backend.Backend;
import dev.kiln.backend.BinaryOp;
import dev.kiln.backend.CompositeOps;
import dev.kiln.backend.DeviceId;
import dev.kiln.backend.Dist;
import dev.kiln.backend.Epilogue;
import dev.kiln.backend.FusedOps;
import dev.kiln.backend.MathOp;
import dev.kiln.backend.ReduceOp;
import dev.kiln.backend.ScanOp;
import dev.kiln.backend.ScatterOp;
import dev.kiln.backend.Storage;
import dev.kiln.backend.UnaryOp;
import dev.kiln.backend.View;
import dev.kiln.random.Draws;
import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * The oracle: every op as a plain loop on one thread, accumulated in double (integers in long), for
 * all element types. Other backends are tested against it.
 *
 * <p>Its fused ops are those composed from the core, with all their intermediate results in double.
 */
public final class ScalarBackend implements Backend {
  /** The device type of the oracle. */
  public static final String TYPE = "scalar";

  private static final int DRAW_PIECE = 4096;

  private final ArrayPool pool;
  private final FusedOps fused = new CompositeOps(this, DType.FLOAT64);

  /** Makes an oracle with its own memory. */
  public ScalarBackend() {
    this(new ArrayPool());
  }

  ScalarBackend(ArrayPool pool) {
    this.pool = pool;
  }

  @Override
  public DeviceId id() {
    return new DeviceId(TYPE, 0);
  }

  @Override
  public String description() {
    return "plain Java loops in double precision, 1 thread (the oracle for tests)";
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
    HostCopy.upload(out, source);
  }

  @Override
  public void download(ByteBuffer target, View x) {
    HostCopy.download(target, x);
  }

  @Override
  public void sync() {}

  @Override
  public void fill(View out, double value) {
    Elementwise.fill(out, value);
  }

  @Override
  public void copy(View out, View x) {
    Elementwise.copy(out, x);
  }

  @Override
  public void binary(BinaryOp op, View out, View a, View b) {
    Elementwise.binary(op, out, a, b);
  }

  @Override
  public void where(View out, View condition, View a, View b) {
    Elementwise.where(out, condition, a, b);
  }

  @Override
  public void unary(UnaryOp op, View out, View x, double a, double b) {
    Elementwise.unary(op, out, x, a, b);
  }

  @Override
  public void math(MathOp op, View out, View x, double a) {
    Functions.apply(op, out, x, a);
  }

  @Override
  public void unaryGrad(UnaryOp op, View dx, View dy, View saved, double a, double b) {
    Elementwise.unaryGrad(op, dx, dy, saved, a, b);
  }

  @Override
  public void reduce(ReduceOp op, View out, View x, int... axes) {
    Reduction.reduce(op, out, x, axes);
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
      Epilogue epilogue) {
    Product.matmul(out, a, b, bias, transposeA, transposeB, alpha, beta, epilogue);
  }

  @Override
  public void gather(View out, View x, View index, int axis) {
    Indexing.gather(out, x, index, axis);
  }

  @Override
  public void scatterAdd(View out, View src, View index, int axis) {
    Indexing.scatterAdd(out, src, index, axis);
  }

  @Override
  public void scatter(ScatterOp op, View out, View src, View index, int axis) {
    Indexing.scatter(op, out, src, index, axis);
  }

  @Override
  public void sort(View values, View index, View x, boolean descending) {
    Sorting.sort(values, index, x, descending);
  }

  @Override
  public void scan(ScanOp op, View out, View x, int axis) {
    Scan.scan(op, out, x, axis);
  }

  @Override
  public void random(Dist dist, View out, View rng, double a, double b) {
    CpuStorage state = CpuStorage.of(rng);
    long seed = state.getLong(rng.offset());
    long stream = state.getLong(rng.offset() + 1);
    long counter = state.getLong(rng.offset() + 2);
    CpuStorage o = CpuStorage.of(out);
    double[] piece = new double[DRAW_PIECE];
    for (long done = 0; done < out.numel(); done += DRAW_PIECE) {
      int n = (int) Math.min(DRAW_PIECE, out.numel() - done);
      long block = counter + done / Draws.perBlock(dist, out.dtype());
      Draws.fill(dist, out.dtype(), a, b, seed, stream, block, piece, 0, n);
      for (int i = 0; i < n; i++) {
        o.set(out.offset() + done + i, piece[i]);
      }
    }
    state.setLong(rng.offset() + 2, counter + Draws.blocks(dist, out.dtype(), out.numel()));
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
