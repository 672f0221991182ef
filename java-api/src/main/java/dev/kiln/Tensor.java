package dev.kiln;

import dev.kiln.autograd.Autograd;
import dev.kiln.autograd.NoGrad;
import dev.kiln.autograd.Variable;
import dev.kiln.backend.Dist;
import dev.kiln.backend.View;
import dev.kiln.ops.Elementwise;
import dev.kiln.ops.Indexing;
import dev.kiln.ops.Products;
import dev.kiln.ops.Reductions;
import dev.kiln.ops.Shaping;
import dev.kiln.ops.Softmax;
import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * A multi-dimensional array on a device, with automatic differentiation.
 *
 * <p>Ops make new tensors and never change their operands. Names, argument order and defaults are
 * PyTorch's. Memory belongs to the innermost {@link Scope}; see there. The functions of neural
 * networks (convolution, pooling, normalisation, losses) stand in {@link dev.kiln.ops} and as
 * layers in {@code dev.kiln.nn}.
 *
 * <p>A tensor may be read by many threads; ops on it run in the calling thread's scope.
 */
public final class Tensor implements AutoCloseable {
  private Device device;
  private Variable variable;
  private View view;
  private Lease lease;

  private Tensor(Device device, Lease lease, View view) {
    this.device = device;
    this.lease = lease;
    this.view = view;
    this.variable = new Variable(view.shape(), view.dtype());
  }

  // ---- making -------------------------------------------------------------------------------

  /**
   * Makes a dense tensor with undefined content.
   *
   * @param shape the sizes
   * @param dtype the element type
   * @param device where it lives
   * @return the tensor
   * @throws OutOfMemoryException if the device has no room
   */
  public static Tensor empty(Shape shape, DType dtype, Device device) {
    Block block = device.memoryBooks().allocate(dtype, shape);
    Lease lease = new Lease(block);
    if (!Scope.adopt(block)) {
      lease.collect(device.memoryBooks());
    }
    return new Tensor(device, lease, View.dense(block.storage(), 0, shape));
  }

  /** Makes a tensor whose elements all have one value. */
  public static Tensor full(Shape shape, double value, DType dtype, Device device) {
    Tensor t = empty(shape, dtype, device);
    device.backend().fill(t.view, value);
    return t;
  }

  /** Makes a tensor of zeros. */
  public static Tensor zeros(Shape shape, DType dtype, Device device) {
    return full(shape, 0, dtype, device);
  }

  /** Makes a FLOAT32 tensor of zeros on the default device. */
  public static Tensor zeros(long... dims) {
    return zeros(Shape.of(dims), DType.FLOAT32, Device.defaultDevice());
  }

  /** Makes a tensor of ones. */
  public static Tensor ones(Shape shape, DType dtype, Device device) {
    return full(shape, 1, dtype, device);
  }

  /** Makes a FLOAT32 tensor of ones on the default device. */
  public static Tensor ones(long... dims) {
    return ones(Shape.of(dims), DType.FLOAT32, Device.defaultDevice());
  }

  /** Makes a scalar of one value. */
  public static Tensor scalar(double value, DType dtype, Device device) {
    return full(Shape.scalar(), value, dtype, device);
  }

  /**
   * Makes a tensor from little-endian bytes.
   *
   * @param data row-major elements from the buffer's position on; the position is left as it is
   * @param dtype their type
   * @param shape the sizes
   * @param device where the tensor lives
   * @return the tensor
   * @throws ShapeException if the buffer has fewer bytes than the shape needs
   */
  public static Tensor fromBuffer(ByteBuffer data, DType dtype, Shape shape, Device device) {
    HostData.requireBytes("from_buffer", data, dtype, shape);
    Tensor t = empty(shape, dtype, device);
    StepWatch.sending(t.view, data, device);
    device.backend().upload(t.view, HostData.little(data));
    return t;
  }

  /** Makes a FLOAT32 tensor of rank 1 on the default device. */
  public static Tensor of(float... values) {
    return of(values, Device.defaultDevice());
  }

  /** Makes a FLOAT32 tensor of rank 1. */
  public static Tensor of(float[] values, Device device) {
    return of(values, Shape.of(values.length), device);
  }

