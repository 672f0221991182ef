package dev.kiln.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.Autocast;
import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.KilnException;
import dev.kiln.Precision;
import dev.kiln.Scope;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.backend.Epilogue;
import dev.kiln.backend.View;
import dev.kiln.cuda.sim.SimControl;
import dev.kiln.cuda.sim.SimDevice;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Matrix products through cuBLAS, on the simulated device, against the oracle in FLOAT64. */
class ProductsTest {
  private static final String ONE = "cublasGemmEx";
  private static final String SEVERAL = "cublasGemmStridedBatchedEx";

  private final Device scalar = Device.of("scalar");
  private Device sim;

  @BeforeEach
  void open() {
    sim = SimDevice.open();
    SimControl.setQuiet(true);
  }

  @AfterEach
  void heal() {
    if (sim != null) {
      SimControl.clearFailures();
    }
  }

  /**
   * A product of batches [batch, m, k] and [batch, k, n], of which each may be given transposed.
   */
  private record Case(
      long batchA, long batchB, long m, long n, long k, boolean ta, boolean tb, double beta) {
    long batch() {
      return Math.max(batchA, batchB);
    }

    Shape a() {
      return ta ? Shape.of(batchA, k, m) : Shape.of(batchA, m, k);
    }

    Shape b() {
      return tb ? Shape.of(batchB, n, k) : Shape.of(batchB, k, n);
    }

    Shape out() {
      return Shape.of(batch(), m, n);
    }
  }

  private static Stream<Case> cases() {
    List<Case> shapes =
        List.of(
            new Case(1, 1, 4, 5, 3, false, false, 0),
            new Case(3, 3, 4, 5, 3, false, false, 0),
            new Case(3, 1, 4, 5, 3, false, false, 0.5),
            new Case(1, 3, 4, 5, 3, false, false, 0),
            new Case(3, 1, 1, 5, 3, false, false, 0),
            new Case(1, 1, 1, 7, 6, false, false, -1),
            new Case(1, 1, 7, 1, 6, false, false, 0),
            new Case(2, 2, 1, 1, 9, false, false, 0),
            new Case(2, 1, 3, 1, 1, false, false, 1),
            new Case(2, 1, 3, 4, 0, false, false, 0),
            new Case(1, 1, 3, 4, 0, false, false, 0.5),
            new Case(1, 2, 3, 4, 0, false, false, 1),
            new Case(2, 2, 0, 4, 3, false, false, 0));
    return shapes.stream()
        .flatMap(
            c ->
                Stream.of(false, true)
                    .flatMap(
                        ta ->
                            Stream.of(false, true)
                                .map(
                                    tb ->
                                        new Case(
                                            c.batchA, c.batchB, c.m, c.n, c.k, ta, tb, c.beta))));
  }

  private static Tensor random(long seed, Shape shape, DType held, DType dtype, Device device) {
    double[] values = new SplittableRandom(seed).doubles(shape.numel(), -1, 1).toArray();
    return Tensor.of(values, shape, Device.of("scalar")).to(held).to(dtype).to(device);
  }

  private static double[] product(
      Case c, Device device, DType held, DType dtype, boolean bias, Epilogue epilogue) {
    try (Scope scope = Scope.open()) { // it also keeps alive what only a view is left of
      View a = random(1, c.a(), held, dtype, device).view();
      View b = random(2, c.b(), held, dtype, device).view();
      View add = random(3, Shape.of(c.n()), held, dtype, device).view();
      Tensor out =
          c.beta() == 0
              ? Tensor.full(c.out(), Double.NaN, dtype, device)
              : random(4, c.out(), held, dtype, device);
      Optional<View> maybe = bias ? Optional.of(add) : Optional.empty();
      device.backend().matmul(out.view(), a, b, maybe, c.ta(), c.tb(), 0.75, c.beta(), epilogue);
      return out.toDoubleArray();
    }
  }

