package dev.kiln.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.kiln.DType;
import dev.kiln.DTypeException;
import dev.kiln.Device;
import dev.kiln.Generator;
import dev.kiln.KilnException;
import dev.kiln.Shape;
import dev.kiln.ShapeException;
import dev.kiln.Tensor;
import dev.kiln.nn.MultiheadAttention.Weights;
import dev.kiln.ops.Attention;
import dev.kiln.testing.OnEachDevice;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Multi-head attention against plain loops in double precision. */
class MultiheadAttentionTest {
  private static final int E = 6;
  private static final int HEADS = 2;

  private static Tensor rand(Device device, long... dims) {
    return Tensor.randn(Shape.of(dims), DType.FLOAT32, device);
  }

  private static Tensor bools(Device device, Shape shape, int... values) {
    return Tensor.of(values, shape, device).ne(0);
  }

  // ---- the reference ----------------------------------------------------------------------------

  private static double[][] rows(Tensor x) {
    int n = (int) x.size(0);
    double[] flat = x.toDoubleArray();
    double[][] rows = new double[n][];
    for (int i = 0; i < n; i++) {
      rows[i] = Arrays.copyOfRange(flat, i * flat.length / n, (i + 1) * flat.length / n);
    }
    return rows;
  }

  private static double[][] linear(double[][] x, double[][] w, double[] b) {
    double[][] y = new double[x.length][w.length];
    for (int i = 0; i < x.length; i++) {
      for (int o = 0; o < w.length; o++) {
        y[i][o] = b[o];
        for (int k = 0; k < x[i].length; k++) {
          y[i][o] += x[i][k] * w[o][k];
        }
      }
    }
    return y;
  }

  private static double[][] with(double[][] x, double[] row) {
    double[][] y = Arrays.copyOf(x, x.length + 1);
    y[x.length] = row;
    return y;
  }

  /** One sequence's output and each head's weights, [heads][queries][keys]. */
  private record Reference(double[][] output, double[][][] weights) {}

  /** Attends as the paper says; bias [queries][keys] is added to the scores of given keys. */
  private static Reference attend(
      Map<String, Tensor> p, Tensor q, Tensor k, Tensor v, double[][] bias, boolean zeroKey) {
    double[] in =
        p.containsKey("in_proj_bias") ? p.get("in_proj_bias").toDoubleArray() : new double[3 * E];
    double[][][] w = new double[3][][];
    for (int i = 0; i < 3; i++) {
      Tensor packed = p.get("in_proj_weight");
      w[i] =
          rows(
              packed != null
                  ? packed.narrow(0, (long) i * E, E)
                  : p.get("qkv".charAt(i) + "_proj_weight"));
    }
    double[][] qs = linear(rows(q), w[0], Arrays.copyOfRange(in, 0, E));
    double[][] ks = linear(rows(k), w[1], Arrays.copyOfRange(in, E, 2 * E));
    double[][] vs = linear(rows(v), w[2], Arrays.copyOfRange(in, 2 * E, 3 * E));
    if (p.containsKey("bias_k")) {
      ks = with(ks, p.get("bias_k").toDoubleArray());
      vs = with(vs, p.get("bias_v").toDoubleArray());
    }
    if (zeroKey) {
      ks = with(ks, new double[E]);
      vs = with(vs, new double[E]);
    }
    int size = E / HEADS;
    double[][] joined = new double[qs.length][E];
    double[][][] weights = new double[HEADS][qs.length][ks.length];
    for (int h = 0; h < HEADS; h++) {
      for (int i = 0; i < qs.length; i++) {
        double sum = 0;
        for (int j = 0; j < ks.length; j++) {
          double dot = 0;
          for (int d = h * size; d < (h + 1) * size; d++) {
            dot += qs[i][d] * ks[j][d];
          }
          double shift = j < bias[i].length ? bias[i][j] : 0;
          weights[h][i][j] = Math.exp(dot / Math.sqrt(size) + shift);
          sum += weights[h][i][j];
        }
        for (int j = 0; j < ks.length; j++) {
          weights[h][i][j] /= sum;
          for (int d = h * size; d < (h + 1) * size; d++) {
            joined[i][d] += weights[h][i][j] * vs[j][d];
          }
        }
      }
    }
    double[] out =
        p.containsKey("out_proj.bias") ? p.get("out_proj.bias").toDoubleArray() : new double[E];
    return new Reference(linear(joined, rows(p.get("out_proj.weight")), out), weights);
  }

