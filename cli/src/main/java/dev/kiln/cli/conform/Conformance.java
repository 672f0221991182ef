package dev.kiln.cli.conform;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import dev.kiln.Device;
import dev.kiln.KilnException;
import dev.kiln.Scope;
import dev.kiln.Tensor;
import dev.kiln.autograd.Autograd;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * Runs a folder of conformance cases on a device.
 *
 * <p>The folder holds an {@code index.json} that lists case files; without one, every {@code .json}
 * file in it and in its {@code cases} folder is one. A case gives an op's inputs and attributes and
 * the outputs and gradients that must come out; a file holds one case, or several with names of
 * their own as {@code {"cases": [..]}}. Nothing that stands in a file makes a run throw: what
 * cannot be read or computed is a failed case.
 */
public final class Conformance {
  private static final String INDEX = "index.json";
  private static final String CASES = "cases";

  private final Path folder;
  private final Device device;
  private final OpTable table;

  /**
   * Prepares a run.
   *
   * @param folder the folder of cases
   * @param device where the ops run
   * @throws KilnException if there is no such folder
   */
  public Conformance(Path folder, Device device) {
    if (!Files.isDirectory(folder)) {
      throw new CaseFormatException("[conform] " + folder + " is not a folder");
    }
    this.folder = folder;
    this.device = device;
    this.table = OpTable.standard();
  }

  /** A case's name and file as the index lists them. */
  private record Entry(String name, String file) {}

  /**
   * Runs cases, and tells of each as it ends.
   *
   * @param wanted which names to run
   * @param each is given each result in turn
   * @return all results
   */
  public Report run(Predicate<String> wanted, Consumer<Result> each) {
    List<Result> results = new ArrayList<>();
    Consumer<Result> tell =
        r -> {
          results.add(r);
          each.accept(r);
        };
    for (Entry entry : entries(tell)) {
      run(entry, wanted, tell);
    }
    return new Report(device.toString(), results);
  }

  private List<Entry> entries(Consumer<Result> tell) {
    if (!Files.exists(folder.resolve(INDEX))) {
      return found();
    }
    try {
      JsonObject index = Json.read(folder.resolve(INDEX));
      JsonArray listed = Json.array(CASES, Json.member("the file", index, CASES));
      List<Entry> entries = new ArrayList<>();
      for (int i = 0; i < listed.size(); i++) {
        entry(i, listed.get(i), tell).ifPresent(entries::add);
      }
      return entries;
    } catch (CaseFormatException e) {
      tell.accept(new Result.Broken(INDEX, INDEX, "?", oneLine(e)));
      return found();
    }
  }

  private static Optional<Entry> entry(int i, JsonElement element, Consumer<Result> tell) {
    try {
      JsonObject object = Json.object("cases[" + i + "]", element);
      String file = Json.text("file", Json.member("cases[" + i + "]", object, "file"));
      return Optional.of(
          new Entry(object.has("name") ? Json.text("name", object.get("name")) : file, file));
    } catch (CaseFormatException e) {
      tell.accept(new Result.Broken(INDEX, INDEX, "?", oneLine(e)));
      return Optional.empty();
    }
  }

  /** Every JSON file of the folder and of its folder of cases, in order. */
  private List<Entry> found() {
    List<Entry> entries = new ArrayList<>();
    for (Path part : List.of(folder, folder.resolve("cases"))) {
      if (!Files.isDirectory(part)) {
        continue;
      }
      try (Stream<Path> files = Files.list(part)) {
        files
            .filter(f -> f.getFileName().toString().endsWith(".json"))
            .filter(f -> !f.getFileName().toString().equals(INDEX))
            .sorted()
            .forEach(
                f -> {
                  String file = f.getFileName().toString();
                  entries.add(
                      new Entry(
                          file.substring(0, file.length() - ".json".length()),
                          folder.relativize(f).toString()));
                });
      } catch (IOException e) {
        throw new CaseFormatException("[conform] " + part + " cannot be listed: " + e, e);
      }
    }
    return entries;
  }

