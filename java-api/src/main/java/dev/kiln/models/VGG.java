package dev.kiln.models;

import dev.kiln.Tensor;
import dev.kiln.nn.AdaptiveAvgPool2d;
import dev.kiln.nn.BatchNorm2d;
import dev.kiln.nn.Chained;
import dev.kiln.nn.Conv2d;
import dev.kiln.nn.Dropout;
import dev.kiln.nn.Flatten;
import dev.kiln.nn.Linear;
import dev.kiln.nn.MaxPool2d;
import dev.kiln.nn.Module;
import dev.kiln.nn.ReLU;
import dev.kiln.nn.Sequential;
import java.util.List;

/**
 * Plain stacks of 3x3 convolutions, with or without batch normalisation. Simonyan and Zisserman
 * 2015.
 *
 * <p>Parameter names and first values are torchvision's ({@code features.0.weight}, {@code
 * classifier.6.weight}), so that its files load into networks of the stem {@code IMAGENET}: three
 * dense layers of 4096. Networks of the stem {@code CIFAR} have the same {@code features} and one
 * dense layer, {@code classifier.0}; their pooling keeps partial windows, so that images down to 1
 * x 1 pass.
 */
public final class VGG extends Module implements Chained {
  private static final int POOL = 0;
  private static final int GRID = 7;
  private static final int HIDDEN = 4096;
  private static final int WIDEST = 512;
  private static final int[] LAYERS_11 = {
    64, POOL, 128, POOL, 256, 256, POOL, 512, 512, POOL, 512, 512, POOL
  };
  private static final int[] LAYERS_16 = {
    64, 64, POOL, 128, 128, POOL, 256, 256, 256, POOL, 512, 512, 512, POOL, 512, 512, 512, POOL
  };

  private final Sequential features;
  private final Module avgpool;
  private final Module flatten;
  private final Sequential classifier;

  private VGG(int[] layers, boolean norm, ResNet.Stem stem, int channels, int classes) {
    boolean small = stem == ResNet.Stem.CIFAR;
    features = module("features", features(layers, norm, small, channels));
    avgpool = module("avgpool", new AdaptiveAvgPool2d(small ? 1 : GRID));
    flatten = module("flatten", new Flatten());
    classifier =
        module(
            "classifier",
            small
                ? new Sequential(new Linear(WIDEST, classes))
                : new Sequential(
                    new Linear((long) WIDEST * GRID * GRID, HIDDEN),
                    new ReLU(),
                    new Dropout(),
                    new Linear(HIDDEN, HIDDEN),
                    new ReLU(),
                    new Dropout(),
                    new Linear(HIDDEN, classes)));
    Parts.kaimingAndNormal(this);
  }

  private static Sequential features(int[] layers, boolean norm, boolean small, int channels) {
    Sequential.Builder all = Sequential.builder();
    long width = channels;
    for (int layer : layers) {
      if (layer == POOL) {
        all.add(MaxPool2d.builder(2).stride(2).ceilMode(small).build());
        continue;
      }
      all.add(Conv2d.builder(width, layer, 3).padding(1).build());
      if (norm) {
        all.add(new BatchNorm2d(layer));
      }
      all.add(new ReLU());
      width = layer;
    }
    return all.build();
  }

  /**
   * Makes an 11-layer network.
   *
   * @param stem for which images
   * @param channels of the images
   * @param classes how many scores there are
   */
  public static VGG vgg11(ResNet.Stem stem, int channels, int classes) {
    return new VGG(LAYERS_11, false, stem, channels, classes);
  }

  /** As {@link #vgg11}, with batch normalisation after each convolution. */
  public static VGG vgg11Bn(ResNet.Stem stem, int channels, int classes) {
    return new VGG(LAYERS_11, true, stem, channels, classes);
  }

  /** As {@link #vgg11}, with 16 layers. */
  public static VGG vgg16(ResNet.Stem stem, int channels, int classes) {
    return new VGG(LAYERS_16, false, stem, channels, classes);
  }

  /** As {@link #vgg11}, with 16 layers and batch normalisation after each convolution. */
  public static VGG vgg16Bn(ResNet.Stem stem, int channels, int classes) {
    return new VGG(LAYERS_16, true, stem, channels, classes);
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