  /**
   * Makes a FLOAT32 tensor from row-major values.
   *
   * @throws ShapeException if the shape has another number of elements
   */
  public static Tensor of(float[] values, Shape shape, Device device) {
    HostData.requireLength(values.length, shape);
    return fromBuffer(HostData.bytes(values), DType.FLOAT32, shape, device);
  }

  /**
   * Makes a FLOAT32 tensor of rank 2 on the default device.
   *
   * @throws ShapeException if rows have different lengths
   */
  public static Tensor of(float[][] rows) {
    return of(HostData.flat(rows), HostData.shape(rows), Device.defaultDevice());
  }

  /** Makes a FLOAT64 tensor of rank 1. */
  public static Tensor of(double[] values, Device device) {
    return of(values, Shape.of(values.length), device);
  }

  /**
   * Makes a FLOAT64 tensor from row-major values.
   *
   * @throws ShapeException if the shape has another number of elements
   */
  public static Tensor of(double[] values, Shape shape, Device device) {
    HostData.requireLength(values.length, shape);
    return fromBuffer(HostData.bytes(values), DType.FLOAT64, shape, device);
  }

  /** Makes an INT32 tensor of rank 1. */
  public static Tensor of(int[] values, Device device) {
    return of(values, Shape.of(values.length), device);
  }

  /**
   * Makes an INT32 tensor from row-major values.
   *
   * @throws ShapeException if the shape has another number of elements
   */
  public static Tensor of(int[] values, Shape shape, Device device) {
    HostData.requireLength(values.length, shape);
    return fromBuffer(HostData.bytes(values), DType.INT32, shape, device);
  }

  /** Makes an INT64 tensor of rank 1. */
  public static Tensor of(long[] values, Device device) {
    return of(values, Shape.of(values.length), device);
  }

  /**
   * Makes an INT64 tensor from row-major values.
   *
   * @throws ShapeException if the shape has another number of elements
   */
  public static Tensor of(long[] values, Shape shape, Device device) {
    HostData.requireLength(values.length, shape);
    return fromBuffer(HostData.bytes(values), DType.INT64, shape, device);
  }

  /** Makes the numbers 0, 1, ..., n - 1 as INT64. */
  public static Tensor arange(long n, Device device) {
    return of(HostData.range(n), device);
  }

  /** Makes numbers uniform in [0, 1), from the device's generator. */
  public static Tensor rand(Shape shape, DType dtype, Device device) {
    return device.generator().fill(empty(shape, dtype, device), Dist.UNIFORM, 0, 1);
  }

  /** Makes FLOAT32 numbers uniform in [0, 1) on the default device. */
  public static Tensor rand(long... dims) {
    return rand(Shape.of(dims), DType.FLOAT32, Device.defaultDevice());
  }

  /** Makes standard normal numbers, from the device's generator. */
  public static Tensor randn(Shape shape, DType dtype, Device device) {
    return device.generator().fill(empty(shape, dtype, device), Dist.NORMAL, 0, 1);
  }

  /** Makes FLOAT32 standard normal numbers on the default device. */
  public static Tensor randn(long... dims) {
    return randn(Shape.of(dims), DType.FLOAT32, Device.defaultDevice());
  }

  // ---- asking -------------------------------------------------------------------------------

  /** Returns the sizes of the axes. */
  public Shape shape() {
    return view.shape();
  }

  /** Returns the size of one axis; a negative axis counts from the end. */
  public long size(int dim) {
    return shape().dim(dim);
  }

  /** Returns the number of axes. */
  public int dim() {
    return shape().rank();
  }

  /** Returns the number of elements. */
  public long numel() {
    return shape().numel();
  }

  /** Returns the element type. */
  public DType dtype() {
    return view.dtype();
  }

  /** Returns where the tensor lives. */
  public Device device() {
    return device;
  }

  /** Tells whether the elements lie one after another in row-major order. */
  public boolean isContiguous() {
    return view.isDense();
  }

  /** Tells whether the memory was released, by a scope or by {@link #close}. */
  public boolean isReleased() {
    return lease.block().isReleased();
  }

