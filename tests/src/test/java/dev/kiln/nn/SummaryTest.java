package dev.kiln.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.Device;
import dev.kiln.KilnException;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.junit.NoLeaks;
import dev.kiln.models.LeNet;
import dev.kiln.testing.OnEachDevice;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SummaryTest {
  private static Summary.Row row(Summary s, String name) {
    return s.rows().stream().filter(r -> r.name().equals(name)).findFirst().orElseThrow();
  }

  @OnEachDevice
  void countsLeNetByHand(Device device) {
    Summary s = new LeNet().to(device).summary(1, 1, 28, 28);
    Summary.Row conv1 = row(s, "conv1");
    assertThat(conv1.type()).isEqualTo("Conv2d");
    assertThat(conv1.outputShape()).contains(Shape.of(1, 32, 28, 28));
    assertThat(conv1.trainable()).isEqualTo(832);
    assertThat(conv1.multiplyAdds()).isEqualTo(32 * 28 * 28 * 25);
    assertThat(conv1.activationBytes()).isEqualTo(32 * 28 * 28 * 4);
    assertThat(row(s, "conv2").trainable()).isEqualTo(64 * 32 * 25 + 64);
    assertThat(row(s, "conv2").multiplyAdds()).isEqualTo(64 * 14 * 14 * 32 * 25);
    assertThat(row(s, "flatten").activationBytes()).isZero();
    assertThat(row(s, "dropout").activationBytes()).isZero();
    assertThat(row(s, "fc1").trainable()).isEqualTo(3136 * 1024 + 1024);
    assertThat(row(s, "fc1").multiplyAdds()).isEqualTo(3136 * 1024);
    assertThat(s.parameters()).isEqualTo(832 + 51264 + 3212288 + 10250);
    assertThat(s.multiplyAdds()).isEqualTo(627200 + 10035200 + 3211264 + 10240);
    assertThat(s.parameterBytes()).isEqualTo(4 * s.parameters());
    // conv1 relu1 pool1 conv2 relu2 pool2 fc1 relu3 fc2
    long elements = 2 * 25088 + 6272 + 2 * 12544 + 3136 + 2 * 1024 + 10;
    assertThat(s.activationBytes()).isEqualTo(4 * elements);
  }

  @Test
  void batchesScaleWorkAndActivations() {
    Module net = new LeNet();
    Summary one = net.summary(1, 1, 28, 28);
    Summary eight = net.summary(8, 1, 28, 28);
    assertThat(eight.multiplyAdds()).isEqualTo(8 * one.multiplyAdds());
    assertThat(eight.activationBytes()).isEqualTo(8 * one.activationBytes());
    assertThat(eight.parameters()).isEqualTo(one.parameters());
  }

  @Test
  void sharedLayersCountTheirParametersOnceAndTheirWorkTwice() {
    Linear shared = new Linear(4, 4);
    Summary s = new Sequential(shared, new ReLU(), shared).summary(1, 4);
    assertThat(s.parameters()).isEqualTo(20);
    assertThat(s.multiplyAdds()).isEqualTo(32);
    assertThat(row(s, "0").calls()).isEqualTo(2);
    assertThat(s.toString()).contains("0: Linear x2");
  }

  @OnEachDevice
  void leavesTheModelAsItWas(Device device) {
    Sequential net =
        new Sequential(
            new Linear(3, 4),
            new BatchNorm1d(4),
            new Dropout(0.5),
            new Lambda(x -> x.add(Tensor.rand(x.shape(), x.dtype(), x.device()))));
    net.to(device);
    net.get(1).eval();
    Tensor x = Tensor.rand(Shape.of(4, 3), net.dtype(), device);
    net.call(x).sum().backward();
    Map<String, double[]> state = new HashMap<>();
    net.stateDict().forEach((name, t) -> state.put(name, t.toDoubleArray()));
    double[] gradient = net.parameters().get(0).grad().orElseThrow().toDoubleArray();
    long[] generator = device.generator().state();
    net.summary(2, 3);
    net.stateDict()
        .forEach((name, t) -> assertThat(t.toDoubleArray()).as(name).isEqualTo(state.get(name)));
    assertThat(net.parameters().get(0).grad().orElseThrow().toDoubleArray()).isEqualTo(gradient);
    assertThat(device.generator().state()).isEqualTo(generator);
    assertThat(net.namedModules().values().stream().map(Module::isTraining))
        .containsExactly(true, true, false, true, true);
  }

  @Test
  @NoLeaks
  void keepsNoMemory() {
    Summary s = new Sequential(new Lambda(x -> x.mul(2)), new ReLU()).summary(3, 5);
    assertThat(s.activationBytes()).isEqualTo(120);
  }

  @Test
  void failureLeavesNoHooksAndModesBehind() {
    Sequential net = new Sequential(new Linear(3, 4), new Linear(5, 2));
    assertThatThrownBy(() -> net.summary(1, 3))
        .isInstanceOf(KilnException.class)
        .hasMessageEndingWith("(in 1)");
    assertThat(net.namedModules().values()).allMatch(Module::isTraining);
  }

  @Test
  void printsATable() {
    Sequential net =
        new Sequential(
            new Flatten(), new Linear(784, 128), new ReLU(), new Residual(new Linear(128, 128)));
    net.freeze("1.*");
    assertThat(net.summary(32, 1, 28, 28).toString())
        .isEqualTo(
            """
            Layer                     Output shape  Parameters   Frozen  Mult-adds    Memory
            --------------------------------------------------------------------------------
            Sequential                [32,128]               -        -          -         -
              0: Flatten              [32,784]               -        -          -         -
              1: Linear               [32,128]         100,480  100,480  3,211,264  16.0 KiB
              2: ReLU                 [32,128]               -        -          -  16.0 KiB
              3: Residual             [32,128]               -        -          -         -
                body: Linear          [32,128]          16,512        -    524,288  16.0 KiB
                shortcut: Identity    [32,128]               -        -          -         -
                activation: Identity  [32,128]               -        -          -         -
            --------------------------------------------------------------------------------
            Total                                      116,992  100,480  3,735,552  48.0 KiB
            --------------------------------------------------------------------------------
            Input [32,1,28,28]; parameters 457.0 KiB, activations of one forward pass 48.0 KiB\
            """);
  }
}
