package dev.kiln.oracle;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** A case's attributes, written as JSON for the file and as TorchScript for libtorch. */
final class Attrs {
  private final Map<String, Object> values = new LinkedHashMap<>();

  /** Takes names and values in turn. A value is a number, truth value, text or list of them. */
  static Attrs of(Object... pairs) {
    Attrs a = new Attrs();
    for (int i = 0; i < pairs.length; i += 2) {
      Object v = pairs[i + 1];
      if (v instanceof int[] list) {
        v = Arrays.stream(list).boxed().collect(Collectors.toList());
      } else if (v instanceof double[] list) {
        v = Arrays.stream(list).boxed().collect(Collectors.toList());
      }
      a.values.put((String) pairs[i], v);
    }
    return a;
  }

  boolean has(String key) {
    return values.containsKey(key);
  }

  Object get(String key, Object byDefault) {
    return values.getOrDefault(key, byDefault);
  }

  double number(String key, double byDefault) {
    return ((Number) get(key, byDefault)).doubleValue();
  }

  boolean flag(String key, boolean byDefault) {
    return (Boolean) get(key, byDefault);
  }

  String json() {
    return values.entrySet().stream()
        .map(e -> Json.text(e.getKey()) + ": " + Json.any(e.getValue()))
        .collect(Collectors.joining(", ", "{", "}"));
  }

  /** An attribute as TorchScript writes it, or the default, which is TorchScript already. */
  String script(String key, String byDefault) {
    return has(key) ? script(values.get(key)) : byDefault;
  }

  private static String script(Object v) {
    if (v instanceof List<?> list) {
      return list.stream().map(Attrs::script).collect(Collectors.joining(", ", "[", "]"));
    }
    if (v instanceof Boolean b) {
      return b ? "True" : "False";
    }
    if (v instanceof Double d) {
      return d.isNaN() || d.isInfinite()
          ? "float('" + (d.isNaN() ? "nan" : d > 0 ? "inf" : "-inf") + "')"
          : d.toString();
    }
    return v instanceof String s ? "'" + s + "'" : v.toString();
  }
}