  /** Returns type and shape as messages show them, such as {@code f32[64,10]}. */
  public String describe() {
    return dtype().toString() + shape();
  }

  // ---- reading ------------------------------------------------------------------------------

  /**
   * Returns the value of a tensor of one element; waits for the device.
   *
   * @return the value
   * @throws ShapeException if there is more or less than one element
   */
  public double item() {
    if (numel() != 1) {
      throw new ShapeException(
          "[item] " + describe() + " has " + numel() + " elements; item() reads exactly one");
    }
    return toDoubleArray()[0];
  }

  /** Returns all elements as little-endian bytes in row-major order; waits for the device. */
  public ByteBuffer toBuffer() {
    StepWatch.reading("to_buffer", view("to_buffer", "tensor"), device);
    ByteBuffer out = HostData.allocate(dtype(), shape());
    try (Scope scope = Scope.open("to_buffer")) {
      device.backend().download(out, NoGrad.run(this::contiguous).view);
    }
    return out.rewind();
  }

  /** Returns all elements as floats in row-major order; waits for the device. */
  public float[] toFloatArray() {
    return HostData.floats(converted(DType.FLOAT32));
  }

  /** Returns all elements as doubles in row-major order; waits for the device. */
  public double[] toDoubleArray() {
    return HostData.doubles(converted(DType.FLOAT64));
  }

  /** Returns all elements as ints in row-major order; waits for the device. */
  public int[] toIntArray() {
    return HostData.ints(converted(DType.INT32));
  }

  /** Returns all elements as longs in row-major order; waits for the device. */
  public long[] toLongArray() {
    return HostData.longs(converted(DType.INT64));
  }

  private ByteBuffer converted(DType to) {
    try (Scope scope = Scope.open("read");
        NoGrad off = NoGrad.open()) {
      return to(to).toBuffer();
    }
  }

  // ---- writing ------------------------------------------------------------------------------

  /**
   * Sets every element, in place.
   *
   * @return this tensor
   * @throws AutogradException if the tensor is tracked and gradients are being recorded
   */
  public Tensor fill(double value) {
    device.backend().fill(writable("fill"), value);
    return this;
  }

  /**
   * Copies another tensor's elements into this one, converting type and device.
   *
   * @param source a tensor that broadcasts to this shape
   * @return this tensor
   * @throws AutogradException if the tensor is tracked and gradients are being recorded
   */
  public Tensor copyFrom(Tensor source) {
    View out = writable("copy");
    try (Scope scope = Scope.open("copy");
        NoGrad off = NoGrad.open()) {
      Tensor here = source.to(device);
      device.backend().copy(out, Shaping.expand(here, shape()).view("copy", "source"));
    }
    return this;
  }

  /**
   * Replaces all elements by little-endian bytes in row-major order.
   *
   * @param data elements of this tensor's type from the buffer's position on
   * @return this tensor
   * @throws ShapeException if the buffer has fewer bytes than the tensor, or the tensor is not
   *     dense
   * @throws AutogradException if the tensor is tracked and gradients are being recorded
   */
  public Tensor upload(ByteBuffer data) {
    View out = writable("upload");
    HostData.requireBytes("upload", data, dtype(), shape());
    if (!out.isDense()) {
      throw new ShapeException("[upload] " + out + " is not dense; upload and copyFrom() it");
    }
    StepWatch.sending(out, data, device);
    device.backend().upload(out, HostData.little(data));
    return this;
  }

  /** Replaces the elements of an INT64 tensor. */
  Tensor set(long[] values) {
    return upload(HostData.bytes(values));
  }

  private View writable(String op) {
    View out = view(op, "tensor");
    if (variable.requiresGrad() && NoGrad.isRecording()) {
      throw new AutogradException(
          "["
              + op
              + "] "
              + describe()
              + " is tracked by autograd and cannot be changed in place; write inside NoGrad, or to"
              + " detach()");
    }
    Autocast.clearCache();
    lease.block().changed();
    return out;
  }

