package dev.kiln.cli.conform;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import java.util.Locale;

/**
 * A tensor as a case file holds it.
 *
 * @param dtype the element type
 * @param shape the sizes
 * @param grad whether its gradient is asked for
 * @param data row-major elements; integers beyond 2^53 lose digits
 */
record Value(DType dtype, Shape shape, boolean grad, double[] data) {

  /** Reads {@code {"dtype": .., "shape": [..], "grad": .., "data": [..]}}. */
  static Value of(String name, JsonElement element) {
    JsonObject object = Json.object(name, element);
    DType dtype = dtype(name, Json.text(name + ".dtype", Json.member(name, object, "dtype")));
    JsonArray sizes = Json.array(name + ".shape", Json.member(name, object, "shape"));
    long[] dims = new long[sizes.size()];
    for (int i = 0; i < dims.length; i++) {
      dims[i] = Json.integer(name + ".shape", sizes.get(i));
    }
    Shape shape = Shape.of(dims);
    JsonArray elements = Json.array(name + ".data", Json.member(name, object, "data"));
    if (elements.size() != shape.numel()) {
      throw new CaseFormatException(
          name
              + " has "
              + elements.size()
              + " elements of data but shape "
              + shape
              + " needs "
              + shape.numel());
    }
    double[] data = new double[elements.size()];
    for (int i = 0; i < data.length; i++) {
      data[i] = Json.number(name + ".data", elements.get(i));
    }
    boolean grad = object.has("grad") && Json.flag(name + ".grad", object.get("grad"));
    return new Value(dtype, shape, grad, data);
  }

  private static DType dtype(String name, String text) {
    return switch (text.toLowerCase(Locale.ROOT)) {
      case "float", "float32", "f32" -> DType.FLOAT32;
      case "double", "float64", "f64" -> DType.FLOAT64;
      case "int", "int32", "i32" -> DType.INT32;
      case "long", "int64", "i64" -> DType.INT64;
      case "uint8", "byte", "u8" -> DType.UINT8;
      case "bool", "boolean" -> DType.BOOL;
      case "half", "float16", "f16" -> DType.FLOAT16;
      case "bfloat16", "bf16" -> DType.BFLOAT16;
      default -> throw new CaseFormatException(name + " has the unknown dtype \"" + text + "\"");
    };
  }

  /** Makes the tensor on a device. */
  Tensor tensor(Device device) {
    return Tensor.of(data, shape, device).to(dtype);
  }

  /** Makes the tensor on a device, as another element type. */
  Tensor tensor(Device device, DType as) {
    return Tensor.of(data, shape, device).to(as);
  }
}
