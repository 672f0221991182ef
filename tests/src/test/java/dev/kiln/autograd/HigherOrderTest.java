package dev.kiln.autograd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.kiln.AutogradException;
import dev.kiln.DType;
import dev.kiln.DTypeException;
import dev.kiln.Device;
import dev.kiln.ReleasedException;
import dev.kiln.Scope;
import dev.kiln.Shape;
import dev.kiln.ShapeException;
import dev.kiln.Tensor;
import dev.kiln.backend.Conv2dSpec;
import dev.kiln.backend.Pool2dSpec;
import dev.kiln.cpu.Counts;
import dev.kiln.cpu.NullBackend;
import dev.kiln.ops.Convolution;
import dev.kiln.ops.Elementwise;
import dev.kiln.ops.Losses;
import dev.kiln.ops.Normalization;
import dev.kiln.ops.Pooling;
import dev.kiln.ops.Products;
import dev.kiln.ops.Reduction;
import dev.kiln.testing.GradCheck;
import dev.kiln.testing.GradCheck.Input;
import dev.kiln.testing.OnEachDevice;
import dev.kiln.testing.SettledMemory;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Gradients of gradients: the walker's rules for them, and what they cost. */
class HigherOrderTest {
  private static final Conv2dSpec CONV = new Conv2dSpec(2, 1, 1, 0, 1, 2, 1);

  private static final Pool2dSpec POOL = new Pool2dSpec(2, 2, 2, 2, 0, 0, 1, 1, true);

  private static Tensor leaf(Device device, double... values) {
    return Tensor.of(values, device).requiresGrad(true);
  }

  private static Tensor row(Device device, double... values) {
    return Tensor.of(values, device);
  }

  private static Tensor batchNorm(Tensor x, Tensor weight, Tensor bias) {
    return Normalization.batchNorm(
        x,
        Optional.empty(),
        Optional.empty(),
        Optional.of(weight),
        Optional.of(bias),
        true,
        0.1,
        1e-5);
  }

  private static double[] grad(Tensor x) {
    return x.grad().orElseThrow().toDoubleArray();
  }

  // ---- orders above the first -----------------------------------------------------------------

  @OnEachDevice
  void everyDerivativeOfAnExponential(Device device) {
    Tensor x = leaf(device, -1, 0.5);
    Tensor y = x.mul(2).exp();
    for (int order = 1; order <= 5; order++) {
      y = Autograd.grad(y.sum(), List.of(x), true).get(0);
      double[] want = {Math.pow(2, order) * Math.exp(-2), Math.pow(2, order) * Math.exp(1)};
      assertThat(y.toDoubleArray()).containsExactly(want, within(1e-12));
    }
  }

  @Test
  void thirdOrder() {
    Input x = GradCheck.input(1, 3, 4);
    third("tanh", t -> t.get(0).tanh(), x);
    third("gelu", t -> Elementwise.gelu(t.get(0)), x);
    third("log_softmax", t -> t.get(0).logSoftmax(1), x);
    third(
        "layer_norm",
        t ->
            Normalization.layerNorm(
                t.get(0), Shape.of(4), Optional.of(t.get(1)), Optional.empty(), 1e-5),
        x,
        GradCheck.input(2, 4));
    third("slice", t -> t.get(0).select(1, 2).add(t.get(0).narrow(1, 1, 1).squeeze(1)).tanh(), x);
    third(
        "conv2d",
        t -> Convolution.conv2d(t.get(0), t.get(1), Optional.empty(), CONV).square(),
        GradCheck.input(3, 1, 2, 4, 4),
        GradCheck.input(4, 2, 2, 2, 2));
  }

  private static void third(String name, GradCheck.Function f, Input... inputs) {
    GradCheck.checkSecond("gradient of " + name, GradCheck.gradientOf(f, inputs), inputs);
  }

  @OnEachDevice
  void hessianTimesVector(Device device) {
    // Rosenbrock's (1 - x)^2 + 100 (y - x^2)^2 at (0.5, 2): its Hessian by hand.
    Tensor p = leaf(device, 0.5, 2);
    Tensor x = p.select(0, 0);
    Tensor y = p.select(0, 1);
    Tensor f = x.mul(-1).add(1).square().add(y.sub(x.square()).square().mul(100));
    List<Tensor> in = List.of(p);
    Tensor first = Autograd.grad(f, in, true).get(0);
    double[] v = {3, -1};
    double[][] h = {{2 - 400 * 2 + 1200 * 0.25, -400 * 0.5}, {-400 * 0.5, 200}};
    double[] want = {h[0][0] * v[0] + h[0][1] * v[1], h[1][0] * v[0] + h[1][1] * v[1]};
    Tensor product = Autograd.grad(List.of(first), List.of(row(device, v)), in, true, false).get(0);
    assertThat(product.toDoubleArray()).containsExactly(want, within(1e-10));
  }

