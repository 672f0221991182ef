package dev.kiln.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.kiln.Device;
import dev.kiln.KilnException;
import dev.kiln.Scope;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.autograd.NoGrad;
import dev.kiln.models.ResNet.Stem;
import dev.kiln.nn.Module;
import dev.kiln.testing.OnEachDevice;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Counts and names of the models against those that torchvision, timm and the papers give. */
class PublishedModelsTest {
  private record Published(String name, long parameters, Supplier<Module> make) {
    @Override
    public String toString() {
      return name;
    }
  }

  /** The counts of torchvision's and timm's documentation, and of the papers to the digit. */
  static List<Published> published() {
    return List.of(
        new Published("lenet5", 61706, LeNet5::new),
        new Published("resnet50", 25557032, () -> ResNet.resnet50(Stem.IMAGENET, 3, 1000)),
        new Published("vgg11", 132863336, () -> VGG.vgg11(Stem.IMAGENET, 3, 1000)),
        new Published("vgg11_bn", 132868840, () -> VGG.vgg11Bn(Stem.IMAGENET, 3, 1000)),
        new Published("vgg16", 138357544, () -> VGG.vgg16(Stem.IMAGENET, 3, 1000)),
        new Published("vgg16_bn", 138365992, () -> VGG.vgg16Bn(Stem.IMAGENET, 3, 1000)),
        new Published("mobilenet_v2", 3504872, () -> new MobileNetV2(Stem.IMAGENET, 3, 1000)),
        new Published("vit_tiny_patch16_224", 5717416, () -> ViT.tiny(1000)),
        new Published("wrn28-10", 36479194, () -> WideResNet.wrn28x10(10)),
        new Published("resnet20", 269722, () -> CifarResNet.resnet20(10)),
        new Published("resnet56", 853018, () -> CifarResNet.resnet56(10)));
  }

  @ParameterizedTest
  @MethodSource("published")
  void counts(Published p) {
    try (Scope scope = Scope.open()) {
      Module net = p.make.get();
      assertThat(net.numParameters()).isEqualTo(p.parameters);
      net.stateDict().values().forEach(Tensor::close);
    }
  }

  private static List<String> norm(String name) {
    return List.of(
        name + ".weight",
        name + ".bias",
        name + ".running_mean",
        name + ".running_var",
        name + ".num_batches_tracked");
  }

  private static List<String> both(String name) {
    return List.of(name + ".weight", name + ".bias");
  }

  private static void assertNames(Module net, List<String> want) {
    assertThat(new ArrayList<>(net.stateDict().keySet())).isEqualTo(want);
  }

  @Test
  void resnet50HasTorchvisionsNames() {
    List<String> want = new ArrayList<>(List.of("conv1.weight"));
    want.addAll(norm("bn1"));
    int[] blocks = {3, 4, 6, 3};
    for (int layer = 1; layer <= 4; layer++) {
      for (int b = 0; b < blocks[layer - 1]; b++) {
        String at = "layer" + layer + "." + b + ".";
        for (int i = 1; i <= 3; i++) {
          want.add(at + "conv" + i + ".weight");
          want.addAll(norm(at + "bn" + i));
        }
        if (b == 0) {
          want.add(at + "downsample.0.weight");
          want.addAll(norm(at + "downsample.1"));
        }
      }
    }
    want.addAll(both("fc"));
    Module net = ResNet.resnet50(Stem.CIFAR, 3, 10);
    assertNames(net, want);
    assertThat(want).hasSize(320);
    assertThat(shape(net, "layer1.0.downsample.0.weight")).isEqualTo(Shape.of(256, 64, 1, 1));
    assertThat(shape(net, "layer2.0.conv1.weight")).isEqualTo(Shape.of(128, 256, 1, 1));
    assertThat(shape(net, "layer4.2.conv3.weight")).isEqualTo(Shape.of(2048, 512, 1, 1));
    assertThat(shape(net, "fc.weight")).isEqualTo(Shape.of(10, 2048));
  }

  @Test
  void cifarResnetHasNamesLikeTorchvisions() {
    List<String> want = new ArrayList<>(List.of("conv1.weight"));
    want.addAll(norm("bn1"));
    for (int layer = 1; layer <= 3; layer++) {
      for (int b = 0; b < 3; b++) {
        for (int i = 1; i <= 2; i++) {
          String at = "layer" + layer + "." + b + ".";
          want.add(at + "conv" + i + ".weight");
          want.addAll(norm(at + "bn" + i));
        }
      }
    }
    want.addAll(both("fc"));
    assertNames(CifarResNet.resnet20(10), want);
  }

