package dev.kiln.transfer;

import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.KilnException;
import dev.kiln.Scope;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.autograd.NoGrad;
import dev.kiln.data.Batch;
import dev.kiln.data.DataLoader;
import dev.kiln.data.Dataset;
import dev.kiln.io.ModelFileException;
import dev.kiln.io.Safetensors;
import dev.kiln.nn.HookHandle;
import dev.kiln.nn.Module;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * Takes activations of named layers, in evaluation mode and without gradients: of one batch, or of
 * a whole data set with a copy on disk, so that a head can be trained without running the model
 * again.
 *
 * <pre>{@code
 * FeatureExtractor features = FeatureExtractor.of(model, "avgpool");
 * Dataset head = features.extract(train, Path.of("features")).dataset("avgpool");
 * }</pre>
 *
 * <p>The model's modes are left as they were. Not thread-safe.
 */
public final class FeatureExtractor {
  private static final int BATCH = 256;

  private final Module model;
  private final List<String> layers;
  private final String transformName;
  private final UnaryOperator<Tensor> transform;

  private FeatureExtractor(
      Module model, List<String> layers, String transformName, UnaryOperator<Tensor> transform) {
    this.model = model;
    this.layers = List.copyOf(layers);
    this.transformName = transformName;
    this.transform = transform;
    if (layers.isEmpty()) {
      throw new KilnException("[feature_extractor] name at least one layer");
    }
    for (String layer : layers) {
      if (!model.namedModules().containsKey(layer)) {
        throw new KilnException(
            "[feature_extractor] there is no layer \""
                + layer
                + "\"; there are "
                + model.namedModules().keySet().stream().filter(n -> !n.isEmpty()).toList());
      }
    }
  }

  /**
   * Makes an extractor.
   *
   * @param model the model
   * @param layers dotted names, such as {@code avgpool} or {@code layer3.1.conv2}
   * @throws KilnException if there is none, or no such layer
   */
  public static FeatureExtractor of(Module model, String... layers) {
    return new FeatureExtractor(model, List.of(layers), "", UnaryOperator.identity());
  }

  /**
   * Returns an extractor that changes each batch on the device first, as training does.
   *
   * @param name says what it does, other for each change, since files are found by it
   * @param change such as {@code ImageNormalize}
   */
  public FeatureExtractor withTransform(String name, UnaryOperator<Tensor> change) {
    return new FeatureExtractor(model, layers, name, change);
  }

  /**
   * Returns the activations of one batch.
   *
   * @param x the batch, on the model's device; it is not changed by the transform
   * @return by layer, in the order asked for; released by the caller's scope
   * @throws KilnException if a layer was not called, or more than once
   */
  public Map<String, Tensor> extract(Tensor x) {
    Map<String, Tensor> seen = new LinkedHashMap<>();
    layers.forEach(layer -> seen.put(layer, null));
    List<HookHandle> hooks = new ArrayList<>();
    Map<Module, Boolean> modes = new LinkedHashMap<>();
    Map<String, Module> all = model.namedModules();
    all.values().forEach(m -> modes.put(m, m.isTraining()));
    for (String layer : layers) {
      hooks.add(all.get(layer).onForward((m, in, out) -> keep(layer, out, seen)));
    }
    try (NoGrad off = NoGrad.open()) {
      model.eval();
      try (Scope scope = Scope.open("features")) {
        model.call(x);
        seen.forEach(
            (layer, t) -> {
              if (t == null) {
                throw new KilnException(
                    "[feature_extractor] layer \"" + layer + "\" was not called");
              }
            });
      }
      seen.replaceAll(
          (layer, t) -> {
            Tensor own = t.copy();
            t.close();
            return own;
          });
    } finally {
      hooks.forEach(HookHandle::close);
      modes.forEach(Module::train);
    }
    return seen;
  }

  /** Keeps a copy: what the layer returned is released as soon as the next one is done. */
  private static void keep(String layer, Tensor out, Map<String, Tensor> into) {
    if (into.put(layer, Scope.outside(out::copy)) != null) {
      throw new KilnException(
          "[feature_extractor] layer \""
              + layer
              + "\" is called more than once in one pass; its features are not one activation");
    }
  }