  @Test
  void theGradientOfAPenaltyOnAGradient() {
    // WGAN-GP, Gulrajani et al. 2017: (|d score / d x| - 1)^2 for a critic of a convolution, batch
    // normalisation, leaky ReLU and a fully connected layer.
    Input x = GradCheck.input(11, 3, 2, 4, 4);
    Input[] inputs = {
      x,
      GradCheck.input(12, 3, 2, 3, 3),
      GradCheck.uniform(13, 0.5, 1.5, 3),
      GradCheck.input(14, 3),
      GradCheck.input(15, 1, 12)
    };
    Conv2dSpec conv = new Conv2dSpec(2, 2, 1, 1, 1, 1, 1);
    GradCheck.Function critic =
        t -> {
          Tensor h = Convolution.conv2d(t.get(0), t.get(1), Optional.empty(), conv);
          Tensor n = batchNorm(h, t.get(2), t.get(3));
          Tensor flat = Elementwise.leakyRelu(n, 0.2).flatten(1, -1);
          return Products.linear(flat, t.get(4), Optional.empty());
        };
    Input[] toImage = new Input[inputs.length];
    for (int i = 0; i < inputs.length; i++) {
      toImage[i] = i == 0 ? x : GradCheck.constant(inputs[i]);
    }
    GradCheck.Function slope = GradCheck.gradientOf(critic, toImage);
    GradCheck.check(
        "gradient penalty",
        t -> slope.of(t).reshape(3, -1).square().sum(1).sqrt().sub(1).square(),
        inputs);
  }

  // ---- what grad takes and gives ----------------------------------------------------------------

  @OnEachDevice
  void weightsOfAResultThatIsNoScalar(Device device) {
    Tensor x = leaf(device, 2, 3);
    Tensor y = x.square();
    List<Tensor> g =
        Autograd.grad(List.of(y), List.of(row(device, 10, 1)), List.of(x), true, false);
    assertThat(g.get(0).toDoubleArray()).containsExactly(40, 6);
    // The graph was retained.
    g = Autograd.grad(List.of(y), List.of(row(device, 0, 1)), List.of(x), false, false);
    assertThat(g.get(0).toDoubleArray()).containsExactly(0, 6);
    assertThatThrownBy(() -> Autograd.grad(y.sum(), List.of(x), false))
        .isInstanceOf(AutogradException.class)
        .hasMessageContaining("[square]")
        .hasMessageContaining("freed by an earlier backward pass");
  }

  @OnEachDevice
  void severalResultsAddUp(Device device) {
    Tensor x = leaf(device, 2);
    Tensor y = x.square();
    Tensor z = y.mul(x); // x^3, on top of y
    Tensor one = row(device, 1);
    Tensor ten = row(device, 10);
    for (List<Tensor> order : List.of(List.of(y, z), List.of(z, y))) {
      List<Tensor> weights = order.get(0) == y ? List.of(one, ten) : List.of(ten, one);
      List<Tensor> g = Autograd.grad(order, weights, List.of(x, y), true, false);
      assertThat(g.get(0).item()).isEqualTo(4 + 10 * 12);
      assertThat(g.get(1).item()).isEqualTo(1 + 10 * 2);
    }
    // The same result twice.
    List<Tensor> twice = Autograd.grad(List.of(y, y), List.of(one, ten), List.of(x), false, false);
    assertThat(twice.get(0).item()).isEqualTo(44);
    assertThat(one.item()).isEqualTo(1);
    assertThat(x.grad()).isEmpty();
  }

  @OnEachDevice
  void whatDoesNotMatterIsZero(Device device) {
    Tensor x = leaf(device, 3);
    Tensor other = leaf(device, 1, 1);
    List<Tensor> g = Autograd.grad(x.square().sum(), List.of(other, x), true);
    assertThat(g.get(0).toDoubleArray()).containsExactly(0, 0);
    assertThat(g.get(0).requiresGrad()).isFalse();
    assertThat(g.get(1).requiresGrad()).isTrue();
  }