  /** As in torchvision's feature list: a convolution, its norm, ReLU, pooling, all numbered. */
  @Test
  void vggHasTorchvisionsNames() {
    List<String> plain = new ArrayList<>();
    for (int i : new int[] {0, 3, 6, 8, 11, 13, 16, 18}) {
      plain.addAll(both("features." + i));
    }
    plain.addAll(both("classifier.0"));
    assertNames(VGG.vgg11(Stem.CIFAR, 3, 10), plain);

    List<String> normed = new ArrayList<>();
    for (int i : new int[] {0, 3, 7, 10, 14, 17, 20, 24, 27, 30, 34, 37, 40}) {
      normed.addAll(both("features." + i));
      normed.addAll(norm("features." + (i + 1)));
    }
    normed.addAll(both("classifier.0"));
    assertNames(VGG.vgg16Bn(Stem.CIFAR, 3, 10), normed);

    Module full = VGG.vgg11(Stem.IMAGENET, 1, 5);
    assertThat(full.stateDict().keySet())
        .endsWith(
            "classifier.0.weight",
            "classifier.0.bias",
            "classifier.3.weight",
            "classifier.3.bias",
            "classifier.6.weight",
            "classifier.6.bias");
    assertThat(shape(full, "classifier.0.weight")).isEqualTo(Shape.of(4096, 25088));
    full.stateDict().values().forEach(Tensor::close);
  }

  @Test
  void mobilenetHasTorchvisionsNames() {
    List<String> want = new ArrayList<>();
    block(want, "features.0");
    for (int i = 1; i <= 17; i++) {
      String at = "features." + i + ".conv.";
      block(want, at + "0");
      int next = 1;
      if (i > 1) {
        block(want, at + "1");
        next = 2;
      }
      want.add(at + next + ".weight");
      want.addAll(norm(at + (next + 1)));
    }
    block(want, "features.18");
    want.addAll(both("classifier.1"));
    Module net = new MobileNetV2(Stem.IMAGENET, 3, 1000);
    assertNames(net, want);
    assertThat(want).hasSize(314);
    assertThat(shape(net, "features.2.conv.1.0.weight")).isEqualTo(Shape.of(96, 1, 3, 3));
    assertThat(shape(net, "features.17.conv.2.weight")).isEqualTo(Shape.of(320, 960, 1, 1));
  }

  private static void block(List<String> names, String at) {
    names.add(at + ".0.weight");
    names.addAll(norm(at + ".1"));
  }

  @Test
  void vitHasTimmsNames() {
    List<String> want = new ArrayList<>(List.of("cls_token", "pos_embed"));
    want.addAll(both("patch_embed.proj"));
    for (int i = 0; i < 12; i++) {
      for (String part : List.of("norm1", "attn.qkv", "attn.proj", "norm2", "mlp.fc1", "mlp.fc2")) {
        want.addAll(both("blocks." + i + "." + part));
      }
    }
    want.addAll(both("norm"));
    want.addAll(both("head"));
    Module net = ViT.tiny(1000);
    assertNames(net, want);
    assertThat(want).hasSize(152);
    assertThat(shape(net, "pos_embed")).isEqualTo(Shape.of(1, 197, 192));
    assertThat(shape(net, "patch_embed.proj.weight")).isEqualTo(Shape.of(192, 3, 16, 16));
    assertThat(shape(net, "blocks.11.attn.qkv.weight")).isEqualTo(Shape.of(576, 192));
  }

  @Test
  void wideResnetHasThePublishedNames() {
    List<String> want = new ArrayList<>(List.of("conv1.weight"));
    for (int stage = 1; stage <= 3; stage++) {
      for (int b = 0; b < 2; b++) {
        String at = "block" + stage + ".layer." + b + ".";
        want.addAll(norm(at + "bn1"));
        want.add(at + "conv1.weight");
        want.addAll(norm(at + "bn2"));
        want.add(at + "conv2.weight");
        if (b == 0) {
          want.add(at + "convShortcut.weight");
        }
      }
    }
    want.addAll(norm("bn1"));
    want.addAll(both("fc"));
    assertNames(new WideResNet(16, 2, 0.3, 1, 10), want);
  }

  private static Shape shape(Module net, String name) {
    return net.stateDict().get(name).shape();
  }

  private record Small(String name, int size, Supplier<Module> make) {
    @Override
    public String toString() {
      return name + " " + size;
    }
  }

  static List<Small> small() {
    List<Small> all = new ArrayList<>();
    for (int size : new int[] {28, 32}) {
      all.add(new Small("resnet50", size, () -> ResNet.resnet50(Stem.CIFAR, 1, 5)));
      all.add(new Small("resnet20", size, () -> new CifarResNet(20, 1, 5)));
      all.add(new Small("vgg11", size, () -> VGG.vgg11(Stem.CIFAR, 1, 5)));
      all.add(new Small("vgg16_bn", size, () -> VGG.vgg16Bn(Stem.CIFAR, 1, 5)));
      all.add(new Small("mobilenet", size, () -> new MobileNetV2(Stem.CIFAR, 1, 5)));
      all.add(new Small("vit", size, () -> ViT.tiny(1, size, 4, 5)));
      all.add(new Small("wrn", size, () -> new WideResNet(10, 2, 0.1, 1, 5)));
    }
    all.add(new Small("vgg16_bn", 1, () -> VGG.vgg16Bn(Stem.CIFAR, 1, 5)));
    return all;
  }

