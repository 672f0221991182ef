package dev.kiln.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.Generator;
import dev.kiln.KilnException;
import dev.kiln.Scope;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.autograd.NoGrad;
import dev.kiln.models.ResNet.Stem;
import dev.kiln.nn.CrossEntropyLoss;
import dev.kiln.nn.Module;
import dev.kiln.testing.OnEachDevice;
import dev.kiln.testing.SettledMemory;
import java.util.Map;
import java.util.TreeSet;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

class ModelsTest {
  @Test
  void lenetHasTheNamedLayers() {
    LeNet net = new LeNet();
    assertThat(net.stateDict().keySet())
        .containsExactly(
            "conv1.weight",
            "conv1.bias",
            "conv2.weight",
            "conv2.bias",
            "fc1.weight",
            "fc1.bias",
            "fc2.weight",
            "fc2.bias");
    assertThat(net.numParameters()).isEqualTo(3274634);
    assertThat(new LeNet(3, 32, 100).call(Tensor.rand(2, 3, 32, 32)).shape())
        .isEqualTo(Shape.of(2, 100));
  }

  @Test
  void mlpTakesAnySizes() {
    Mlp net = new Mlp(784, 32, 16, 10);
    assertThat(net.namedParameters().keySet())
        .containsExactly(
            "fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias", "fc3.weight", "fc3.bias");
    assertThat(net.call(Tensor.rand(5, 1, 28, 28)).shape()).isEqualTo(Shape.of(5, 10));
    assertThat(net.summary(1, 784).rows().stream().filter(r -> r.type().equals("ReLU")).findFirst())
        .hasValueSatisfying(r -> assertThat(r.calls()).isEqualTo(2));
    assertThat(new Mlp(4, 2).namedModules()).hasSize(3);
    assertThatThrownBy(() -> new Mlp(4)).isInstanceOf(KilnException.class);
  }

  /** The published sizes of torchvision's files: 11,689,512 and 21,797,672 parameters. */
  @Test
  void resnetsHaveThePublishedSizes() {
    ResNet r18 = ResNet.resnet18(Stem.IMAGENET, 3, 1000);
    assertThat(r18.numParameters()).isEqualTo(11689512);
    assertThat(r18.stateDict()).hasSize(122);
    assertThat(ResNet.resnet34(Stem.IMAGENET, 3, 1000).numParameters()).isEqualTo(21797672);
    assertThat(ResNet.resnet18(10).numParameters()).isEqualTo(11173962);
  }

  @Test
  void resnetNamesAreTorchvisions() {
    Map<String, Tensor> state = ResNet.resnet18(Stem.IMAGENET, 3, 1000).stateDict();
    assertThat(state.keySet())
        .startsWith(
            "conv1.weight",
            "bn1.weight",
            "bn1.bias",
            "bn1.running_mean",
            "bn1.running_var",
            "bn1.num_batches_tracked",
            "layer1.0.conv1.weight",
            "layer1.0.bn1.weight")
        .contains("layer4.1.bn2.num_batches_tracked", "fc.weight", "fc.bias");
    assertThat(state.get("conv1.weight").shape()).isEqualTo(Shape.of(64, 3, 7, 7));
    assertThat(state.get("layer3.0.downsample.0.weight").shape())
        .isEqualTo(Shape.of(256, 128, 1, 1));
    TreeSet<String> downsampled = new TreeSet<>();
    state.keySet().stream()
        .filter(n -> n.contains("downsample.0"))
        .forEach(n -> downsampled.add(n.substring(0, 6)));
    assertThat(downsampled).containsExactly("layer2", "layer3", "layer4");
  }

  @Test
  void resnetConvolutionsStartByFanOut() {
    double[] w = ResNet.resnet18(10).stateDict().get("layer2.0.conv1.weight").toDoubleArray();
    double squares = 0;
    for (double v : w) {
      squares += v * v;
    }
    assertThat(Math.sqrt(squares / w.length)).isCloseTo(Math.sqrt(2.0 / (128 * 9)), within(5e-4));
  }

  /** The same seed makes the same model on every device, and its first scores agree. */
  @OnEachDevice
  void lenetAgreesWithTheOracle(Device device) {
    double[] want = firstLosses(Device.of("scalar"));
    double[] got = firstLosses(device);
    assertThat(got[0]).isCloseTo(want[0], within(1e-4));
    assertThat(got[1]).isCloseTo(want[1], within(1e-3 * Math.max(1, want[1])));
  }

  /** The loss in training mode, and the norm of the first layer's gradient. */
  private static double[] firstLosses(Device device) {
    Generator.manualSeed(42);
    Device before = Device.defaultDevice();
    Device.setDefault(device);
    try (Scope scope = Scope.open()) {
      Module net = new LeNet();
      Tensor x = Tensor.rand(Shape.of(2, 1, 28, 28), DType.FLOAT32, device);
      Tensor y = Tensor.of(new long[] {3, 7}, device);
      Tensor loss = new CrossEntropyLoss().of(net.call(x), y);
      loss.backward();
      Tensor g = net.parameters().get(0).grad().orElseThrow();
      return new double[] {loss.item(), Math.sqrt(g.square().sum().item())};
    } finally {
      Device.setDefault(before);
    }
  }

  @OnEachDevice
  void resnetInferenceKeepsOnlyTheResult(Device device) {
    Assumptions.assumeFalse(device.id().type().equals("scalar"), "the oracle takes seconds");
    Module net = ResNet.resnet18(10).to(device).eval();
    try (Scope scope = Scope.open();
        NoGrad off = NoGrad.open()) {
      Tensor x = Tensor.rand(Shape.of(1, 3, 8, 8), DType.FLOAT32, device);
      long before = SettledMemory.used(device);
      Tensor y = net.call(x);
      assertThat(y.shape()).isEqualTo(Shape.of(1, 10));
      assertThat(device.memory().used() - before).isLessThanOrEqualTo(1024);
    }
  }
}
