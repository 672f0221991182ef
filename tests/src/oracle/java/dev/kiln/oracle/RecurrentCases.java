package dev.kiln.oracle;

import static dev.kiln.oracle.Draw.normal;

import java.util.LinkedHashMap;
import java.util.Map;

/** Recurrent cells and layers. */
final class RecurrentCases {
  private RecurrentCases() {}

  private static final Map<String, Integer> GATES = Map.of("lstm", 4, "gru", 3, "rnn_tanh", 1, "rnn_relu", 1);

  static void addTo(Suite s) {
    cell(
        s,
        "lstm",
        "torch.lstm_cell(x, [h, c], weight_ih, weight_hh, {?bias_ih}, {?bias_hh})",
        "h_out",
        "c_out");
    cell(s, "gru", "torch.gru_cell(x, h, weight_ih, weight_hh, {?bias_ih}, {?bias_hh})", "y");
    cell(
        s,
        "rnn_tanh",
        "torch.rnn_tanh_cell(x, h, weight_ih, weight_hh, {?bias_ih}, {?bias_hh})",
        "y");
    cell(
        s,
        "rnn_relu",
        "torch.rnn_relu_cell(x, h, weight_ih, weight_hh, {?bias_ih}, {?bias_hh})",
        "y");
    layers(s, "lstm");
    layers(s, "gru");
    layers(s, "rnn_tanh");
    layers(s, "rnn_relu");
  }

  private static Value small(long seed, long... shape) {
    return normal(seed, shape).map(v -> v * 0.5);
  }

  private static void cell(Suite s, String kind, String script, String... outputs) {
    Suite.Op op = s.op(kind + "_cell", new Script(script, outputs));
    op.add("odd", Attrs.of(), cellInputs(kind, 1, 3, 5, 7, true))
        .add("one", Attrs.of(), cellInputs(kind, 2, 1, 1, 1, true))
        .add("no_bias", Attrs.of(), cellInputs(kind, 3, 2, 3, 4, false))
        .add("no_rows", Attrs.of(), cellInputs(kind, 4, 0, 3, 2, true))
        .add("tail", Attrs.of(), cellInputs(kind, 5, 2, 9, 17, true));
    Map<String, Value> wide = new LinkedHashMap<>();
    cellInputs(kind, 6, 2, 3, 2, true).forEach((n, v) -> wide.put(n, v.wide()));
    op.add("float64", Attrs.of(), wide);
    Map<String, Value> far = cellInputs(kind, 7, 2, 3, 4, true);
    far.computeIfPresent("x", (n, v) -> v.map(d -> d * 30));
    op.add("saturated", Attrs.of(), far);
    Map<String, Value> single = cellInputs(kind, 8, 1, 3, 4, true);
    single.computeIfPresent("x", (n, v) -> v.as(3));
    single.computeIfPresent("h", (n, v) -> v.as(4));
    single.computeIfPresent("c", (n, v) -> v.as(4));
    String one =
        script
            .replace("(x, h", "(x.unsqueeze(0), h.unsqueeze(0)")
            .replace("(x, [h, c]", "(x.unsqueeze(0), [h.unsqueeze(0), c.unsqueeze(0)]");
    String squeezed =
        outputs.length == 1
            ? one + ".squeeze(0)"
            : "a, b = " + one + "; (a.squeeze(0), b.squeeze(0))";
    op.add("unbatched", new Script(squeezed, outputs), Attrs.of(), single);
  }

  private static Map<String, Value> cellInputs(
      String kind, long seed, long rows, long in, long hidden, boolean bias) {
    long gates = GATES.get(kind) * hidden;
    Map<String, Value> named = new LinkedHashMap<>();
    named.put("x", normal(seed * 10, rows, in));
    named.put("h", normal(seed * 10 + 1, rows, hidden));
    if (kind.equals("lstm")) {
      named.put("c", normal(seed * 10 + 2, rows, hidden));
    }
    named.put("weight_ih", small(seed * 10 + 3, gates, in));
    named.put("weight_hh", small(seed * 10 + 4, gates, hidden));
    if (bias) {
      named.put("bias_ih", small(seed * 10 + 5, gates));
      named.put("bias_hh", small(seed * 10 + 6, gates));
    }
    return named;
  }

  /** A stack as PyTorch's layers have it, called with the flat list of its parameters. */
  private record Stack(int layers, boolean bidirectional, boolean batchFirst, boolean bias) {

    Attrs attrs(long hidden) {
      return Attrs.of(
          "layers",
          layers,
          "bidirectional",
          bidirectional,
          "batch_first",
          batchFirst,
          "hidden",
          hidden);
    }

