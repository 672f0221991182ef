package dev.kiln.oracle;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** Values to libtorch's tensors and back. */
final class Torch {
  private Torch() {}

  static ScalarType typeOf(String dtype, boolean wide) {
    return switch (dtype) {
      case "float32" -> wide ? ScalarType.Double : ScalarType.Float;
      case "float64" -> ScalarType.Double;
      case "int64" -> ScalarType.Long;
      case "bool" -> ScalarType.Bool;
      default -> throw new IllegalArgumentException(dtype);
    };
  }

  /** Makes a tensor; float32 becomes float64 if wide. */
  static Tensor tensor(double[] data, long[] shape, ScalarType type) {
    Tensor flat = data.length == 0 ? torch.empty(0).to(ScalarType.Double) : Tensor.create(data);
    return flat.reshape(shape).to(type);
  }

  static Tensor tensor(Value v, boolean wide) {
    Tensor t = tensor(v.data(), v.shape(), typeOf(v.dtype(), wide));
    return v.grad() ? t.set_requires_grad(true) : t;
  }

  static String dtype(Tensor t) {
    String name = t.dtype().name().getString();
    return switch (name) {
      case "float", "double", "bool" -> name;
      case "long", "long int" -> "int64";
      default -> throw new IllegalArgumentException("unexpected dtype " + name);
    };
  }

  static boolean floating(Tensor t) {
    return t.is_floating_point();
  }

  static long[] shape(Tensor t) {
    long[] sizes = new long[(int) t.dim()];
    for (int i = 0; i < sizes.length; i++) {
      sizes[i] = t.size(i);
    }
    return sizes;
  }

  static double[] elements(Tensor t) {
    double[] data = new double[(int) t.numel()];
    if (data.length > 0) {
      t.detach().to(ScalarType.Double).contiguous().data_ptr_double().get(data);
    }
    return data;
  }
}
