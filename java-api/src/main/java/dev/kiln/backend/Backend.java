package dev.kiln.backend;

import dev.kiln.DType;
import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * What a device must be able to do: the small core of ops on which all of Kiln runs.
 *
 * <p>Ops write into given outputs, outputs first. They never allocate outputs and never block.
 * Shapes and element types have been checked before the call, so a backend trusts them. Views are
 * dense row-major unless a method says that it takes strided ones. Outputs do not overlap inputs
 * except where a method allows the very same view ("in place"). Any size may be 0.
 *
 * <p>Results depend on the inputs alone, not on thread counts or timing.
 */
public interface Backend extends AutoCloseable {
  /**
   * Returns the device's name.
   *
   * @return type and ordinal
   */
  DeviceId id();

  /**
   * Describes the device for people: model, cores or memory, and how ops are run.
   *
   * @return one line
   */
  String description();

  /**
   * Allocates elements with undefined content, from a pool where there is one.
   *
   * @param dtype the element type
   * @param length the number of elements
   * @return the storage
   * @throws dev.kiln.OutOfMemoryException if there is no room
   */
  Storage alloc(DType dtype, long length);

  /**
   * Tells the backend whom to ask when memory runs out, wherever in an op that is.
   *
   * @param books reclaims memory, and lists what is live for the error
   * @return whether the backend does so before it throws; if not, it is done for {@link #alloc}
   */
  default boolean consult(MemoryBooks books) {
    return false;
  }

  /**
   * Takes back a storage; work already started on it still completes.
   *
   * @param storage a storage from {@link #alloc} that is not used again
   */
  void free(Storage storage);

  /**
   * Returns how many bytes the pool keeps for reuse.
   *
   * @return bytes that are allocated from the system and not in use
   */
  long cachedBytes();

  /** Gives the pool's unused memory back to the system. */
  void trim();

  /**
   * Copies host bytes to the device.
   *
   * @param out a dense view
   * @param source little-endian elements from its position on, at least as many bytes as the view
   */
  void upload(View out, ByteBuffer source);

  /**
   * Waits for the view's content and copies it to the host.
   *
   * @param target takes little-endian elements from its position on
   * @param x a dense view
   */
  void download(ByteBuffer target, View x);

  /** Waits until all work of the device is done. */
  void sync();

  /**
   * Tells whether steps can be recorded.
   *
   * @return false unless the device can
   */
  default boolean records() {
    return false;
  }

  /**
   * Records a step for later replay, on devices that can. The step runs on this thread once, but
   * none of its work is done; what it uploads is the same at every replay.
   *
   * @param step the work to record
   * @return the recording, or nothing where a step is simply run again
   * @throws dev.kiln.RecordingException if the step reads a value or waits; nothing is recorded
   *     then, and the device goes on as before
   */
  default Optional<Recording> record(Runnable step) {
    return Optional.empty();
  }

  /**
   * Sets every element.
   *
   * @param out any strides
   * @param value the value, converted to the element type
   */
  void fill(View out, double value);

  /**
   * Copies elements, converting between element types.
   *
   * @param out any strides
   * @param x any strides, the same shape
   */
  void copy(View out, View x);

  /**
   * Applies a function to two operands; in place allowed.
   *
   * @param op the function
   * @param out any strides; of the operands' type, or BOOL for predicates
   * @param a any strides, expanded to out's shape
   * @param b any strides, expanded to out's shape, of a's type
   */
  void binary(BinaryOp op, View out, View a, View b);

  /**
   * Chooses elements by a condition.
   *
   * @param out any strides
   * @param condition BOOL, any strides, expanded to out's shape
   * @param a taken where the condition holds; any strides, expanded, of out's type
   * @param b taken elsewhere; any strides, expanded, of out's type
   */
  void where(View out, View condition, View a, View b);

  /**
   * Applies a function to each element; in place allowed.
   *
   * @param op the function
   * @param out dense
   * @param x dense, the same shape and type
   * @param a the function's first parameter, if it has one
   * @param b the function's second parameter, if it has one
   */
  void unary(UnaryOp op, View out, View x, double a, double b);

  /**
   * Applies one of the rarer functions to each element; in place allowed.
   *
   * @param op the function
   * @param out dense, floating
   * @param x dense, the same shape and type
   * @param a the function's parameter, if it has one
   */
  void math(MathOp op, View out, View x, double a);

  /**
   * Computes {@code dx = dy * f'(x)}.
   *
   * @param op the function
   * @param dx dense
   * @param dy dense; may be the same view as dx
   * @param saved the input or output, as {@link UnaryOp#saves()} says; dy again if it says nothing
   * @param a the function's first parameter, if it has one
   * @param b the function's second parameter, if it has one
   */
  void unaryGrad(UnaryOp op, View dx, View dy, View saved, double a, double b);

