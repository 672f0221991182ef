package dev.kiln.models;

import dev.kiln.nn.BatchNorm2d;
import dev.kiln.nn.Conv2d;
import dev.kiln.nn.ReLU6;
import dev.kiln.nn.Sequential;

/** A convolution, batch normalisation and ReLU6, in a sequence as in torchvision. */
final class ConvBlock {
  private ConvBlock() {}

  static Sequential of(long in, long out, int kernel, int stride, int groups) {
    return new Sequential(
        Conv2d.builder(in, out, kernel)
            .stride(stride)
            .padding(kernel / 2)
            .groups(groups)
            .bias(false)
            .build(),
        new BatchNorm2d(out),
        new ReLU6());
  }
}