  /**
   * Returns a number that grows whenever the values of this tensor, or of others on the same
   * memory, may have changed: PyTorch's {@code _version}. Counted are {@link #fill}, {@link
   * #copyFrom}, {@link #upload}, random numbers, steps of optimizers, running statistics, and
   * replays of recorded steps on the device. Not counted are sums of gradients, and ops of a
   * backend that are called directly; those are followed by {@link #incrementVersion}.
   *
   * @return the version; of use only to compare with an earlier one of the same memory
   */
  public long version() {
    return lease.block().version() + device.replays();
  }

  /** Notes that the values were changed by an op of the backend that was called directly. */
  public void incrementVersion() {
    lease.block().changed();
  }

  // ---- autograd -----------------------------------------------------------------------------

  /** Tells whether gradients flow to or through this tensor. */
  public boolean requiresGrad() {
    return variable.requiresGrad();
  }

  /**
   * Decides whether this leaf collects a gradient.
   *
   * @return this tensor
   * @throws AutogradException if it is the result of a recorded op
   * @throws DTypeException if it is not floating
   */
  public Tensor requiresGrad(boolean wanted) {
    if (!variable.isLeaf()) {
      throw new AutogradException(
          "[requires_grad] "
              + describe()
              + " is the result of an op; only leaves can be changed: use detach() to cut it off");
    }
    if (wanted && !dtype().isFloating()) {
      throw new DTypeException(
          "[requires_grad] " + describe() + " is not floating; only floats have gradients");
    }
    variable.requiresGrad(wanted);
    return this;
  }

  /** Tells whether no recorded op made this tensor. */
  public boolean isLeaf() {
    return variable.isLeaf();
  }

  /** Returns the gradient that backward passes have added up, if any. */
  public Optional<Tensor> grad() {
    return variable.grad();
  }

  /** Forgets the gradient; the next backward pass writes it anew. */
  public void zeroGrad() {
    variable.clearGrad();
  }

  /**
   * Computes the gradients of this scalar and adds them to the leaves it was made from.
   *
   * @throws AutogradException if this is no scalar, depends on no leaf that requires a gradient, or
   *     its graph was freed by an earlier pass
   */
  public void backward() {
    backward(false);
  }

  /**
   * As {@link #backward()}, and keeps the graph for another pass if asked to.
   *
   * @param retainGraph whether a second pass will follow
   */
  public void backward(boolean retainGraph) {
    Autograd.backward(this, Autograd.onesFor("backward", this), retainGraph, false);
  }

  /**
   * As {@link #backward()}, with gradients that can be differentiated again: each leaf's gradient
   * is then part of a graph. For a gradient that only enters a formula prefer {@link
   * Autograd#grad}, which touches no leaf.
   *
   * @param retainGraph whether a second pass will follow
   * @param createGraph whether the gradients can be differentiated again; implies retainGraph
   */
  public void backward(boolean retainGraph, boolean createGraph) {
    Autograd.backward(this, Autograd.onesFor("backward", this), retainGraph, createGraph);
  }

  /**
   * Computes gradients from a given gradient of this tensor.
   *
   * @param dy of this tensor's shape
   */
  public void backward(Tensor dy) {
    Autograd.backward(this, dy, false, false);
  }

  /** Returns a tensor on the same memory that is outside the graph. */
  public Tensor detach() {
    return alias(view("detach", "input"));
  }

  /** Returns the tensor's place in the autograd graph, for those who write ops. */
  public Variable variable() {
    return variable;
  }

  // ---- for those who write ops --------------------------------------------------------------

  /**
   * Returns the memory window that backends work on.
   *
   * @return the view
   * @throws ReleasedException if the memory was released
   */
  public View view() {
    return view("view", "tensor");
  }

  /**
   * Returns the memory window, or an error in the name of an op.
   *
   * @param op the op that reads it
   * @param role what the tensor is to the op, such as {@code weight}
   * @return the view
   * @throws ReleasedException if the memory was released; the message names the op and the scope
   */
  public View view(String op, String role) {
    Block block = lease.block();
    if (block.isReleased()) {
      throw new ReleasedException(
          "[" + op + "] " + role + " " + describe() + " was released " + block.releasedBy());
    }
    return view;
  }

