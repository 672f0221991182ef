package dev.kiln.models;

import dev.kiln.Tensor;
import dev.kiln.nn.AdaptiveAvgPool2d;
import dev.kiln.nn.BatchNorm2d;
import dev.kiln.nn.Chained;
import dev.kiln.nn.Conv2d;
import dev.kiln.nn.Flatten;
import dev.kiln.nn.Linear;
import dev.kiln.nn.MaxPool2d;
import dev.kiln.nn.Module;
import dev.kiln.nn.ReLU;
import dev.kiln.nn.Sequential;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * Residual networks: of basic blocks with 18 and 34 layers, of bottlenecks with 50. He et al. 2016.
 *
 * <p>Parameter names and first values are torchvision's ({@code layer2.0.downsample.0.weight}), so
 * that its files load into the networks with the ImageNet stem.
 */
public final class ResNet extends Module implements Chained {
  /** How images enter a network. */
  public enum Stem {
    /** For images of about 32 x 32: here a 3x3 convolution. */
    CIFAR,
    /**
     * For images of about 224 x 224, as in torchvision: here a 7x7 convolution of stride 2 and max
     * pooling of stride 2.
     */
    IMAGENET
  }

  private static final int[] WIDTHS = {64, 128, 256, 512};

  private final List<Module> path = new ArrayList<>();

  private ResNet(Stem stem, int channels, int classes, boolean bottleneck, int... blocks) {
    ReLU relu = new ReLU();
    Conv2d conv1 =
        stem == Stem.CIFAR
            ? Conv2d.builder(channels, WIDTHS[0], 3).padding(1).bias(false).build()
            : Conv2d.builder(channels, WIDTHS[0], 7).stride(2).padding(3).bias(false).build();
    path.add(module("conv1", conv1));
    path.add(module("bn1", new BatchNorm2d(WIDTHS[0])));
    path.add(module("relu", relu));
    if (stem == Stem.IMAGENET) {
      path.add(module("maxpool", MaxPool2d.builder(3).stride(2).padding(1).build()));
    }
    long width = WIDTHS[0];
    for (int i = 0; i < blocks.length; i++) {
      int stride = i == 0 ? 1 : 2;
      path.add(module("layer" + (i + 1), layer(bottleneck, width, WIDTHS[i], blocks[i], stride)));
      width = bottleneck ? WIDTHS[i] * (long) Bottleneck.EXPANSION : WIDTHS[i];
    }
    path.add(module("avgpool", new AdaptiveAvgPool2d(1)));
    path.add(module("flatten", new Flatten()));
    path.add(module("fc", new Linear(width, classes)));
    Parts.kaimingFanOut(this);
  }

  /**
   * Makes an 18-layer network for images [n, 3, 32, 32].
   *
   * @param classes how many scores there are
   */
  public static ResNet resnet18(int classes) {
    return resnet18(Stem.CIFAR, 3, classes);
  }

  /**
   * Makes an 18-layer network.
   *
   * @param stem how images enter
   * @param channels of the images
   * @param classes how many scores there are
   */
  public static ResNet resnet18(Stem stem, int channels, int classes) {
    return new ResNet(stem, channels, classes, false, 2, 2, 2, 2);
  }

  /** As {@link #resnet18(Stem, int, int)}, with 34 layers. */
  public static ResNet resnet34(Stem stem, int channels, int classes) {
    return new ResNet(stem, channels, classes, false, 3, 4, 6, 3);
  }

  /** As {@link #resnet18(Stem, int, int)}, with 50 layers in bottlenecks. */
  public static ResNet resnet50(Stem stem, int channels, int classes) {
    return new ResNet(stem, channels, classes, true, 3, 4, 6, 3);
  }

  private static Sequential layer(boolean bottleneck, long in, long width, int blocks, int stride) {
    long out = bottleneck ? width * Bottleneck.EXPANSION : width;
    Module[] all = new Module[blocks];
    for (int i = 0; i < blocks; i++) {
      long from = i == 0 ? in : out;
      int by = i == 0 ? stride : 1;
      all[i] = bottleneck ? new Bottleneck(from, width, by) : new BasicBlock(from, width, by);
    }
    return new Sequential(all);
  }

  @Override
  public List<Module> links() {
    return Collections.unmodifiableList(path);
  }

  @Override
  public Tensor forward(Tensor x) {
    return chain(x, path);
  }
}
