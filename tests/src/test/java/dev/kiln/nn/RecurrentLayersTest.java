package dev.kiln.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.Generator;
import dev.kiln.KilnException;
import dev.kiln.Shape;
import dev.kiln.ShapeException;
import dev.kiln.Tensor;
import dev.kiln.ops.Rearranging;
import dev.kiln.testing.OnEachDevice;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RecurrentLayersTest {
  private static Map<String, Shape> shapes(Module m) {
    Map<String, Shape> shapes = new LinkedHashMap<>();
    m.namedParameters().forEach((name, t) -> shapes.put(name, t.shape()));
    return shapes;
  }

  @Test
  void parametersHavePyTorchsNamesShapesAndOrder() {
    LSTM two = LSTM.builder(10, 20).numLayers(2).build();
    assertThat(shapes(two))
        .containsExactly(
            Map.entry("weight_ih_l0", Shape.of(80, 10)),
            Map.entry("weight_hh_l0", Shape.of(80, 20)),
            Map.entry("bias_ih_l0", Shape.of(80)),
            Map.entry("bias_hh_l0", Shape.of(80)),
            Map.entry("weight_ih_l1", Shape.of(80, 20)),
            Map.entry("weight_hh_l1", Shape.of(80, 20)),
            Map.entry("bias_ih_l1", Shape.of(80)),
            Map.entry("bias_hh_l1", Shape.of(80)));
    assertThat(two.numParameters()).isEqualTo(5920);
    LSTM both = LSTM.builder(3, 5).numLayers(2).bidirectional(true).projSize(2).bias(false).build();
    assertThat(shapes(both))
        .containsExactly(
            Map.entry("weight_ih_l0", Shape.of(20, 3)),
            Map.entry("weight_hh_l0", Shape.of(20, 2)),
            Map.entry("weight_hr_l0", Shape.of(2, 5)),
            Map.entry("weight_ih_l0_reverse", Shape.of(20, 3)),
            Map.entry("weight_hh_l0_reverse", Shape.of(20, 2)),
            Map.entry("weight_hr_l0_reverse", Shape.of(2, 5)),
            Map.entry("weight_ih_l1", Shape.of(20, 4)),
            Map.entry("weight_hh_l1", Shape.of(20, 2)),
            Map.entry("weight_hr_l1", Shape.of(2, 5)),
            Map.entry("weight_ih_l1_reverse", Shape.of(20, 4)),
            Map.entry("weight_hh_l1_reverse", Shape.of(20, 2)),
            Map.entry("weight_hr_l1_reverse", Shape.of(2, 5)));
    assertThat(new GRU(10, 20).numParameters()).isEqualTo(60 * 10 + 60 * 20 + 120);
    assertThat(shapes(new GRUCell(3, 5)))
        .containsExactly(
            Map.entry("weight_ih", Shape.of(15, 3)),
            Map.entry("weight_hh", Shape.of(15, 5)),
            Map.entry("bias_ih", Shape.of(15)),
            Map.entry("bias_hh", Shape.of(15)));
  }

  @Test
  void weightsBeginUniformWithinTheRootOfTheHiddenSize() {
    Generator.manualSeed(3);
    for (Module m : new Module[] {new LSTM(64, 100), new RNNCell(300, 100)}) {
      m.namedParameters()
          .forEach(
              (name, p) -> {
                double largest = 0;
                for (double v : p.toDoubleArray()) {
                  largest = Math.max(largest, Math.abs(v));
                }
                assertThat(largest).as(name).isLessThanOrEqualTo(0.1 * (1 + 1e-6));
                assertThat(largest).as(name).isGreaterThan(0.09);
              });
    }
  }

  @Test
  void printsAsPyTorchDoes() {
    assertThat(new LSTM(10, 20)).hasToString("LSTM(10, 20)");
    assertThat(
            LSTM.builder(10, 20)
                .numLayers(2)
                .projSize(5)
                .bias(false)
                .batchFirst(true)
                .dropout(0.5)
                .bidirectional(true)
                .build())
        .hasToString(
            "LSTM(10, 20, proj_size=5, num_layers=2, bias=false, batch_first=true, dropout=0.5,"
                + " bidirectional=true)");
    assertThat(new RNNCell(3, 4, false, RNN.Nonlinearity.RELU))
        .hasToString("RNNCell(3, 4, bias=false, nonlinearity=relu)");
  }

  @Test
  void aBuilderMayBeUsedAgain() {
    LSTM.Builder builder = LSTM.builder(3, 4);
    LSTM one = builder.build();
    LSTM two = builder.numLayers(2).build();
    assertThat(one.run(Tensor.rand(5, 2, 3)).hn().shape()).isEqualTo(Shape.of(1, 2, 4));
    assertThat(two.run(Tensor.rand(5, 2, 3)).hn().shape()).isEqualTo(Shape.of(2, 2, 4));
  }

  /** One unit, all weights 1, no bias, worked out step by step. */
  @OnEachDevice
  void plainStepsFollowTheFormula(Device device) {
    for (RNN.Nonlinearity f : RNN.Nonlinearity.values()) {
      RNN rnn = RNN.builder(1, 1).nonlinearity(f).bias(false).build();
      rnn.to(device);
      rnn.parameters().forEach(Init::ones);
      Tensor x = Tensor.of(new float[] {0.5f, -2, 1}, Shape.of(3, 1), device);
      RNN.Output o = rnn.run(x, Tensor.of(new float[] {0.25f}, Shape.of(1, 1), device));
      double h = 0.25;
      float[] got = o.output().toFloatArray();
      for (int t = 0; t < 3; t++) {
        double sum = new double[] {0.5, -2, 1}[t] + h;
        h = f == RNN.Nonlinearity.TANH ? Math.tanh(sum) : Math.max(0, sum);
        assertThat((double) got[t]).isCloseTo(h, within(1e-6));
      }
      assertThat(o.hn().item()).isCloseTo(h, within(1e-6));
    }
  }

  @OnEachDevice
  void layoutsAgree(Device device) {
    LSTM rows = LSTM.builder(3, 4).numLayers(2).bidirectional(true).build();
    LSTM batches = LSTM.builder(3, 4).numLayers(2).bidirectional(true).batchFirst(true).build();
    rows.to(device);
    batches.to(device);
    batches.loadStateDict(rows.stateDict());
    Tensor x = Tensor.rand(Shape.of(5, 2, 3), DType.FLOAT32, device);
    LSTM.Output a = rows.run(x);
    LSTM.Output b = batches.run(x.transpose(0, 1));
    assertThat(a.output().shape()).isEqualTo(Shape.of(5, 2, 8));
    assertThat(a.hn().shape()).isEqualTo(Shape.of(4, 2, 4));
    assertThat(b.output().transpose(0, 1).toFloatArray()).isEqualTo(a.output().toFloatArray());
    assertThat(b.cn().toFloatArray()).isEqualTo(a.cn().toFloatArray());
    LSTM.Output one = rows.run(x.select(1, 1));
    assertThat(one.output().shape()).isEqualTo(Shape.of(5, 8));
    assertThat(one.hn().shape()).isEqualTo(Shape.of(4, 4));
    near(one.output(), a.output().select(1, 1));
    near(one.cn(), a.cn().select(1, 1));
    near(rows.call(x), a.output());
  }

  private static void near(Tensor got, Tensor want) {
    assertThat(got.shape()).isEqualTo(want.shape());
    double[] g = got.toDoubleArray();
    double[] w = want.toDoubleArray();
    for (int i = 0; i < w.length; i++) {
      assertThat(g[i]).isCloseTo(w[i], within(2e-6));
    }
  }

  @OnEachDevice
  void aSequenceMayBeContinued(Device device) {
    LSTM lstm = LSTM.builder(3, 4).projSize(2).build();
    lstm.to(device);
    Tensor x = Tensor.rand(Shape.of(6, 2, 3), DType.FLOAT32, device);
    LSTM.Output whole = lstm.run(x);
    LSTM.Output first = lstm.run(x.narrow(0, 0, 4));
    LSTM.Output rest = lstm.run(x.narrow(0, 4, 2), first.state());
    near(rest.output(), whole.output().narrow(0, 4, 2));
    near(rest.hn(), whole.hn());
    near(rest.cn(), whole.cn());
    assertThat(whole.hn().shape()).isEqualTo(Shape.of(1, 2, 2));
    assertThat(whole.cn().shape()).isEqualTo(Shape.of(1, 2, 4));
  }

  @OnEachDevice
  void theWayBackIsTheWayForthOfTheReversed(Device device) {
    GRU both = GRU.builder(3, 4).bidirectional(true).build();
    GRU forth = new GRU(3, 4);
    both.to(device);
    forth.to(device);
    Map<String, Tensor> back = new LinkedHashMap<>();
    forth
        .namedParameters()
        .keySet()
        .forEach(name -> back.put(name, both.stateDict().get(name + "_reverse")));
    forth.loadStateDict(back);
    Tensor x = Tensor.rand(Shape.of(5, 2, 3), DType.FLOAT32, device);
    Tensor reversed = forth.call(Rearranging.flip(x, 0));
    near(both.call(x).narrow(2, 4, 4), Rearranging.flip(reversed, 0));
    near(both.run(x).hn().select(0, 1), forth.run(Rearranging.flip(x, 0)).hn().select(0, 0));
  }

  @OnEachDevice
  void cellsTakeTheLayersSteps(Device device) {
    LSTM lstm = new LSTM(3, 4);
    LSTMCell cell = new LSTMCell(3, 4);
    lstm.to(device);
    cell.to(device);
    Map<String, Tensor> state = new LinkedHashMap<>();
    lstm.stateDict().forEach((name, t) -> state.put(name.replace("_l0", ""), t));
    cell.loadStateDict(state);
    Tensor x = Tensor.rand(Shape.of(4, 2, 3), DType.FLOAT32, device);
    LSTM.State s = cell.run(x.select(0, 0));
    for (int t = 1; t < 4; t++) {
      s = cell.run(x.select(0, t), s);
    }
    near(s.h(), lstm.run(x).hn().select(0, 0));
    near(s.c(), lstm.run(x).cn().select(0, 0));
  }

  /** Dropout of all outputs of the first layer leaves the second with zeros to read. */
  @Test
  void dropoutLiesBetweenLayersAndOnlyInTraining() {
    RNN rnn = RNN.builder(2, 3).numLayers(2).dropout(1).bias(false).build();
    Tensor x = Tensor.rand(4, 1, 2);
    assertThat(rnn.call(x).toFloatArray()).containsOnly(0);
    assertThat(rnn.run(x).hn().select(0, 0).toFloatArray()).doesNotContain(0);
    rnn.eval();
    assertThat(rnn.call(x).toFloatArray()).doesNotContain(0);
    RNN single = RNN.builder(2, 3).dropout(1).build();
    assertThat(single.call(x).toFloatArray()).doesNotContain(0);
  }

  /** The steps behind a sequence's end do not reach its own; a mask takes their outputs out. */
  @OnEachDevice
  void paddedBatchesWorkByMasks(Device device) {
    GRU gru = GRU.builder(3, 4).batchFirst(true).build();
    gru.to(device);
    Tensor x = Tensor.rand(Shape.of(2, 5, 3), DType.FLOAT32, device);
    Tensor alone = gru.call(x.narrow(0, 1, 1).narrow(1, 0, 3));
    near(gru.call(x).narrow(0, 1, 1).narrow(1, 0, 3), alone);
  }

  @Test
  void hooksAndModelsSeeTheOutputs() {
    LSTM lstm = new LSTM(3, 4);
    Shape[] seen = new Shape[1];
    lstm.onForward((m, in, out) -> seen[0] = out.shape());
    lstm.run(Tensor.rand(5, 2, 3));
    assertThat(seen[0]).isEqualTo(Shape.of(5, 2, 4));
    Sequential net = new Sequential(new LSTM(3, 4), new Linear(4, 1));
    assertThat(net.call(Tensor.rand(5, 2, 3)).shape()).isEqualTo(Shape.of(5, 2, 1));
    // (16 * 3 + 16 * 4) * 10 steps and 4 * 10
    assertThat(net.summary(5, 2, 3).multiplyAdds()).isEqualTo(1120 + 40);
  }

  @Test
  void refusesWhatDoesNotFit() {
    LSTM lstm = LSTM.builder(3, 4).batchFirst(true).build();
    assertThatThrownBy(() -> lstm.call(Tensor.rand(5, 2, 7)))
        .isInstanceOf(ShapeException.class)
        .hasMessage(
            "[lstm] input f32[5,2,7] must be [batch, length, 3], or [length, 3] for one sequence");
    Tensor x = Tensor.rand(2, 5, 3);
    Tensor h = Tensor.rand(1, 2, 4);
    Tensor bad = Tensor.rand(1, 5, 4);
    assertThatThrownBy(() -> lstm.run(x, new LSTM.State(bad, h)))
        .isInstanceOf(ShapeException.class)
        .hasMessage(
            "[lstm] hidden state f32[1,5,4] must be [1,2,4]: layers * directions, batch, size");
    assertThatThrownBy(() -> lstm.run(x, new LSTM.State(h, bad)))
        .hasMessageContaining("cell state");
    assertThatThrownBy(() -> lstm.call(Tensor.rand(2, 0, 3))).hasMessageContaining("has no steps");
    assertThatThrownBy(() -> new GRU(0, 3)).isInstanceOf(KilnException.class);
    assertThatThrownBy(() -> LSTM.builder(3, 4).projSize(4).build())
        .hasMessageContaining("projection size 4 must be below the hidden size 4");
    assertThatThrownBy(() -> RNN.builder(3, 4).dropout(2).build())
        .hasMessageContaining("dropout probability 2.0");
    assertThatThrownBy(() -> new GRUCell(3, 4).run(Tensor.rand(2, 3), Tensor.rand(2, 3)))
        .hasMessage("[grucell] hidden state f32[2,3] must be [2,4]");
    assertThatThrownBy(() -> new Sequential(new RNNCell(3, 4)).call(Tensor.rand(2, 2)))
        .hasMessageContaining("[rnncell] input f32[2,2] must be [batch, 3]");
  }
}
