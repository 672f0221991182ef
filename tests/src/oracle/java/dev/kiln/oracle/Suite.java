package dev.kiln.oracle;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** All cases, by op. */
final class Suite {
  /**
   * One case.
   *
   * @param name its name, which is its op's and what is special
   * @param op the op
   * @param attrs the attributes
   * @param inputs the inputs in order
   * @param program how libtorch computes it
   */
  record Case(String name, String op, Attrs attrs, Map<String, Value> inputs, Program program) {}

  /** The cases of one op. */
  static final class Op {
    private final String name;
    private final Program program;
    private final List<Case> cases = new ArrayList<>();

    private Op(String name, Program program) {
      this.name = name;
      this.program = program;
    }

    /** Adds a case with inputs as names and values in turn. */
    Op add(String what, Attrs attrs, Object... inputs) {
      return add(what, program, attrs, inputs);
    }

    /** Adds a case without attributes. */
    Op add(String what, Object... inputs) {
      return add(what, program, Attrs.of(), inputs);
    }

    /** Adds a case that is computed in its own way. */
    Op add(String what, String script, Attrs attrs, Object... inputs) {
      return add(what, new Script(script), attrs, inputs);
    }

    /** Adds a case that is computed in its own way. */
    Op add(String what, Program how, Attrs attrs, Object... inputs) {
      Map<String, Value> named = new LinkedHashMap<>();
      for (int i = 0; i < inputs.length; i += 2) {
        named.put((String) inputs[i], (Value) inputs[i + 1]);
      }
      return add(what, how, attrs, named);
    }

    /** Adds a case that is computed in its own way. */
    Op add(String what, Program how, Attrs attrs, Map<String, Value> inputs) {
      String full = name + "_" + what;
      if (cases.stream().anyMatch(c -> c.name().equals(full))) {
        throw new IllegalArgumentException("two cases are called " + full);
      }
      cases.add(new Case(full, name, attrs, inputs, how));
      return this;
    }

    /** Adds a case with inputs by name. */
    Op add(String what, Attrs attrs, Map<String, Value> inputs) {
      return add(what, program, attrs, inputs);
    }

    List<Case> cases() {
      return cases;
    }

    String name() {
      return name;
    }
  }

  private final Map<String, Op> ops = new LinkedHashMap<>();

  /** Starts an op's cases. */
  Op op(String name, Program program) {
    return ops.computeIfAbsent(name, n -> new Op(n, program));
  }

  /** Starts the cases of an op with the one output y. */
  Op op(String name, String script) {
    return op(name, new Script(script));
  }

  List<Op> ops() {
    return List.copyOf(ops.values());
  }
}
