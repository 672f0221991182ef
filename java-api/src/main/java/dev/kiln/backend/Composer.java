package dev.kiln.backend;

import dev.kiln.DType;
import dev.kiln.Shape;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * The scratch memory and the notation of one composed op: each step makes a new dense view, and all
 * of them are freed when the op is done.
 */
final class Composer implements AutoCloseable {
  private final Backend backend;
  private final DType type;
  private final Deque<Storage> scratch = new ArrayDeque<>();

  /**
   * Starts an op.
   *
   * @param backend where it runs
   * @param type the type of all floating arithmetic
   */
  Composer(Backend backend, DType type) {
    this.backend = backend;
    this.type = type;
  }

  /** The type of all floating arithmetic. */
  DType type() {
    return type;
  }

  Backend backend() {
    return backend;
  }

  /** Scratch of the arithmetic type, with undefined content. */
  View temp(long... dims) {
    return temp(type, Shape.of(dims));
  }

  /** Scratch with undefined content. */
  View temp(DType dtype, Shape shape) {
    Storage s = backend.alloc(dtype, shape.numel());
    scratch.push(s);
    return View.dense(s, 0, shape);
  }

  /** Frees one scratch view before the op's end. */
  void drop(View temp) {
    scratch.remove(temp.storage());
    backend.free(temp.storage());
  }

  /** Scratch of the arithmetic type, all one value. */
  View full(double value, long... dims) {
    View v = temp(dims);
    backend.fill(v, value);
    return v;
  }

  /** One value of a type, to be broadcast. */
  View constant(DType dtype, double value) {
    View v = temp(dtype, Shape.of(1));
    backend.fill(v, value);
    return v;
  }

  /** The elements in the arithmetic type, dense: the view itself where it is so already. */
  View in(View x) {
    return x.dtype() == type && x.isDense() ? x : cast(x, type);
  }

  /** A dense copy in another type. */
  View cast(View x, DType dtype) {
    View v = temp(dtype, x.shape());
    backend.copy(v, x);
    return v;
  }

  /** Writes a result, of the same number of elements, into an output. */
  void store(View out, View result) {
    backend.copy(out, result.shape().equals(out.shape()) ? result : result.reshape(out.shape()));
  }

  View binary(BinaryOp op, View a, View b) {
    Shape shape = broadcast(a.shape(), b.shape());
    View out = temp(op.isPredicate() ? DType.BOOL : a.dtype(), shape);
    backend.binary(op, out, a.expand(shape), b.expand(shape));
    return out;
  }

  View add(View a, View b) {
    return binary(BinaryOp.ADD, a, b);
  }

  View sub(View a, View b) {
    return binary(BinaryOp.SUB, a, b);
  }

  View mul(View a, View b) {
    return binary(BinaryOp.MUL, a, b);
  }

  View div(View a, View b) {
    return binary(BinaryOp.DIV, a, b);
  }

  /** Adds in place; a may have any strides. */
  void accumulate(View a, View b) {
    backend.binary(BinaryOp.ADD, a, a, b.expand(a.shape()));
  }

  View where(View condition, View a, View b) {
    Shape shape = broadcast(condition.shape(), broadcast(a.shape(), b.shape()));
    View out = temp(a.dtype(), shape);
    backend.where(out, condition.expand(shape), a.expand(shape), b.expand(shape));
    return out;
  }

  View unary(UnaryOp op, View x) {
    View out = temp(x.dtype(), x.shape());
    backend.unary(op, out, x, 0, 0);
    return out;
  }

  /** factor * x + shift. */
  View affine(View x, double factor, double shift) {
    View out = temp(x.dtype(), x.shape());
    backend.unary(UnaryOp.AFFINE, out, x, factor, shift);
    return out;
  }

  /** Reduces axes, which stay with size 1. */
  View reduce(ReduceOp op, View x, int... axes) {
    Shape shape = x.shape();
    for (int axis : axes) {
      shape = shape.with(axis, 1);
    }
    View out = temp(x.dtype(), shape);
    backend.reduce(op, out, x, axes);
    return out;
  }

  private static Shape broadcast(Shape a, Shape b) {
    if (a.rank() < b.rank()) {
      return broadcast(b, a);
    }
    long[] dims = a.dims();
    int lead = a.rank() - b.rank();
    for (int i = lead; i < dims.length; i++) {
      dims[i] = dims[i] == 1 ? b.dim(i - lead) : dims[i];
    }
    return Shape.of(dims);
  }

  /** Frees the scratch. */
  @Override
  public void close() {
    RuntimeException first = null;
    while (!scratch.isEmpty()) {
      try {
        backend.free(scratch.pop());
      } catch (RuntimeException e) {
        first = first == null ? e : first; // the others are to be freed too
      }
    }
    if (first != null) {
      throw first;
    }
  }
}
