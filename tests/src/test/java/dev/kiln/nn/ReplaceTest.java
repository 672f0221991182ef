package dev.kiln.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.Device;
import dev.kiln.KilnException;
import dev.kiln.Scope;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.models.Mlp;
import dev.kiln.models.ResNet;
import dev.kiln.testing.OnEachDevice;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class ReplaceTest {
  /** Calls its children through fields, as users write modules. */
  private static final class Net extends Module {
    private final Linear body = module("body", new Linear(2, 3));
    private final Linear head = module("head", new Linear(3, 4));

    @Override
    public Tensor forward(Tensor x) {
      return head.call(body.call(x));
    }
  }

  /** Twice what another module makes. */
  private static final class Twice extends Module {
    private final Module inner;

    private Twice(Module inner) {
      this.inner = module("inner", inner);
    }

    @Override
    public Tensor forward(Tensor x) {
      return inner.call(x).mul(2);
    }
  }

  @OnEachDevice
  void aFieldsModuleIsReplacedToo(Device device) {
    try (Scope scope = Scope.open()) {
      Module net = new Net().to(device);
      Linear head = net.replace("head", new Linear(3, 5));
      assertThat(head.weight().device()).isEqualTo(device);
      Tensor y = net.call(Tensor.zeros(Shape.of(1, 2), net.dtype(), device));
      assertThat(y.shape()).isEqualTo(Shape.of(1, 5));
      y.sum().backward();
      assertThat(head.weight().grad()).isPresent();
      assertThat(net.namedParameters().keySet())
          .containsExactly("body.weight", "body.bias", "head.weight", "head.bias");
      assertThat(net.namedParameters().get("head.weight")).isSameAs(head.weight());
    }
  }

  @Test
  void theNewModuleMayWrapTheOldAndBeUndone() {
    try (Scope scope = Scope.open()) {
      Net net = new Net();
      Tensor x = Tensor.of(1, 2).unsqueeze(0);
      float[] once = net.call(x).toFloatArray();
      net.replace("head", new Twice(net.head));
      float[] twice = net.call(x).toFloatArray();
      net.replace("head", new Twice(net.namedChildren().get("head")));
      float[] four = net.call(x).toFloatArray();
      for (int i = 0; i < once.length; i++) {
        assertThat(twice[i]).isEqualTo(2 * once[i]);
        assertThat(four[i]).isEqualTo(4 * once[i]);
      }
      // On its own, and in another model, the old head is what it was.
      assertThat(new Twice(net.head).call(net.body.call(x)).toFloatArray()).isEqualTo(twice);
      net.replace("head", net.head);
      assertThat(net.call(x).toFloatArray()).isEqualTo(once);
      assertThat(net.namedModules().keySet()).containsExactly("", "body", "head");
    }
  }

  @Test
  void sequencesListsAndModelsTakeAnotherModule() {
    try (Scope scope = Scope.open()) {
      Sequential layers = new Sequential(new Linear(2, 3), new ReLU(), new Linear(3, 4));
      Linear last = layers.replace("2", new Linear(3, 7));
      assertThat(layers.get(2)).isSameAs(last);
      assertThat(layers.call(Tensor.zeros(1, 2)).shape()).isEqualTo(Shape.of(1, 7));
      ModuleList list = new ModuleList(new Linear(2, 3), new Linear(3, 4));
      Linear second = list.replace("1", new Linear(3, 9));
      assertThat(list.get(1)).isSameAs(second);
      assertThat(list).containsExactly(list.get(0), second);
      Module net = ResNet.resnet18(10);
      net.replace("fc", new Linear(512, 3));
      net.replace("layer1.0.bn1", new Identity());
      assertThat(net.call(Tensor.zeros(2, 3, 8, 8)).shape()).isEqualTo(Shape.of(2, 3));
      assertThat(net.stateDict().keySet()).doesNotContain("layer1.0.bn1.weight");
      assertThat(net.summary(1, 3, 8, 8).parameters()).isEqualTo(net.numParameters());
    }
  }

  /** In [layer, relu, layer] the ReLU of an Mlp is called in two places. */
  @Test
  void hooksAndErrorsAreTheNewModules() {
    try (Scope scope = Scope.open()) {
      Module net = new Mlp(2, 3, 4);
      int[] calls = {0};
      net.replace("fc2", new Linear(5, 6)).onForward((m, in, out) -> calls[0]++);
      assertThatThrownBy(() -> net.call(Tensor.zeros(1, 2)))
          .isInstanceOf(KilnException.class)
          .hasMessageContaining("fc2");
      net.replace("fc2", new Linear(3, 6)).onForward((m, in, out) -> calls[0]++);
      net.call(Tensor.zeros(1, 2));
      assertThat(calls[0]).isEqualTo(1);
      // An error inside leaves no trace for the next call.
      assertThat(new Mlp(2, 3, 4).call(Tensor.zeros(1, 2)).shape()).isEqualTo(Shape.of(1, 4));
    }
  }

  @Test
  void wrongPlacesAreExplained() {
    Net net = new Net();
    assertThatThrownBy(() -> net.replace("haed", new Linear(3, 5)))
        .isInstanceOf(KilnException.class)
        .hasMessageContaining("haed")
        .hasMessageContaining("head");
    assertThatThrownBy(() -> net.replace("", new Linear(3, 5))).isInstanceOf(KilnException.class);
    assertThatThrownBy(() -> net.replace("head", new Twice(net))).hasMessageContaining("no loops");
    long before = net.structure();
    net.replace("head", new Linear(3, 5));
    assertThat(net.structure()).isNotEqualTo(before);
  }

  @Test
  void parametersAreFrozenByRegularExpression() {
    Net net = new Net();
    assertThat(net.freeze(Pattern.compile("(body|head)\\.weight"))).isEqualTo(2);
    assertThat(net.body.weight().requiresGrad()).isFalse();
    assertThat(net.body.bias().orElseThrow().requiresGrad()).isTrue();
    assertThat(net.unfreeze(Pattern.compile("head.*"))).isEqualTo(2);
    assertThat(net.head.weight().requiresGrad()).isTrue();
    assertThatThrownBy(() -> net.freeze(Pattern.compile("hea"))).hasMessageContaining("head");
  }

  @OnEachDevice
  void frozenStatisticsStayInTraining(Device device) {
    try (Scope scope = Scope.open()) {
      BatchNorm2d norm = new BatchNorm2d(2);
      Module net = new Sequential(norm, new BatchNorm2d(2)).to(device).train();
      Tensor x = Tensor.randn(Shape.of(3, 2, 2, 2), net.dtype(), device);
      long before = net.structure();
      assertThat(net.freezeStatistics("0")).isEqualTo(1);
      assertThat(net.structure()).isNotEqualTo(before);
      net.train();
      net.call(x);
      assertThat(norm.runningMean().orElseThrow().toFloatArray()).containsExactly(0, 0);
      assertThat(net.stateDict().get("0.num_batches_tracked").item()).isZero();
      assertThat(net.stateDict().get("1.num_batches_tracked").item()).isEqualTo(1);
      // By the running statistics 0 and 1 it is all but the identity, in training as well.
      float[] y = norm.call(x).toFloatArray();
      float[] in = x.toFloatArray();
      for (int i = 0; i < y.length; i++) {
        assertThat(Math.abs(y[i] - in[i])).isLessThan(1e-4f);
      }
      assertThat(net.freezeStatistics("*")).isEqualTo(2);
      assertThat(net.unfreezeStatistics("*")).isEqualTo(2);
      norm.call(x);
      assertThat(net.stateDict().get("0.num_batches_tracked").item()).isEqualTo(1);
      assertThatThrownBy(() -> net.freezeStatistics("layer*")).hasMessageContaining("layer*");
    }
  }
}
