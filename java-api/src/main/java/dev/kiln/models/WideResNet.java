package dev.kiln.models;

import dev.kiln.KilnException;
import dev.kiln.Tensor;
import dev.kiln.nn.AdaptiveAvgPool2d;
import dev.kiln.nn.BatchNorm2d;
import dev.kiln.nn.Chained;
import dev.kiln.nn.Flatten;
import dev.kiln.nn.Init;
import dev.kiln.nn.Linear;
import dev.kiln.nn.Module;
import dev.kiln.nn.ReLU;
import dev.kiln.nn.Sequential;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;

/**
 * Wide residual networks for images of about 32 x 32: normalisation before the convolutions, three
 * stages of 16k, 32k and 64k channels. Zagoruyko and Komodakis 2016.
 *
 * <p>Names are those of the published PyTorch models: {@code block1.layer.0.conv1.weight}, {@code
 * block2.layer.0.convShortcut.weight}, {@code bn1.weight}, {@code fc.weight}.
 */
public final class WideResNet extends Module implements Chained {
  private static final int BASE = 16;

  private final List<Module> path = new ArrayList<>();

  /**
   * Makes a network.
   *
   * @param depth layers with weights, the shortcuts aside: 6n + 4, such as 16, 28 or 40
   * @param width the factor k on the channels
   * @param dropout the probability of 0 between the two convolutions of a block
   * @param channels of the images
   * @param classes how many scores there are
   * @throws KilnException if the depth is not of that form, a size is below 1 or the dropout is no
   *     probability
   */
  public WideResNet(int depth, int width, double dropout, int channels, int classes) {
    if (depth < 10 || (depth - 4) % 6 != 0 || width < 1) {
      throw new KilnException(
          "[wide_resnet] depth "
              + depth
              + " must be 6n + 4, such as 16, 28 or 40, and width "
              + width
              + " 1 or more");
    }
    int blocks = (depth - 4) / 6;
    path.add(module("conv1", Parts.convolution(channels, BASE, 3, 1)));
    long in = BASE;
    for (int i = 0; i < 3; i++) {
      long out = (long) BASE * width << i;
      Module[] all = new Module[blocks];
      for (int b = 0; b < blocks; b++) {
        all[b] = new WideBlock(b == 0 ? in : out, out, b == 0 && i > 0 ? 2 : 1, dropout);
      }
      // The published models hold each stage in a module with this one child.
      path.add(module("block" + (i + 1), new Sequential(Map.of("layer", new Sequential(all)))));
      in = out;
    }
    path.add(module("bn1", new BatchNorm2d(in)));
    path.add(module("relu", new ReLU()));
    path.add(module("avgpool", new AdaptiveAvgPool2d(1)));
    path.add(module("flatten", new Flatten()));
    Linear fc = module("fc", new Linear(in, classes));
    path.add(fc);
    Parts.kaimingFanOut(this);
    fc.bias().ifPresent(Init::zeros);
  }

  /**
   * Makes WRN-28-10 without dropout, of 36.5 million parameters, for images [n, 3, 32, 32].
   *
   * @param classes how many scores there are
   */
  public static WideResNet wrn28x10(int classes) {
    return new WideResNet(28, 10, 0, 3, classes);
  }

  @Override
  public List<Module> links() {
    return Collections.unmodifiableList(path);
  }

  @Override
  public Tensor forward(Tensor x) {
    return chain(x, path);
  }
}
