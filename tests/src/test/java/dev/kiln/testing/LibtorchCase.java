package dev.kiln.testing;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.kiln.Device;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.autograd.NoGrad;
import dev.kiln.nn.Module;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.UnaryOperator;

/** One of libtorch's cases, for tests of modules that are made of the case's op. */
public final class LibtorchCase {
  private static final Path CASES = Path.of("src", "test", "resources", "conformance", "cases");
  private static final Path BLOCKS = Path.of("src", "test", "resources", "model-blocks", "cases");
  private static final double TOLERANCE = 2e-5;

  private final JsonObject root;
  private final Device device;

  private LibtorchCase(JsonObject root, Device device) {
    this.root = root;
    this.device = device;
  }

  /** Reads a case by its name. */
  public static LibtorchCase read(String name, Device device) {
    try {
      String text = Files.readString(CASES.resolve(name + ".json"));
      return new LibtorchCase(JsonParser.parseString(text).getAsJsonObject(), device);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Reads the case of a block of a model. */
  public static LibtorchCase block(String name, Device device) {
    try {
      String text = Files.readString(BLOCKS.resolve(name + ".json"));
      JsonObject file = JsonParser.parseString(text).getAsJsonObject();
      return new LibtorchCase(file.getAsJsonArray("cases").get(0).getAsJsonObject(), device);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Returns an attribute that is an integer. */
  public int integer(String attr) {
    return root.getAsJsonObject("attrs").get(attr).getAsInt();
  }

  /** Returns an input as FLOAT32. */
  public Tensor input(String name) {
    return tensor(root.getAsJsonObject("inputs").getAsJsonObject(name));
  }

  private Tensor tensor(JsonObject value) {
    return Tensor.of(values(value), shape(value), device);
  }

  private static float[] values(JsonObject value) {
    JsonArray data = value.getAsJsonArray("data");
    float[] values = new float[data.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) data.get(i).getAsDouble();
    }
    return values;
  }

  private static Shape shape(JsonObject value) {
    JsonArray sizes = value.getAsJsonArray("shape");
    long[] dims = new long[sizes.size()];
    for (int i = 0; i < dims.length; i++) {
      dims[i] = sizes.get(i).getAsLong();
    }
    return Shape.of(dims);
  }

  /**
   * Moves a module to the device and gives every parameter the case's values.
   *
   * @param module the module
   * @param inputOf the case's name of a parameter
   */
  public <M extends Module> M load(M module, UnaryOperator<String> inputOf) {
    module.to(device);
    NoGrad.run(
        () -> {
          module.namedParameters().forEach((of, p) -> p.copyFrom(input(inputOf.apply(of))));
          return module;
        });
    return module;
  }

  /** Demands an output of the case. */
  public void expect(String output, Tensor got) {
    same(output, got, root.getAsJsonObject("outputs").getAsJsonObject(output));
  }

  /** Feeds the case's upstream gradient to y and demands the gradients of inputs or parameters. */
  public void expectGradients(Tensor y, Map<String, Tensor> leaves) {
    y.backward(tensor(root.getAsJsonObject("grad_outputs").getAsJsonObject("y")));
    leaves.forEach(
        (of, leaf) ->
            same(of, leaf.grad().orElseThrow(), root.getAsJsonObject("grads").getAsJsonObject(of)));
  }

  private static void same(String what, Tensor got, JsonObject want) {
    assertThat(got.shape()).as(what).isEqualTo(shape(want));
    float[] g = got.toFloatArray();
    float[] w = values(want);
    for (int i = 0; i < w.length; i++) {
      assertThat(Math.abs(g[i] - w[i]))
          .as("%s[%d] is %s, libtorch has %s", what, i, g[i], w[i])
          .isLessThanOrEqualTo((float) (TOLERANCE * Math.max(1, Math.abs(w[i]))));
    }
  }
}
