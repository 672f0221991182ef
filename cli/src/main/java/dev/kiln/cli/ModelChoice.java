package dev.kiln.cli;

import dev.kiln.models.CifarResNet;
import dev.kiln.models.LeNet;
import dev.kiln.models.LeNet5;
import dev.kiln.models.Mlp;
import dev.kiln.models.MobileNetV2;
import dev.kiln.models.ResNet;
import dev.kiln.models.VGG;
import dev.kiln.models.ViT;
import dev.kiln.models.WideResNet;
import dev.kiln.nn.Module;

/** The models that the commands can build. */
enum ModelChoice {
  /** Two convolutions and two dense layers. */
  LENET("lenet"),
  /** LeNet-5 of 1998, of 61,706 parameters on 28 x 28 grey. */
  LENET5("lenet5"),
  /** Two hidden dense layers. */
  MLP("mlp"),
  /** Eighteen layers with shortcuts. */
  RESNET18("resnet18"),
  /** Thirty-four layers with shortcuts. */
  RESNET34("resnet34"),
  /** Fifty layers with shortcuts, in bottlenecks. */
  RESNET50("resnet50"),
  /** Twenty thin layers with shortcuts, for small images. */
  RESNET20("resnet20"),
  /** Fifty-six thin layers with shortcuts, for small images. */
  RESNET56("resnet56"),
  /** Twenty-eight layers with shortcuts, ten times as wide, for small images. */
  WRN28X10("wrn28-10"),
  /** Eleven plain layers. */
  VGG11("vgg11"),
  /** Eleven plain layers with batch normalisation. */
  VGG11_BN("vgg11-bn"),
  /** Sixteen plain layers. */
  VGG16("vgg16"),
  /** Sixteen plain layers with batch normalisation. */
  VGG16_BN("vgg16-bn"),
  /** Convolutions of single channels, for small devices. */
  MOBILENET_V2("mobilenet-v2"),
  /** A small transformer on patches of the image. */
  VIT_TINY("vit-tiny");

  private static final int LARGE = 128;
  private static final int LARGEST_PATCH = 16;
  private static final int LEAST_SIDE = 7;

  private final String label;

  ModelChoice(String label) {
    this.label = label;
  }

  /** Returns the name as the command line has it. */
  @Override
  public String toString() {
    return label;
  }

  /**
   * Builds the model with fresh weights on the default device.
   *
   * @param channels of the images
   * @param size rows and columns of the images
   * @param classes how many there are
   */
  Module build(int channels, int size, int classes) {
    ResNet.Stem stem = size < LARGE ? ResNet.Stem.CIFAR : ResNet.Stem.IMAGENET;
    return switch (this) {
      case LENET -> new LeNet(channels, size, classes);
      case LENET5 -> new LeNet5(channels, size, classes);
      case MLP -> new Mlp((long) channels * size * size, 512, 256, classes);
      case RESNET18 -> ResNet.resnet18(stem, channels, classes);
      case RESNET34 -> ResNet.resnet34(stem, channels, classes);
      case RESNET50 -> ResNet.resnet50(stem, channels, classes);
      case RESNET20 -> new CifarResNet(20, channels, classes);
      case RESNET56 -> new CifarResNet(56, channels, classes);
      case WRN28X10 -> new WideResNet(28, 10, 0, channels, classes);
      case VGG11 -> VGG.vgg11(stem, channels, classes);
      case VGG11_BN -> VGG.vgg11Bn(stem, channels, classes);
      case VGG16 -> VGG.vgg16(stem, channels, classes);
      case VGG16_BN -> VGG.vgg16Bn(stem, channels, classes);
      case MOBILENET_V2 -> new MobileNetV2(stem, channels, classes);
      case VIT_TINY -> ViT.tiny(channels, size, patch(size), classes);
    };
  }

  /** The largest patch that divides the size and leaves at least 7 x 7 of them, or one pixel. */
  private static int patch(int size) {
    int patch = Math.max(1, Math.min(LARGEST_PATCH, size / LEAST_SIDE));
    while (size % patch != 0) {
      patch--;
    }
    return patch;
  }
}
