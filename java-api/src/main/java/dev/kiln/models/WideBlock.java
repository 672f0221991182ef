package dev.kiln.models;

import dev.kiln.Tensor;
import dev.kiln.nn.BatchNorm2d;
import dev.kiln.nn.Conv2d;
import dev.kiln.nn.Dropout;
import dev.kiln.nn.Module;
import dev.kiln.nn.ReLU;
import java.util.Optional;

/**
 * Two 3x3 convolutions, each after batch normalisation and ReLU. Where the number of channels
 * changes, the shortcut is a 1x1 convolution of the normalised input.
 */
final class WideBlock extends Module {
  private final BatchNorm2d bn1;
  private final ReLU relu1;
  private final Conv2d conv1;
  private final BatchNorm2d bn2;
  private final ReLU relu2;
  private final Conv2d conv2;
  private final Dropout dropout;
  private final Optional<Conv2d> shortcut;

  WideBlock(long in, long out, int stride, double p) {
    bn1 = module("bn1", new BatchNorm2d(in));
    relu1 = module("relu1", new ReLU());
    conv1 = module("conv1", Parts.convolution(in, out, 3, stride));
    bn2 = module("bn2", new BatchNorm2d(out));
    relu2 = module("relu2", new ReLU());
    dropout = module("dropout", new Dropout(p));
    conv2 = module("conv2", Parts.convolution(out, out, 3, 1));
    shortcut =
        in == out
            ? Optional.empty()
            : Optional.of(module("convShortcut", Parts.convolution(in, out, 1, stride)));
  }

  @Override
  public Tensor forward(Tensor x) {
    if (shortcut.isEmpty()) {
      return x.add(chain(x, bn1, relu1, conv1, bn2, relu2, dropout, conv2));
    }
    Tensor normal = chain(x, bn1, relu1);
    Tensor body = chain(normal, conv1, bn2, relu2, dropout, conv2);
    return shortcut.get().call(normal).add(body);
  }
}
