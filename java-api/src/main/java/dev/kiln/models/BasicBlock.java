package dev.kiln.models;

import dev.kiln.Tensor;
import dev.kiln.nn.BatchNorm2d;
import dev.kiln.nn.Branched;
import dev.kiln.nn.Conv2d;
import dev.kiln.nn.Identity;
import dev.kiln.nn.Module;
import dev.kiln.nn.ReLU;
import java.util.List;

/** Two 3x3 convolutions with batch normalisation, and a shortcut around them. */
final class BasicBlock extends Module implements Branched {
  private final Conv2d conv1;
  private final BatchNorm2d bn1;
  private final ReLU relu = new ReLU();
  private final Conv2d conv2;
  private final BatchNorm2d bn2;
  private final Module downsample;

  /** Makes a block whose shortcut is a projection wherever the shape changes. */
  BasicBlock(long in, long out, int stride) {
    this(in, out, stride, Parts::projection);
  }

  /** Makes a block with a shortcut of one's own wherever the shape changes. */
  BasicBlock(long in, long out, int stride, Shortcut shortcut) {
    conv1 = module("conv1", Parts.convolution(in, out, 3, stride));
    bn1 = module("bn1", new BatchNorm2d(out));
    module("relu", relu);
    conv2 = module("conv2", Parts.convolution(out, out, 3, 1));
    bn2 = module("bn2", new BatchNorm2d(out));
    downsample =
        stride == 1 && in == out
            ? new Identity()
            : module("downsample", shortcut.make(in, out, stride));
  }

  /** Makes the path that changes the shape of the input to that of the output. */
  interface Shortcut {
    Module make(long in, long out, int stride);
  }

  @Override
  public List<Module> main() {
    return List.of(conv1, bn1, relu, conv2, bn2);
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
