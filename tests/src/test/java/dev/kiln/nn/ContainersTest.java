package dev.kiln.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.DType;
import dev.kiln.DTypeException;
import dev.kiln.Device;
import dev.kiln.KilnException;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ContainersTest {
  /** A model that holds one of each. */
  private static final class Model extends Module {
    private final ModuleList layers = module("layers", new ModuleList());
    private final ModuleDict heads = module("heads", new ModuleDict());
    private final ParameterList scales = module("scales", new ParameterList(Tensor.ones(2)));
    private final ParameterDict extra = module("extra", new ParameterDict());

    @Override
    public Tensor forward(Tensor x) {
      return x;
    }
  }

  @Test
  void namesAreThoseOfPyTorch() {
    Model model = new Model();
    model.layers.add(new Linear(2, 3)).add(new ReLU()).add(new Linear(3, 1, false));
    model.heads.put("cls", new Linear(1, 1, false));
    model.scales.add(Tensor.zeros(1));
    model.extra.put("bias_0", Tensor.zeros(3));
    assertThat(model.namedParameters().keySet())
        .containsExactly(
            "layers.0.weight",
            "layers.0.bias",
            "layers.2.weight",
            "heads.cls.weight",
            "scales.0",
            "scales.1",
            "extra.bias_0");
    assertThat(model.parameters()).allMatch(Tensor::requiresGrad);
    assertThat(model.layers.size()).isEqualTo(3);
    assertThat(model.layers).hasSize(3).element(1).isInstanceOf(ReLU.class);
    assertThat(model.heads.keySet()).containsExactly("cls");
    assertThat(model.scales.get(1).shape()).isEqualTo(Shape.of(1));
    assertThat(model.extra.get("bias_0").shape()).isEqualTo(Shape.of(3));
  }

  @Test
  void dictionariesKeepTheOrder() {
    Map<String, Module> modules = new LinkedHashMap<>();
    modules.put("z", new ReLU());
    modules.put("a", new Tanh());
    assertThat(new ModuleDict(modules).keySet()).containsExactly("z", "a");
    assertThat(new ModuleDict(modules)).hasToString("ModuleDict(\n  (z): ReLU()\n  (a): Tanh()\n)");
    assertThat(new ParameterList(Tensor.ones(2, 3))).hasToString("ParameterList(f32[2,3])");
  }

  @Test
  void whatIsNotThereIsRefused() {
    ModuleList list = new ModuleList(new ReLU());
    assertThatThrownBy(() -> list.call(Tensor.ones(1)))
        .isInstanceOf(KilnException.class)
        .hasMessageContaining("ModuleList is no function");
    assertThatThrownBy(() -> list.get(1))
        .isInstanceOf(KilnException.class)
        .hasMessage("[module_list] there is no module 1; it has 1");
    assertThatThrownBy(() -> new ModuleDict().get("a")).isInstanceOf(KilnException.class);
    assertThatThrownBy(() -> new ModuleDict().put("a.b", new ReLU()))
        .isInstanceOf(KilnException.class);
    assertThatThrownBy(() -> new ParameterDict().put("a", Tensor.ones(1)).put("a", Tensor.ones(1)))
        .isInstanceOf(KilnException.class);
    assertThatThrownBy(() -> new ParameterList().get(0)).isInstanceOf(KilnException.class);
    Tensor whole = Tensor.zeros(Shape.of(1), DType.INT64, Device.defaultDevice());
    assertThatThrownBy(() -> new ParameterList(whole)).isInstanceOf(DTypeException.class);
  }
}