  /**
   * Returns the activations of a whole data set.
   *
   * @param data images or rows with class numbers, in their order
   * @return rows by layer, on the host
   */
  public Features extract(Dataset data) {
    Map<String, float[][]> rows = new LinkedHashMap<>();
    layers.forEach(layer -> rows.put(layer, new float[data.size()][]));
    int[] labels = new int[data.size()];
    Device device = model.device();
    int at = 0;
    for (Batch batch : DataLoader.builder(data).batchSize(BATCH).device(device).build()) {
      try (Scope scope = Scope.open("features");
          Batch b = batch) {
        Map<String, Tensor> out = extract(changed(b.input().to(device)));
        for (String layer : layers) {
          split(out.get(layer).to(DType.FLOAT32).toFloatArray(), b.size(), rows.get(layer), at);
        }
        int[] y = b.target().to(DType.INT32).toIntArray();
        System.arraycopy(y, 0, labels, at, y.length);
        at += b.size();
      }
    }
    return new Features(rows, labels, false);
  }

  private Tensor changed(Tensor x) {
    return NoGrad.run(() -> transform.apply(x));
  }

  private static void split(float[] all, int size, float[][] into, int at) {
    int width = all.length / size;
    for (int i = 0; i < size; i++) {
      into[at + i] = Arrays.copyOfRange(all, i * width, (i + 1) * width);
    }
  }

  /**
   * Returns the activations of a whole data set, from a file where they were taken before of the
   * same model, weights, layers, data and transform; else takes them and writes the file. A damaged
   * file is written anew.
   *
   * @param data images or rows with class numbers
   * @param folder of the files; each is called after the SHA-256 of all that they depend on
   * @return rows by layer, on the host
   */
  public Features extract(Dataset data, Path folder) {
    Path file = folder.resolve(key(data) + ".safetensors");
    if (Files.isRegularFile(file)) {
      try {
        return read(file);
      } catch (ModelFileException e) {
        // Damaged, such as by a full disk, or no features: what it held can be had again.
      }
    }
    Features features = extract(data);
    write(features, file);
    return features;
  }

  private String key(Dataset data) {
    return FeatureKey.of(model, layers, transformName, data);
  }

  private Features read(Path file) {
    try (Scope scope = Scope.open("features")) {
      Map<String, Tensor> tensors = Safetensors.load(file, Device.of("cpu")).tensors();
      Map<String, float[][]> rows = new LinkedHashMap<>();
      for (String layer : layers) {
        Tensor t = part(tensors, "layer." + layer, file);
        float[][] values = new float[(int) t.size(0)][];
        if (values.length > 0) {
          split(t.toFloatArray(), values.length, values, 0);
        }
        rows.put(layer, values);
      }
      return new Features(rows, part(tensors, "labels", file).toIntArray(), true);
    }
  }

  private static Tensor part(Map<String, Tensor> tensors, String name, Path file) {
    return Optional.ofNullable(tensors.get(name))
        .orElseThrow(
            () ->
                new ModelFileException(
                    "[feature_extractor] %s has no \"%s\"; it holds no features"
                        .formatted(file, name)));
  }

  private static void write(Features features, Path file) {
    try (Scope scope = Scope.open("features")) {
      Device cpu = Device.of("cpu");
      Map<String, Tensor> tensors = new LinkedHashMap<>();
      features
          .layers()
          .forEach(
              (layer, rows) -> {
                int width = rows.length == 0 ? 0 : rows[0].length;
                float[] flat = new float[rows.length * width];
                for (int i = 0; i < rows.length; i++) {
                  System.arraycopy(rows[i], 0, flat, i * width, width);
                }
                tensors.put("layer." + layer, Tensor.of(flat, Shape.of(rows.length, width), cpu));
              });
      tensors.put("labels", Tensor.of(features.labels(), cpu));
      Safetensors.save(tensors, file);
    }
  }
}
