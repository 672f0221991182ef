package dev.kiln.ops;

import dev.kiln.DType;
import dev.kiln.DTypeException;
import dev.kiln.DeviceException;
import dev.kiln.Tensor;
import dev.kiln.autograd.NoGrad;
import dev.kiln.backend.Backend;
import dev.kiln.backend.View;
import java.util.Optional;

/**
 * What every op demands of its inputs besides their shapes: alive, on one device, of a fit type.
 */
final class Check {
  private Check() {}

  /** Returns the device's backend after checking that the inputs share the device. */
  static Backend backend(String op, Tensor first, Tensor... more) {
    for (Tensor t : more) {
      if (!t.device().equals(first.device())) {
        throw new DeviceException(
            "["
                + op
                + "] "
                + first.describe()
                + " is on "
                + first.device()
                + " but "
                + t.describe()
                + " is on "
                + t.device()
                + "; move one with to(device)");
      }
    }
    return first.device().backend();
  }

  /** Returns a dense tensor of the same values, alive. */
  static Tensor dense(String op, String role, Tensor t) {
    t.view(op, role);
    return t.isContiguous() ? t : Shaping.denseCopy(t);
  }

  /**
   * Returns what a gradient works with: the dense values, or the input itself where the gradient is
   * recorded, so that the next backward pass finds its way to it.
   */
  static Tensor saved(Tensor input, Tensor dense) {
    return NoGrad.isRecording() ? input : dense;
  }

  /** Returns a dense view of an optional tensor's values. */
  static Optional<View> denseView(String op, String role, Optional<Tensor> t) {
    return t.map(x -> dense(op, role, x).view());
  }

  /** Demands a floating type. */
  static void floating(String op, String role, Tensor t) {
    if (!t.dtype().isFloating()) {
      throw new DTypeException(
          "["
              + op
              + "] "
              + role
              + " "
              + t.describe()
              + " is not floating; convert it with to(DType.FLOAT32)");
    }
  }

  /** Demands that two tensors have one type. */
  static void sameType(String op, String roleA, Tensor a, String roleB, Tensor b) {
    if (a.dtype() != b.dtype()) {
      throw new DTypeException(
          "["
              + op
              + "] "
              + roleA
              + " "
              + a.describe()
              + " and "
              + roleB
              + " "
              + b.describe()
              + " have different types; convert one with to(dtype)");
    }
  }

  /** Demands an integer type and returns the tensor as dense INT64. */
  static Tensor index(String op, String role, Tensor t) {
    t.view(op, role);
    if (!t.dtype().isIntegral()) {
      throw new DTypeException(
          "["
              + op
              + "] "
              + role
              + " "
              + t.describe()
              + " must be integers (i64, i32 or u8); convert it with to(DType.INT64)");
    }
    return dense(op, role, t.to(DType.INT64));
  }
}
