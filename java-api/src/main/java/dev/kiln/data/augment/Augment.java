package dev.kiln.data.augment;

import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.KilnException;
import dev.kiln.Shape;
import dev.kiln.ShapeException;
import dev.kiln.Tensor;
import dev.kiln.backend.PixelOp;
import dev.kiln.backend.PixelProgram;
import dev.kiln.backend.Sampling;
import dev.kiln.data.Batch;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Random changes of images in training, made on the device where the images are.
 *
 * <pre>{@code
 * Augment augment =
 *     Augment.builder()
 *         .seed(42)
 *         .randomCrop(32, 4)
 *         .horizontalFlip(0.5)
 *         .colorJitter(0.4, 0.4, 0.4, 0.1)
 *         .normalize(mean, std)
 *         .randomErasing(0.25)
 *         .build();
 * Trainer.builder(model, loss, optimizer).augment(augment);
 * }</pre>
 *
 * <p>Transforms are done in the order in which they were added. Neighbours of a kind become one
 * pass over the batch: crops, flips, rotations and the like are composed into one affine map for
 * each sample and read every pixel once; colours, erasing, noise and normalising are one pass too.
 * Bytes are uploaded as they are and become floats on the scale 0 to 1 in the first pass.
 *
 * <p>What happens to a sample depends on the seed, the epoch and the sample's index in its data set
 * alone: not on the device, the batch it is in, its size, or the loader's workers; training that is
 * resumed goes on with the same. The choices are drawn on the host, a few numbers per sample and
 * transform, and uploaded as a few floats per sample: that keeps them in plain Java, the same bits
 * everywhere, while a recorded step still finds them at a fixed place. Only noise, which is as
 * large as the images, is drawn on the device, from the same keys. Nothing is read back.
 *
 * <p>{@link #evaluate} is the counterpart for validation: what training does without chance, that
 * is the size and the normalising. Immutable and thread-safe.
 */
public final class Augment {
  /** Where mixing's random numbers begin: behind all transforms'. */
  static final int MIXING_PLACE = 1 << 19;

  private static final float[] NONE = {};

  private final long seed;
  private final DType dtype;
  private final Sampling sampling;
  private final float[] fill;
  private final float[] mean;
  private final float[] std;
  private final Optional<Mixing> mixing;
  private final String policy;
  private final List<Pass> training;
  private final List<Pass> evaluation;

  private Augment(Builder b) {
    seed = b.seed;
    dtype = b.dtype;
    sampling = new Sampling(b.filter, b.padding);
    fill = b.fill;
    mean = b.mean;
    std = b.std;
    mixing = b.mixing;
    policy = b.policy();
    training = passes(b.transforms);
    evaluation = passes(withoutChance(b.transforms));
  }

  /** At least one pass, which makes floats of bytes. */
  private static List<Pass> passes(List<Pass.Placed<? extends Transform>> transforms) {
    List<Pass> passes = Pass.group(transforms);
    return passes.isEmpty()
        ? List.of(new Pass.Changed(List.of(), new PixelProgram(List.of(), 0, 0), List.of()))
        : passes;
  }

  private static List<Pass.Placed<? extends Transform>> withoutChance(
      List<Pass.Placed<? extends Transform>> all) {
    List<Pass.Placed<? extends Transform>> kept = new ArrayList<>();
    for (Pass.Placed<? extends Transform> t : all) {
      if (t.transform() instanceof Geometry) {
        Geometry g = (Geometry) t.transform();
        g.evaluation()
            .ifPresent(
                map ->
                    kept.add(
                        new Pass.Placed<>(
                            new Geometry(g.size(), map, g.evaluation(), g.inside()), t.place())));
      } else if (((PixelChange) t.transform()).always()) {
        kept.add(t);
      }
    }
    return kept;
  }

  /**
   * Starts a pipeline.
   *
   * @return a builder of one that does nothing but make FLOAT32 of bytes
   */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Augments the input of a batch, as in training.
   *
   * @param batch images as first field
   * @return the input, changed
   */
  public Tensor apply(Batch batch) {
    return apply(batch.input(), batch.epoch(), batch.indices());
  }

  /**
   * Augments images, as in training.
   *
   * @param x [n, channels, h, w], UINT8, or floating on the scale 0 to 1
   * @param epoch the epoch
   * @param indices which samples of the data set these are
   * @return new images of {@link Builder#dtype}, of the size that the crops make
   * @throws KilnException if the images do not fit the pipeline
   */
  public Tensor apply(Tensor x, int epoch, int... indices) {
    return drawn(x, epoch, indices).apply(x);
  }

  /**
   * Augments images and targets, as in training.
   *
   * @param x as for {@link #apply(Tensor, int, int...)}
   * @param y class numbers [n], or probabilities [n, classes]
   * @param epoch the epoch
   * @param indices which samples of the data set these are
   * @return new images, and y, or probabilities if samples are mixed
   */
  public AugmentedBatch apply(Tensor x, Tensor y, int epoch, int... indices) {
    return drawn(x, epoch, indices).apply(x, y);
  }

  private AugmentPlan drawn(Tensor x, int epoch, int[] indices) {
    requireImages(x);
    AugmentPlan plan = plan(x.shape(), x.device());
    plan.draw(epoch, indices);
    return plan;
  }

  /**
   * Does what training does without chance: crops are taken from the middle, resized crops are the
   * largest part in the middle, images are normalised, and all else is left out.
   *
   * @param x as for {@link #apply(Tensor, int, int...)}
   * @return new images
   */
  public Tensor evaluate(Tensor x) {
    requireImages(x);
    AugmentPlan plan = new AugmentPlan(this, evaluation, Optional.empty(), x.shape(), x.device());
    plan.draw(0, new int[(int) x.size(0)]);
    return plan.apply(x);
  }

  /**
   * Makes the pipeline ready for batches of one shape, for a step that is recorded.
   *
   * @param shape [n, channels, h, w]
   * @param device where the images will be
   * @return a plan, to be drawn for each batch and applied
   * @throws KilnException if such images do not fit the pipeline
   */
  public AugmentPlan plan(Shape shape, Device device) {
    return new AugmentPlan(this, training, mixing, shape, device);
  }

  /**
   * Tells whether targets become probabilities.
   *
   * @return true with mixup or cutmix
   */
  public boolean mixes() {
    return mixing.isPresent();
  }

  /**
   * Returns how many kernels run over a batch, mixing aside.
   *
   * @return the number of passes
   */
  public int passes() {
    return training.size();
  }

  /**
   * Returns the key of all random numbers.
   *
   * @return the seed
   */
  public long seed() {
    return seed;
  }

  /**
   * Says in words what is done, all but the seed: two pipelines of the same seed and the same
   * policy do the same to every sample.
   *
   * @return each step with its parameters in the order in which they are done, such as {@code
   *     randomCrop(32, 32, 4), horizontalFlip(0.5)}, then what differs from the defaults
   */
  public String policy() {
    return policy;
  }

  @Override
  public String toString() {
    return "Augment(seed " + seed + ": " + policy + ")";
  }

  DType dtype() {
    return dtype;
  }

  /** Where nothing lies outside, half a pixel at the edge is not mixed with what would. */
  Sampling sampling(Pass.Sampled pass) {
    return pass.inside() ? new Sampling(sampling.filter(), Sampling.Padding.BORDER) : sampling;
  }

  static KilnException wrong(String format, Object... values) {
    return new KilnException("[augment] " + String.format(Locale.ROOT, format, values));
  }

  void requireImages(Tensor x) {
    boolean typed = x.dtype() == DType.UINT8 || x.dtype().isFloating();
    if (x.dim() != 4 || !typed) {
      throw new ShapeException(
          "[augment] input " + x.describe() + " must be images [n,c,h,w] of bytes or floats");
    }
  }

  /** Refuses images that a pass cannot be applied to. */
  void check(Pass pass, int channels, Size size) {
    if (!(pass instanceof Pass.Changed)) {
      return;
    }
    for (Pass.Placed<PixelChange> t : ((Pass.Changed) pass).transforms()) {
      PixelChange change = t.transform();
      if (change.needsColour() && channels != 1 && channels != 3) {
        throw wrong(
            "colours of %d channels; images must be grey (1) or red-green-blue (3)", channels);
      }
      if (change.always() && mean.length != channels) {
        throw wrong("%d means for images of %d channels; give one each", mean.length, channels);
      }
      if (change.radius() >= Math.min(size.h(), size.w())) {
        throw wrong(
            "a blur over %d pixels in images of %d x %d; it must reach less far than the image",
            2 * change.radius() + 1, size.h(), size.w());
      }
    }
  }

  /** Writes the fill of each channel, then mean and deviation of each. */
  void constants(int channels, float[] to) {
    if (fill.length > 1 && fill.length != channels) {
      throw wrong("%d fill values for images of %d channels", fill.length, channels);
    }
    for (int c = 0; c < channels; c++) {
      to[c] = fill.length == 0 ? 0 : fill[fill.length == 1 ? 0 : c];
      boolean given = c < mean.length;
      to[channels + 2 * c] = given ? mean[c] : 0;
      to[channels + 2 * c + 1] = given ? std[c] : 1;
    }
  }

  /**
   * Collects transforms. Names, ranges and defaults follow torchvision; probabilities are 0 to 1,
   * angles in degrees, values of pixels on the scale 0 to 1.
   */
  public static final class Builder {
    private final List<Pass.Placed<? extends Transform>> transforms = new ArrayList<>();
    private final List<String> steps = new ArrayList<>();
    private long seed;
    private DType dtype = DType.FLOAT32;
    private Sampling.Filter filter = Sampling.Filter.BILINEAR;
    private Sampling.Padding padding = Sampling.Padding.CONSTANT;
    private float[] fill = NONE;
    private float[] mean = NONE;
    private float[] std = NONE;
    private Optional<Mixing> mixing = Optional.empty();
    private int places;

    private Builder() {}

    /** Writes a step down, with all that decides what it does. */
    private static String step(String name, Object... parameters) {
      return name
          + "("
          + String.join(", ", Arrays.stream(parameters).map(String::valueOf).toList())
          + ")";
    }

    /** The steps, then what is not as it is without a word. */
    private String policy() {
      List<String> all = new ArrayList<>(steps);
      mixing.ifPresent(
          m -> all.add(step("mix", "mixup " + m.mixup(), "cutmix " + m.cutmix(), m.classes())));
      if (filter != Sampling.Filter.BILINEAR) {
        all.add("interpolation " + filter);
      }
      if (padding != Sampling.Padding.CONSTANT) {
        all.add("padding " + padding);
      }
      if (fill.length > 0) {
        all.add("fill " + Arrays.toString(fill));
      }
      if (dtype != DType.FLOAT32) {
        all.add("dtype " + dtype);
      }
      return all.isEmpty() ? "nothing" : String.join(", ", all);
    }

    private Builder add(String step, Transform... added) {
      steps.add(step);
      for (Transform t : added) {
        transforms.add(new Pass.Placed<>(t, places));
      }
      places++;
      return this;
    }

    private static double probability(String what, double p) {
      if (!(p >= 0 && p <= 1)) {
        throw wrong("%s with probability %s; it must be 0 to 1", what, p);
      }
      return p;
    }

    private static void demand(boolean holds, String format, Object... values) {
      if (!holds) {
        throw wrong(format, values);
      }
    }

    private static boolean finite(double value) {
      return Double.isFinite(value);
    }

    /** A range around 1 that does not go below 0, as torchvision's ColorJitter has it. */
    private static double[] around(String what, double amount) {
      demand(finite(amount) && amount >= 0, "%s %s must be finite, 0 or more", what, amount);
      return new double[] {Math.max(0, 1 - amount), 1 + amount};
    }

    private static double[] range(String what, double low, double high) {
      demand(
          finite(low) && finite(high) && low <= high,
          "%s from %s to %s; both must be finite, the first not above the second",
          what,
          low,
          high);
      return new double[] {low, high};
    }

    /** Sets the key of all random numbers; 0 without it. */
    public Builder seed(long key) {
      seed = key;
      return this;
    }

    /** Sets the type of the result, FLOAT32 without it; what is between passes stays FLOAT32. */
    public Builder dtype(DType type) {
      demand(type.isFloating(), "the result's type %s must be floating", type);
      dtype = type;
      return this;
    }

    /** Sets how pixels between pixels are made; BILINEAR without it. */
    public Builder interpolation(Sampling.Filter between) {
      filter = between;
      return this;
    }

    /**
     * Sets what lies outside an image, also for the padding of crops; CONSTANT without it. Resized
     * crops, flips and crops without padding read nothing there.
     */
    public Builder padding(Sampling.Padding outside) {
      padding = outside;
      return this;
    }

    /** Sets the value outside an image, for all channels or for each; 0 without it. */
    public Builder fill(float... values) {
      fill = values.clone();
      return this;
    }

    // ---- Where pixels are read ----

    /** Crops a square at a random place of the image. */
    public Builder randomCrop(int size) {
      return randomCrop(size, size, 0);
    }

    /** Crops a square at a random place of the image with pixels added on all four sides. */
    public Builder randomCrop(int size, int pad) {
      return randomCrop(size, size, pad);
    }

    /**
     * Crops at a random place.
     *
     * @param h rows of the result
     * @param w columns of the result
     * @param pad pixels added on all four sides before
     */
    public Builder randomCrop(int h, int w, int pad) {
      demand(
          h > 0 && w > 0 && pad >= 0,
          "crop of %d x %d, padded by %d; sizes must be above 0, the padding 0 or more",
          h,
          w,
          pad);
      return add(step("randomCrop", h, w, pad), Geometry.crop(new Size(h, w), pad));
    }

    /** Crops 8 to 100 % of the area with an aspect of 3/4 to 4/3 and resizes it to a square. */
    public Builder randomResizedCrop(int size) {
      return randomResizedCrop(size, size, 0.08, 1, 3.0 / 4, 4.0 / 3);
    }

    /**
     * Crops a part of random area and aspect and resizes it, without a filter against aliasing.
     *
     * @param h rows of the result
     * @param w columns of the result
     * @param scaleLow the least share of the area
     * @param scaleHigh the largest share of the area
     * @param ratioLow the least aspect, width over height
     * @param ratioHigh the largest aspect
     */
    public Builder randomResizedCrop(
        int h, int w, double scaleLow, double scaleHigh, double ratioLow, double ratioHigh) {
      demand(h > 0 && w > 0, "crop of %d x %d; sizes must be above 0", h, w);
      demand(
          scaleLow > 0 && ratioLow > 0,
          "scale %s and ratio %s must be above 0",
          scaleLow,
          ratioLow);
      return add(
          step("randomResizedCrop", h, w, scaleLow, scaleHigh, ratioLow, ratioHigh),
          Geometry.resizedCrop(
              new Size(h, w),
              range("scale", scaleLow, scaleHigh),
              range("ratio", ratioLow, ratioHigh)));
    }

    /** Mirrors left and right with a probability. */
    public Builder horizontalFlip(double p) {
      double q = probability("horizontal flip", p);
      return add(
          step("horizontalFlip", p),
          Geometry.mirror(
              (r, in, out) -> r.chance(q) ? Affine.mirrorColumns(in) : Affine.IDENTITY));
    }

    /** Mirrors top and bottom with a probability. */
    public Builder verticalFlip(double p) {
      double q = probability("vertical flip", p);
      return add(
          step("verticalFlip", p),
          Geometry.mirror((r, in, out) -> r.chance(q) ? Affine.mirrorRows(in) : Affine.IDENTITY));
    }

    /** Turns about the middle by -degrees to degrees; positive is counter-clockwise. */
    public Builder rotation(double degrees) {
      return rotation(-degrees, degrees);
    }

    /** Turns about the middle by an angle of a range; positive is counter-clockwise. */
    public Builder rotation(double low, double high) {
      double[] range = range("rotation", low, high);
      return add(
          step("rotation", low, high),
          Geometry.same((r, in, out) -> Affine.turn(r.uniform(range[0], range[1])).about(in)));
    }

    /**
     * Shifts by whole pixels.
     *
     * @param x the largest share of the width, to either side
     * @param y the largest share of the height, up or down
     */
    public Builder translation(double x, double y) {
      demand(x >= 0 && x <= 1 && y >= 0 && y <= 1, "translation by %s, %s must be 0 to 1", x, y);
      return add(
          step("translation", x, y),
          Geometry.same(
              (r, in, out) -> {
                double right = Math.rint(r.uniform(-x * in.w(), x * in.w()));
                return Affine.shift(-right, -Math.rint(r.uniform(-y * in.h(), y * in.h())));
              }));
    }

    /** Enlarges about the middle by a factor of a range; below 1 the image shrinks. */
    public Builder scaling(double low, double high) {
      double[] range = range("scaling", low, high);
      demand(low > 0, "scaling from %s must be above 0", low);
      return add(
          step("scaling", low, high),
          Geometry.same(
              (r, in, out) -> {
                double factor = 1 / r.uniform(range[0], range[1]);
                return Affine.scale(factor, factor).about(in);
              }));
    }

    /**
     * Slants about the middle, keeping areas.
     *
     * @param x rows move sideways by up to this angle, to either side, below 90
     * @param y columns move up and down by up to this angle
     */
    public Builder shear(double x, double y) {
      demand(x >= 0 && x < 90 && y >= 0 && y < 90, "shear by %s, %s must be 0 to below 90", x, y);
      return add(
          step("shear", x, y),
          Geometry.same(
              (r, in, out) -> {
                double slant = Math.tan(Math.toRadians(r.uniform(-x, x)));
                return Affine.shear(slant, Math.tan(Math.toRadians(r.uniform(-y, y)))).about(in);
              }));
    }

    // ---- Colours ----

    /**
     * Changes brightness, contrast, saturation and hue, in an order of its own for each sample.
     *
     * @param brightness factor 1 - this to 1 + this, not below 0
     * @param contrast likewise
     * @param saturation likewise
     * @param hue turned by up to this part of a full turn, to either side; 0 to 0.5
     */
    public Builder colorJitter(double brightness, double contrast, double saturation, double hue) {
      demand(hue >= 0 && hue <= 0.5, "hue %s must be 0 to 0.5", hue);
      List<PixelOp> ops = new ArrayList<>();
      List<double[]> ranges = new ArrayList<>();
      PixelOp[] all = {PixelOp.BRIGHTNESS, PixelOp.CONTRAST, PixelOp.SATURATION, PixelOp.HUE};
      double[] amounts = {brightness, contrast, saturation, hue};
      for (int i = 0; i < all.length; i++) {
        String what = all[i].name().toLowerCase(Locale.ROOT);
        double[] range =
            all[i] == PixelOp.HUE ? new double[] {-hue, hue} : around(what, amounts[i]);
        if (amounts[i] > 0) {
          ops.add(all[i]);
          ranges.add(range);
        }
      }
      return ops.isEmpty()
          ? this
          : add(
              step("colorJitter", brightness, contrast, saturation, hue),
              PixelChange.jitter(ops, ranges));
    }

    /** Multiplies values by a factor of a range. */
    public Builder brightness(double low, double high) {
      return factor(PixelOp.BRIGHTNESS, low, high);
    }

    /** Mixes with the image's mean grey: 0 leaves only that, 1 changes nothing. */
    public Builder contrast(double low, double high) {
      return factor(PixelOp.CONTRAST, low, high);
    }

    /** Mixes with the pixel's grey: 0 leaves only that, 1 changes nothing. */
    public Builder saturation(double low, double high) {
      return factor(PixelOp.SATURATION, low, high);
    }

    private Builder factor(PixelOp op, double low, double high) {
      String what = op.name().toLowerCase(Locale.ROOT);
      demand(low >= 0, "%s from %s must be 0 or more", what, low);
      return add(step(what, low, high), PixelChange.factor(op, range(what, low, high)));
    }

    /** Turns the hue by a part of a full turn. */
    public Builder hue(double low, double high) {
      return add(step("hue", low, high), PixelChange.factor(PixelOp.HUE, range("hue", low, high)));
    }

    /** Takes the colour away with a probability; three equal channels stay. */
    public Builder grayscale(double p) {
      return simple(PixelOp.GRAYSCALE, p);
    }

    /** Turns light into dark with a probability. */
    public Builder invert(double p) {
      return simple(PixelOp.INVERT, p);
    }

    /** Keeps only the first bits of each value, of 8, with a probability. */
    public Builder posterize(int bits, double p) {
      demand(bits >= 0 && bits <= 8, "posterize to %d bits; it must be 0 to 8", bits);
      return simple(PixelOp.POSTERIZE, p, 1 << (8 - bits));
    }

    /** Inverts values from a threshold on, with a probability. */
    public Builder solarize(double threshold, double p) {
      demand(!Double.isNaN(threshold), "solarize from %s on; give a number", threshold);
      return simple(PixelOp.SOLARIZE, p, threshold);
    }

    /** Stretches each channel to 0 .. 1 with a probability. */
    public Builder autocontrast(double p) {
      return simple(PixelOp.AUTOCONTRAST, p);
    }

    /** Flattens each channel's histogram with a probability. */
    public Builder equalize(double p) {
      return simple(PixelOp.EQUALIZE, p);
    }

    /** Sharpens (above 1) or blurs (below 1, down to 0) with a probability. */
    public Builder sharpness(double factor, double p) {
      demand(finite(factor) && factor >= 0, "sharpness %s must be finite, 0 or more", factor);
      return simple(PixelOp.SHARPNESS, p, factor);
    }

    private Builder simple(PixelOp op, double p, double... parameters) {
      String what = op.name().toLowerCase(Locale.ROOT);
      double q = probability(what, p);
      return add(
          step(what, p, Arrays.toString(parameters)),
          PixelChange.one(op, q, (r, step) -> PixelChange.step(step, op, parameters)));
    }

    /** Blurs by a Gaussian window, with sigma between 0.1 and 2. */
    public Builder gaussianBlur(int kernelSize) {
      return gaussianBlur(kernelSize, 0.1, 2, 1);
    }

    /**
     * Blurs by a Gaussian window; beside the image lies its mirror image.
     *
     * @param kernelSize pixels along an axis, odd
     * @param sigmaLow the least standard deviation in pixels, above 0
     * @param sigmaHigh the largest
     * @param p the probability
     */
    public Builder gaussianBlur(int kernelSize, double sigmaLow, double sigmaHigh, double p) {
      demand(kernelSize > 0 && kernelSize % 2 == 1, "blur over %d pixels must be odd", kernelSize);
      demand(sigmaLow > 0, "sigma from %s must be above 0", sigmaLow);
      double[] sigma = range("sigma", sigmaLow, sigmaHigh);
      return add(
          step("gaussianBlur", kernelSize, sigmaLow, sigmaHigh, p),
          PixelChange.blur(kernelSize, sigma[0], sigma[1], probability("blur", p)));
    }

    /**
     * Adds normal noise.
     *
     * @param center its mean
     * @param sigma its standard deviation
     * @param clip whether the result is kept in 0 .. 1
     */
    public Builder gaussianNoise(double center, double sigma, boolean clip) {
      demand(
          finite(center) && finite(sigma) && sigma >= 0,
          "noise of mean %s and deviation %s; both must be finite, the deviation 0 or more",
          center,
          sigma);
      PixelChange noise =
          PixelChange.one(
              PixelOp.NOISE,
              1,
              (r, step) -> PixelChange.step(step, PixelOp.NOISE, center, sigma, clip ? 1 : 0));
      return add(step("gaussianNoise", center, sigma, clip), noise);
    }

    // ---- Erasing ----

    /** Erases 2 to 33 % of the area, of an aspect of 0.3 to 3.3, to 0 with a probability. */
    public Builder randomErasing(double p) {
      return randomErasing(p, 0.02, 0.33, 0.3, 3.3, 0);
    }

    /**
     * Erases a rectangle with a probability.
     *
     * @param p the probability
     * @param scaleLow the least share of the area
     * @param scaleHigh the largest share of the area
     * @param ratioLow the least aspect, height over width
     * @param ratioHigh the largest aspect
     * @param value what is written; NaN: normal random numbers
     */
    public Builder randomErasing(
        double p,
        double scaleLow,
        double scaleHigh,
        double ratioLow,
        double ratioHigh,
        double value) {
      demand(
          scaleLow > 0 && scaleHigh <= 1 && ratioLow > 0,
          "erasing of scale %s to %s must be within 0 .. 1, ratio %s above 0",
          scaleLow,
          scaleHigh,
          ratioLow);
      double[] scale = range("scale", scaleLow, scaleHigh);
      double[] ratio = range("ratio", ratioLow, ratioHigh);
      return add(
          step("randomErasing", p, scaleLow, scaleHigh, ratioLow, ratioHigh, value),
          PixelChange.erasing(probability("erasing", p), scale, ratio, value));
    }

    /** Erases a square to 0, its middle at a random pixel; what hangs over the edge is cut off. */
    public Builder cutout(int length) {
      demand(length > 0, "cutout of %d pixels must be above 0", length);
      return add(step("cutout", length), PixelChange.cutout(length, 0));
    }

    /**
     * Subtracts a mean and divides by a deviation, in evaluation too.
     *
     * @param means one per channel
     * @param deviations one per channel, above 0
     */
    public Builder normalize(float[] means, float[] deviations) {
      demand(mean.length == 0, "normalize twice; once is enough");
      boolean fits = means.length > 0 && means.length == deviations.length;
      for (float d : deviations) {
        fits &= d > 0;
      }
      demand(
          fits,
          "means %s and deviations %s; give one of each per channel, deviations above 0",
          Arrays.toString(means),
          Arrays.toString(deviations));
      mean = means.clone();
      std = deviations.clone();
      return add(
          step("normalize", Arrays.toString(mean), Arrays.toString(std)), PixelChange.normalize());
    }

    // ---- Policies ----

    /** RandAugment with 2 ops of magnitude 9 out of 0 .. 30. */
    public Builder randAugment() {
      return randAugment(2, 9, 31);
    }

    /**
     * Applies ops chosen at random, each with the same magnitude. Cubuk et al. 2020.
     *
     * @param numOps how many, one after the other
     * @param magnitude how strong, 0 to bins - 1
     * @param bins the number of magnitudes, at least 2
     */
    public Builder randAugment(int numOps, int magnitude, int bins) {
      demand(
          numOps >= 0 && bins > 1 && magnitude >= 0 && magnitude < bins,
          "RandAugment with %d ops of magnitude %d of %d; it must be 0 or more ops, of a magnitude"
              + " from 0 to below the number of bins, which is 2 or more",
          numOps,
          magnitude,
          bins);
      for (int op = 0; op < numOps; op++) {
        Policy policy = Policy.rand(magnitude, bins);
        add(step("randAugment", magnitude, bins), policy.geometry(), policy.pixels());
      }
      return this;
    }

    /** Applies one op chosen at random with a random magnitude. Mueller and Hutter 2021. */
    public Builder trivialAugment() {
      Policy policy = Policy.trivial(31);
      return add(step("trivialAugment"), policy.geometry(), policy.pixels());
    }

    // ---- Mixing ----

    private void mixes(String what, double alpha, int classes) {
      demand(
          finite(alpha) && alpha > 0 && classes > 0,
          "%s of alpha %s with %d classes; alpha must be finite, both above 0",
          what,
          alpha,
          classes);
      int others = mixing.map(Mixing::classes).orElse(classes);
      demand(
          others == classes, "%s with %d classes after %d; give the same", what, classes, others);
    }

    /**
     * Adds to each sample the next one of its batch: {@code own x + (1 - own) x'}, targets alike,
     * with a share of its own for each sample, from Beta(alpha, alpha). Zhang et al. 2018. With
     * {@link #cutmix} too, each sample gets one of them.
     *
     * @param alpha above 0; 0.2 is usual
     * @param classes how many classes there are
     */
    public Builder mixup(double alpha, int classes) {
      mixes("mixup", alpha, classes);
      double cutmix = mixing.map(Mixing::cutmix).orElse(0.0);
      mixing = Optional.of(new Mixing(alpha, cutmix, 1, classes));
      return this;
    }

    /**
     * Replaces a rectangle of each sample by that of the next one of its batch; the target's share
     * is that of the area. Yun et al. 2019.
     *
     * @param alpha above 0; 1 is usual
     * @param classes how many classes there are
     */
    public Builder cutmix(double alpha, int classes) {
      mixes("cutmix", alpha, classes);
      double mixup = mixing.map(Mixing::mixup).orElse(0.0);
      mixing = Optional.of(new Mixing(mixup, alpha, 1, classes));
      return this;
    }

    /** Makes the pipeline. */
    public Augment build() {
      return new Augment(this);
    }
  }
}