  private static void same(Tensor got, double[][] want) {
    double[] g = got.toDoubleArray();
    assertThat(g).hasSize(want.length * want[0].length);
    for (int i = 0; i < g.length; i++) {
      assertThat(g[i]).isCloseTo(want[i / want[0].length][i % want[0].length], within(2e-5));
    }
  }

  private static double[][] mean(double[][][] heads) {
    double[][] mean = new double[heads[0].length][heads[0][0].length];
    for (double[][] head : heads) {
      for (int i = 0; i < mean.length; i++) {
        for (int j = 0; j < mean[i].length; j++) {
          mean[i][j] += head[i][j] / heads.length;
        }
      }
    }
    return mean;
  }

  /** Random biases too, which begin as zeros. */
  private static MultiheadAttention shaken(MultiheadAttention m, Device device) {
    m.to(device);
    m.parameters().forEach(p -> Init.uniform(p, -0.8, 0.8));
    return m;
  }

  // ---- the tests --------------------------------------------------------------------------------

  private static List<MultiheadAttention.Builder> variants() {
    List<MultiheadAttention.Builder> all = new ArrayList<>();
    all.add(MultiheadAttention.builder(E, HEADS));
    all.add(MultiheadAttention.builder(E, HEADS).bias(false));
    all.add(MultiheadAttention.builder(E, HEADS).kdim(3).vdim(4));
    all.add(MultiheadAttention.builder(E, HEADS).vdim(4).addBiasKv(true));
    all.add(MultiheadAttention.builder(E, HEADS).addZeroAttn(true));
    all.add(MultiheadAttention.builder(E, HEADS).addBiasKv(true).addZeroAttn(true));
    return all;
  }

  @OnEachDevice
  void everyVariantAgreesWithPlainLoops(Device device) {
    Generator.manualSeed(11);
    List<MultiheadAttention.Builder> variants = variants();
    for (int i = 0; i < variants.size(); i++) {
      MultiheadAttention m = shaken(variants.get(i).batchFirst(true).build(), device);
      boolean zeroKey = i >= 4;
      Tensor q = rand(device, 2, 3, E);
      Tensor k = rand(device, 2, 5, i == 2 ? 3 : E);
      Tensor v = rand(device, 2, 5, i == 2 || i == 3 ? 4 : E);
      Tensor hidden = bools(device, Shape.of(2, 5), 0, 0, 1, 0, 0, 0, 0, 0, 1, 1);
      Tensor pairs = bools(device, Shape.of(3, 5), 0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0);
      AttentionMask mask = AttentionMask.none().withKeyPadding(hidden).withAttn(pairs);
      MultiheadAttention.Output o = m.run(q, k, v, mask, Weights.AVERAGE);
      MultiheadAttention.Output each = m.run(q, k, v, mask, Weights.EACH_HEAD);
      Tensor alone = m.run(q, k, v, mask);
      for (int b = 0; b < 2; b++) {
        double[][] bias = new double[3][5];
        int[] h = hidden.select(0, b).to(DType.INT32).toIntArray();
        int[] a = pairs.to(DType.INT32).toIntArray();
        for (int s = 0; s < 15; s++) {
          bias[s / 5][s % 5] = h[s % 5] + a[s] > 0 ? Double.NEGATIVE_INFINITY : 0;
        }
        Reference want =
            attend(m.stateDict(), q.select(0, b), k.select(0, b), v.select(0, b), bias, zeroKey);
        same(o.output().select(0, b), want.output());
        same(alone.select(0, b), want.output());
        same(o.weights().orElseThrow().select(0, b), mean(want.weights()));
        same(each.weights().orElseThrow().select(0, b).select(0, 1), want.weights()[1]);
      }
    }
  }

