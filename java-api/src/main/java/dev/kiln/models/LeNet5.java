package dev.kiln.models;

import dev.kiln.KilnException;
import dev.kiln.nn.Conv2d;
import dev.kiln.nn.Flatten;
import dev.kiln.nn.Linear;
import dev.kiln.nn.MaxPool2d;
import dev.kiln.nn.ReLU;

/**
 * LeNet-5 with its published sizes: 5x5 convolutions of 6 and 16 filters, dense layers of 120, 84
 * and the classes; 61,706 parameters for one channel and 10 classes. LeCun et al. 1998.
 *
 * <p>As in PyTorch's tutorial, whose names it has ({@code conv1}, {@code conv2}, {@code fc1},
 * {@code fc2}, {@code fc3}), pooling takes the maximum, ReLU stands for the tangent, all channels
 * are connected and the last layer is dense. Images of 28 x 28 are padded to the paper's 32 x 32 by
 * the first convolution. {@link LeNet} is the wider network.
 */
public final class LeNet5 extends NamedChain {
  private static final int PADDED = 28;
  private static final int LEAST = 16;

  /** Makes the network for grey images of 28 x 28 and 10 classes. */
  public LeNet5() {
    this(1, PADDED, 10);
  }

  /**
   * Makes the network for other images.
   *
   * @param channels of the images
   * @param size height and width of the images: 28, or, not padded, 16 or more, such as 32
   * @param classes how many scores there are
   * @throws KilnException if the images are too small, or a number is below 1
   */
  public LeNet5(int channels, int size, int classes) {
    if (size < LEAST) {
      throw new KilnException(
          "[lenet5] images of %d x %d; two 5x5 convolutions and poolings need %d x %d or more"
              .formatted(size, size, LEAST, LEAST));
    }
    int padding = size == PADDED ? 2 : 0;
    int side = ((size + 2 * padding - 4) / 2 - 4) / 2;
    add("conv1", Conv2d.builder(channels, 6, 5).padding(padding).build());
    add("relu1", new ReLU());
    add("pool1", new MaxPool2d(2));
    add("conv2", Conv2d.builder(6, 16, 5).build());
    add("relu2", new ReLU());
    add("pool2", new MaxPool2d(2));
    add("flatten", new Flatten());
    add("fc1", new Linear(16L * side * side, 120));
    add("relu3", new ReLU());
    add("fc2", new Linear(120, 84));
    add("relu4", new ReLU());
    add("fc3", new Linear(84, classes));
  }
}
