package dev.kiln.models;

import dev.kiln.Tensor;
import dev.kiln.nn.BatchNorm2d;
import dev.kiln.nn.Branched;
import dev.kiln.nn.Conv2d;
import dev.kiln.nn.Identity;
import dev.kiln.nn.Module;
import dev.kiln.nn.ReLU;
import java.util.List;

/**
 * A 1x1 convolution to fewer channels, a 3x3 one, which has the stride as in torchvision, and a 1x1
 * one to four times as many, with batch normalisation and a shortcut around them.
 */
final class Bottleneck extends Module implements Branched {
  static final int EXPANSION = 4;

  private final Conv2d conv1;
  private final BatchNorm2d bn1;
  private final Conv2d conv2;
  private final BatchNorm2d bn2;
  private final Conv2d conv3;
  private final BatchNorm2d bn3;
  private final ReLU relu = new ReLU();
  private final Module downsample;

  Bottleneck(long in, long width, int stride) {
    long out = width * EXPANSION;
    conv1 = module("conv1", Parts.convolution(in, width, 1, 1));
    bn1 = module("bn1", new BatchNorm2d(width));
    conv2 = module("conv2", Parts.convolution(width, width, 3, stride));
    bn2 = module("bn2", new BatchNorm2d(width));
    conv3 = module("conv3", Parts.convolution(width, out, 1, 1));
    bn3 = module("bn3", new BatchNorm2d(out));
    module("relu", relu);
    downsample =
        stride == 1 && in == out
            ? new Identity()
            : module("downsample", Parts.projection(in, out, stride));
  }

  @Override
  public List<Module> main() {
    return List.of(conv1, bn1, relu, conv2, bn2, relu, conv3, bn3);
  }

  @Override
  public List<Module> side() {
    return List.of(downsample);
  }

  @Override
  public List<Module> after() {
    return List.of(relu);
  }

  @Override
  public Tensor forward(Tensor x) {
    Tensor body = chain(x, main());
    return relu.call(body.add(downsample.call(x)));
  }
}
