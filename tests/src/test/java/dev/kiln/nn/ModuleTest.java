package dev.kiln.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.DType;
import dev.kiln.DTypeException;
import dev.kiln.Device;
import dev.kiln.KilnException;
import dev.kiln.Scope;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.autograd.NoGrad;
import dev.kiln.testing.EachDevice;
import dev.kiln.testing.OnEachDevice;
import dev.kiln.testing.SettledMemory;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ModuleTest {
  /** Registers whatever a test asks for. */
  private static final class Open extends Module {
    <M extends Module> M add(String name, M child) {
      return module(name, child);
    }

    Tensor addParameter(String name, Tensor t) {
      return parameter(name, t);
    }

    Tensor addBuffer(String name, Tensor t) {
      return buffer(name, t);
    }

    @Override
    public Tensor forward(Tensor x) {
      return chain(x, namedChildren().values());
    }
  }

  private static Sequential net() {
    Map<String, Module> layers = new LinkedHashMap<>();
    layers.put("body", new Sequential(new Linear(3, 4), new BatchNorm1d(4), new ReLU()));
    layers.put("head", new Linear(4, 2, false));
    return new Sequential(layers);
  }

  private static final String[] STATE = {
    "body.0.weight",
    "body.0.bias",
    "body.1.weight",
    "body.1.bias",
    "body.1.running_mean",
    "body.1.running_var",
    "body.1.num_batches_tracked",
    "head.weight"
  };

  @Test
  void namesJoinWithDotsInOrderOfRegistration() {
    Module net = net();
    assertThat(net.stateDict().keySet()).containsExactly(STATE);
    assertThat(net.namedParameters().keySet())
        .containsExactly(STATE[0], STATE[1], STATE[2], STATE[3], STATE[7]);
    assertThat(net.namedBuffers().keySet()).containsExactly(STATE[4], STATE[5], STATE[6]);
    assertThat(net.namedModules().keySet())
        .containsExactly("", "body", "body.0", "body.1", "body.2", "head");
    assertThat(net.numParameters()).isEqualTo(12 + 4 + 4 + 4 + 8);
    assertThat(net.parameters()).allSatisfy(p -> assertThat(p.requiresGrad()).isTrue());
    assertThat(net.stateDict().get("body.1.num_batches_tracked").dtype()).isEqualTo(DType.INT64);
  }

  @Test
  void namesAreUsedOnceAndHoldNoDots() {
    Open m = new Open();
    m.addBuffer("a", Tensor.zeros(1));
    assertThatThrownBy(() -> m.addParameter("a", Tensor.zeros(1)))
        .isInstanceOf(KilnException.class)
        .hasMessage("[module] Open has \"a\" already; names are used once");
    assertThatThrownBy(() -> m.add("a", new ReLU())).isInstanceOf(KilnException.class);
    for (String illegal : List.of("", "a.b", "a*", "a b")) {
      assertThatThrownBy(() -> m.add(illegal, new ReLU()))
          .isInstanceOf(KilnException.class)
          .hasMessageContaining("\"" + illegal + "\"");
    }
    assertThatThrownBy(() -> Sequential.builder().add("x", new ReLU()).add("x", new ReLU()))
        .isInstanceOf(KilnException.class);
    assertThatThrownBy(() -> m.addParameter("n", Tensor.arange(3, Device.defaultDevice())))
        .isInstanceOf(DTypeException.class);
    assertThat(m.stateDict()).containsOnlyKeys("a");
  }

  @Test
  void modulesFormNoLoops() {
    Open outer = new Open();
    Open inner = outer.add("inner", new Open());
    assertThatThrownBy(() -> inner.add("outer", outer))
        .isInstanceOf(KilnException.class)
        .hasMessageContaining("no loops");
    assertThatThrownBy(() -> outer.add("self", outer)).isInstanceOf(KilnException.class);
    assertThat(outer.namedModules()).hasSize(2);
  }

  @Test
  void sharedThingsCountOnce() {
    Linear shared = new Linear(3, 3);
    Open m = new Open();
    m.add("first", shared);
    m.add("again", shared);
    m.addParameter("tied", shared.weight());
    assertThat(m.numParameters()).isEqualTo(12);
    assertThat(m.namedParameters().keySet()).containsExactly("tied", "first.bias");
    assertThat(m.namedModules().keySet()).containsExactly("", "first");
    assertThat(m.stateDict().keySet())
        .containsExactly("tied", "first.weight", "first.bias", "again.weight", "again.bias");
    List<Module> visited = new ArrayList<>();
    m.apply(visited::add);
    assertThat(visited).containsExactly(shared, m);
    assertThat(m.freeze("again.weight")).isEqualTo(1);
    assertThat(shared.weight().requiresGrad()).isFalse();
  }

  @Test
  void parametersOutliveTheScopeTheyWereMadeIn() {
    Linear linear;
    try (Scope scope = Scope.open("building")) {
      linear = new Linear(2, 2);
    }
    assertThat(linear.call(Tensor.ones(1, 2)).shape()).isEqualTo(Shape.of(1, 2));
  }

  @Test
  void modesReachEveryModule() {
    Module net = net();
    assertThat(net.isTraining()).isTrue();
    net.eval();
    assertThat(net.namedModules().values()).noneMatch(Module::isTraining);
    net.namedModules().get("body").train();
    assertThat(net.namedModules().values().stream().map(Module::isTraining))
        .containsExactly(false, true, true, true, true, false);
    net.train(true);
    assertThat(net.namedModules().values()).allMatch(Module::isTraining);
  }

  @Test
  void globsFreezeAndUnfreeze() {
    Module net = net();
    net.parameters().forEach(p -> p.backward(Tensor.ones(p.shape(), p.dtype(), p.device())));
    assertThat(net.freeze("body.*")).isEqualTo(4);
    assertThat(net.parameters().stream().filter(Tensor::requiresGrad).count()).isEqualTo(1);
    assertThat(net.parameters().stream().filter(p -> p.grad().isPresent()).count()).isEqualTo(1);
    assertThat(net.unfreeze("*.bias")).isEqualTo(2);
    assertThat(net.freeze("head.weight")).isEqualTo(1);
    assertThat(net.unfreeze("*")).isEqualTo(5);
    assertThat(net.freeze("b*.1.w*t")).isEqualTo(1);
    assertThatThrownBy(() -> net.freeze("boby.0.*"))
        .isInstanceOf(KilnException.class)
        .hasMessageStartingWith(
            "[freeze] no parameter of Sequential matches \"boby.0.*\"; close are body.0.bias,"
                + " body.0.weight,");
    assertThatThrownBy(() -> net.unfreeze("*.wait"))
        .isInstanceOf(KilnException.class)
        .hasMessageContaining("close are body.0.weight");
    assertThatThrownBy(() -> net.freeze("body")).isInstanceOf(KilnException.class);
    assertThatThrownBy(() -> new ReLU().freeze("*")).hasMessageContaining("it has none");
  }

  @Test
  void movingKeepsTheTensorsAndTheirValues() {
    Module net = net();
    Tensor x = Tensor.of(new float[][] {{1, 2, 3}, {3, -1, 0}});
    net.call(x).sum().backward();
    Map<String, Tensor> before = new HashMap<>(net.stateDict());
    Map<String, float[]> values = new HashMap<>();
    before.forEach((name, t) -> values.put(name, t.toFloatArray()));
    float[] gradient = net.parameters().get(0).grad().orElseThrow().toFloatArray();
    for (Device device : EachDevice.all()) {
      assertThat(net.to(device)).isSameAs(net);
      assertThat(net.device()).isEqualTo(device);
      net.stateDict()
          .forEach(
              (name, t) -> {
                assertThat(t).isSameAs(before.get(name));
                assertThat(t.device()).isEqualTo(device);
                assertThat(t.toFloatArray()).as(name).isEqualTo(values.get(name));
              });
      Tensor moved = net.parameters().get(0).grad().orElseThrow();
      assertThat(moved.device()).isEqualTo(device);
      assertThat(moved.toFloatArray()).isEqualTo(gradient);
      net.zeroGrad();
      net.call(x.to(device)).sum().backward();
      assertThat(net.parameters().get(0).grad().orElseThrow().device()).isEqualTo(device);
      gradient = net.parameters().get(0).grad().orElseThrow().toFloatArray();
      net.stateDict().forEach((name, t) -> values.put(name, t.toFloatArray()));
    }
  }

  @Test
  void convertingLeavesIntegersAlone() {
    Module net = net().to(DType.FLOAT64);
    assertThat(net.dtype()).isEqualTo(DType.FLOAT64);
    assertThat(net.stateDict().get("body.1.num_batches_tracked").dtype()).isEqualTo(DType.INT64);
    assertThat(net.parameters()).allSatisfy(p -> assertThat(p.requiresGrad()).isTrue());
    Tensor x = Tensor.rand(Shape.of(4, 3), DType.FLOAT64, net.device());
    assertThat(net.call(x).dtype()).isEqualTo(DType.FLOAT64);
    assertThatThrownBy(() -> net.to(DType.INT32)).isInstanceOf(DTypeException.class);
  }

  @Test
  void stateLoadsByName() {
    Module from = net();
    Module to = net();
    to.loadStateDict(from.stateDict());
    to.stateDict()
        .forEach(
            (name, t) ->
                assertThat(t.toFloatArray())
                    .as(name)
                    .isEqualTo(from.stateDict().get(name).toFloatArray()));
  }

  @Test
  void stateThatDoesNotFitChangesNothing() {
    Module net = net();
    float[] before = net.parameters().get(0).toFloatArray();
    Map<String, Tensor> state = new LinkedHashMap<>(net().stateDict());
    state.remove("head.weight");
    state.put("tail.weight", Tensor.ones(2));
    assertThatThrownBy(() -> net.loadStateDict(state))
        .isInstanceOf(KilnException.class)
        .hasMessageContaining("missing: head.weight")
        .hasMessageContaining("unexpected: tail.weight");
    state.put("body.1.bias", Tensor.ones(9));
    assertThatThrownBy(() -> net.loadMatching(state))
        .isInstanceOf(KilnException.class)
        .hasMessageContaining("body.1.bias is f32[4] here and f32[9] there");
    assertThat(net.parameters().get(0).toFloatArray()).isEqualTo(before);
    state.remove("body.1.bias");
    StateLoading report = net.loadMatching(state);
    assertThat(report.missing()).containsExactly("body.1.bias", "head.weight");
    assertThat(report.unexpected()).containsExactly("tail.weight");
    assertThat(net.parameters().get(0).toFloatArray())
        .isEqualTo(state.get("body.0.weight").toFloatArray());
  }

  @Test
  void hooksSeeEveryCallUntilTheyAreRemoved() {
    Linear layer = new Linear(2, 3);
    List<String> seen = new ArrayList<>();
    ForwardHook hook = (m, x, y) -> seen.add(m.typeName() + x.shape() + y.shape());
    HookHandle first = layer.onForward(hook);
    HookHandle second = layer.onForward(hook);
    new Sequential(layer).call(Tensor.ones(5, 2));
    assertThat(seen).containsExactly("Linear[5,2][5,3]", "Linear[5,2][5,3]");
    first.close();
    first.close();
    layer.call(Tensor.ones(1, 2));
    assertThat(seen).hasSize(3);
    second.close();
    layer.call(Tensor.ones(1, 2));
    assertThat(seen).hasSize(3);
  }

  @Test
  void errorsNameTheModule() {
    Sequential net = new Sequential(new ReLU(), new Sequential(new Linear(4, 2)));
    assertThatThrownBy(() -> net.call(Tensor.ones(1, 3)))
        .isInstanceOf(KilnException.class)
        .hasMessageStartingWith("[linear] input f32[1,3]")
        .hasMessageEndingWith("(in 1.0)");
    assertThatThrownBy(() -> new Lambda(x -> null).call(Tensor.ones(1)))
        .isInstanceOf(KilnException.class)
        .hasMessage("[module] forward of Lambda returned null; return a tensor");
  }

  @Test
  void printsAsATree() {
    assertThat(net().toString())
        .isEqualTo(
            """
            Sequential(
              (body): Sequential(
                (0): Linear(in_features=3, out_features=4, bias=true)
                (1): BatchNorm1d(4, eps=1.0E-5, momentum=0.1, affine=true, track_running_stats=true)
                (2): ReLU()
              )
              (head): Linear(in_features=4, out_features=2, bias=false)
            )""");
  }

  @OnEachDevice
  void inferenceNeedsTheMemoryOfTwoLayers(Device shared) {
    Device device = Device.on(shared.backend()); // whose books no garbage of other tests is in
    long bytes = 64 * 1024 * 4;
    Module[] layers = new Module[10];
    for (int i = 0; i < layers.length; i++) {
      layers[i] = i % 3 == 2 ? new Lambda(t -> t.reshape(-1)) : new Lambda(t -> t.mul(2).add(1));
    }
    Sequential deep = new Sequential(new Flatten(0, 1), new Sequential(layers));
    try (Scope scope = Scope.open();
        NoGrad off = NoGrad.open()) {
      Tensor x = Tensor.zeros(Shape.of(64, 1024), DType.FLOAT32, device);
      device.resetPeakMemory();
      long before = SettledMemory.used(device);
      Tensor y = deep.call(x);
      // One layer's input, and a temporary and a result of its own.
      assertThat(device.memory().peak() - before).isLessThanOrEqualTo(3 * bytes + 4096);
      assertThat(device.memory().used() - before).isBetween(bytes, bytes + 4096);
      assertThat(y.toFloatArray()).containsOnly(127); // 7 times 2x + 1, from 0
      assertThat(x.isReleased()).isFalse();
    }
  }

  @Test
  void inferenceClosesNothingItDidNotMake() {
    Tensor kept = Tensor.ones(4);
    List<Tensor> taken = new ArrayList<>();
    Lambda source = new Lambda(t -> kept);
    Sequential net =
        new Sequential(new Identity(), source, new Identity(), new ReLU(), new Lambda(t -> t));
    net.get(3).onForward((m, x, y) -> taken.add(Scope.disown(y)));
    Tensor x = Tensor.zeros(4);
    try (NoGrad off = NoGrad.open()) {
      Tensor y = net.call(x);
      assertThat(y.toFloatArray()).containsOnly(1);
      assertThat(new Sequential().call(x)).isSameAs(x);
    }
    assertThat(kept.isReleased()).isFalse();
    assertThat(x.isReleased()).isFalse();
    assertThat(taken.get(0).isReleased()).isFalse();
  }
}