  /**
   * Reduces some axes.
   *
   * @param op the reduction
   * @param out dense, x's shape with each reduced axis kept as size 1
   * @param x dense
   * @param axes the axes to reduce, ascending, at least one
   */
  void reduce(ReduceOp op, View out, View x, int... axes);

  /**
   * Computes {@code out = epilogue(alpha * op(a) op(b) + beta * out + bias)} for a batch of
   * matrices.
   *
   * @param out dense [batch, m, n]
   * @param a dense [batch or 1, m, k], or [batch or 1, k, m] when transposed
   * @param b dense [batch or 1, k, n], or [batch or 1, n, k] when transposed
   * @param bias dense [n], added to each row, if there is one
   * @param transposeA whether a is given transposed
   * @param transposeB whether b is given transposed
   * @param alpha factor of the product
   * @param beta factor of what out held before; 0 ignores it, even NaN
   * @param epilogue what is applied before storing
   */
  void matmul(
      View out,
      View a,
      View b,
      Optional<View> bias,
      boolean transposeA,
      boolean transposeB,
      double alpha,
      double beta,
      Epilogue epilogue);

  /**
   * Picks elements along an axis: {@code out[i][j][k] = x[i][index[i][j][k]][k]} for axis 1.
   *
   * @param out dense, of index's shape
   * @param x dense, of the same rank
   * @param index INT64, dense
   * @param axis the axis that is indexed
   * @throws dev.kiln.IndexException if an index is outside the axis
   */
  void gather(View out, View x, View index, int axis);

  /**
   * Adds elements into places along an axis, in ascending order of their position in src: {@code
   * out[i][index[i][j][k]][k] += src[i][j][k]} for axis 1.
   *
   * @param out dense, of the same rank
   * @param src dense, of index's shape
   * @param index INT64, dense
   * @param axis the axis that is indexed
   * @throws dev.kiln.IndexException if an index is outside the axis
   */
  void scatterAdd(View out, View src, View index, int axis);

  /**
   * Writes elements into places along an axis: {@code out[i][index[i][j][k]][k] = src[i][j][k]} for
   * axis 1, combined with what stands there as the op says, in ascending order of their position in
   * src; places that no index names keep what they held.
   *
   * @param op how an element meets what stands in its place
   * @param out dense, of the same rank; along other axes at least as long as index
   * @param src dense, of index's shape and out's type
   * @param index INT64, dense
   * @param axis the axis that is indexed
   * @throws dev.kiln.IndexException if an index is outside the axis
   */
  void scatter(ScatterOp op, View out, View src, View index, int axis);

  /**
   * Sorts along the last axis. Equal elements keep their order, a NaN counts as largest, and -0
   * equals 0.
   *
   * @param values dense, of x's shape, or shorter along the last axis: then it takes the first ones
   *     of the order alone
   * @param index INT64, dense, of values' shape: where each element stood in x
   * @param x dense, of rank 1 or more, of any type
   * @param descending whether the largest come first
   */
  void sort(View values, View index, View x, boolean descending);

  /**
   * Combines each element along an axis with all before it. Floating sums and products are formed
   * in double precision from the first element on, FLOAT64 sums with a correction for what each
   * addition loses (Neumaier 1974), and every result is rounded once; integers are exact modulo
   * their range.
   *
   * @param op the combination
   * @param out dense, of x's shape; of x's type, or INT64 for positions
   * @param x dense, of rank 1 or more
   * @param axis the axis along which it goes
   */
  void scan(ScanOp op, View out, View x, int axis);

  /**
   * Fills a view with Philox4x32-10 random numbers, as {@link dev.kiln.random.Draws} defines them
   * bit for bit, and advances the counter.
   *
   * @param dist the distribution
   * @param out dense, floating
   * @param rng INT64 [3]: seed, stream, counter
   * @param a the distribution's first parameter
   * @param b the distribution's second parameter
   */
  void random(Dist dist, View out, View rng, double a, double b);

  /**
   * Tells whether products of FLOAT32 operands are rounded to TF32 by the device itself where
   * {@link dev.kiln.Autocast} asks for it; where not, the operands are rounded before.
   *
   * @return false unless the device can
   */
  default boolean roundsToTf32() {
    return false;
  }

  /**
   * Returns the fused ops; the default composes each from the core.
   *
   * @return the fused ops of this device
   */
  FusedOps fused();

  /** Releases everything the backend holds. */
  @Override
  void close();
}
