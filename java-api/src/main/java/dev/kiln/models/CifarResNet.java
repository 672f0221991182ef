package dev.kiln.models;

import dev.kiln.KilnException;
import dev.kiln.Tensor;
import dev.kiln.nn.AdaptiveAvgPool2d;
import dev.kiln.nn.BatchNorm2d;
import dev.kiln.nn.Chained;
import dev.kiln.nn.Conv2d;
import dev.kiln.nn.Flatten;
import dev.kiln.nn.Init;
import dev.kiln.nn.Linear;
import dev.kiln.nn.Module;
import dev.kiln.nn.ReLU;
import dev.kiln.nn.Sequential;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * The thin residual networks for images of about 32 x 32: three stages of 16, 32 and 64 channels,
 * with shortcuts that have no parameters. He et al. 2016, section 4.2.
 *
 * <p>Names are as in {@link ResNet}, without {@code layer4} and projections. Convolutions are at
 * first normal by their fan in, as in He et al. 2015.
 */
public final class CifarResNet extends Module implements Chained {
  private static final long[] WIDTHS = {16, 32, 64};

  private final List<Module> path = new ArrayList<>();

  /**
   * Makes a network.
   *
   * @param depth layers with weights: 6n + 2, such as 20, 32, 44, 56 or 110
   * @param channels of the images
   * @param classes how many scores there are
   * @throws KilnException if the depth is not of that form, or a size is below 1
   */
  public CifarResNet(int depth, int channels, int classes) {
    if (depth < 8 || (depth - 2) % 6 != 0) {
      throw new KilnException(
          "[cifar_resnet] depth " + depth + " must be 6n + 2, such as 20, 32, 44, 56 or 110");
    }
    path.add(module("conv1", Parts.convolution(channels, WIDTHS[0], 3, 1)));
    path.add(module("bn1", new BatchNorm2d(WIDTHS[0])));
    path.add(module("relu", new ReLU()));
    for (int i = 0; i < WIDTHS.length; i++) {
      path.add(module("layer" + (i + 1), stage(i, (depth - 2) / 6)));
    }
    path.add(module("avgpool", new AdaptiveAvgPool2d(1)));
    path.add(module("flatten", new Flatten()));
    path.add(module("fc", new Linear(WIDTHS[2], classes)));
    apply(
        m -> {
          if (m instanceof Conv2d conv) {
            Init.kaimingNormal(conv.weight());
          }
        });
  }

  private static Sequential stage(int i, int blocks) {
    Module[] all = new Module[blocks];
    for (int b = 0; b < blocks; b++) {
      boolean changes = b == 0 && i > 0;
      all[b] =
          new BasicBlock(
              changes ? WIDTHS[i - 1] : WIDTHS[i], WIDTHS[i], changes ? 2 : 1, PaddedShortcut::new);
    }
    return new Sequential(all);
  }

  /**
   * Makes the network of 20 layers and 0.27 million parameters, for images [n, 3, 32, 32].
   *
   * @param classes how many scores there are
   */
  public static CifarResNet resnet20(int classes) {
    return new CifarResNet(20, 3, classes);
  }

  /** As {@link #resnet20}, with 56 layers and 0.85 million parameters. */
  public static CifarResNet resnet56(int classes) {
    return new CifarResNet(56, 3, classes);
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
