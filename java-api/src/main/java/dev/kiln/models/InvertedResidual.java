package dev.kiln.models;

import dev.kiln.Tensor;
import dev.kiln.nn.BatchNorm2d;
import dev.kiln.nn.Module;
import dev.kiln.nn.Sequential;

/**
 * A 1x1 convolution to more channels, a 3x3 one of each channel alone, a 1x1 one to few channels
 * without ReLU; a shortcut around them where the shape stays.
 */
final class InvertedResidual extends Module {
  private final Sequential conv;
  private final boolean shortcut;

  InvertedResidual(long in, long out, int stride, int expand) {
    long hidden = in * expand;
    Sequential.Builder layers = Sequential.builder();
    if (expand != 1) {
      layers.add(ConvBlock.of(in, hidden, 1, 1, 1));
    }
    layers.add(ConvBlock.of(hidden, hidden, 3, stride, (int) hidden));
    layers.add(Parts.convolution(hidden, out, 1, 1));
    layers.add(new BatchNorm2d(out));
    conv = module("conv", layers.build());
    shortcut = stride == 1 && in == out;
  }

  @Override
  public Tensor forward(Tensor x) {
    Tensor y = conv.call(x);
    return shortcut ? x.add(y) : y;
  }
}