  /**
   * Returns another tensor on the same memory, outside the graph.
   *
   * @param other a view of this tensor's storage
   * @return the tensor
   */
  public Tensor alias(View other) {
    lease.share();
    return new Tensor(device, lease, other);
  }

  Lease lease() {
    return lease;
  }

  /** Moves the tensor onto other memory of its device that holds the same values; for slabs. */
  void rebind(Tensor place) {
    rebind(place, "when it moved to a slab");
  }

  private void rebind(Tensor place, String why) {
    if (!lease.isShared()) {
      lease.block().release(why);
    }
    view = place.view;
    lease = place.lease;
  }

  /**
   * Moves this leaf to another device or element type, in place: it stays the same object, so that
   * whoever holds it, such as a layer, goes on using it. Its gradient moves with it. Results
   * computed before no longer lead back to it, and it leaves the slab of an optimizer.
   *
   * @param to the device it lives on from now on
   * @param as its element type from now on
   * @return this tensor, owned by no scope if it moved
   * @throws AutogradException if it is the result of a recorded op
   * @throws DTypeException if it requires a gradient and the type is not floating
   */
  public Tensor moveTo(Device to, DType as) {
    if (!variable.isLeaf()) {
      throw new AutogradException(
          "[move_to] " + describe() + " is the result of an op; only leaves move: use to(device)");
    }
    if (to.equals(device) && as == dtype()) {
      return this;
    }
    boolean tracked = variable.requiresGrad();
    if (tracked && !as.isFloating()) {
      throw new DTypeException(
          "[move_to] " + describe() + " requires a gradient, which " + as + " cannot have");
    }
    Optional<Tensor> grad = variable.grad().map(g -> moved(g, to, as));
    Tensor place = moved(this, to, as);
    rebind(place, "when it moved to " + to + " as " + as);
    device = to;
    variable = new Variable(view.shape(), view.dtype());
    variable.requiresGrad(tracked);
    grad.ifPresent(variable::setGrad);
    return this;
  }

  private static Tensor moved(Tensor from, Device to, DType as) {
    Tensor place = Scope.outside(() -> empty(from.shape(), as, to));
    return NoGrad.run(() -> place.copyFrom(from));
  }

  // ---- ops (each is documented where it is implemented) ---------------------------------------

  /** {@code this + other}, broadcast. See {@link Elementwise#add(Tensor, Tensor)}. */
  public Tensor add(Tensor other) {
    return Elementwise.add(this, other);
  }

  /** {@code this + value}. */
  public Tensor add(double value) {
    return Elementwise.add(this, value);
  }

  /** {@code this - other}, broadcast. */
  public Tensor sub(Tensor other) {
    return Elementwise.sub(this, other);
  }

  /** {@code this - value}. */
  public Tensor sub(double value) {
    return Elementwise.sub(this, value);
  }

  /** {@code this * other}, broadcast. */
  public Tensor mul(Tensor other) {
    return Elementwise.mul(this, other);
  }

  /** {@code this * value}. */
  public Tensor mul(double value) {
    return Elementwise.mul(this, value);
  }

  /** {@code this / other}, broadcast. */
  public Tensor div(Tensor other) {
    return Elementwise.div(this, other);
  }

  /** {@code this / value}. */
  public Tensor div(double value) {
    return Elementwise.div(this, value);
  }

  /** {@code this ^ exponent}. */
  public Tensor pow(double exponent) {
    return Elementwise.pow(this, exponent);
  }

  /** {@code this ^ exponent}, broadcast. */
  public Tensor pow(Tensor exponent) {
    return Elementwise.pow(this, exponent);
  }

  /** The larger of two, broadcast. */
  public Tensor maximum(Tensor other) {
    return Elementwise.maximum(this, other);
  }

  /** The smaller of two, broadcast. */
  public Tensor minimum(Tensor other) {
    return Elementwise.minimum(this, other);
  }

  /** Limits elements to min .. max. */
  public Tensor clamp(double min, double max) {
    return Elementwise.clamp(this, min, max);
  }

