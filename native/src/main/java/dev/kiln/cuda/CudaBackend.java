package dev.kiln.cuda;

import static dev.kiln.cuda.CudaStorage.address;

import dev.kiln.DType;
import dev.kiln.RecordingException;
import dev.kiln.Shape;
import dev.kiln.backend.Backend;
import dev.kiln.backend.BinaryOp;
import dev.kiln.backend.DeviceId;
import dev.kiln.backend.Dist;
import dev.kiln.backend.Epilogue;
import dev.kiln.backend.FusedOps;
import dev.kiln.backend.MathOp;
import dev.kiln.backend.MemoryBooks;
import dev.kiln.backend.Recording;
import dev.kiln.backend.ReduceOp;
import dev.kiln.backend.ScanOp;
import dev.kiln.backend.ScatterOp;
import dev.kiln.backend.Storage;
import dev.kiln.backend.Tf32;
import dev.kiln.backend.UnaryOp;
import dev.kiln.backend.View;
import dev.kiln.random.Draws;
import java.nio.ByteBuffer;
import java.util.Optional;
import jcuda.driver.CUdevice_attribute;

/**
 * Runs ops on one CUDA device: each puts its work on the device's stream and returns. Errors of the
 * device show at a later call; with the environment variable {@code KILN_SYNC=1} every op waits for
 * its kernel, and the op that failed is named. Thread-safe.
 */
public final class CudaBackend implements Backend {
  private static final int FIRST_WITH_TF32 = 80;

  private final DeviceId id;
  private final Closing closing = new Closing();
  private final Natives natives;
  private final Driver driver;
  private final long launchers;
  private final DeviceAllocator memory;
  private final Staging staging;
  private final Geometry geometry;
  private final IndexErrors errors;
  private Optional<Blas> blas = Optional.empty();
  private Optional<CudaRecording> recording = Optional.empty();
  private boolean closed;
  private final Convolutions convolutions;
  private final boolean tf32;
  private final FusedOps fused = new CudaFusedOps(this);

  /**
   * Opens a device.
   *
   * @param id its name
   * @param ordinal its number among the driver's devices
   * @param libraries its native code
   * @param pooled whether freed memory is kept for reuse; not where every access is to be checked
   *     against what is allocated
   * @throws dev.kiln.DeviceException if the native code cannot be loaded
   */
  public CudaBackend(DeviceId id, int ordinal, Libraries libraries, boolean pooled) {
    this.id = id;
    natives = Natives.load(libraries);
    geometry = new Geometry();
    try {
      driver = closing.add(new Driver(natives, ordinal), Driver::close);
      launchers = driver.launchers();
      memory = closing.add(new DeviceAllocator(driver, pooled), DeviceAllocator::trim);
      staging = closing.add(new Staging(driver, memory), Staging::close);
      errors = closing.add(new IndexErrors(driver), IndexErrors::close);
      convolutions = closing.add(new Convolutions(this, natives, driver), Convolutions::close);
      tf32 = driver.computeCapability() >= FIRST_WITH_TF32;
    } catch (RuntimeException e) {
      closing.closeAfter(e);
      throw e;
    }
  }

  /**
   * Counts the devices that can be opened.
   *
   * @param libraries the native code
   * @return the number of devices
   */
  public static int deviceCount(Libraries libraries) {
    Natives.load(libraries);
    return Driver.deviceCount();
  }

  @Override
  public DeviceId id() {
    return id;
  }

