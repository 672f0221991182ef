package dev.kiln.cli.conform;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * One case of one op: what goes in and what must come out.
 *
 * @param name the case's name
 * @param op the op's name
 * @param attrs the op's attributes
 * @param inputs the inputs in the file's order
 * @param outputs the wanted outputs
 * @param gradOutputs the gradients fed to backward, if the op has any
 * @param grads the wanted gradients of inputs
 * @param measured the largest distance of libtorch's own float32 run, by value name
 */
record Case(
    String name,
    String op,
    Attrs attrs,
    Map<String, Value> inputs,
    Map<String, Value> outputs,
    Map<String, Value> gradOutputs,
    Map<String, Value> grads,
    Map<String, Double> measured) {

  /**
   * Reads a case.
   *
   * @param where what to call it in a message
   * @param root the case as JSON
   * @throws CaseFormatException if it is not in the format
   */
  static Case of(String where, JsonObject root) {
    String op = Json.text("op", Json.member(where, root, "op"));
    String name = root.has("name") ? Json.text("name", root.get("name")) : op;
    return new Case(
        name,
        op,
        new Attrs(section(root, "attrs")),
        values(root, "inputs"),
        values(root, "outputs"),
        values(root, "grad_outputs"),
        values(root, "grads"),
        measured(root));
  }

  private static JsonObject section(JsonObject root, String key) {
    JsonElement element = root.get(key);
    return element == null || element.isJsonNull() ? new JsonObject() : Json.object(key, element);
  }

  private static Map<String, Value> values(JsonObject root, String key) {
    Map<String, Value> values = new LinkedHashMap<>();
    for (Map.Entry<String, JsonElement> e : section(root, key).entrySet()) {
      if (!e.getValue().isJsonNull()) {
        values.put(e.getKey(), Value.of(key + "." + e.getKey(), e.getValue()));
      }
    }
    return Collections.unmodifiableMap(values);
  }

  private static Map<String, Double> measured(JsonObject root) {
    Map<String, Double> values = new LinkedHashMap<>();
    for (Map.Entry<String, JsonElement> e : section(root, "f32_max_abs_diff").entrySet()) {
      values.put(e.getKey(), Json.number("f32_max_abs_diff." + e.getKey(), e.getValue()));
    }
    return Collections.unmodifiableMap(values);
  }

  /**
   * Returns how far a value may be off.
   *
   * @param value its name, such as {@code y} or {@code grad.x}
   * @param want the wanted element
   */
  double tolerance(String value, double want) {
    double known = measured.getOrDefault(value, 0.0);
    return Math.max(8 * known, 2e-6) + 2e-5 * Math.abs(want);
  }
}
