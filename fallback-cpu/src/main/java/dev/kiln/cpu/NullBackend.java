package dev.kiln.cpu;

import dev.kiln.DType;
import dev.kiln.backend.Backend;
import dev.kiln.backend.BinaryOp;
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
import java.nio.ByteBuffer;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * A device that computes nothing and counts what it is asked to do, so that tests can hold a step
 * to its budget of launches, allocations and transfers. Storages have no memory; downloads give
 * zeros; each fused op counts as one launch.
 */
public final class NullBackend implements Backend {
  /** The device type of the counting device. */
  public static final String TYPE = "null";

  private static final class NullStorage extends Storage {
    private boolean freed;

    NullStorage(DType dtype, long length) {
      super(dtype, length);
    }
  }

  private final FusedOps fused = new NullFusedOps(this);
  private final Map<String, Long> launches = new TreeMap<>();
  private long allocs;
  private long frees;
  private long liveBytes;
  private long uploads;
  private long downloads;
  private long syncs;

  /** Makes a device with all counts at 0. */
  public NullBackend() {}

  /**
   * Returns what was counted since the start or the last {@link #resetCounts}.
   *
   * @return the counts so far
   */
  public synchronized Counts counts() {
    return new Counts(Map.copyOf(launches), allocs, frees, liveBytes, uploads, downloads, syncs);
  }

  /** Sets all counts but the live bytes to 0. */
  public synchronized void resetCounts() {
    launches.clear();
    allocs = 0;
    frees = 0;
    uploads = 0;
    downloads = 0;
    syncs = 0;
  }

  /** Counts one launch. */
  synchronized void launch(String op) {
    launches.merge(op, 1L, Long::sum);
  }

  private void launch(Enum<?> op) {
    launch(op.name().toLowerCase(Locale.ROOT));
  }

  @Override
  public DeviceId id() {
    return new DeviceId(TYPE, 0);
  }

  @Override
  public String description() {
    return "computes nothing, counts launches (for tests)";
  }

  @Override
  public synchronized Storage alloc(DType dtype, long length) {
    allocs++;
    NullStorage s = new NullStorage(dtype, length);
    liveBytes += s.bytes();
    return s;
  }

  @Override
  public synchronized void free(Storage storage) {
    NullStorage s = (NullStorage) storage;
    if (s.freed) {
      throw new IllegalStateException("[free] " + s.dtype() + " storage was freed before");
    }
    s.freed = true;
    frees++;
    liveBytes -= s.bytes();
  }

  @Override
  public long cachedBytes() {
    return 0;
  }

  @Override
  public void trim() {}

  @Override
  public synchronized void upload(View out, ByteBuffer source) {
    uploads++;
  }

  @Override
  public synchronized void download(ByteBuffer target, View x) {
    downloads++;
    HostCopy.zeros(target, x);
  }

  @Override
  public synchronized void sync() {
    syncs++;
  }

  @Override
  public void fill(View out, double value) {
    launch("fill");
  }

  @Override
  public void copy(View out, View x) {
    launch("copy");
  }

  @Override
  public void binary(BinaryOp op, View out, View a, View b) {
    launch(op);
  }

  @Override
  public void where(View out, View condition, View a, View b) {
    launch("where");
  }

  @Override
  public void unary(UnaryOp op, View out, View x, double a, double b) {
    launch(op);
  }

  @Override
  public void math(MathOp op, View out, View x, double a) {
    launch(op);
  }

  @Override
  public void unaryGrad(UnaryOp op, View dx, View dy, View saved, double a, double b) {
    launch(op.name().toLowerCase(Locale.ROOT) + "_grad");
  }

  @Override
  public void reduce(ReduceOp op, View out, View x, int... axes) {
    launch(op);
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
    launch("matmul");
  }

  @Override
  public void gather(View out, View x, View index, int axis) {
    launch("gather");
  }

  @Override
  public void scatterAdd(View out, View src, View index, int axis) {
    launch("scatter_add");
  }

  @Override
  public void scatter(ScatterOp op, View out, View src, View index, int axis) {
    launch("scatter");
  }

  @Override
  public void sort(View values, View index, View x, boolean descending) {
    launch("sort");
  }

  @Override
  public void scan(ScanOp op, View out, View x, int axis) {
    launch("scan");
  }

  @Override
  public void random(Dist dist, View out, View rng, double a, double b) {
    launch(dist);
  }

  @Override
  public FusedOps fused() {
    return fused;
  }

  @Override
  public void close() {}
}
