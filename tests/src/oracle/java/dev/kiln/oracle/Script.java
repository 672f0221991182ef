package dev.kiln.oracle;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bytedeco.pytorch.CompilationUnit;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.IValueVector;
import org.bytedeco.pytorch.QualifiedName;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * A program in TorchScript, so that every op of libtorch can be called with all of its arguments.
 *
 * <p>In its text {@code {key}} is an attribute, {@code {key:default}} one with a default, and
 * {@code {?name}} an input, or None if the case does not give it. Lines are parted by semicolons;
 * the last is the result, a tuple if there are several outputs.
 */
final class Script implements Program {
  private static final Pattern ATTRIBUTE = Pattern.compile("\\{([a-z_]+)(?::([^}]*))?}");
  private static final Pattern OPTIONAL = Pattern.compile("\\{\\?([a-z_0-9]+)}");

  private final String text;
  private final List<String> outputs;

  Script(String text, String... outputs) {
    this.text = text;
    this.outputs = outputs.length == 0 ? List.of("y") : List.of(outputs);
  }

  private String source(Map<String, Tensor> in, Attrs at) {
    String filled =
        OPTIONAL.matcher(text).replaceAll(m -> in.containsKey(m.group(1)) ? m.group(1) : "None");
    filled =
        ATTRIBUTE
            .matcher(filled)
            .replaceAll(
                m -> {
                  String value = at.script(m.group(1), m.group(2));
                  if (value == null) {
                    throw new IllegalArgumentException("no attribute " + m.group(1));
                  }
                  return Matcher.quoteReplacement(value);
                });
    String[] lines = filled.split(";");
    StringBuilder source = new StringBuilder("def f(");
    source.append(String.join(", ", in.keySet())).append("):\n");
    for (int i = 0; i < lines.length; i++) {
      source.append(i == lines.length - 1 ? "  return " : "  ").append(lines[i].strip());
      source.append('\n');
    }
    return source.toString();
  }

  @Override
  public Map<String, Tensor> run(Map<String, Tensor> in, Attrs at) {
    String source = source(in, at);
    CompilationUnit unit;
    try {
      unit = torch.compile(source);
    } catch (RuntimeException e) {
      throw new IllegalArgumentException(source + e.getMessage(), e);
    }
    // Keeps the graph executor from putting in gradients of its own.
    unit.set_optimized(false);
    IValueVector arguments = new IValueVector();
    in.values().forEach(t -> arguments.push_back(new IValue(t)));
    IValue result;
    try {
      result = unit.get_function(new QualifiedName("f")).apply(arguments);
    } catch (RuntimeException e) {
      throw new IllegalArgumentException(source + e.getMessage(), e);
    }
    Map<String, Tensor> named = new LinkedHashMap<>();
    if (result.isTensor()) {
      named.put(outputs.get(0), result.toTensor());
    } else if (result.isTensorList()) {
      for (long i = 0; i < result.toTensorVector().size(); i++) {
        named.put("y" + i, result.toTensorVector().get(i));
      }
    } else {
      IValueVector elements = result.toTuple().elements().vec();
      for (int i = 0; i < elements.size(); i++) {
        named.put(outputs.get(i), elements.get(i).toTensor());
      }
    }
    return named;
  }
}
