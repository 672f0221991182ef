package dev.kiln.oracle;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * Writes conformance cases that libtorch computes: in float64 for the results, in float32 for how
 * far its own single precision is from them. Every run writes the same bytes.
 */
public final class Oracle {
  private static final String GENERATOR = "libtorch 2.10.0-1.5.13";

  private Oracle() {}

  /**
   * Writes the folder named by the first argument: blocks of models if it is called model-blocks,
   * else ops. Further arguments pick ops.
   */
  public static void main(String[] args) throws IOException {
    torch.set_num_threads(1);
    Path folder = Path.of(args[0]);
    List<String> wanted = List.of(args).subList(1, args.length);
    Files.createDirectories(folder.resolve("cases"));
    List<String> index = new ArrayList<>();
    int count = 0;
    int broken = 0;
    Suite suite = folder.endsWith("model-blocks") ? BlockCases.all() : Cases.all();
    for (Suite.Op op : suite.ops()) {
      if (!wanted.isEmpty() && !wanted.contains(op.name())) {
        continue;
      }
      List<String> written = new ArrayList<>();
      for (Suite.Case c : op.cases()) {
        try (PointerScope scope = new PointerScope()) {
          written.add(write(c));
        } catch (RuntimeException e) {
          broken++;
          System.err.println(
              c.name() + ": " + e.getMessage().replaceAll("(?s)Exception raised.*", ""));
        }
      }
      String file = "cases/" + op.name() + ".json";
      Files.writeString(
          folder.resolve(file),
          "{\"cases\": [\n" + String.join(",\n", written) + "\n]}\n",
          StandardCharsets.UTF_8);
      index.add(
          "{\"name\": "
              + Json.text(op.name())
              + ", \"file\": "
              + Json.text(file)
              + ", \"count\": "
              + written.size()
              + "}");
      count += written.size();
    }
    if (wanted.isEmpty()) {
      Files.writeString(
          folder.resolve("index.json"),
          "{\"generator\": "
              + Json.text(GENERATOR)
              + ", \"count\": "
              + count
              + ", \"cases\": [\n"
              + String.join(",\n", index)
              + "\n]}\n",
          StandardCharsets.UTF_8);
    }
    System.out.println(count + " cases of " + index.size() + " ops, " + broken + " broken");
    System.exit(broken == 0 ? 0 : 1);
  }

  /** What one run gave: outputs, and the gradients of the inputs that ask for one. */
  private record Run(Map<String, Tensor> outputs, Map<String, Tensor> grads) {}

  private static String write(Suite.Case c) {
    Map<String, Value> fed = new LinkedHashMap<>();
    Run wide = run(c, true, fed);
    Run narrow = run(c, false, fed);
    Map<String, String> inputs = new LinkedHashMap<>();
    c.inputs().forEach((name, v) -> inputs.put(name, Json.input(v)));
    Map<String, String> outputs = new LinkedHashMap<>();
    wide.outputs().forEach((name, t) -> outputs.put(name, result(t, narrow.outputs().get(name))));
    Map<String, String> gradOutputs = new LinkedHashMap<>();
    fed.forEach(
        (name, v) ->
            gradOutputs.put(
                name, Json.result(floatName(narrow.outputs().get(name)), v.shape(), v.data())));
    Map<String, String> grads = new LinkedHashMap<>();
    wide.grads().forEach((name, t) -> grads.put(name, result(t, narrow.grads().get(name))));
    return "{\"name\": "
        + Json.text(c.name())
        + ", \"op\": "
        + Json.text(c.op())
        + ",\n\"attrs\": "
        + c.attrs().json()
        + ",\n\"inputs\": "
        + Json.section(inputs)
        + ",\n\"outputs\": "
        + Json.section(outputs)
        + (fed.isEmpty()
            ? ""
            : ",\n\"grad_outputs\": "
                + Json.section(gradOutputs)
                + ",\n\"grads\": "
                + Json.section(grads))
        + ",\n\"f32_max_abs_diff\": "
        + distances(wide, narrow)
        + "}";
  }

  private static String floatName(Tensor narrow) {
    return Torch.dtype(narrow);
  }

  /** The elements of the wide run under the type of the narrow one. */
  private static String result(Tensor wide, Tensor narrow) {
    return Json.result(Torch.dtype(narrow), Torch.shape(wide), Torch.elements(wide));
  }

  private static Run run(Suite.Case c, boolean wide, Map<String, Value> fed) {
    Map<String, Tensor> in = new LinkedHashMap<>();
    c.inputs().forEach((name, v) -> in.put(name, Torch.tensor(v, wide)));
    Map<String, Tensor> outputs = c.program().run(in, c.attrs());
    List<String> differentiable = new ArrayList<>();
    outputs.forEach(
        (name, t) -> {
          if (Torch.floating(t) && t.requires_grad()) {
            differentiable.add(name);
          }
        });
    Map<String, Tensor> grads = new LinkedHashMap<>();
    Tensor loss = null;
    for (String name : differentiable) {
      Tensor y = outputs.get(name);
      long seed = 7919L * c.name().hashCode() + name.hashCode();
      Value dy = fed.computeIfAbsent(name, n -> Draw.normal(seed, Torch.shape(y)));
      Tensor term = y.mul(Torch.tensor(dy.data(), dy.shape(), y.scalar_type())).sum();
      loss = loss == null ? term : loss.add(term);
    }
    if (loss != null) {
      loss.backward();
      c.inputs()
          .forEach(
              (name, v) -> {
                if (v.grad()) {
                  Tensor g = in.get(name).grad();
                  grads.put(name, g.defined() ? g : torch.zeros_like(in.get(name)));
                }
              });
    }
    return new Run(outputs, grads);
  }

  private static String distances(Run wide, Run narrow) {
    Map<String, Double> all = new LinkedHashMap<>();
    wide.outputs().forEach((n, t) -> all.put(n, distance(n, t, narrow.outputs().get(n))));
    wide.grads()
        .forEach((n, t) -> all.put("grad." + n, distance("grad." + n, t, narrow.grads().get(n))));
    return all.entrySet().stream()
        .map(e -> Json.text(e.getKey()) + ": " + (e.getValue() == 0 ? "0" : brief(e.getValue())))
        .collect(Collectors.joining(", ", "{", "}"));
  }

  private static String brief(double d) {
    return String.format(java.util.Locale.ROOT, "%.4e", d);
  }

  /**
   * The largest distance of the float32 run.
   *
   * @throws IllegalArgumentException if the case is no fair one: single precision gives another
   *     index, shape or special value, or nothing near
   */
  private static double distance(String name, Tensor wide, Tensor narrow) {
    if (!Arrays.equals(Torch.shape(wide), Torch.shape(narrow))) {
      throw new IllegalArgumentException(name + " has another shape in float32");
    }
    double[] a = Torch.elements(wide);
    double[] b = Torch.elements(narrow);
    double largest = 0;
    for (int i = 0; i < a.length; i++) {
      if (Double.isNaN(a[i]) && Double.isNaN(b[i]) || a[i] == b[i]) {
        continue;
      }
      double d = Math.abs(a[i] - b[i]);
      if (!(d <= 1e-3 * Math.max(1, Math.abs(a[i]))) || !Torch.floating(wide)) {
        throw new IllegalArgumentException(
            name + "[" + i + "] is " + a[i] + " in float64 but " + b[i] + " in float32");
      }
      largest = Math.max(largest, d);
    }
    return largest;
  }
}