  @OnEachDevice
  void badCallsSaySo(Device device) {
    Tensor x = leaf(device, 3, 4);
    Tensor fixed = row(device, 1);
    Tensor y = x.square();
    Tensor dy = row(device, 1, 1);
    List<Tensor> in = List.of(x);
    assertThatThrownBy(() -> Autograd.grad(y.sum(), List.of(x, fixed), false))
        .isInstanceOf(AutogradException.class)
        .hasMessageContaining("[grad] input f64[1] requires no gradient");
    assertThatThrownBy(() -> Autograd.grad(List.of(y, y), List.of(dy), in, false, false))
        .isInstanceOf(AutogradException.class)
        .hasMessageContaining("2 results")
        .hasMessageContaining("there are 1");
    assertThatThrownBy(() -> Autograd.grad(List.of(y), List.of(fixed), in, false, false))
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("f64[1]");
    Tensor single = dy.to(DType.FLOAT32);
    assertThatThrownBy(() -> Autograd.grad(List.of(y), List.of(single), in, false, false))
        .isInstanceOf(DTypeException.class)
        .hasMessageContaining("f32[2]");
    assertThatThrownBy(() -> Autograd.grad(y, in, false))
        .isInstanceOf(AutogradException.class)
        .hasMessageContaining("not a scalar");
  }

  /** An op, made with the public API, whose backward is one kernel. */
  private static Tensor kernelOnly(Tensor x) {
    Tensor y = NoGrad.run(() -> x.mul(3));
    return Autograd.record(
        "triple",
        y,
        Edge.of(
            x,
            dy -> {
              Autograd.firstOrderOnly("triple");
              return dy.mul(3);
            }));
  }

  @OnEachDevice
  void anOpWithoutASecondGradientRefusesByName(Device device) {
    Tensor x = leaf(device, 2);
    Tensor y = kernelOnly(x).square().sum();
    assertThatThrownBy(() -> Autograd.grad(y, List.of(x), true))
        .isInstanceOf(AutogradException.class)
        .hasMessageContaining("[triple]")
        .hasMessageContaining("createGraph");
    assertThat(NoGrad.isRecording()).isTrue();
    y.backward();
    assertThat(grad(x)).containsExactly(36);
  }

  @OnEachDevice
  void onlyWhatLeadsToTheInputsIsVisited(Device device) {
    Tensor x = leaf(device, 2);
    Tensor w = leaf(device, 5);
    // The branch of w would refuse to be recorded.
    Tensor h = x.square();
    Tensor y = h.mul(kernelOnly(w)).sum();
    assertThat(Autograd.grad(y, List.of(x), true).get(0).item()).isEqualTo(60);
    assertThat(Autograd.grad(y, List.of(h), true).get(0).item()).isEqualTo(15);
    assertThat(Autograd.grad(y, List.of(w), false).get(0).item()).isEqualTo(12);
    // What was not visited was not freed.
    assertThat(Autograd.grad(h.sum(), List.of(x), false).get(0).item()).isEqualTo(4);
  }

  // ---- backward with createGraph ----------------------------------------------------------------

  @OnEachDevice
  void gradientsOfLeavesCanBePartOfAGraph(Device device) {
    Tensor x = leaf(device, 2);
    Tensor y = x.mul(x).mul(x).sum();
    y.backward(false, true);
    Tensor first = x.grad().orElseThrow();
    assertThat(first.item()).isEqualTo(12);
    x.zeroGrad();
    first.square().sum().backward(); // (3 x^2)^2, slope 36 x^3
    assertThat(grad(x)).containsExactly(288);
    assertThat(x.grad().orElseThrow().requiresGrad()).isFalse();
  }

  @OnEachDevice
  void anOrdinaryPassLeavesAGradientInAGraphAlone(Device device) {
    Tensor x = leaf(device, 2);
    Tensor y = x.mul(x).mul(x).sum();
    y.backward(true, true);
    Tensor first = x.grad().orElseThrow();
    y.backward();
    assertThat(grad(x)).containsExactly(24);
    assertThat(first.item()).isEqualTo(12);
  }

