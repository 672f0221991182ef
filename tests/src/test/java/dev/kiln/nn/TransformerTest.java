package dev.kiln.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.KilnException;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.ops.Elementwise;
import dev.kiln.testing.OnEachDevice;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class TransformerTest {
  private static Transformer small() {
    return Transformer.builder(8, 2)
        .numEncoderLayers(2)
        .numDecoderLayers(2)
        .dimFeedforward(12)
        .batchFirst(true)
        .dropout(0)
        .build();
  }

  private static Tensor rand(Device device, long... dims) {
    return Tensor.randn(Shape.of(dims), DType.FLOAT32, device);
  }

  private static void near(Tensor got, Tensor want) {
    assertThat(got.shape()).isEqualTo(want.shape());
    double[] g = got.toDoubleArray();
    double[] w = want.toDoubleArray();
    for (int i = 0; i < w.length; i++) {
      assertThat(g[i]).isCloseTo(w[i], within(1e-5));
    }
  }

  private static boolean differ(Tensor a, Tensor b) {
    return a.sub(b).abs().amax().item() > 1e-3;
  }

  /** PyTorch's {@code sum(p.numel() for p in nn.Transformer().parameters())}. */
  @Test
  void theDefaultHasPyTorchsParameters() {
    Transformer t = new Transformer();
    assertThat(t.numParameters()).isEqualTo(44_140_544);
    assertThat(t.parameters()).hasSize(6 * 12 + 6 * 18 + 4);
    assertThat(t.stateDict())
        .containsKeys(
            "encoder.layers.0.self_attn.in_proj_weight",
            "encoder.layers.5.norm2.bias",
            "encoder.norm.weight",
            "decoder.layers.0.multihead_attn.out_proj.bias",
            "decoder.layers.5.norm3.weight",
            "decoder.norm.bias");
  }

  @Test
  void layersHavePyTorchsPartsInOrder() {
    TransformerEncoderLayer encoder =
        TransformerEncoderLayer.builder(8, 2).dimFeedforward(12).build();
    assertThat(encoder.namedParameters().keySet())
        .containsExactly(
            "self_attn.in_proj_weight",
            "self_attn.in_proj_bias",
            "self_attn.out_proj.weight",
            "self_attn.out_proj.bias",
            "linear1.weight",
            "linear1.bias",
            "linear2.weight",
            "linear2.bias",
            "norm1.weight",
            "norm1.bias",
            "norm2.weight",
            "norm2.bias");
    assertThat(encoder)
        .hasToString(
            """
            TransformerEncoderLayer(
              (self_attn): MultiheadAttention(
                (out_proj): Linear(in_features=8, out_features=8, bias=true)
              )
              (linear1): Linear(in_features=8, out_features=12, bias=true)
              (dropout): Dropout(p=0.1)
              (linear2): Linear(in_features=12, out_features=8, bias=true)
              (norm1): LayerNorm([8], eps=1.0E-5, elementwise_affine=true)
              (norm2): LayerNorm([8], eps=1.0E-5, elementwise_affine=true)
              (dropout1): Dropout(p=0.1)
              (dropout2): Dropout(p=0.1)
            )\
            """);
    Module plain = TransformerDecoderLayer.builder(8, 2).bias(false).build();
    assertThat(plain.namedParameters().keySet())
        .containsExactly(
            "self_attn.in_proj_weight",
            "self_attn.out_proj.weight",
            "multihead_attn.in_proj_weight",
            "multihead_attn.out_proj.weight",
            "linear1.weight",
            "linear2.weight",
            "norm1.weight",
            "norm2.weight",
            "norm3.weight");
    assertThat(new TransformerEncoder(TransformerEncoderLayer.builder(8, 2), 2).stateDict())
        .containsKey("layers.1.norm1.weight")
        .doesNotContainKey("norm.weight");
    assertThat(new TransformerEncoderLayer(512, 8).numParameters()).isEqualTo(3_152_384);
  }

  @Test
  void matricesBeginXavierUniform() {
    Map<String, Tensor> state = small().stateDict();
    Tensor w = state.get("decoder.layers.1.linear1.weight");
    double bound = Math.sqrt(6.0 / 20);
    assertThat(w.abs().amax().item()).isBetween(0.8 * bound, bound * (1 + 1e-6));
    assertThat(state.get("encoder.norm.weight").toFloatArray()).containsOnly(1);
    assertThat(state.get("encoder.layers.0.linear1.weight").toFloatArray())
        .isNotEqualTo(state.get("encoder.layers.1.linear1.weight").toFloatArray());
  }

  /** The encoder layer with the norm first, composed of its own parts. */
  @OnEachDevice
  void normsMayComeFirst(Device device) {
    TransformerEncoderLayer layer =
        TransformerEncoderLayer.builder(8, 2)
            .dimFeedforward(12)
            .normFirst(true)
            .activation(Elementwise::gelu)
            .build();
    layer.to(device).eval();
    Map<String, Module> part = layer.namedChildren();
    Tensor x = rand(device, 4, 3, 8);
    Tensor y = x.add(part.get("self_attn").call(part.get("norm1").call(x)));
    Tensor inner = Elementwise.gelu(part.get("linear1").call(part.get("norm2").call(y)));
    near(layer.call(x), y.add(part.get("linear2").call(inner)));
  }

  /** The decoder layer in both orders, composed of its own parts. */
  @OnEachDevice
  void decoderLayersAttendToThemselvesAndToTheMemory(Device device) {
    for (boolean first : new boolean[] {false, true}) {
      TransformerDecoderLayer layer =
          TransformerDecoderLayer.builder(8, 2).dimFeedforward(12).normFirst(first).build();
      layer.to(device).eval();
      Map<String, Module> part = layer.namedChildren();
      MultiheadAttention self = (MultiheadAttention) part.get("self_attn");
      MultiheadAttention other = (MultiheadAttention) part.get("multihead_attn");
      AttentionMask causal = AttentionMask.causal();
      Tensor padding = Tensor.of(new int[] {0, 0, 1, 0, 0, 0}, Shape.of(2, 3), device).ne(0);
      AttentionMask hidden = AttentionMask.none().withKeyPadding(padding);
      Tensor x = rand(device, 4, 2, 8);
      Tensor m = rand(device, 3, 2, 8);
      Tensor want;
      if (first) {
        Tensor n = part.get("norm1").call(x);
        Tensor y = x.add(self.run(n, n, n, causal));
        y = y.add(other.run(part.get("norm2").call(y), m, m, hidden));
        want = y.add(feed(part, part.get("norm3").call(y)));
      } else {
        Tensor y = part.get("norm1").call(x.add(self.run(x, x, x, causal)));
        y = part.get("norm2").call(y.add(other.run(y, m, m, hidden)));
        want = part.get("norm3").call(y.add(feed(part, y)));
      }
      near(layer.run(x, m, causal, hidden), want);
      assertThat(differ(layer.run(x, m), want)).isTrue();
    }
  }

  private static Tensor feed(Map<String, Module> part, Tensor x) {
    return part.get("linear2").call(part.get("linear1").call(x).relu());
  }

  @OnEachDevice
  void isItsEncoderThenItsDecoder(Device device) {
    Transformer t = small();
    t.to(device);
    Tensor src = rand(device, 2, 5, 8);
    Tensor tgt = rand(device, 2, 3, 8);
    Tensor y = t.run(src, tgt);
    assertThat(y.shape()).isEqualTo(Shape.of(2, 3, 8));
    near(y, t.decoder().run(tgt, t.encoder().call(src)));
    near(t.run(src.select(0, 1), tgt.select(0, 1)), y.select(0, 1));
  }

  /** What is hidden cannot change anything. */
  @OnEachDevice
  void masksHideLaterStepsAndPadding(Device device) {
    Transformer t = small();
    t.to(device);
    Tensor src = rand(device, 1, 5, 8);
    Tensor tgt = rand(device, 1, 4, 8);
    Tensor later = tgt.add(Tensor.of(new float[] {0, 0, 0, 9}, Shape.of(1, 4, 1), device));
    Tensor behind = src.add(Tensor.of(new float[] {0, 0, 0, 0, 9}, Shape.of(1, 5, 1), device));
    AttentionMask pad =
        AttentionMask.none()
            .withKeyPadding(Tensor.of(new int[] {0, 0, 0, 0, 1}, Shape.of(1, 5), device).ne(0));
    AttentionMask causal = AttentionMask.causal();
    Tensor y = t.run(src, tgt, pad, causal, pad);
    near(t.run(src, later, pad, causal, pad).narrow(1, 0, 3), y.narrow(1, 0, 3));
    near(t.run(behind, tgt, pad, causal, pad), y);
    assertThat(differ(t.run(behind, tgt, AttentionMask.none(), causal, AttentionMask.none()), y))
        .isTrue();
    AttentionMask square =
        AttentionMask.none().withAttn(Transformer.generateSquareSubsequentMask(4).to(device));
    near(t.run(src, tgt, pad, square, pad), y);
  }

  @Test
  void theSquareMaskHidesWhatIsAboveTheDiagonal() {
    float no = Float.NEGATIVE_INFINITY;
    assertThat(Transformer.generateSquareSubsequentMask(3).toFloatArray())
        .containsExactly(0, no, no, 0, 0, no, 0, 0, 0);
  }

  @Test
  void dropoutActsInTrainingOnly() {
    Transformer t =
        Transformer.builder(8, 2).numEncoderLayers(1).numDecoderLayers(1).dropout(0.5).build();
    Tensor x = rand(Device.defaultDevice(), 3, 1, 8);
    assertThat(differ(t.run(x, x), t.run(x, x))).isTrue();
    t.eval();
    assertThat(t.run(x, x).toFloatArray()).isEqualTo(t.run(x, x).toFloatArray());
    assertThat(
            t.namedModules().entrySet().stream()
                .filter(e -> e.getValue() instanceof Dropout)
                .map(Map.Entry::getKey)
                .collect(Collectors.toList()))
        .hasSize(3 + 4);
  }

  @Test
  void hooksSeeEveryPart() {
    TransformerEncoder encoder =
        new TransformerEncoder(
            TransformerEncoderLayer.builder(8, 2).dimFeedforward(12), 2, new LayerNorm(8));
    // Each layer, for 3 steps: 8 * 24 in, 8 * 8 out, 2 * 8 * 3 scores, 2 * 8 * 12 forward.
    assertThat(encoder.summary(3, 1, 8).multiplyAdds())
        .isEqualTo(2L * 3 * (8 * 24 + 8 * 8 + 2 * 8 * 3 + 2 * 8 * 12));
  }

  @Test
  void refusesWhatDoesNotFit() {
    Tensor x = Tensor.rand(3, 2, 8);
    assertThatThrownBy(() -> small().call(x))
        .isInstanceOf(KilnException.class)
        .hasMessage(
            "[transformer] one input f32[3,2,8] is not enough; it takes two: run(first, second)");
    assertThatThrownBy(() -> new TransformerEncoder(TransformerEncoderLayer.builder(8, 2), 0))
        .hasMessageContaining("layers 0 must be 1 or more");
    assertThatThrownBy(() -> TransformerEncoderLayer.builder(8, 3).build())
        .hasMessageContaining("3 heads must divide the 8 features");
    TransformerEncoder encoder = new TransformerEncoder(TransformerEncoderLayer.builder(8, 2), 1);
    assertThatThrownBy(() -> encoder.call(Tensor.rand(3, 2, 7))).hasMessageContaining("self_attn");
  }
}