    Map<String, Value> inputs(String kind, long seed, long length, long n, long in, long hidden) {
      int ways = bidirectional ? 2 : 1;
      long gates = GATES.get(kind) * hidden;
      Map<String, Value> named = new LinkedHashMap<>();
      named.put("x", batchFirst ? normal(seed, n, length, in) : normal(seed, length, n, in));
      named.put("h0", normal(seed + 1, (long) layers * ways, n, hidden));
      if (kind.equals("lstm")) {
        named.put("c0", normal(seed + 2, (long) layers * ways, n, hidden));
      }
      long next = seed + 3;
      for (int i = 0; i < layers; i++) {
        for (int d = 0; d < ways; d++) {
          String end = "_l" + i + (d == 1 ? "_reverse" : "");
          named.put("weight_ih" + end, small(next++, gates, i == 0 ? in : hidden * ways));
          named.put("weight_hh" + end, small(next++, gates, hidden));
          if (bias) {
            named.put("bias_ih" + end, small(next++, gates));
            named.put("bias_hh" + end, small(next++, gates));
          }
        }
      }
      return named;
    }

    String script(String kind, Map<String, Value> inputs, boolean single) {
      StringBuilder weights = new StringBuilder("[");
      for (String name : inputs.keySet()) {
        if (name.startsWith("weight") || name.startsWith("bias")) {
          weights.append(weights.length() > 1 ? ", " : "").append(name);
        }
      }
      weights.append(']');
      String x = single ? "x.unsqueeze(" + (batchFirst ? 0 : 1) + ")" : "x";
      String h = state("h0", inputs, single);
      String states = kind.equals("lstm") ? "[" + h + ", " + state("c0", inputs, single) + "]" : h;
      String call =
          "torch."
              + kind
              + "("
              + x
              + ", "
              + states
              + ", "
              + weights
              + ", "
              + (bias ? "True" : "False")
              + ", "
              + layers
              + ", 0., False, "
              + (bidirectional ? "True" : "False")
              + ", "
              + (batchFirst ? "True" : "False")
              + ")";
      if (!single) {
        return call;
      }
      String axis = batchFirst ? "0" : "1";
      return kind.equals("lstm")
          ? "y, h, c = " + call + "; (y.squeeze(" + axis + "), h.squeeze(1), c.squeeze(1))"
          : "y, h = " + call + "; (y.squeeze(" + axis + "), h.squeeze(1))";
    }

    private String state(String name, Map<String, Value> inputs, boolean single) {
      if (inputs.containsKey(name)) {
        return single ? name + ".unsqueeze(1)" : name;
      }
      int ways = bidirectional ? 2 : 1;
      String n = single ? "1" : "x.size(" + (batchFirst ? 0 : 1) + ")";
      return "torch.zeros([" + layers * ways + ", " + n + ", weight_hh_l0.size(1)], dtype=x.dtype)";
    }
  }

  private static void add(
      Suite.Op op,
      String kind,
      String what,
      Stack stack,
      Map<String, Value> inputs,
      boolean single) {
    String[] outputs =
        kind.equals("lstm") ? new String[] {"y", "hn", "cn"} : new String[] {"y", "hn"};
    long hidden = inputs.get("weight_hh_l0").shape()[1];
    op.add(
        what, new Script(stack.script(kind, inputs, single), outputs), stack.attrs(hidden), inputs);
  }

  private static void layers(Suite s, String kind) {
    Suite.Op op = s.op(kind, "");
    Stack plain = new Stack(1, false, false, true);
    add(op, kind, "plain", plain, plain.inputs(kind, 100, 4, 2, 3, 5), false);
    add(op, kind, "one_step", plain, plain.inputs(kind, 200, 1, 3, 2, 3), false);
    add(op, kind, "one", plain, plain.inputs(kind, 300, 3, 1, 1, 1), false);
    Stack first = new Stack(1, false, true, true);
    add(op, kind, "batch_first", first, first.inputs(kind, 400, 4, 2, 3, 3), false);
    Stack two = new Stack(2, false, false, true);
    add(op, kind, "two_layers", two, two.inputs(kind, 500, 3, 2, 4, 3), false);
    Stack both = new Stack(1, true, false, true);
    add(op, kind, "bidirectional", both, both.inputs(kind, 600, 4, 2, 3, 2), false);
    Stack all = new Stack(3, true, true, true);
    add(op, kind, "everything", all, all.inputs(kind, 700, 3, 2, 3, 2), false);
    Stack bare = new Stack(2, true, false, false);
    add(op, kind, "no_bias", bare, bare.inputs(kind, 800, 3, 2, 3, 2), false);
    Map<String, Value> zero = both.inputs(kind, 900, 3, 2, 3, 2);
    zero.remove("h0");
    zero.remove("c0");
    add(op, kind, "no_state", both, zero, false);
    Map<String, Value> single = both.inputs(kind, 1000, 4, 1, 3, 2);
    single.computeIfPresent("x", (n, v) -> v.as(4, 3));
    single.computeIfPresent("h0", (n, v) -> v.as(2, 2));
    single.computeIfPresent("c0", (n, v) -> v.as(2, 2));
    add(op, kind, "unbatched", both, single, true);
    Map<String, Value> wide = new LinkedHashMap<>();
    plain.inputs(kind, 1100, 2, 2, 2, 3).forEach((n, v) -> wide.put(n, v.wide()));
    add(op, kind, "float64", plain, wide, false);
  }
}