  private void run(Entry entry, Predicate<String> wanted, Consumer<Result> tell) {
    JsonObject root;
    JsonArray several;
    try {
      root = Json.read(folder.resolve(entry.file()));
      several = root.has(CASES) ? Json.array(CASES, root.get(CASES)) : new JsonArray();
    } catch (KilnException | InvalidPathException e) {
      if (wanted.test(entry.name())) {
        tell.accept(new Result.Broken(entry.name(), entry.file(), "?", oneLine(e)));
      }
      return;
    }
    if (!root.has(CASES)) {
      if (wanted.test(entry.name())) {
        tell.accept(run(entry, "the file", root));
      }
      return;
    }
    for (int i = 0; i < several.size(); i++) {
      Entry one = new Entry(nameOf(several.get(i), entry.name() + "[" + i + "]"), entry.file());
      if (wanted.test(one.name())) {
        tell.accept(run(one, CASES + "[" + i + "]", several.get(i)));
      }
    }
  }

  private static String nameOf(JsonElement element, String byDefault) {
    boolean named =
        element.isJsonObject()
            && element.getAsJsonObject().has("name")
            && element.getAsJsonObject().get("name").isJsonPrimitive();
    return named ? element.getAsJsonObject().get("name").getAsString() : byDefault;
  }

  private Result run(Entry entry, String where, JsonElement element) {
    Case c;
    try {
      c = Case.of(where, Json.object(where, element));
    } catch (KilnException e) {
      return new Result.Broken(entry.name(), entry.file(), "?", oneLine(e));
    }
    Optional<OpFunction> op = table.find(c.op());
    if (op.isEmpty()) {
      return new Result.Unsupported(entry.name(), entry.file(), c.op());
    }
    try (Scope scope = Scope.open("case " + entry.name())) {
      Optional<Difference> off = compute(c, op.get());
      return off.isEmpty()
          ? new Result.Pass(entry.name(), entry.file(), c.op())
          : new Result.Wrong(entry.name(), entry.file(), c.op(), off.get());
    } catch (RuntimeException | StackOverflowError e) {
      return new Result.Broken(entry.name(), entry.file(), c.op(), oneLine(e));
    }
  }

  private Optional<Difference> compute(Case c, OpFunction op) {
    Map<String, Tensor> inputs = new LinkedHashMap<>();
    c.inputs()
        .forEach(
            (name, value) -> {
              Tensor t = value.tensor(device);
              inputs.put(name, value.grad() ? t.requiresGrad(true) : t);
            });
    Map<String, Tensor> outputs = op.run(new Inputs(inputs), c.attrs());
    for (Map.Entry<String, Value> want : c.outputs().entrySet()) {
      Tensor got = outputs.get(want.getKey());
      if (got == null) {
        throw new CaseFormatException(
            "outputs." + want.getKey() + " is no output of the op; it has " + outputs.keySet());
      }
      Optional<Difference> off = Difference.between(c, want.getKey(), got, want.getValue());
      if (off.isPresent()) {
        return off;
      }
    }
    return c.gradOutputs().isEmpty() ? Optional.empty() : gradients(c, inputs, outputs);
  }

  /** The gradient of sum(output * grad) over all outputs adds up in the leaves. */
  private Optional<Difference> gradients(
      Case c, Map<String, Tensor> inputs, Map<String, Tensor> outputs) {
    c.gradOutputs()
        .forEach(
            (name, dy) -> {
              Tensor y = outputs.get(name);
              if (y == null) {
                throw new CaseFormatException(
                    "grad_outputs." + name + " is no output of the op; it has " + outputs.keySet());
              }
              Autograd.backward(y, dy.tensor(device, y.dtype()), true, false);
            });
    for (Map.Entry<String, Value> want : c.grads().entrySet()) {
      Tensor x = inputs.get(want.getKey());
      if (x == null) {
        throw new CaseFormatException("grads." + want.getKey() + " is no input");
      }
      Tensor got = x.grad().orElseGet(() -> Tensor.zeros(x.shape(), x.dtype(), device));
      Optional<Difference> off =
          Difference.between(c, "grad." + want.getKey(), got, want.getValue());
      if (off.isPresent()) {
        return off;
      }
    }
    return Optional.empty();
  }

  private static String oneLine(Throwable e) {
    String text =
        e instanceof KilnException ? e.getMessage() : e.getClass().getSimpleName() + ": " + e;
    return String.valueOf(text).replaceAll("\\s+", " ");
  }
}
