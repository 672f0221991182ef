package dev.kiln.transfer;

import dev.kiln.KilnException;
import dev.kiln.Scope;
import dev.kiln.Tensor;
import dev.kiln.autograd.NoGrad;
import dev.kiln.io.Safetensors;
import dev.kiln.nn.Module;
import dev.kiln.nn.StateLoading;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;

/**
 * Published weights in a safetensors file, ready to be loaded into a model of another head.
 *
 * <pre>{@code
 * Module model = ResNet.resnet18(Stem.IMAGENET, 3, 5);
 * Pretrained.file(Path.of("resnet18.safetensors")).without("fc.*").into(model);
 * }</pre>
 *
 * <p>Files without the counts of batches ({@code num_batches_tracked}), as older ones are, are
 * whole all the same.
 */
public final class Pretrained {
  private static final String COUNT = "num_batches_tracked";

  private final Path file;
  private final List<Pattern> left = new ArrayList<>();
  private final Map<String, UnaryOperator<Tensor>> changes = new LinkedHashMap<>();
  private String prefix = "";
  private boolean strict = true;

  private Pretrained(Path file) {
    this.file = file;
  }

  /**
   * Names a file; nothing is read yet.
   *
   * @param file safetensors, with torchvision's or timm's names
   */
  public static Pretrained file(Path file) {
    return new Pretrained(file);
  }

  /**
   * Leaves out some tensors, of the file and of the model, such as a head that differs.
   *
   * @param glob dotted names, in which {@code *} stands for any characters, dots too, such as
   *     {@code fc.*}
   * @return this
   */
  public Pretrained without(String glob) {
    StringBuilder regex = new StringBuilder();
    for (String literal : glob.split("\\*", -1)) {
      regex.append(regex.length() == 0 ? "" : ".*").append(Pattern.quote(literal));
    }
    left.add(Pattern.compile(regex.toString()));
    return this;
  }

  /**
   * Takes only names that begin so, and takes that off them, such as {@code backbone.}
   *
   * @return this
   */
  public Pretrained prefix(String value) {
    prefix = value;
    return this;
  }

  /**
   * Changes a tensor of the file before it is loaded, such as the positions of a transformer for
   * images of another size: {@code changing("pos_embed", vit::fitPositions)}.
   *
   * @param name its dotted name, without the prefix
   * @param change gives the tensor to load
   * @return this
   */
  public Pretrained changing(String name, UnaryOperator<Tensor> change) {
    changes.put(name, change);
    return this;
  }

  /**
   * Whether every name must be on both sides, those left out aside; true unless set.
   *
   * @return this
   */
  public Pretrained strict(boolean wanted) {
    strict = wanted;
    return this;
  }

  /**
   * Copies the values into a model, converting type and device.
   *
   * @param model of the same structure, up to what is left out
   * @return the names that only the model has, which kept their values, and those that only the
   *     file has
   * @throws KilnException if the file is damaged, shapes differ, strictness asks for a name that is
   *     missing on one side, or the file has not a tensor that is to be changed; the model is
   *     unchanged then
   */
  public StateLoading into(Module model) {
    try (Scope scope = Scope.open("pretrained")) {
      Map<String, Tensor> chosen = new LinkedHashMap<>();
      Safetensors.load(file, model.device())
          .tensors()
          .forEach(
              (name, t) -> {
                if (name.startsWith(prefix) && !isLeft(name.substring(prefix.length()))) {
                  chosen.put(name.substring(prefix.length()), t);
                }
              });
      if (strict) {
        requireComplete(model, chosen);
      }
      try (NoGrad off = NoGrad.open()) {
        changes.forEach((name, change) -> chosen.put(name, change.apply(wanted(chosen, name))));
      }
      return model.loadMatching(chosen);
    }
  }

  private Tensor wanted(Map<String, Tensor> chosen, String name) {
    Tensor found = chosen.get(name);
    if (found == null) {
      throw new KilnException(
          "[pretrained] "
              + file
              + " has no \""
              + name
              + "\" to change; its names: "
              + brief(List.copyOf(chosen.keySet())));
    }
    return found;
  }

  private boolean isLeft(String name) {
    return left.stream().anyMatch(p -> p.matcher(name).matches());
  }

  private void requireComplete(Module model, Map<String, Tensor> chosen) {
    List<String> missing =
        model.stateDict().keySet().stream()
            .filter(n -> !chosen.containsKey(n) && !isLeft(n) && !n.endsWith(COUNT))
            .toList();
    List<String> unexpected =
        chosen.keySet().stream().filter(n -> !model.stateDict().containsKey(n)).toList();
    if (!missing.isEmpty() || !unexpected.isEmpty()) {
      throw new KilnException(
          "[pretrained] "
              + file
              + " does not fit the model; missing: "
              + brief(missing)
              + "; unexpected: "
              + brief(unexpected)
              + "; leave names out with without(\"fc.*\"), or take what fits with strict(false)");
    }
  }

  private static String brief(List<String> names) {
    int shown = 8;
    return names.isEmpty()
        ? "none"
        : String.join(", ", names.subList(0, Math.min(shown, names.size())))
            + (names.size() > shown ? " and " + (names.size() - shown) + " more" : "");
  }
}