  @OnEachDevice
  void twoLeavesNeverShareOneGradient(Device device) {
    Tensor a = leaf(device, 1);
    Tensor b = leaf(device, 1);
    Tensor dy = row(device, 5);
    Autograd.backward(a.add(b), dy, false, true);
    a.mul(10).sum().backward();
    assertThat(grad(a)).containsExactly(15);
    assertThat(grad(b)).containsExactly(5);
    assertThat(dy.item()).isEqualTo(5);
  }

  @OnEachDevice
  void aLeafsGradientOutlivesTheScopeAndItsGraphDoesNot(Device device) {
    Tensor x = leaf(device, 2);
    try (Scope step = Scope.open("step 3")) {
      x.exp().mul(x).sum().backward(false, true);
    }
    assertThat(grad(x)).containsExactly(new double[] {3 * Math.exp(2)}, within(1e-12));
    assertThatThrownBy(() -> x.grad().orElseThrow().sum().backward())
        .isInstanceOf(ReleasedException.class)
        .hasMessageContaining("step 3");
  }

  // ---- what it costs ----------------------------------------------------------------------------

  @OnEachDevice
  void aScopeReleasesEverything(Device device) {
    Tensor x = Tensor.ones(Shape.of(2, 1, 6, 6), DType.FLOAT32, device).requiresGrad(true);
    Tensor w = Tensor.ones(Shape.of(2, 1, 3, 3), DType.FLOAT32, device).requiresGrad(true);
    long before = SettledMemory.used(device);
    for (int i = 0; i < 3; i++) {
      try (Scope scope = Scope.open()) {
        Tensor y = Convolution.conv2d(x, w, Optional.empty(), CONV).tanh().sum();
        Tensor g = Autograd.grad(y, List.of(x), true).get(0);
        g.square().sum().backward();
      }
      if (i == 0) {
        before = device.memory().used(); // the leaves have their gradients now
      }
    }
    assertThat(device.memory().used()).isEqualTo(before);
  }

  @Test
  void ordinaryPassesStayFused() {
    Device device = Device.of("null");
    NullBackend backend = (NullBackend) device.backend();
    Tensor x = Tensor.zeros(Shape.of(4, 2, 8, 8), DType.FLOAT32, device).requiresGrad(true);
    List<Tensor> weights = new ArrayList<>();
    for (Shape s : List.of(Shape.of(3, 2, 3, 3), Shape.of(3), Shape.of(3), Shape.of(5, 27))) {
      weights.add(Tensor.zeros(s, DType.FLOAT32, device).requiresGrad(true));
    }
    Map<String, Long> first = ordinary(backend, x, weights);
    assertThat(first)
        .containsEntry("conv2d_grad_input", 1L)
        .containsEntry("conv2d_grad_weight", 1L)
        .containsEntry("batch_norm_grad", 1L)
        .containsEntry("gelu_grad", 1L)
        .containsEntry("max_pool2d_grad", 1L)
        .containsEntry("cross_entropy_grad", 1L)
        .doesNotContainKeys("gelu", "where", "rsqrt", "mean", "div");

    Tensor slope = Autograd.grad(loss(x, weights), List.of(x), true).get(0);
    backend.resetCounts();
    slope.square().sum().backward();
    Counts second = backend.counts();
    assertThat(second.launches("gelu_grad")).isEqualTo(1);
    assertThat(second.uploads() + second.downloads() + second.syncs()).isZero();

    assertThat(ordinary(backend, x, weights)).isEqualTo(first);
  }

  private static Map<String, Long> ordinary(NullBackend backend, Tensor x, List<Tensor> weights) {
    x.zeroGrad();
    weights.forEach(Tensor::zeroGrad);
    Tensor loss = loss(x, weights);
    backend.resetCounts();
    loss.backward();
    return backend.counts().launches();
  }

  private static Tensor loss(Tensor x, List<Tensor> w) {
    Conv2dSpec conv = new Conv2dSpec(1, 1, 0, 0, 1, 1, 1);
    Tensor h = Convolution.conv2d(x, w.get(0), Optional.empty(), conv);
    Tensor a = Elementwise.gelu(batchNorm(h, w.get(1), w.get(2)));
    Tensor flat = Pooling.maxPool2d(a, POOL, false).flatten(1, -1);
    Tensor scores = Products.linear(flat, w.get(3), Optional.empty());
    Tensor labels = Tensor.zeros(Shape.of(4), DType.INT64, x.device());
    return Losses.crossEntropy(
        scores, labels, Optional.empty(), 0.1, Losses.IGNORE_INDEX, Reduction.SUM);
  }
}