  @OnEachDevice
  void masksOfNumbersAndOfEachHeadAreAdded(Device device) {
    Generator.manualSeed(12);
    MultiheadAttention m = shaken(new MultiheadAttention(E, HEADS), device);
    Tensor x = rand(device, 3, 1, E);
    Tensor numbers = rand(device, 3, 3);
    double[][] shared = rows(numbers);
    Tensor one = x.select(1, 0);
    same(
        m.run(x, x, x, AttentionMask.none().withAttn(numbers)).select(1, 0),
        attend(m.stateDict(), one, one, one, shared, false).output());
    Tensor perHead = rand(device, HEADS, 3, 3);
    Tensor weights =
        m.run(x, x, x, AttentionMask.none().withAttn(perHead), Weights.EACH_HEAD)
            .weights()
            .orElseThrow();
    for (int h = 0; h < HEADS; h++) {
      Reference want = attend(m.stateDict(), one, one, one, rows(perHead.select(0, h)), false);
      same(weights.select(0, 0).select(0, h), want.weights()[h]);
    }
    double[][] later = new double[3][3];
    later[0][1] = Double.NEGATIVE_INFINITY;
    later[0][2] = Double.NEGATIVE_INFINITY;
    later[1][2] = Double.NEGATIVE_INFINITY;
    double[][] want = attend(m.stateDict(), one, one, one, later, false).output();
    same(m.run(x, x, x, AttentionMask.causal()).select(1, 0), want);
    same(m.run(one, one, one, AttentionMask.causal()), want);
    same(
        m.run(
                x,
                x,
                x,
                AttentionMask.none()
                    .withAttn(Transformer.generateSquareSubsequentMask(3).to(device)))
            .select(1, 0),
        want);
    Tensor last = bools(device, Shape.of(3), 0, 0, 1);
    later[2][2] = Double.NEGATIVE_INFINITY;
    MultiheadAttention.Output o =
        m.run(one, one, one, AttentionMask.causal().withKeyPadding(last), Weights.AVERAGE);
    Reference both = attend(m.stateDict(), one, one, one, later, false);
    same(o.output(), both.output());
    same(o.weights().orElseThrow(), mean(both.weights()));
  }

  @OnEachDevice
  void agreesWithTheFunctionOfTheSameWeights(Device device) {
    MultiheadAttention m =
        shaken(MultiheadAttention.builder(E, HEADS).batchFirst(true).build(), device);
    Tensor x = rand(device, 2, 4, E);
    Map<String, Tensor> p = m.stateDict();
    Tensor want =
        Attention.multiHeadSelf(
            x,
            p.get("in_proj_weight"),
            Optional.of(p.get("in_proj_bias")),
            p.get("out_proj.weight"),
            Optional.of(p.get("out_proj.bias")),
            HEADS,
            Optional.empty(),
            true);
    double[] w = want.toDoubleArray();
    double[] g = m.run(x, x, x, AttentionMask.causal()).toDoubleArray();
    for (int i = 0; i < w.length; i++) {
      assertThat(g[i]).isCloseTo(w[i], within(1e-6));
    }
  }

  /** A sequence in a padded batch comes out as it does alone. */
  @OnEachDevice
  void paddedBatchesWorkByMasks(Device device) {
    MultiheadAttention m =
        shaken(MultiheadAttention.builder(E, HEADS).batchFirst(true).build(), device);
    Tensor x = rand(device, 2, 5, E);
    Tensor padding = bools(device, Shape.of(2, 5), 0, 0, 0, 0, 0, 0, 0, 0, 1, 1);
    Tensor y = m.run(x, x, x, AttentionMask.none().withKeyPadding(padding));
    same(y.select(0, 1).narrow(0, 0, 3), rows(m.call(x.select(0, 1).narrow(0, 0, 3))));
  }

  @OnEachDevice
  void whoSeesNothingTakesNothing(Device device) {
    MultiheadAttention m = shaken(new MultiheadAttention(E, HEADS), device);
    Tensor x = rand(device, 2, E);
    AttentionMask all = AttentionMask.none().withKeyPadding(bools(device, Shape.of(2), 1, 1));
    MultiheadAttention.Output o = m.run(x, x, x, all, Weights.EACH_HEAD);
    assertThat(o.weights().orElseThrow().toFloatArray()).containsOnly(0);
    assertThat(o.output().select(0, 1).toFloatArray())
        .isEqualTo(m.stateDict().get("out_proj.bias").toFloatArray());
  }

