package dev.kiln.docs;

import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.ops.catalog.OpCatalog;
import dev.kiln.ops.catalog.Row;
import java.lang.reflect.Method;
import java.lang.reflect.Parameter;
import java.lang.reflect.Type;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** Makes the page of ops from the ops' declarations, their Javadoc and runs of the catalog. */
final class OpsPage {
  private static final String HEAD =
      """
      # Ops

      Every op of `dev.kiln.ops`, made by `OpsPageTest` from the code and from runs of the catalog of
      ops; `kiln ops` prints the same.

      - **Types**: the element types that an op takes; *float* is f16, bf16, f32 and f64, *int* is u8,
        i32 and i64.
      - **Gradient**: *any order* can be differentiated again (`createGraph`), *first order* refuses
        that, *none* has results that are no smooth function of its inputs.
      - **cpu**, **scalar**: how the device runs the forward pass. *kernel*: one launch of a core
        primitive; *fused*: a kernel of its own for the whole op or its costly part; *composed*: built
        from several primitives; *view*: nothing is computed.
      - **Built from**: the kernels that are launched.
      """;

  private static final Map<String, Set<DType>> KINDS = new LinkedHashMap<>();

  static {
    KINDS.put("float", Set.of(DType.FLOAT16, DType.BFLOAT16, DType.FLOAT32, DType.FLOAT64));
    KINDS.put("int", Set.of(DType.UINT8, DType.INT32, DType.INT64));
  }

  private final Device cpu = Device.of("cpu");
  private final Device scalar = Device.of("scalar");
  private final Map<String, List<Row>> rows =
      OpCatalog.rows().stream().collect(Collectors.groupingBy(Row::op));

  private OpsPage() {}

  /** Returns the page. */
  static String render() {
    OpsPage page = new OpsPage();
    StringBuilder text = new StringBuilder(HEAD);
    for (Class<?> family : OpCatalog.families()) {
      text.append("\n## ").append(family.getSimpleName()).append("\n\n");
      text.append(Sources.summary(family)).append(".\n\n");
      text.append("| op | what it gives | types | gradient | cpu | scalar | built from |\n");
      text.append("|---|---|---|---|---|---|---|\n");
      String source = Sources.source(family);
      page.byName(family).forEach((name, methods) -> text.append(page.line(source, name, methods)));
    }
    return text.toString();
  }

  private Map<String, List<Method>> byName(Class<?> family) {
    return OpCatalog.ops(family).stream()
        .collect(Collectors.groupingBy(Method::getName, LinkedHashMap::new, Collectors.toList()));
  }

  private String line(String source, String name, List<Method> methods) {
    List<Row> examples = rows.get(OpCatalog.name(methods.get(0)));
    Set<String> kernels = OpFacts.kernels(examples);
    String signatures =
        methods.stream().map(OpsPage::signature).collect(Collectors.joining("<br>"));
    return "| "
        + String.join(
            " | ",
            signatures,
            Sources.summary(source, name).orElseThrow(),
            types(OpFacts.types(examples, cpu)),
            OpFacts.gradient(examples, cpu),
            OpFacts.runs(kernels, cpu),
            OpFacts.runs(kernels, scalar),
            kernels.isEmpty() ? "-" : String.join(", ", kernels))
        + " |\n";
  }

  private static String signature(Method op) {
    String parameters =
        Arrays.stream(op.getParameters()).map(OpsPage::parameter).collect(Collectors.joining(", "));
    return "`" + op.getName() + "(" + parameters + ")`";
  }

  private static String parameter(Parameter p) {
    String type = name(p.getParameterizedType());
    if (p.isVarArgs()) {
      type = type.replaceFirst("\\[]$", "...");
    }
    return type + " " + p.getName();
  }

  private static String name(Type type) {
    return type.getTypeName().replaceAll("[\\w.]+\\.(\\w+)", "$1").replaceAll("\\w+\\$", "");
  }

  private static String types(EnumSet<DType> types) {
    EnumSet<DType> left = EnumSet.copyOf(types);
    StringBuilder text = new StringBuilder();
    KINDS.forEach(
        (name, kind) -> {
          if (left.containsAll(kind)) {
            left.removeAll(kind);
            text.append(name).append(' ');
          }
        });
    left.forEach(t -> text.append(t).append(' '));
    return text.toString().trim().replace(" ", ", ");
  }
}
