package dev.kiln.oracle;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** Writes JSON as the case files have it. */
final class Json {
  private Json() {}

  static String text(String s) {
    return "\"" + s.replace("\\", "\\\\").replace("\"", "\\\"") + "\"";
  }

  static String any(Object v) {
    if (v instanceof List<?> list) {
      return list.stream().map(Json::any).collect(Collectors.joining(",", "[", "]"));
    }
    if (v instanceof Double d) {
      return special(d) ? text(d.toString()) : d.toString();
    }
    return v instanceof String s ? text(s) : String.valueOf(v);
  }

  private static boolean special(double d) {
    return Double.isNaN(d) || Double.isInfinite(d);
  }

  private static String whole(double v) {
    return v == 0 && 1 / v < 0 ? "-0.0" : Long.toString((long) v);
  }

  /** An input: every digit of it. */
  static String exact(Value v, double d) {
    if (special(d)) {
      return text(Double.toString(d));
    }
    if (d == Math.rint(d) && Math.abs(d) < 1e15) {
      return whole(d);
    }
    return v.dtype().equals("float32") ? Float.toString((float) d) : Double.toString(d);
  }

  /** A result: ten digits, far more than any tolerance looks at. */
  static String rounded(double d) {
    if (special(d)) {
      return text(Double.toString(d));
    }
    if (d == Math.rint(d) && Math.abs(d) < 1e15) {
      return whole(d);
    }
    return Double.toString(Double.parseDouble(String.format(Locale.ROOT, "%.9e", d)));
  }

  static String input(Value v) {
    String data =
        Arrays.stream(v.data()).mapToObj(d -> exact(v, d)).collect(Collectors.joining(","));
    return tensor(v.dtype(), v.shape(), v.grad() ? "\"grad\": true, " : "", data);
  }

  static String result(String dtype, long[] shape, double[] elements) {
    String data = Arrays.stream(elements).mapToObj(Json::rounded).collect(Collectors.joining(","));
    return tensor(dtype, shape, "", data);
  }

  private static String tensor(String dtype, long[] shape, String grad, String data) {
    String sizes = Arrays.stream(shape).mapToObj(Long::toString).collect(Collectors.joining(","));
    return "{\"dtype\": "
        + text(dtype)
        + ", \"shape\": ["
        + sizes
        + "], "
        + grad
        + "\"data\": ["
        + data
        + "]}";
  }

  /** An object of values that are JSON already, each on its line. */
  static String section(Map<String, String> values) {
    return values.entrySet().stream()
        .map(e -> " " + text(e.getKey()) + ": " + e.getValue())
        .collect(Collectors.joining(",\n", "{\n", "}"));
  }
}