  @OnEachDevice
  void dropoutTakesWeightsInTrainingOnly(Device device) {
    MultiheadAttention m = MultiheadAttention.builder(E, HEADS).dropout(1).build();
    m.to(device);
    Tensor x = rand(device, 3, 2, E);
    assertThat(m.run(x, x, x).weights().orElseThrow().toFloatArray()).containsOnly(0);
    assertThat(m.call(x).toFloatArray()).containsOnly(0);
    m.eval();
    assertThat(m.run(x, x, x).weights().orElseThrow().sum(-1).mean().item())
        .isCloseTo(1, within(1e-6));
  }

  private static Map<String, Shape> shapes(Module m) {
    Map<String, Shape> shapes = new LinkedHashMap<>();
    m.stateDict().forEach((name, t) -> shapes.put(name, t.shape()));
    return shapes;
  }

  @Test
  void parametersHavePyTorchsNamesAndBeginAsThere() {
    assertThat(shapes(MultiheadAttention.builder(E, HEADS).addBiasKv(true).build()))
        .containsExactly(
            Map.entry("in_proj_weight", Shape.of(18, 6)),
            Map.entry("in_proj_bias", Shape.of(18)),
            Map.entry("bias_k", Shape.of(1, 1, 6)),
            Map.entry("bias_v", Shape.of(1, 1, 6)),
            Map.entry("out_proj.weight", Shape.of(6, 6)),
            Map.entry("out_proj.bias", Shape.of(6)));
    assertThat(shapes(MultiheadAttention.builder(E, HEADS).kdim(3).bias(false).build()))
        .containsExactly(
            Map.entry("q_proj_weight", Shape.of(6, 6)),
            Map.entry("k_proj_weight", Shape.of(6, 3)),
            Map.entry("v_proj_weight", Shape.of(6, 6)),
            Map.entry("out_proj.weight", Shape.of(6, 6)));
    Generator.manualSeed(4);
    MultiheadAttention m = new MultiheadAttention(48, 4);
    double bound = Math.sqrt(6.0 / (48 + 144));
    double largest =
        Arrays.stream(m.stateDict().get("in_proj_weight").toDoubleArray())
            .map(Math::abs)
            .max()
            .orElseThrow();
    assertThat(largest).isBetween(0.99 * bound, bound * (1 + 1e-6));
    assertThat(m.stateDict().get("in_proj_bias").toFloatArray()).containsOnly(0);
    assertThat(m.stateDict().get("out_proj.bias").toFloatArray()).containsOnly(0);
    assertThat(m.stateDict().get("out_proj.weight").toFloatArray()).doesNotContain(0);
  }

  @Test
  void refusesWhatDoesNotFit() {
    assertThatThrownBy(() -> new MultiheadAttention(6, 4))
        .isInstanceOf(KilnException.class)
        .hasMessageContaining("4 heads must divide the 6 features");
    MultiheadAttention m = new MultiheadAttention(E, HEADS);
    Tensor x = Tensor.rand(3, 2, E);
    assertThatThrownBy(() -> m.call(Tensor.rand(3, 2, 5)))
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("query f32[3,2,5]")
        .hasMessageContaining("[length, batch, features]");
    assertThatThrownBy(() -> m.run(x, Tensor.rand(3, 1, E), Tensor.rand(3, 1, E)))
        .isInstanceOf(ShapeException.class);
    AttentionMask wide = AttentionMask.none().withAttn(Tensor.rand(3, 4));
    assertThatThrownBy(() -> m.run(x, x, x, wide))
        .hasMessage(
            "[multi_head_attention] attn_mask f32[3,4] must be [3,3] (queries, keys) or [4,3,3]"
                + " (batch * heads, queries, keys)");
    AttentionMask turned = AttentionMask.none().withKeyPadding(Tensor.rand(3, 2));
    assertThatThrownBy(() -> m.run(x, x, x, turned))
        .hasMessageContaining("key_padding_mask f32[3,2] must be [2,3] (batch, keys)");
    AttentionMask ints = AttentionMask.none().withKeyPadding(Tensor.rand(2, 3).to(DType.INT32));
    assertThatThrownBy(() -> m.run(x, x, x, ints)).isInstanceOf(DTypeException.class);
  }
}