  private void assertAgrees(Case c, DType dtype, double unit) {
    for (boolean bias : new boolean[] {false, true}) {
      for (Epilogue e : Epilogue.values()) {
        double[] got = product(c, sim, dtype, dtype, bias, e);
        double[] want = product(c, scalar, dtype, DType.FLOAT64, bias, e);
        double largest = Arrays.stream(want).map(Math::abs).max().orElse(0);
        assertThat(got).hasSameSizeAs(want);
        for (int i = 0; i < want.length; i++) {
          assertThat(Math.abs(got[i] - want[i]))
              .as("%s %s bias %s %s: got %s, want %s", dtype, c, bias, e, got[i], want[i])
              .isLessThanOrEqualTo(4 * unit * (1 + largest));
        }
      }
    }
  }

  @Test
  void allShapesAgreeWithTheOracle() {
    cases().forEach(c -> assertAgrees(c, DType.FLOAT32, 0x1p-23));
  }

  @Test
  void otherTypesAgreeWithTheOracle() {
    cases()
        .filter(c -> c.ta() == c.tb())
        .forEach(
            c -> {
              assertAgrees(c, DType.FLOAT64, 0x1p-52);
              assertAgrees(c, DType.BFLOAT16, 0x1p-8);
              assertAgrees(c, DType.FLOAT16, 0x1p-11);
            });
  }

  private long[] calls(Case c) {
    SimControl.resetCalls();
    product(c, sim, DType.FLOAT32, DType.FLOAT32, false, Epilogue.NONE);
    return new long[] {SimControl.calls(ONE), SimControl.calls(SEVERAL)};
  }

  @Test
  void aBatchThatMeetsOneMatrixIsOneProduct() {
    assertThat(calls(new Case(1, 1, 4, 5, 3, true, false, 0))).containsExactly(1, 0);
    assertThat(calls(new Case(6, 1, 4, 5, 3, false, false, 0))).containsExactly(1, 0);
    assertThat(calls(new Case(6, 1, 4, 5, 3, false, true, 0))).containsExactly(1, 0);
    assertThat(calls(new Case(6, 1, 4, 5, 3, true, false, 0))).containsExactly(0, 1);
    assertThat(calls(new Case(1, 6, 4, 5, 3, false, false, 0))).containsExactly(0, 1);
    assertThat(calls(new Case(6, 6, 4, 5, 3, false, false, 0))).containsExactly(0, 1);
    assertThat(calls(new Case(6, 1, 4, 5, 0, false, false, 0))).containsExactly(0, 0);
  }

  @Test
  void biasAndReluAreOneLaunch() {
    Case c = new Case(1, 1, 4, 5, 3, false, false, 0);
    SimControl.resetCalls();
    product(c, sim, DType.BFLOAT16, DType.BFLOAT16, false, Epilogue.NONE);
    long without = SimControl.calls("cuLaunchKernel");
    SimControl.resetCalls();
    product(c, sim, DType.BFLOAT16, DType.BFLOAT16, true, Epilogue.RELU);
    assertThat(SimControl.calls("cuLaunchKernel")).isEqualTo(without + 1);
  }

  @Test
  void float32IsRoundedToTf32OnlyWhenAsked() {
    Case c = new Case(1, 1, 1, 1, 1, false, false, 0);
    float fine = 1 + 0x1p-12f;
    Tensor x = Tensor.of(new float[] {fine}, Shape.of(1, 1), sim);
    Tensor one = Tensor.of(new float[] {1}, Shape.of(1, 1), sim);
    assertThat(x.matmul(one).toFloatArray()).containsExactly(fine);
    try (Autocast cast = Autocast.open(Precision.TF32)) {
      assertThat(x.matmul(one).toFloatArray()).containsExactly(1);
      assertThat(x.to(DType.FLOAT64).matmul(one.to(DType.FLOAT64)).toDoubleArray())
          .containsExactly(fine);
    }
    assertThat(calls(c)).containsExactly(1, 0);
  }

  @Test
  void aFailedProductIsNamedAndTheDeviceGoesOn() {
    Case c = new Case(1, 1, 4, 5, 3, false, false, 0);
    SimControl.fail(ONE, 1, 1, 13);
    assertThatThrownBy(() -> product(c, sim, DType.FLOAT32, DType.FLOAT32, false, Epilogue.NONE))
        .isInstanceOf(KilnException.class)
        .hasMessageContaining("matmul(f32[1,4,5], inner size 3)")
        .hasMessageContaining("CUBLAS_STATUS_EXECUTION_FAILED (13)");
    assertAgrees(c, DType.FLOAT32, 0x1p-23);
  }
}
