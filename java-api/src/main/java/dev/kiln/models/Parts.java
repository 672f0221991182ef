package dev.kiln.models;

import dev.kiln.nn.BatchNorm2d;
import dev.kiln.nn.Conv2d;
import dev.kiln.nn.Init;
import dev.kiln.nn.Linear;
import dev.kiln.nn.Module;
import dev.kiln.nn.Sequential;

/** What several networks are made of. */
final class Parts {
  private Parts() {}

  /** A convolution without bias that keeps the size at stride 1. */
  static Conv2d convolution(long in, long out, int kernel, int stride) {
    return Conv2d.builder(in, out, kernel).stride(stride).padding(kernel / 2).bias(false).build();
  }

  /** A 1x1 convolution with batch normalisation, for shortcuts that change the shape. */
  static Sequential projection(long in, long out, int stride) {
    return new Sequential(convolution(in, out, 1, stride), new BatchNorm2d(out));
  }

  /** torchvision's first values: convolutions by fan out for ReLU, their biases 0. */
  static void kaimingFanOut(Module model) {
    model.apply(
        m -> {
          if (m instanceof Conv2d conv) {
            Init.kaimingNormal(conv.weight(), 0, Init.FanMode.FAN_OUT, Init.Nonlinearity.RELU);
            conv.bias().ifPresent(Init::zeros);
          }
        });
  }

  /** torchvision's first values of VGG and MobileNetV2: as above, and dense layers near 0. */
  static void kaimingAndNormal(Module model) {
    kaimingFanOut(model);
    model.apply(
        m -> {
          if (m instanceof Linear linear) {
            Init.normal(linear.weight(), 0, 0.01);
            linear.bias().ifPresent(Init::zeros);
          }
        });
  }
}