  @Override
  public String description() {
    return driver.name()
        + ", "
        + driver.attribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT)
        + " multiprocessors";
  }

  // ---- Memory ----

  @Override
  public synchronized Storage alloc(DType dtype, long length) {
    return new CudaStorage(dtype, length, memory.alloc(length * dtype.bytes()));
  }

  @Override
  public synchronized boolean consult(MemoryBooks books) {
    memory.consult(books);
    return true;
  }

  @Override
  public synchronized void free(Storage storage) {
    memory.free(((CudaStorage) storage).release());
  }

  @Override
  public synchronized long cachedBytes() {
    return memory.cachedBytes();
  }

  @Override
  public synchronized void trim() {
    memory.trim();
  }

  @Override
  public synchronized void upload(View out, ByteBuffer source) {
    if (recording.isPresent()) {
      int bytes = Math.toIntExact(bytes(out));
      recording.get().upload(address(out), source, bytes, out.dtype());
    } else {
      staging.upload(address(out), source, bytes(out), out.dtype());
    }
  }

  @Override
  public synchronized void download(ByteBuffer target, View x) {
    mayWait("download");
    staging.download(target, address(x), bytes(x));
    errors.check();
  }

  private static long bytes(View x) {
    return x.numel() * x.dtype().bytes();
  }

  @Override
  public synchronized void sync() {
    mayWait("sync");
    driver.synchronize();
    errors.check();
  }

  /**
   * Throws while a step is being recorded: its work has not run, so there is nothing to wait for.
   */
  private void mayWait(String op) {
    if (recording.isPresent()) {
      throw new RecordingException(
          "["
              + op
              + "] a step that is being recorded cannot wait for the device; read values after it");
    }
  }

  /** Throws what kernels have found so far, but not inside a recording, which cannot wait. */
  void checkIndices() {
    if (recording.isEmpty()) {
      errors.check();
    }
  }

  // ---- Recording ----

  @Override
  public boolean records() {
    return !driver.waitsAlways();
  }

  @Override
  public synchronized Optional<Recording> record(Runnable step) {
    if (!records()) {
      return Optional.empty();
    }
    if (recording.isPresent()) {
      throw new RecordingException(
          "[step_graph] a step is being recorded already; record one after the other");
    }
    sync();
    CudaRecording begun = new CudaRecording(this, driver, memory);
    recording = Optional.of(begun);
    try {
      step.run();
      begun.end();
    } catch (RuntimeException | Error e) {
      begun.abandon(e);
      throw e;
    } finally {
      recording = Optional.empty();
    }
    return Optional.of(begun);
  }

  // ---- Elements ----

  @Override
  public synchronized void fill(View out, double value) {
    int status = Launchers.fill(launchers, type(out), address(out), value, geometry.of(out));
    done(status, "fill", out);
  }

  @Override
  public synchronized void copy(View out, View x) {
    long layout = geometry.of(out, x);
    int status = Launchers.copy(launchers, type(out), type(x), address(out), address(x), layout);
    done(status, "copy", out, x);
  }

  @Override
  public synchronized void unary(UnaryOp op, View out, View x, double a, double b) {
    if (!x.dtype().isFloating() && !OpNumbers.isExactOnIntegers(op, a, b, x.dtype())) {
      throughDoubles(op, out, x, a, b);
      return;
    }
    int status =
        Launchers.unary(
            launchers, OpNumbers.of(op), type(x), address(out), address(x), x.numel(), a, b);
    done(status, OpNumbers.name(op), out, x);
  }

  /** Functions that leave the integers, computed as PyTorch computes them: in floating point. */
  private void throughDoubles(UnaryOp op, View out, View x, double a, double b) {
    try (Temporary wide = temporary(DType.FLOAT64, x.shape())) {
      copy(wide.view(), x);
      unary(op, wide.view(), wide.view(), a, b);
      copy(out, wide.view());
    }
  }

  @Override
  public synchronized void unaryGrad(UnaryOp op, View dx, View dy, View saved, double a, double b) {
    int status =
        Launchers.unaryGrad(
            launchers,
            OpNumbers.of(op),
            type(dx),
            address(dx),
            address(dy),
            address(saved),
            dx.numel(),
            a,
            b);
    done(status, OpNumbers.name(op) + " gradient", dx, dy, saved);
  }

  @Override
  public synchronized void math(MathOp op, View out, View x, double a) {
    int status =
        Launchers.math(
            launchers, OpNumbers.of(op), type(x), address(out), address(x), x.numel(), a);
    done(status, OpNumbers.name(op), out, x);
  }

  @Override
  public synchronized void binary(BinaryOp op, View out, View a, View b) {
    Shape shape = out.shape();
    long layout = geometry.of(out, a.expand(shape), b.expand(shape));
    int status =
        Launchers.binary(
            launchers, OpNumbers.of(op), type(a), address(out), address(a), address(b), layout);
    done(status, OpNumbers.name(op), out, a, b);
  }

  @Override
  public synchronized void where(View out, View condition, View a, View b) {
    Shape shape = out.shape();
    long layout = geometry.of(out, condition.expand(shape), a.expand(shape), b.expand(shape));
    int status =
        Launchers.where(
            launchers,
            out.dtype().bytes(),
            address(out),
            address(condition),
            address(a),
            address(b),
            layout);
    done(status, "where", out, condition, a, b);
  }

  // ---- Axes ----

  @Override
  public synchronized void reduce(ReduceOp op, View out, View x, int... axes) {
    if (x.numel() == 0) {
      fill(out, ofNothing(op));
      return;
    }
    DType taken = Axes.taken(op, x.dtype());
    DType given = Axes.given(op, taken);
    if (taken != x.dtype()) {
      try (Temporary in = temporary(taken, x.shape())) {
        copy(in.view(), x);
        reduce(op, out, in.view(), axes);
      }
      return;
    }
    if (given != out.dtype()) {
      try (Temporary result = temporary(given, out.shape())) {
        reduce(op, result.view(), x, axes);
        copy(out, result.view());
      }
      return;
    }
    long layout = geometry.of(Axes.alongReduced(out, x.shape(), axes), x);
    int number = OpNumbers.of(op);
    long bytes = Launchers.reduceScratch(number, type(x), layout);
    Chunk scratch = memory.alloc(bytes);
    int status =
        Launchers.reduce(
            launchers, number, type(x), address(out), address(x), scratch.address(), layout);
    memory.free(scratch);
    done(status, OpNumbers.name(op), out, x);
  }

  /** What a reduction gives for no elements. */
  private static double ofNothing(ReduceOp op) {
    return switch (op) {
      case PROD, ALL -> 1;
      case MEAN -> Double.NaN;
      case MAX -> Double.NEGATIVE_INFINITY;
      case MIN -> Double.POSITIVE_INFINITY;
      default -> 0;
    };
  }

  @Override
  public void gather(View out, View x, View index, int axis) {
    gather(IndexErrors.GATHER, axis, out, x, index, axis);
  }

  /** Picks elements; an index outside is reported as of an op and what that has for an axis. */
  synchronized void gather(int op, long told, View out, View x, View index, int axis) {
    long layout = geometry.of(out, Axes.standingStill(x, index.shape(), axis));
    int status =
        Launchers.gather(
            launchers,
            out.dtype().bytes(),
            address(out),
            address(x),
            address(index),
            op,
            told,
            x.shape().dim(axis),
            x.stride(axis),
            layout);
    done(status, "gather", out, x, index);
    checkIndices();
  }

  @Override
  public synchronized void scatterAdd(View out, View src, View index, int axis) {
    if (src.numel() == 0) {
      return;
    }
    if (out.dtype().bytes() == 2) {
      try (Temporary sums = temporary(DType.FLOAT32, out.shape());
          Temporary wide = temporary(DType.FLOAT32, src.shape())) {
        copy(sums.view(), out);
        copy(wide.view(), src);
        scatterAdd(sums.view(), wide.view(), index, axis);
        copy(out, sums.view());
      }
      return;
    }
    View places = Axes.standingStill(out, src.shape(), axis).select(axis, 0);
    long layout = geometry.of(places, src.select(axis, 0));
    long n = src.shape().dim(axis);
    Chunk scratch = memory.alloc(Launchers.scatterAddScratch(n, layout));
    int status =
        Launchers.scatterAdd(
            launchers,
            type(out),
            address(out),
            address(src),
            address(index),
            scratch.address(),
            axis,
            out.shape().dim(axis),
            n,
            src.stride(axis),
            out.stride(axis),
            layout);
    memory.free(scratch);
    done(status, "scatter_add", out, src, index);
    checkIndices();
  }

  @Override
  public synchronized void scatter(ScatterOp op, View out, View src, View index, int axis) {
    if (src.numel() == 0) {
      return;
    }
    View places = Axes.standingStill(out, src.shape(), axis).select(axis, 0);
    int status =
        Launchers.scatter(
            launchers,
            OpNumbers.of(op),
            type(out),
            address(out),
            address(src),
            address(index),
            axis,
            out.shape().dim(axis),
            src.shape().dim(axis),
            src.stride(axis),
            out.stride(axis),
            geometry.of(places, src.select(axis, 0)));
    done(status, "scatter", out, src, index);
    checkIndices();
  }

  @Override
  public synchronized void sort(View values, View index, View x, boolean descending) {
    long k = values.shape().dim(-1);
    if (values.numel() == 0) {
      return;
    }
    long rows = values.numel() / k;
    long n = x.shape().dim(-1);
    Chunk scratch = memory.alloc(Launchers.sortScratch(rows, n));
    int status =
        Launchers.sort(
            launchers,
            type(x),
            address(values),
            address(index),
            address(x),
            scratch.address(),
            rows,
            n,
            k,
            descending ? 1 : 0);
    memory.free(scratch);
    done(status, "sort", values, index, x);
  }

  @Override
  public synchronized void scan(ScanOp op, View out, View x, int axis) {
    if (x.numel() == 0) {
      return;
    }
    if (!x.dtype().isFloating() && x.dtype() != DType.INT64) {
      try (Temporary wide = temporary(DType.INT64, x.shape())) {
        copy(wide.view(), x);
        if (op.isPosition()) {
          scan(op, out, wide.view(), axis);
        } else {
          scan(op, wide.view(), wide.view(), axis);
          copy(out, wide.view());
        }
      }
      return;
    }
    long n = x.shape().dim(axis);
    long inner = 1;
    for (int a = axis + 1; a < x.shape().rank(); a++) {
      inner *= x.shape().dim(a);
    }
    int status =
        Launchers.scan(
            launchers,
            OpNumbers.of(op),
            type(x),
            address(out),
            address(x),
            x.numel() / n / inner,
            n,
            inner);
    done(status, "scan", out, x);
  }

  // ---- Products ----

  @Override
  public synchronized void matmul(
      View out,
      View a,
      View b,
      Optional<View> bias,
      boolean transposeA,
      boolean transposeB,
      double alpha,
      double beta,
      Epilogue epilogue) {
    if (out.numel() == 0) {
      return;
    }
    long k = a.shape().dim(transposeA ? 1 : 2);
    Blas.Operand left = Blas.Operand.of(a, transposeA);
    Blas.Operand right = Blas.Operand.of(b, transposeB);
    long biasAddress = bias.isPresent() ? address(bias.get()) : 0;
    int relu = epilogue == Epilogue.RELU ? 1 : 0;
    if (!out.dtype().isFloating()) {
      int status =
          Launchers.integerMatmul(
              launchers,
              type(out),
              address(out),
              left.address(),
              right.address(),
              biasAddress,
              out.shape().dim(0),
              out.shape().dim(1),
              out.shape().dim(2),
              k,
              left.batch(),
              transposeA ? 1 : left.row(),
              transposeA ? left.row() : 1,
              right.batch(),
              transposeB ? 1 : right.row(),
              transposeB ? right.row() : 1,
              (long) alpha,
              (long) beta,
              relu);
      done(status, "matmul", out, a, b);
      return;
    }
    if (k == 0) {
      scale(out, beta);
    } else {
      blas().product(out, left, right, k, alpha, beta, roundsNow(out.dtype()));
      driver.settle(() -> "matmul(" + out + ", " + a + ", " + b + ")");
    }
    if (bias.isPresent() || relu != 0) {
      long columns = out.shape().dim(2);
      long rows = out.numel() / columns;
      int status =
          Launchers.epilogue(launchers, type(out), address(out), biasAddress, rows, columns, relu);
      done(status, "matmul epilogue", out);
    }
  }

  /** What a product over nothing leaves: beta times what there was, of which 0 keeps no NaN. */
  private void scale(View out, double beta) {
    if (beta == 0) {
      fill(out, 0);
    } else if (beta != 1) {
      unary(UnaryOp.AFFINE, out, out, beta, 0);
    }
  }

  @Override
  public boolean roundsToTf32() {
    return tf32;
  }

  /** Whether products of these elements, asked for now on this thread, may be rounded to TF32. */
  boolean roundsNow(DType dtype) {
    return tf32 && dtype == DType.FLOAT32 && Tf32.isAllowed();
  }

  /** Convolutions by cuDNN. */
  Convolutions convolutions() {
    return convolutions;
  }

  /** cuBLAS, opened when it is first needed. */
  private Blas blas() {
    if (blas.isEmpty()) {
      blas = Optional.of(closing.add(new Blas(natives, driver, memory), Blas::close));
    }
    return blas.get();
  }

  // ---- Random numbers ----

  @Override
  public synchronized void random(Dist dist, View out, View rng, double a, double b) {
    long blocks = Draws.blocks(dist, out.dtype(), out.numel());
    int status =
        Launchers.random(
            launchers,
            OpNumbers.of(dist),
            type(out),
            address(out),
            out.numel(),
            address(rng),
            blocks,
            a,
            b);
    done(status, OpNumbers.name(dist), out, rng);
  }

  /** Memory that an op needs for itself, with undefined content at first. */
  Temporary temporary(DType dtype, Shape shape) {
    return new Temporary(this, View.dense(alloc(dtype, shape.numel()), 0, shape));
  }

  /**
   * Memory of an op, freed when it is closed.
   *
   * @param device whose memory it is
   * @param view all of it, dense
   */
  record Temporary(CudaBackend device, View view) implements AutoCloseable {
    @Override
    public void close() {
      device.free(view.storage());
    }
  }

  @Override
  public FusedOps fused() {
    return fused;
  }

  /** The context for {@link Launchers}. */
  long launchers() {
    return launchers;
  }

  /** The device memory that ops take scratch from. */
  DeviceAllocator memory() {
    return memory;
  }

  /** What kernels have found wrong with indices. */
  IndexErrors errors() {
    return errors;
  }

  /** The launchers' number of a view's element type. */
  static int type(View x) {
    return x.dtype().ordinal();
  }

  /** Throws if a launcher failed: the op, its operands, the status. */
  static void done(int status, String op, View... operands) {
    if (status != Launchers.OK) {
      StringBuilder what = new StringBuilder(op).append('(');
      for (View view : operands) {
        what.append(view == operands[0] ? "" : ", ").append(view);
      }
      throw new CudaException(what.append(')').toString(), status, Launchers.lastError());
    }
  }

  /**
   * Waits for the device's work and closes all, each part even where another fails. A second call
   * does nothing.
   *
   * @throws CudaException what failed first
   */
  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      closing.add(driver::synchronize);
      closing.close();
    }
  }
}
