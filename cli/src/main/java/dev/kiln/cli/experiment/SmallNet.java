package dev.kiln.cli.experiment;

import dev.kiln.nn.BatchNorm2d;
import dev.kiln.nn.Conv2d;
import dev.kiln.nn.Flatten;
import dev.kiln.nn.Linear;
import dev.kiln.nn.MaxPool2d;
import dev.kiln.nn.ReLU;
import dev.kiln.nn.Sequential;

/** The network of the experiments, small enough to be trained many times on a processor. */
final class SmallNet {
  /** The name of the layer that gives the scores. */
  static final String HEAD = "fc";

  private static final int[] CHANNELS = {1, 16, 32, 64};
  private static final int SIDE = 28;

  private SmallNet() {}

  /** Three convolutions of 3 x 3, each with batch norm, ReLU and pooling, and a dense layer. */
  static Sequential of(int classes) {
    Sequential.Builder net = Sequential.builder();
    for (int i = 1; i < CHANNELS.length; i++) {
      net.add(
              "conv" + i,
              Conv2d.builder(CHANNELS[i - 1], CHANNELS[i], 3).padding(1).bias(false).build())
          .add("bn" + i, new BatchNorm2d(CHANNELS[i]))
          .add("relu" + i, new ReLU())
          .add("pool" + i, new MaxPool2d(2));
    }
    return net.add("flatten", new Flatten()).add(HEAD, head(classes)).build();
  }

  /** A fresh last layer. */
  static Linear head(int classes) {
    int last = CHANNELS[CHANNELS.length - 1];
    long side = SIDE >> (CHANNELS.length - 1);
    return new Linear(last * side * side, classes);
  }
}
