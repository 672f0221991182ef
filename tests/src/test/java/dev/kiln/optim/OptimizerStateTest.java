package dev.kiln.optim;

import static dev.kiln.optim.OptimizerCases.give;
import static dev.kiln.optim.OptimizerCases.numbers;
import static dev.kiln.optim.OptimizerCases.parameter;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.Gson;
import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.io.Safetensors;
import dev.kiln.testing.OnEachDevice;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A saved optimizer goes on bit for bit; one that does not fit changes nothing. */
class OptimizerStateTest {
  private static final Device SCALAR = Device.of("scalar");

  @TempDir Path folder;

  private static List<Tensor> parameters(DType dtype, Device device) {
    return List.of(
        parameter(5, 1, dtype, device),
        parameter(33, 2, dtype, device),
        parameter(7, 3, dtype, device),
        parameter(2, 4, dtype, device));
  }

  /** One step in which the third parameter has a gradient only from step 2 on, the fourth never. */
  private static void step(Optimizer optimizer, List<Tensor> parameters, int step) {
    optimizer.zeroGrad();
    for (int i = 0; i < (step < 2 ? 2 : 3); i++) {
      Tensor p = parameters.get(i);
      give(p, numbers((int) p.numel(), 10 * step + i));
    }
    optimizer.step();
  }

  @SuppressWarnings("unchecked")
  private static Map<String, Object> throughJson(Map<String, Object> map) {
    return new Gson().fromJson(new Gson().toJson(map), Map.class);
  }

  @OnEachDevice
  void goesOnBitForBit(Device device) {
    for (OptimizerCases.Case c : OptimizerCases.all()) {
      List<Tensor> whole = parameters(DType.FLOAT32, device);
      Optimizer a = c.make().apply(whole);
      for (int s = 0; s < 4; s++) {
        step(a, whole, s);
      }
      a.groups().get(0).lr(0.033);
      Path file = folder.resolve(c + " " + device.id().type() + ".safetensors");
      Safetensors.save(a.state(), file);
      Map<String, Object> settings = throughJson(a.hyperParameters());

      List<Tensor> resumed = parameters(DType.FLOAT32, device);
      for (int i = 0; i < resumed.size(); i++) {
        resumed.get(i).detach().copyFrom(whole.get(i).detach());
      }
      resumed.get(2).requiresGrad(false); // not packed until the state says so
      Optimizer b = c.make().apply(resumed);
      step(b, resumed, 1); // wrong state, which loading replaces
      for (int i = 0; i < resumed.size(); i++) {
        resumed.get(i).detach().copyFrom(whole.get(i).detach());
      }
      b.load(settings, Safetensors.load(file, device).tensors());
      resumed.get(2).requiresGrad(true);
      assertThat(b.hyperParameters()).isEqualTo(a.hyperParameters());
      for (int s = 4; s < 8; s++) {
        step(a, whole, s);
        step(b, resumed, s);
      }
      for (int i = 0; i < whole.size(); i++) {
        assertThat(resumed.get(i).toFloatArray())
            .as("%s %d", c, i)
            .isEqualTo(whole.get(i).toFloatArray());
      }
      assertThat(a.state().keySet()).isEqualTo(b.state().keySet());
      a.state()
          .forEach(
              (name, t) ->
                  assertThat(b.state().get(name).toDoubleArray())
                      .as("%s %s", c, name)
                      .isEqualTo(t.toDoubleArray()));
      assertThat(a.state().get("2.step").item()).isEqualTo(6);
    }
  }

  @Test
  void namesAreThoseOfPyTorch() {
    List<Tensor> p = List.of(parameter(3, 1, DType.FLOAT32, SCALAR));
    assertThat(SGD.of(p, 1).state()).containsOnlyKeys("0.step");
    assertThat(SGD.builder(p).momentum(0.9).build().state())
        .containsOnlyKeys("0.step", "0.momentum_buffer");
    assertThat(Adagrad.of(p, 1).state()).containsOnlyKeys("0.step", "0.sum");
    assertThat(AdamW.builder(p).amsgrad(true).build().state())
        .containsOnlyKeys("0.step", "0.exp_avg", "0.exp_avg_sq", "0.max_exp_avg_sq");
    assertThat(RMSprop.builder(p).centered(true).momentum(0.1).build().state())
        .containsOnlyKeys("0.step", "0.square_avg", "0.momentum_buffer", "0.grad_avg");
    assertThat(Adam.of(p, 0.5).hyperParameters().toString())
        .isEqualTo(
            "{kind=Adam, groups=[{lr=0.5, beta1=0.9, beta2=0.999, eps=1.0E-8, weightDecay=0.0,"
                + " amsgrad=false, maximize=false, initialLr=0.5, parameters=1}]}");
  }

  @Test
  void refusesWhatDoesNotFitAndChangesNothing() {
    List<Tensor> p = List.of(parameter(3, 1, DType.FLOAT32, SCALAR));
    Optimizer adam = Adam.of(p, 0.5);
    give(p.get(0), 1, 2, 3);
    adam.step();
    Map<String, Object> settings =
        Adam.of(List.of(parameter(3, 2, DType.FLOAT32, SCALAR)), 9).hyperParameters();
    Map<String, Tensor> state = new LinkedHashMap<>(adam.state());
    float[] before = adam.state().get("0.exp_avg").toFloatArray();

    assertRefused(
        adam, SGD.of(p, 1).hyperParameters(), state, "is of SGD but this optimizer is Adam");
    assertRefused(adam, Map.of(), state, "is of null");
    assertRefused(adam, Map.of("kind", "Adam", "groups", List.of()), state, "0 groups");
    assertRefused(adam, Map.of("kind", "Adam", "groups", List.of(1)), state, "not a map");
    assertRefused(
        adam,
        Map.of("kind", "Adam", "groups", List.of(Map.of("parameters", 1))),
        state,
        "has no number 'lr'");
    assertRefused(
        adam,
        Adam.of(List.of(ones(), ones()), 1).hyperParameters(),
        state,
        "has 2 parameters but here it has 1");
    state.put("0.exp_avg", Tensor.zeros(Shape.of(4), DType.FLOAT32, SCALAR));
    assertRefused(adam, settings, state, "'0.exp_avg' is f32[4] but the parameter needs f32[3]");
    state.put("0.exp_avg", Tensor.zeros(Shape.of(3), DType.FLOAT64, SCALAR));
    assertRefused(adam, settings, state, "is f64[3] but");
    state.remove("0.exp_avg");
    assertRefused(adam, settings, state, "has only [step, exp_avg_sq]");
    state.put("0.exp_avg", adam.state().get("0.exp_avg"));
    state.put("1.step", adam.state().get("0.step"));
    assertRefused(adam, settings, state, "does not know the saved state [1.step]");

    assertThat(adam.groups().get(0).lr()).isEqualTo(0.5);
    assertThat(adam.state().get("0.exp_avg").toFloatArray()).isEqualTo(before);
  }

  private static Tensor ones() {
    return Tensor.ones(Shape.of(2), DType.FLOAT32, SCALAR);
  }

  private static void assertRefused(
      Optimizer o, Map<String, Object> settings, Map<String, Tensor> state, String why) {
    assertThatThrownBy(() -> o.load(settings, state))
        .isInstanceOf(OptimizerException.class)
        .hasMessageContaining(why);
  }
}
