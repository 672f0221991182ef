package dev.kiln.nn;

import dev.kiln.Device;
import dev.kiln.Tensor;
import dev.kiln.ops.Elementwise;
import dev.kiln.testing.LibtorchCase;
import dev.kiln.testing.OnEachDevice;
import java.util.HashMap;
import java.util.Map;

/** Modules with libtorch's weights give libtorch's results and gradients. */
class LibtorchModulesTest {
  /** {@code self_attn.out_proj.weight} is {@code out_proj_weight} in the case. */
  private static String inCase(String parameter) {
    return parameter.replace("self_attn.", "").replace('.', '_');
  }

  private static Map<String, Tensor> leaves(Module module, Tensor x) {
    Map<String, Tensor> leaves = new HashMap<>();
    module.namedParameters().forEach((of, p) -> leaves.put(inCase(of), p));
    leaves.put("x", x);
    return leaves;
  }

  @OnEachDevice
  void encoderLayer(Device device) {
    LibtorchCase c = LibtorchCase.read("transformer_encoder_layer_post", device);
    Tensor x = c.input("x").requiresGrad(true);
    TransformerEncoderLayer layer =
        TransformerEncoderLayer.builder(x.size(2), c.integer("heads"))
            .dimFeedforward(c.input("linear1_bias").size(0))
            .activation(Elementwise::gelu)
            .batchFirst(true)
            .build();
    c.load(layer, LibtorchModulesTest::inCase).eval();
    Tensor y = layer.call(x);
    c.expect("y", y);
    c.expectGradients(y, leaves(layer, x));
  }

  @OnEachDevice
  void multiHeadAttention(Device device) {
    LibtorchCase c = LibtorchCase.read("multi_head_attention", device);
    Tensor x = c.input("x").requiresGrad(true);
    MultiheadAttention layer =
        MultiheadAttention.builder(x.size(2), c.integer("heads")).batchFirst(true).build();
    c.load(layer, LibtorchModulesTest::inCase);
    Tensor y = layer.call(x);
    c.expect("y", y);
    c.expect("y", layer.run(x, x.copy(), x.copy()).output());
    c.expectGradients(y, leaves(layer, x));
  }

  @OnEachDevice
  void lstm(Device device) {
    LibtorchCase c = LibtorchCase.read("lstm_1layer", device);
    Tensor x = c.input("x").requiresGrad(true);
    LSTM layer = c.load(new LSTM(x.size(2), c.integer("hidden")), of -> of);
    LSTM.Output o = layer.run(x, new LSTM.State(c.input("h0"), c.input("c0")));
    c.expect("y", o.output());
    c.expect("hn", o.hn());
    c.expect("cn", o.cn());
  }

  @OnEachDevice
  void gru(Device device) {
    LibtorchCase c = LibtorchCase.read("gru_1layer", device);
    Tensor x = c.input("x");
    GRU layer = c.load(new GRU(x.size(2), c.integer("hidden")), of -> of);
    GRU.Output o = layer.run(x, c.input("h0"));
    c.expect("y", o.output());
    c.expect("hn", o.hn());
  }

  @OnEachDevice
  void rnn(Device device) {
    LibtorchCase c = LibtorchCase.read("rnn_tanh_1layer", device);
    Tensor x = c.input("x");
    RNN layer = c.load(new RNN(x.size(2), c.integer("hidden")), of -> of);
    RNN.Output o = layer.run(x, c.input("h0"));
    c.expect("y", o.output());
    c.expect("hn", o.hn());
  }

  @OnEachDevice
  void cells(Device device) {
    LibtorchCase c = LibtorchCase.read("lstm_cell", device);
    long in = c.input("x").size(1);
    long hidden = c.input("h").size(1);
    LSTMCell lstm = c.load(new LSTMCell(in, hidden), of -> of);
    LSTM.State s = lstm.run(c.input("x"), new LSTM.State(c.input("h"), c.input("c")));
    c.expect("h_out", s.h());
    c.expect("c_out", s.c());

    LibtorchCase g = LibtorchCase.read("gru_cell", device);
    GRUCell gru = new GRUCell(g.input("x").size(1), g.input("h").size(1));
    g.expect("y", g.load(gru, of -> of).run(g.input("x"), g.input("h")));

    LibtorchCase r = LibtorchCase.read("rnn_tanh_cell", device);
    RNNCell rnn = new RNNCell(r.input("x").size(1), r.input("h").size(1));
    r.expect("y", r.load(rnn, of -> of).run(r.input("x"), r.input("h")));
  }

  @OnEachDevice
  void embedding(Device device) {
    LibtorchCase c = LibtorchCase.read("embedding", device);
    Embedding table = new Embedding(c.input("weight").size(0), c.input("weight").size(1));
    c.load(table, of -> of);
    Tensor y = table.call(c.input("indices").to(dev.kiln.DType.INT64));
    c.expect("y", y);
    c.expectGradients(y, Map.of("weight", table.weight()));
  }
}
