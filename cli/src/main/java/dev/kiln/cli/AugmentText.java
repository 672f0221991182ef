package dev.kiln.cli;

import dev.kiln.data.augment.Augment;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * A pipeline as the command line names it: transforms with commas between them, each with a number
 * after a colon where the usual one will not do, such as {@code crop:4,flip,rotation:15}.
 */
final class AugmentText {
  /** Adds a transform, given its number and the images. */
  @FunctionalInterface
  private interface Adder {
    Augment.Builder add(Augment.Builder to, double number, Corpus images);
  }

  /** A transform that can be named, and its usual number. */
  private record Known(double usual, Adder adder) {}

  private static final Map<String, Known> KNOWN = known();

  private final List<String> names = new ArrayList<>();
  private final List<Double> numbers = new ArrayList<>();

  private AugmentText() {}

  private static Map<String, Known> known() {
    Map<String, Known> all = new LinkedHashMap<>();
    all.put(
        "crop", new Known(4, (b, v, c) -> b.randomCrop(c.height(), c.width(), whole("crop", v))));
    all.put(
        "resized-crop",
        new Known(
            0.3, (b, v, c) -> b.randomResizedCrop(c.height(), c.width(), v, 1, 3.0 / 4, 4.0 / 3)));
    all.put("flip", new Known(0.5, (b, v, c) -> b.horizontalFlip(v)));
    all.put("vertical-flip", new Known(0.5, (b, v, c) -> b.verticalFlip(v)));
    all.put("rotation", new Known(15, (b, v, c) -> b.rotation(v)));
    all.put("translation", new Known(0.1, (b, v, c) -> b.translation(v, v)));
    all.put(
        "scaling", new Known(1.25, (b, v, c) -> b.scaling(Math.min(v, 1 / v), Math.max(v, 1 / v))));
    all.put("shear", new Known(15, (b, v, c) -> b.shear(v, v)));
    all.put("jitter", new Known(0.4, (b, v, c) -> b.colorJitter(v, v, v, Math.min(0.5, v / 4))));
    all.put("brightness", new Known(0.5, (b, v, c) -> b.brightness(Math.max(0, 1 - v), 1 + v)));
    all.put("contrast", new Known(0.5, (b, v, c) -> b.contrast(Math.max(0, 1 - v), 1 + v)));
    all.put("saturation", new Known(0.8, (b, v, c) -> b.saturation(Math.max(0, 1 - v), 1 + v)));
    all.put("hue", new Known(0.3, (b, v, c) -> b.hue(-v, v)));
    all.put("grayscale", new Known(0.2, (b, v, c) -> b.grayscale(v)));
    all.put("invert", new Known(0.2, (b, v, c) -> b.invert(v)));
    all.put("posterize", new Known(3, (b, v, c) -> b.posterize(whole("posterize", v), 0.5)));
    all.put("solarize", new Known(0.5, (b, v, c) -> b.solarize(v, 0.5)));
    all.put("autocontrast", new Known(0.5, (b, v, c) -> b.autocontrast(v)));
    all.put("equalize", new Known(0.5, (b, v, c) -> b.equalize(v)));
    all.put("sharpness", new Known(3, (b, v, c) -> b.sharpness(v, 0.5)));
    all.put("blur", new Known(5, (b, v, c) -> b.gaussianBlur(whole("blur", v))));
    all.put("noise", new Known(0.1, (b, v, c) -> b.gaussianNoise(0, v, true)));
    all.put("erase", new Known(0.5, (b, v, c) -> b.randomErasing(v)));
    all.put("cutout", new Known(8, (b, v, c) -> b.cutout(whole("cutout", v))));
    all.put(
        "rand-augment", new Known(9, (b, v, c) -> b.randAugment(2, whole("rand-augment", v), 31)));
    all.put("trivial-augment", new Known(1, (b, v, c) -> b.trivialAugment()));
    all.put("mixup", new Known(0.2, (b, v, c) -> b.mixup(v, c.classes().size())));
    all.put("cutmix", new Known(1, (b, v, c) -> b.cutmix(v, c.classes().size())));
    return all;
  }

  private static int whole(String name, double number) {
    if (number != Math.rint(number) || Math.abs(number) > 1 << 20) {
      throw new Failure(ExitCode.USAGE, "--augment " + name + ":" + number + " must be whole");
    }
    return (int) number;
  }

  /** The names that can be given. */
  static List<String> names() {
    return List.copyOf(KNOWN.keySet());
  }

  /**
   * Reads a pipeline.
   *
   * @throws Failure if a name is unknown or a number is none
   */
  static AugmentText parse(String text) {
    AugmentText parsed = new AugmentText();
    for (String part : text.split(",", -1)) {
      String[] pair = part.trim().toLowerCase(Locale.ROOT).split(":", 2);
      Known known = KNOWN.get(pair[0]);
      if (known == null) {
        throw new Failure(
            ExitCode.USAGE,
            "--augment \"" + pair[0] + "\" is none of " + String.join(", ", KNOWN.keySet()));
      }
      parsed.names.add(pair[0]);
      try {
        parsed.numbers.add(pair.length > 1 ? Double.parseDouble(pair[1]) : known.usual());
      } catch (NumberFormatException e) {
        throw new Failure(ExitCode.USAGE, "--augment " + part.trim() + " needs a number after :");
      }
    }
    return parsed;
  }

  /** Makes the pipeline. */
  Augment build(Corpus images, long seed) {
    return build(images, seed, false);
  }

  /** Makes the pipeline with normalising, before what is erased: erased pixels are 0 then, too. */
  Augment buildNormalized(Corpus images, long seed) {
    return build(images, seed, true);
  }

  private Augment build(Corpus images, long seed, boolean normalize) {
    return Failure.as(
        ExitCode.USAGE,
        () -> {
          Augment.Builder builder = Augment.builder().seed(seed);
          boolean left = normalize;
          for (int i = 0; i < names.size(); i++) {
            boolean erases = names.get(i).equals("erase") || names.get(i).equals("cutout");
            if (left && erases) {
              builder.normalize(images.mean(), images.std());
              left = false;
            }
            KNOWN.get(names.get(i)).adder().add(builder, numbers.get(i), images);
          }
          if (left) {
            builder.normalize(images.mean(), images.std());
          }
          return builder.build();
        });
  }
}