  /** {@code this == other} as BOOL, broadcast. */
  public Tensor eq(Tensor other) {
    return Elementwise.eq(this, other);
  }

  /** {@code this != other} as BOOL, broadcast. */
  public Tensor ne(Tensor other) {
    return Elementwise.ne(this, other);
  }

  /** {@code this < other} as BOOL, broadcast. */
  public Tensor lt(Tensor other) {
    return Elementwise.lt(this, other);
  }

  /** {@code this <= other} as BOOL, broadcast. */
  public Tensor le(Tensor other) {
    return Elementwise.le(this, other);
  }

  /** {@code this > other} as BOOL, broadcast. */
  public Tensor gt(Tensor other) {
    return Elementwise.gt(this, other);
  }

  /** {@code this >= other} as BOOL, broadcast. */
  public Tensor ge(Tensor other) {
    return Elementwise.ge(this, other);
  }

  /** {@code this == value} as BOOL. */
  public Tensor eq(double value) {
    return Elementwise.eq(this, value);
  }

  /** {@code this != value} as BOOL. */
  public Tensor ne(double value) {
    return Elementwise.ne(this, value);
  }

  /** {@code this < value} as BOOL. */
  public Tensor lt(double value) {
    return Elementwise.lt(this, value);
  }

  /** {@code this <= value} as BOOL. */
  public Tensor le(double value) {
    return Elementwise.le(this, value);
  }

  /** {@code this >= value} as BOOL. */
  public Tensor ge(double value) {
    return Elementwise.ge(this, value);
  }

  /** {@code this > value} as BOOL. */
  public Tensor gt(double value) {
    return Elementwise.gt(this, value);
  }

  /** Elements of this tensor where a condition holds, else of another. */
  public Tensor where(Tensor condition, Tensor otherwise) {
    return Elementwise.where(condition, this, otherwise);
  }

  /** {@code -this}. */
  public Tensor neg() {
    return Elementwise.neg(this);
  }

  /** The absolute value. */
  public Tensor abs() {
    return Elementwise.abs(this);
  }

  /** The sign: -1, 0 or 1. */
  public Tensor sign() {
    return Elementwise.sign(this);
  }

  /** {@code this * this}. */
  public Tensor square() {
    return Elementwise.square(this);
  }

  /** The square root. */
  public Tensor sqrt() {
    return Elementwise.sqrt(this);
  }

  /** {@code 1 / sqrt(this)}. */
  public Tensor rsqrt() {
    return Elementwise.rsqrt(this);
  }

  /** {@code 1 / this}. */
  public Tensor reciprocal() {
    return Elementwise.reciprocal(this);
  }

  /** e to the power of this. */
  public Tensor exp() {
    return Elementwise.exp(this);
  }

  /** The natural logarithm. */
  public Tensor log() {
    return Elementwise.log(this);
  }

  /** max(this, 0). */
  public Tensor relu() {
    return Elementwise.relu(this);
  }

  /** 1 / (1 + e^-this). */
  public Tensor sigmoid() {
    return Elementwise.sigmoid(this);
  }

  /** The hyperbolic tangent. */
  public Tensor tanh() {
    return Elementwise.tanh(this);
  }

  /** Softmax along an axis. */
  public Tensor softmax(int dim) {
    return Softmax.softmax(this, dim);
  }

  /** The logarithm of softmax along an axis. */
  public Tensor logSoftmax(int dim) {
    return Softmax.logSoftmax(this, dim);
  }

  /** The sum over some axes; all if none is named. */
  public Tensor sum(int... dims) {
    return Reductions.sum(this, dims, false);
  }

  /** The sum over some axes, which may be kept with size 1. */
  public Tensor sum(int[] dims, boolean keepdim) {
    return Reductions.sum(this, dims, keepdim);
  }

  /** The mean over some axes; all if none is named. */
  public Tensor mean(int... dims) {
    return Reductions.mean(this, dims, false);
  }

  /** The mean over some axes, which may be kept with size 1. */
  public Tensor mean(int[] dims, boolean keepdim) {
    return Reductions.mean(this, dims, keepdim);
  }

