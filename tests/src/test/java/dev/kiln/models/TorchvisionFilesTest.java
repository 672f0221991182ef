package dev.kiln.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.KilnException;
import dev.kiln.Scope;
import dev.kiln.Tensor;
import dev.kiln.autograd.NoGrad;
import dev.kiln.models.ResNet.Stem;
import dev.kiln.nn.Module;
import dev.kiln.nn.StateLoading;
import dev.kiln.transfer.Pretrained;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Files with torchvision's names and shapes, written without Kiln, load into Kiln's models. */
class TorchvisionFilesTest {
  @TempDir Path folder;

  private record Published(
      String name,
      int tensors,
      long parameters,
      TorchvisionState state,
      boolean half,
      Supplier<Module> make) {
    @Override
    public String toString() {
      return name;
    }
  }

  static List<Published> published() {
    return List.of(
        new Published(
            "resnet18",
            122,
            11_689_512,
            TorchvisionState.resnet18(),
            false,
            () -> ResNet.resnet18(Stem.IMAGENET, 3, 1000)),
        new Published(
            "vgg11_bn",
            62,
            132_868_840,
            TorchvisionState.vgg11Bn(),
            true, // half the size of the largest file
            () -> VGG.vgg11Bn(Stem.IMAGENET, 3, 1000)),
        new Published(
            "mobilenet_v2",
            314,
            3_504_872,
            TorchvisionState.mobilenetV2(),
            false,
            () -> new MobileNetV2(Stem.IMAGENET, 3, 1000)));
  }

  @ParameterizedTest
  @MethodSource("published")
  void everyNameAndShapeIsTaken(Published p) throws IOException {
    assertThat(p.state.shapes).hasSize(p.tensors);
    assertThat(p.state.parameters()).isEqualTo(p.parameters);
    Path file = folder.resolve("published.safetensors");
    p.state.write(file, p.half, "");
    Module net = p.make.get();
    StateLoading report = Pretrained.file(file).into(net);
    assertThat(report.missing()).isEmpty();
    assertThat(report.unexpected()).isEmpty();
    assertThat(report).hasToString(p.tensors + " loaded");
    assertLoaded(net, p.state);
    net.stateDict().values().forEach(Tensor::close);
  }

  private static void assertLoaded(Module net, TorchvisionState state) {
    Map<String, Tensor> own = net.stateDict();
    int place = 0;
    try (NoGrad off = NoGrad.open();
        Scope scope = Scope.open()) {
      for (Map.Entry<String, long[]> e : state.shapes.entrySet()) {
        Tensor t = own.get(e.getKey());
        assertThat(t.shape().dims()).as(e.getKey()).isEqualTo(e.getValue());
        if (TorchvisionState.counts(e.getKey())) {
          assertThat(t.item()).as(e.getKey()).isEqualTo(TorchvisionState.count(place));
        } else {
          Tensor flat = t.reshape(t.numel());
          float first = TorchvisionState.mark(place);
          assertThat(flat.narrow(0, 0, 1).item()).as(e.getKey()).isEqualTo(first);
          assertThat(flat.narrow(0, t.numel() - 1, 1).item()).as(e.getKey()).isEqualTo(-first);
        }
        place++;
      }
    }
  }

  private static Module resnet18(int classes) {
    return ResNet.resnet18(Stem.IMAGENET, 3, classes);
  }

  private Path file(TorchvisionState state, String prefix) throws IOException {
    Path file = folder.resolve("t.safetensors");
    state.write(file, false, prefix);
    return file;
  }

  /** As DataParallel and many training scripts save them. */
  @Test
  void namesBehindAPrefix() throws IOException {
    TorchvisionState state = TorchvisionState.resnet18();
    Path file = file(state, "module.");
    Module net = resnet18(1000);
    float[] before = net.stateDict().get("bn1.weight").toFloatArray();
    assertThatThrownBy(() -> Pretrained.file(file).into(net))
        .isInstanceOf(KilnException.class)
        .hasMessageContaining("missing: conv1.weight")
        .hasMessageContaining("unexpected: module.");
    assertThat(net.stateDict().get("bn1.weight").toFloatArray()).isEqualTo(before);
    StateLoading none = Pretrained.file(file).strict(false).into(net);
    assertThat(none.missing()).hasSize(122);
    assertThat(none.unexpected()).hasSize(122).allMatch(n -> n.startsWith("module."));
    assertThat(Pretrained.file(file).prefix("module.").into(net).missing()).isEmpty();
    assertLoaded(net, state);
  }

  /** PyTorch before 0.4.1 did not count batches. */
  @Test
  void olderFilesDoNotCountBatches() throws IOException {
    TorchvisionState state = TorchvisionState.resnet18();
    state.shapes.keySet().removeIf(TorchvisionState::counts);
    Module net = resnet18(1000);
    StateLoading report = Pretrained.file(file(state, "")).into(net);
    assertThat(report.missing()).hasSize(20).allMatch(TorchvisionState::counts);
    assertThat(report.unexpected()).isEmpty();
    assertThat(net.stateDict().get("bn1.num_batches_tracked").item()).isZero();
    assertLoaded(net, state);
  }

  @Test
  void namesOnOneSide() throws IOException {
    TorchvisionState state = TorchvisionState.resnet18();
    state.shapes.remove("layer3.0.downsample.0.weight");
    state.shapes.put("aux.weight", new long[] {2, 2});
    Path file = file(state, "");
    Module net = resnet18(1000);
    float[] before = net.stateDict().get("fc.bias").toFloatArray();
    assertThatThrownBy(() -> Pretrained.file(file).into(net))
        .isInstanceOf(KilnException.class)
        .hasMessageContaining("missing: layer3.0.downsample.0.weight; unexpected: aux.weight;")
        .hasMessageContaining("strict(false)");
    assertThat(net.stateDict().get("fc.bias").toFloatArray()).isEqualTo(before);
    StateLoading report = Pretrained.file(file).strict(false).into(net);
    assertThat(report.missing()).containsExactly("layer3.0.downsample.0.weight");
    assertThat(report.unexpected()).containsExactly("aux.weight");
    assertThat(net.stateDict().get("fc.bias").toFloatArray()).isNotEqualTo(before);
  }

  /** A shape that differs is an error either way, and nothing is loaded then. */
  @Test
  void anotherShapeIsNeverTaken() throws IOException {
    Path file = file(TorchvisionState.resnet18(), "");
    Module net = resnet18(7);
    float[] before = net.stateDict().get("bn1.weight").toFloatArray();
    for (boolean strict : new boolean[] {true, false}) {
      assertThatThrownBy(() -> Pretrained.file(file).strict(strict).into(net))
          .isInstanceOf(KilnException.class)
          .hasMessageContaining("fc.weight is f32[7,512] here and f32[1000,512] there");
      assertThat(net.stateDict().get("bn1.weight").toFloatArray()).isEqualTo(before);
    }
    StateLoading report = Pretrained.file(file).without("fc.*").into(net);
    assertThat(report.missing()).containsExactly("fc.weight", "fc.bias");
    float[] loaded = net.stateDict().get("bn1.weight").toFloatArray();
    assertThat(loaded[0]).isEqualTo(TorchvisionState.mark(1));
    assertThat(Arrays.copyOfRange(loaded, 1, 63)).containsOnly(0);
  }
}
