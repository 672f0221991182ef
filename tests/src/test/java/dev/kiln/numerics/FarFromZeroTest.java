package dev.kiln.numerics;

import static java.lang.Float.NEGATIVE_INFINITY;
import static java.lang.Float.NaN;
import static java.lang.Float.POSITIVE_INFINITY;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.Scope;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.ops.Losses;
import dev.kiln.ops.Normalization;
import dev.kiln.ops.Norms;
import dev.kiln.ops.Reduction;
import dev.kiln.testing.OnEachDevice;
import java.util.Optional;
import java.util.function.Function;

/**
 * Softmax, its kin and the losses built on them where e^x over- or underflows. What is expected is
 * worked out by hand; where an operand is infinite it is PyTorch's answer, which follows from
 * shifting by the maximum.
 */
class FarFromZeroTest {
  private static float[] apply(Function<Tensor, Tensor> f, Device device, float... x) {
    try (Scope scope = Scope.open()) {
      return f.apply(Tensor.of(x, device)).toFloatArray();
    }
  }

  private static float[] gradient(Function<Tensor, Tensor> f, Device device, float... x) {
    try (Scope scope = Scope.open()) {
      Tensor t = Tensor.of(x, device).requiresGrad(true);
      f.apply(t).sum().backward();
      return t.grad().orElseThrow().toFloatArray();
    }
  }

  @OnEachDevice
  void softmaxOfFarLogits(Device device) {
    for (float far : new float[] {1e4f, 1e30f, POSITIVE_INFINITY}) {
      assertThat(apply(x -> x.softmax(0), device, 0, -far)).containsExactly(1, 0);
    }
    assertThat(apply(x -> x.softmax(0), device, 1e4f, 1e4f)).containsExactly(0.5f, 0.5f);
    assertThat(apply(x -> x.softmax(0), device, 1e30f, -1e30f)).containsExactly(1, 0);
    assertThat(apply(x -> x.softmax(0), device, 5)).containsExactly(1);
    assertThat(apply(x -> x.softmax(0), device, NEGATIVE_INFINITY, NEGATIVE_INFINITY))
        .containsOnly(NaN);
    assertThat(apply(x -> x.softmax(0), device, POSITIVE_INFINITY, 0)).containsOnly(NaN);
    assertThat(apply(x -> x.softmax(0), device)).isEmpty();
    // 1 / (1 + e^100)
    assertThat(apply(x -> x.softmax(0), device, -100, 0)[0]).isEqualTo(3.8e-44f);
  }

  @OnEachDevice
  void logSoftmaxOfFarLogits(Device device) {
    assertThat(apply(x -> x.logSoftmax(0), device, 1e4f, -1e4f)).containsExactly(0, -2e4f);
    assertThat(apply(x -> x.logSoftmax(0), device, 1e30f, -1e30f)).containsExactly(0, -2e30f);
    assertThat(apply(x -> x.logSoftmax(0), device, 0, NEGATIVE_INFINITY))
        .containsExactly(0, NEGATIVE_INFINITY);
    assertThat(apply(x -> x.logSoftmax(0), device, NEGATIVE_INFINITY, NEGATIVE_INFINITY))
        .containsOnly(NaN);
    assertThat(gradient(x -> x.logSoftmax(0).narrow(0, 0, 1), device, -1e4f, 1e4f))
        .containsExactly(1, -1);
  }

  @OnEachDevice
  void logsumexpOfFarLogits(Device device) {
    assertThat(apply(x -> x.logsumexp(0), device, 1e30f, -1e30f)).containsExactly(1e30f);
    assertThat(apply(x -> x.logsumexp(0), device, -1e4f, -1e4f)).containsExactly(-9999.307f);
    assertThat(apply(x -> x.logsumexp(0), device, NEGATIVE_INFINITY, NEGATIVE_INFINITY))
        .containsExactly(NEGATIVE_INFINITY);
    assertThat(apply(x -> x.logsumexp(0), device, POSITIVE_INFINITY, 1, NEGATIVE_INFINITY))
        .containsExactly(POSITIVE_INFINITY);
    assertThat(apply(x -> x.logsumexp(0), device, NaN, POSITIVE_INFINITY)).containsExactly(NaN);
    assertThat(apply(x -> x.logsumexp(0), device)).containsExactly(NEGATIVE_INFINITY);
    assertThat(gradient(x -> x.logsumexp(0), device, 0, -100)).containsExactly(1, 3.8e-44f);
  }