  /** The largest over some axes; all if none is named. */
  public Tensor amax(int... dims) {
    return Reductions.amax(this, dims, false);
  }

  /** The smallest over some axes; all if none is named. */
  public Tensor amin(int... dims) {
    return Reductions.amin(this, dims, false);
  }

  /** The index of the first largest along an axis, as INT64. */
  public Tensor argmax(int dim) {
    return Reductions.argmax(this, dim, false);
  }

  /** The index of the first smallest along an axis, as INT64. */
  public Tensor argmin(int dim) {
    return Reductions.argmin(this, dim, false);
  }

  /** The unbiased variance over some axes; all if none is named. */
  public Tensor var(int... dims) {
    return Reductions.var(this, dims, true, false);
  }

  /** The unbiased standard deviation over some axes; all if none is named. */
  public Tensor std(int... dims) {
    return Reductions.std(this, dims, true, false);
  }

  /** ln(sum(e^this)) over some axes, without overflow. */
  public Tensor logsumexp(int... dims) {
    return Reductions.logsumexp(this, dims, false);
  }

  /** The matrix product, with PyTorch's rules for other ranks than 2. */
  public Tensor matmul(Tensor other) {
    return Products.matmul(this, other);
  }

  /** The same elements in another shape; one size may be -1. */
  public Tensor reshape(long... dims) {
    return Shaping.reshape(this, dims);
  }

  /** Axes start .. end merged into one. */
  public Tensor flatten(int startDim, int endDim) {
    return Shaping.flatten(this, startDim, endDim);
  }

  /** Axes in another order. */
  public Tensor permute(int... dims) {
    return Shaping.permute(this, dims);
  }

  /** Two axes swapped. */
  public Tensor transpose(int dim0, int dim1) {
    return Shaping.transpose(this, dim0, dim1);
  }

  /** A rank-2 tensor with its axes swapped. */
  public Tensor t() {
    return Shaping.transpose(this, 0, 1);
  }

  /** One more axis of size 1. */
  public Tensor unsqueeze(int dim) {
    return Shaping.unsqueeze(this, dim);
  }

  /** An axis of size 1 removed; others are left as they are. */
  public Tensor squeeze(int dim) {
    return Shaping.squeeze(this, dim);
  }

  /** Axes of size 1 repeated; -1 keeps a size. */
  public Tensor expand(long... dims) {
    return Shaping.expand(this, dims);
  }

  /** A part of an axis. */
  public Tensor narrow(int dim, long start, long length) {
    return Shaping.narrow(this, dim, start, length);
  }

  /** Every step-th index of a part of an axis; negative ends count from the back. */
  public Tensor slice(int dim, long start, long end, long step) {
    return Shaping.slice(this, dim, start, end, step);
  }

  /** One index of an axis, without the axis. */
  public Tensor select(int dim, long index) {
    return Shaping.select(this, dim, index);
  }

  /** Elements picked along an axis by an index of the same rank. */
  public Tensor gather(int dim, Tensor index) {
    return Indexing.gather(this, dim, index);
  }

  /** Whole slices picked along an axis. */
  public Tensor indexSelect(int dim, Tensor index) {
    return Indexing.indexSelect(this, dim, index);
  }

  /** The same values, dense in memory; this tensor itself if it is dense. */
  public Tensor contiguous() {
    return Shaping.contiguous(this);
  }

  /** The same values as another element type; this tensor itself if it has it. */
  public Tensor to(DType dtype) {
    return Shaping.to(this, dtype);
  }

  /** The same values on another device; this tensor itself if it is there. */
  public Tensor to(Device device) {
    return Shaping.to(this, device);
  }

  /** The same values in memory of their own. */
  public Tensor copy() {
    return Shaping.copy(this);
  }

  // ---- the end ------------------------------------------------------------------------------

  /** Releases the memory now; views of the same memory are released with it. */
  @Override
  public void close() {
    lease.block().release("by close()");
  }

  /** Returns the values for people, long tensors shortened, with type, shape and device. */
  @Override
  public String toString() {
    return isReleased()
        ? "tensor(released, " + describe() + ", " + device + ")"
        : TensorPrinter.print(this);
  }
}
