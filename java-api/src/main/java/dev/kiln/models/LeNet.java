package dev.kiln.models;

import dev.kiln.nn.Conv2d;
import dev.kiln.nn.Dropout;
import dev.kiln.nn.Flatten;
import dev.kiln.nn.Linear;
import dev.kiln.nn.MaxPool2d;
import dev.kiln.nn.ReLU;

/**
 * A convolutional network for images [n, 1, 28, 28], in the manner of LeCun et al. 1998 with
 * today's parts: two 5x5 convolutions of 32 and 64 filters, each with ReLU and 2x2 max pooling, a
 * dense layer of 1024 with dropout 0.4, and the scores [n, 10].
 */
public final class LeNet extends NamedChain {
  /** Makes the network for grey images of 28 x 28 and 10 classes. */
  public LeNet() {
    this(1, 28, 10);
  }

  /**
   * Makes the network for other images.
   *
   * @param channels of the images
   * @param size height and width of the images, a multiple of 4
   * @param classes how many scores there are
   * @throws dev.kiln.KilnException if a size is below 1
   */
  public LeNet(int channels, int size, int classes) {
    add("conv1", Conv2d.builder(channels, 32, 5).samePadding().build());
    add("relu1", new ReLU());
    add("pool1", new MaxPool2d(2));
    add("conv2", Conv2d.builder(32, 64, 5).samePadding().build());
    add("relu2", new ReLU());
    add("pool2", new MaxPool2d(2));
    add("flatten", new Flatten());
    add("fc1", new Linear(64L * (size / 4) * (size / 4), 1024));
    add("relu3", new ReLU());
    add("dropout", new Dropout(0.4));
    add("fc2", new Linear(1024, classes));
  }
}