  @OnEachDevice
  void sigmoidsFarOut(Device device) {
    assertThat(apply(Tensor::sigmoid, device, -100, 100, -1e30f, 1e30f))
        .containsExactly(3.8e-44f, 1, 0, 1);
    assertThat(apply(dev.kiln.ops.Elementwise::logSigmoid, device, -1e4f, 1e4f, -1e30f))
        .containsExactly(-1e4f, -0f, -1e30f);
    Function<Tensor, Tensor> softplus = x -> dev.kiln.ops.Elementwise.softplus(x, 1, 20);
    float[] y = apply(softplus, device, -1e4f, 1e4f, -100);
    assertThat(y[0]).isZero();
    assertThat(y[1]).isEqualTo(1e4f);
    assertThat(y[2]).isCloseTo(3.8e-44f, within(Float.MIN_VALUE));
    assertThat(gradient(dev.kiln.ops.Elementwise::logSigmoid, device, -1e4f, 1e4f, 0))
        .containsExactly(1, 0, 0.5f);
    assertThat(gradient(softplus, device, -1e4f, 1e4f, 0)).containsExactly(0, 1, 0.5f);
  }

  @OnEachDevice
  void activationsFarOutHaveFiniteGradients(Device device) {
    float[] far = {-1e30f, -1e4f, -200, 200, 1e4f, 1e30f};
    for (Function<Tensor, Tensor> f :
        java.util.List.<Function<Tensor, Tensor>>of(
            dev.kiln.ops.Elementwise::gelu,
            dev.kiln.ops.Elementwise::geluTanh,
            dev.kiln.ops.Elementwise::silu,
            dev.kiln.ops.Elementwise::mish)) {
      float[] dx = gradient(f, device, far);
      float[] y = apply(f, device, far);
      for (int i = 0; i < far.length; i++) {
        assertThat(dx[i] + 0f).isEqualTo(far[i] > 0 ? 1f : 0f);
        assertThat(y[i] + 0f).isEqualTo(far[i] > 0 ? far[i] : 0f);
      }
    }
    assertThat(gradient(x -> dev.kiln.ops.Elementwise.elu(x, 1), device, far))
        .containsExactly(0, 0, 0, 1, 1, 1);
    assertThat(gradient(Tensor::tanh, device, far)).containsOnly(0f);
    assertThat(gradient(Tensor::sigmoid, device, far)).containsOnly(0f);
  }

  @OnEachDevice
  void lossesOfFarLogits(Device device) {
    try (Scope scope = Scope.open()) {
      for (float far : new float[] {1e4f, 1e30f}) {
        Tensor x = Tensor.of(new float[] {far, -far, -far, far}, Shape.of(2, 2), device);
        x.requiresGrad(true);
        Tensor target = Tensor.zeros(Shape.of(2), DType.INT64, device);
        Tensor loss = Losses.crossEntropy(x, target, Optional.empty(), 0, -100, Reduction.NONE);
        assertThat(loss.add(0).toFloatArray()).containsExactly(0, 2 * far);
        loss.sum().backward();
        assertThat(x.grad().orElseThrow().toFloatArray()).containsExactly(0, 0, -1, 1);
        Tensor z = Tensor.of(new float[] {far, -far, far, -far}, device);
        Tensor t = Tensor.of(new float[] {1, 0, 0, 1}, device);
        assertThat(Losses.bceWithLogits(z, t, Optional.empty(), Reduction.NONE).toFloatArray())
            .containsExactly(0, 0, far, far);
      }
    }
  }

  /**
   * Squares of FLOAT32 overflow above 1.8e19 and vanish below 2.6e-23, and with them the 2-norm, as
   * in PyTorch; other norms and all of FLOAT64 do not.
   */
  @OnEachDevice
  void normsAtTheEnds(Device device) {
    try (Scope scope = Scope.open()) {
      Tensor big = Tensor.of(new float[] {1e30f, 1e30f}, device);
      int[] all = {};
      assertThat(Norms.norm(big, Float.POSITIVE_INFINITY, all, false).item()).isEqualTo(1e30f);
      assertThat((float) Norms.norm(big, 1, all, false).item()).isEqualTo(2e30f);
      assertThat(Norms.norm(big.to(DType.FLOAT64), 2, all, false).item())
          .isCloseTo(Math.sqrt(2) * 1e30f, within(1e16));
      Tensor tiny = Tensor.of(new float[] {1e-15f, 1e-15f}, device);
      assertThat(Norms.norm(tiny, 2, all, false).item()).isCloseTo(1.4142135e-15, within(1e-21));
      // Tiny rows: eps rules, and nothing is divided by 0.
      Tensor rows = Tensor.of(new float[] {1e-30f, -1e-30f}, Shape.of(1, 2), device);
      Optional<Tensor> none = Optional.empty();
      double root = Math.sqrt(1e-5);
      for (Tensor y :
          new Tensor[] {
            Normalization.layerNorm(rows, Shape.of(2), none, none, 1e-5),
            Normalization.rmsNorm(rows, Shape.of(2), none, 1e-5)
          }) {
        assertThat(y.toDoubleArray()[0]).isCloseTo(1e-30 / root, within(1e-33));
        assertThat(y.toDoubleArray()[1]).isCloseTo(-1e-30 / root, within(1e-33));
      }
    }
  }
}
