package dev.kiln.train;

import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.DeviceException;
import dev.kiln.Scope;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.autograd.NoGrad;
import dev.kiln.backend.BinaryOp;
import java.util.Map;
import java.util.Optional;

/** A running sum on the device, in memory that no scope owns. Nothing here waits but read(). */
final class Accumulator {
  private final String metric;
  private final DType dtype;
  private final Shape shape;
  private Optional<Tensor> sum = Optional.empty();

  private Accumulator(String metric, DType dtype, Shape shape) {
    this.metric = metric;
    this.dtype = dtype;
    this.shape = shape;
  }

  /** Makes an exact counter of the given shape. */
  static Accumulator counts(String metric, long... dims) {
    return new Accumulator(metric, DType.INT64, Shape.of(dims));
  }

  /** Makes a scalar sum in double precision. */
  static Accumulator real(String metric) {
    return new Accumulator(metric, DType.FLOAT64, Shape.scalar());
  }

  /** Makes sums in double precision of the given shape. */
  static Accumulator reals(String metric, long... dims) {
    return new Accumulator(metric, DType.FLOAT64, Shape.of(dims));
  }

  /** Adds a tensor of this shape. */
  void add(Tensor addend) {
    Tensor t = on(addend.device());
    try (NoGrad off = NoGrad.open()) {
      t.device().backend().binary(BinaryOp.ADD, t.view(), t.view(), addend.to(dtype).view());
    }
  }

  /** Counts indices: adds {@code weight[i]} at {@code index[i]}, all of rank 1. */
  void scatter(Tensor index, Tensor weight) {
    Tensor t = on(index.device());
    t.device().backend().scatterAdd(t.view(), weight.view(), index.view(), 0);
  }

  /** Returns the sum itself, made when it is first needed. */
  Tensor on(Device device) {
    if (sum.isEmpty()) {
      sum = Optional.of(Scope.outside(() -> Tensor.zeros(shape, dtype, device)));
    }
    Tensor t = sum.get();
    if (!t.device().equals(device)) {
      throw new DeviceException(
          "[%s] the metric counts on %s but was given tensors on %s; make a new metric"
              .formatted(metric, t.device(), device));
    }
    return t;
  }

  /** Reads all sums; zeros when nothing was added. */
  double[] read() {
    return sum.map(Tensor::toDoubleArray).orElseGet(() -> new double[(int) shape.numel()]);
  }

  /** Reads all counts; zeros when nothing was added. */
  long[] readCounts() {
    return sum.map(Tensor::toLongArray).orElseGet(() -> new long[(int) shape.numel()]);
  }

  void reset() {
    sum.ifPresent(t -> t.fill(0));
  }

  /** Puts the sum into a map under a name, if there is one. */
  void save(Map<String, Tensor> into, String name) {
    sum.ifPresent(t -> into.put(name, t));
  }

  /** Takes the sum of that name out of a map; zero if there is none. */
  void restore(Map<String, Tensor> saved, String name) {
    Tensor t = saved.get(name);
    if (t == null) {
      reset();
    } else {
      on(t.device()).copyFrom(t);
    }
  }
}
