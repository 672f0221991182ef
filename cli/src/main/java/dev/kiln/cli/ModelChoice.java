package dev.kiln.cli;

import dev.kiln.models.LeNet;
import dev.kiln.models.Mlp;
import dev.kiln.models.ResNet;
import dev.kiln.nn.Module;

/** The models that the commands can build. */
enum ModelChoice {
  /** Two convolutions and two dense layers. */
  LENET("lenet"),
  /** Two hidden dense layers. */
  MLP("mlp"),
  /** Eighteen layers with shortcuts. */
  RESNET18("resnet18");

  private static final int LARGE = 128;

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
    return switch (this) {
      case LENET -> new LeNet(channels, size, classes);
      case MLP -> new Mlp((long) channels * size * size, 512, 256, classes);
      case RESNET18 ->
          ResNet.resnet18(
              size < LARGE ? ResNet.Stem.CIFAR : ResNet.Stem.IMAGENET, channels, classes);
    };
  }
}
