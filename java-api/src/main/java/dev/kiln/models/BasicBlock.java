package dev.kiln.models;

import dev.kiln.Tensor;
import dev.kiln.nn.BatchNorm2d;
import dev.kiln.nn.Conv2d;
import dev.kiln.nn.Identity;
import dev.kiln.nn.Module;
import dev.kiln.nn.ReLU;
import dev.kiln.nn.Sequential;

/** Two 3x3 convolutions with batch normalisation, and a shortcut around them. */
final class BasicBlock extends Module {
  private final Conv2d conv1;
  private final BatchNorm2d bn1;
  private final ReLU relu = new ReLU();
  private final Conv2d conv2;
  private final BatchNorm2d bn2;
  private final Module downsample;

  BasicBlock(long in, long out, int stride) {
    conv1 = module("conv1", convolution(in, out, stride));
    bn1 = module("bn1", new BatchNorm2d(out));
    module("relu", relu);
    conv2 = module("conv2", convolution(out, out, 1));
    bn2 = module("bn2", new BatchNorm2d(out));
    downsample =
        stride == 1 && in == out
            ? new Identity()
            : module(
                "downsample",
                new Sequential(
                    Conv2d.builder(in, out, 1).stride(stride).bias(false).build(),
                    new BatchNorm2d(out)));
  }

  private static Conv2d convolution(long in, long out, int stride) {
    return Conv2d.builder(in, out, 3).stride(stride).padding(1).bias(false).build();
  }

  @Override
  public Tensor forward(Tensor x) {
    Tensor body = chain(x, conv1, bn1, relu, conv2, bn2);
    return relu.call(body.add(downsample.call(x)));
  }
}