  @ParameterizedTest
  @MethodSource("small")
  void smallImagesPass(Small s) {
    try (Scope scope = Scope.open();
        NoGrad off = NoGrad.open()) {
      Module net = s.make.get().eval();
      Tensor y = net.call(Tensor.randn(2, 1, s.size, s.size));
      assertThat(y.shape()).isEqualTo(Shape.of(2, 5));
      assertThat(y.toFloatArray()).doesNotContain(Float.NaN);
    }
  }

  /** At 224 torchvision's own grids: 7 x 7 before the pooling. */
  @Test
  void mobilenetStemsDifferByStridesAlone() {
    try (Scope scope = Scope.open();
        NoGrad off = NoGrad.open()) {
      Module large = new MobileNetV2(0.25, Stem.IMAGENET, 3, 4).eval();
      Module small = new MobileNetV2(0.25, Stem.CIFAR, 3, 4).eval();
      small.loadStateDict(large.stateDict());
      Tensor x = Tensor.randn(1, 3, 64, 64);
      Tensor features = large.namedChildren().get("features").call(x);
      assertThat(features.shape()).isEqualTo(Shape.of(1, 1280, 2, 2));
      assertThat(small.namedChildren().get("features").call(x).shape())
          .isEqualTo(Shape.of(1, 1280, 8, 8));
    }
  }

  private static double std(Module net, String name) {
    double[] w = net.stateDict().get(name).toDoubleArray();
    double squares = 0;
    for (double v : w) {
      squares += v * v;
    }
    return Math.sqrt(squares / w.length);
  }

  @Test
  void firstValuesAreThePublishedOnes() {
    Module vgg = VGG.vgg11Bn(Stem.CIFAR, 3, 10);
    assertThat(std(vgg, "features.4.weight")).isCloseTo(Math.sqrt(2.0 / (128 * 9)), within(6e-4));
    assertThat(std(vgg, "features.4.bias")).isZero();
    assertThat(std(vgg, "classifier.0.weight")).isCloseTo(0.01, within(6e-4));
    Module mobile = new MobileNetV2(Stem.CIFAR, 3, 10);
    assertThat(std(mobile, "features.18.0.weight")).isCloseTo(Math.sqrt(2.0 / 1280), within(6e-4));
    assertThat(std(mobile, "classifier.1.bias")).isZero();
    Module vit = ViT.tiny(3, 32, 4, 10);
    assertThat(std(vit, "blocks.0.attn.qkv.weight")).isCloseTo(0.02, within(3e-4));
    assertThat(std(vit, "pos_embed")).isCloseTo(0.02, within(1e-3));
    assertThat(std(vit, "cls_token")).isBetween(5e-7, 2e-6);
    assertThat(std(vit, "head.bias")).isZero();
    Module thin = CifarResNet.resnet20(10);
    assertThat(std(thin, "layer3.0.conv1.weight")).isCloseTo(Math.sqrt(2.0 / 288), within(2e-3));
    assertThat(std(WideResNet.wrn28x10(10), "fc.bias")).isZero();
  }

  /** A shortcut that halves the image and adds empty channels: the numbers by hand. */
  @OnEachDevice
  void paddedShortcutTakesEverySecondPixel(Device device) {
    try (Scope scope = Scope.open()) {
      Tensor x = Tensor.of(new float[] {1, 2, 3, 4, 5, 6, 7, 8, 9}, Shape.of(1, 1, 3, 3), device);
      Tensor y = new PaddedShortcut(1, 2, 2).to(device).call(x);
      assertThat(y.shape()).isEqualTo(Shape.of(1, 2, 2, 2));
      assertThat(y.toFloatArray()).containsExactly(1, 3, 7, 9, 0, 0, 0, 0);
    }
  }

  @OnEachDevice
  void aWideResnetLearns(Device device) {
    Assumptions.assumeFalse(device.id().type().equals("scalar"), "the oracle takes seconds");
    Device before = Device.defaultDevice();
    Device.setDefault(device);
    try (Scope scope = Scope.open()) {
      Module net = new WideResNet(10, 1, 0.2, 1, 3);
      Tensor y = net.call(Tensor.randn(2, 1, 8, 8));
      y.square().sum().backward();
      net.namedParameters().forEach((name, p) -> assertThat(p.grad()).as(name).isPresent());
    } finally {
      Device.setDefault(before);
    }
  }

  @Test
  void wrongSizesAreExplained() {
    assertThatThrownBy(() -> new CifarResNet(21, 3, 10))
        .isInstanceOf(KilnException.class)
        .hasMessageContaining("6n + 2");
    assertThatThrownBy(() -> new WideResNet(27, 10, 0, 3, 10)).hasMessageContaining("6n + 4");
    assertThatThrownBy(() -> ViT.tiny(3, 30, 4, 10)).hasMessageContaining("divide");
    assertThatThrownBy(() -> ViT.builder(32, 4).heads(5).build()).hasMessageContaining("heads 5");
    assertThatThrownBy(() -> new MobileNetV2(0, Stem.CIFAR, 3, 10)).hasMessageContaining("width");
    assertThatThrownBy(() -> ViT.tiny(3, 32, 4, 10).call(Tensor.zeros(1, 3, 28, 28)))
        .hasMessageContaining("[n, channels, 32, 32]");
  }
}
