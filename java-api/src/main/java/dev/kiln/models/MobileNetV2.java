package dev.kiln.models;

import dev.kiln.KilnException;
import dev.kiln.Tensor;
import dev.kiln.nn.AdaptiveAvgPool2d;
import dev.kiln.nn.Chained;
import dev.kiln.nn.Dropout;
import dev.kiln.nn.Flatten;
import dev.kiln.nn.Linear;
import dev.kiln.nn.Module;
import dev.kiln.nn.Sequential;
import java.util.List;

/**
 * Inverted residuals with linear bottlenecks. Sandler et al. 2018.
 *
 * <p>Parameter names and first values are torchvision's ({@code features.1.conv.0.0.weight}, {@code
 * classifier.1.weight}), so that its file loads. The stem {@code CIFAR} drops two strides of 2, for
 * images of about 32 x 32; its weights have the same names and shapes.
 */
public final class MobileNetV2 extends Module implements Chained {
  private static final int DIVISOR = 8;
  private static final int FIRST = 32;
  private static final int LAST = 1280;

  /** Expansion, channels, blocks and first stride of each stage. */
  private static final int[][] STAGES = {
    {1, 16, 1, 1},
    {6, 24, 2, 2},
    {6, 32, 3, 2},
    {6, 64, 4, 2},
    {6, 96, 3, 1},
    {6, 160, 3, 2},
    {6, 320, 1, 1}
  };

  private final Sequential features;
  private final Module avgpool;
  private final Module flatten;
  private final Sequential classifier;

  /**
   * Makes a network of the published width.
   *
   * @param stem for which images
   * @param channels of the images
   * @param classes how many scores there are
   */
  public MobileNetV2(ResNet.Stem stem, int channels, int classes) {
    this(1, stem, channels, classes);
  }

  /**
   * Makes a network.
   *
   * @param width the factor on the channels
   * @param stem for which images
   * @param channels of the images
   * @param classes how many scores there are
   * @throws KilnException if the width is not above 0, or a size is below 1
   */
  public MobileNetV2(double width, ResNet.Stem stem, int channels, int classes) {
    if (!(width > 0)) {
      throw new KilnException("[mobilenet_v2] width " + width + " must be above 0");
    }
    boolean small = stem == ResNet.Stem.CIFAR;
    long last = divisible(LAST * Math.max(1, width));
    features = module("features", features(width, small, channels, last));
    avgpool = module("avgpool", new AdaptiveAvgPool2d(1));
    flatten = module("flatten", new Flatten());
    classifier = module("classifier", new Sequential(new Dropout(0.2), new Linear(last, classes)));
    Parts.kaimingAndNormal(this);
  }

  private static Sequential features(double width, boolean small, int channels, long last) {
    long in = divisible(FIRST * width);
    Sequential.Builder all = Sequential.builder();
    all.add(ConvBlock.of(channels, in, 3, small ? 1 : 2, 1));
    for (int i = 0; i < STAGES.length; i++) {
      int[] stage = STAGES[i];
      long out = divisible(stage[1] * width);
      for (int b = 0; b < stage[2]; b++) {
        int stride = b > 0 || small && i == 1 ? 1 : stage[3];
        all.add(new InvertedResidual(in, out, stride, stage[0]));
        in = out;
      }
    }
    return all.add(ConvBlock.of(in, last, 1, 1, 1)).build();
  }

  /** The nearest multiple of 8, but not below nine tenths of the value. */
  private static long divisible(double channels) {
    long near = Math.max(DIVISOR, (long) (channels + DIVISOR / 2.0) / DIVISOR * DIVISOR);
    return near < 0.9 * channels ? near + DIVISOR : near;
  }

  @Override
  public List<Module> links() {
    return List.of(features, avgpool, flatten, classifier);
  }

  @Override
  public Tensor forward(Tensor x) {
    return chain(x, links());
  }
}
