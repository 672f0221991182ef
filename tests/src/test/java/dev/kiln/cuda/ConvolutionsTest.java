package dev.kiln.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.Autocast;
import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.KilnException;
import dev.kiln.Precision;
import dev.kiln.Shape;
import dev.kiln.backend.Backend;
import dev.kiln.backend.Conv2dSpec;
import dev.kiln.backend.Epilogue;
import dev.kiln.backend.View;
import dev.kiln.cuda.sim.SimControl;
import dev.kiln.cuda.sim.SimDevice;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Convolutions through cuDNN, on the simulated device, against the oracle in FLOAT64. */
class ConvolutionsTest {
  private static final String FORWARD = "cudnnConvolutionForward";
  private static final String FUSED = "cudnnConvolutionBiasActivationForward";
  private static final String CHOOSE = "cudnnGetConvolutionForwardAlgorithm";
  private static final int NOT_SUPPORTED = 3000;
  private static final int FAILED = 5000;

  private Backend sim;

  @BeforeEach
  void open() {
    sim = SimDevice.open().backend();
    SimControl.setQuiet(true);
  }

  @AfterEach
  void heal() {
    if (sim != null) {
      SimControl.clearFailures();
    }
  }

  /** A convolution of an image size, [n, in, h, w], with filters [out, kh, kw]. */
  private record Case(Shape x, int out, int kh, int kw, Conv2dSpec spec) {
    Shape weight() {
      return Shape.of(out, x.dim(1) / spec.groups(), kh, kw);
    }

    Shape y() {
      long h = x.dim(2) + 2L * spec.paddingH() - spec.dilationH() * (kh - 1L) - 1;
      long w = x.dim(3) + 2L * spec.paddingW() - spec.dilationW() * (kw - 1L) - 1;
      return Shape.of(x.dim(0), out, h / spec.strideH() + 1, w / spec.strideW() + 1);
    }
  }

  private static final Case PLAIN =
      new Case(Shape.of(2, 3, 9, 7), 4, 3, 3, new Conv2dSpec(1, 1, 1, 1, 1, 1, 1));

  private static List<Case> cases() {
    return List.of(
        PLAIN,
        new Case(Shape.of(1, 1, 1, 1), 1, 1, 1, new Conv2dSpec(1, 1, 0, 0, 1, 1, 1)),
        new Case(Shape.of(3, 5, 4, 6), 7, 1, 1, new Conv2dSpec(1, 1, 0, 0, 1, 1, 1)),
        new Case(Shape.of(2, 4, 7, 5), 6, 1, 1, new Conv2dSpec(2, 3, 0, 0, 1, 1, 2)),
        new Case(Shape.of(2, 6, 8, 9), 6, 3, 2, new Conv2dSpec(1, 2, 1, 0, 1, 1, 6)),
        new Case(Shape.of(2, 4, 11, 10), 6, 3, 2, new Conv2dSpec(2, 1, 3, 2, 2, 3, 2)),
        new Case(Shape.of(1, 2, 3, 4), 3, 5, 4, new Conv2dSpec(1, 1, 4, 3, 1, 1, 1)),
        new Case(Shape.of(2, 3, 1, 17), 4, 1, 5, new Conv2dSpec(1, 2, 0, 2, 1, 1, 1)),
        new Case(Shape.of(2, 3, 8, 8), 5, 2, 2, new Conv2dSpec(3, 3, 0, 0, 1, 1, 1)));
  }

  // ---- Operands ----

  private static double[] random(long seed, Shape shape) {
    return new SplittableRandom(seed).doubles(shape.numel(), -1, 1).toArray();
  }

  private static View put(Backend b, DType dtype, Shape shape, double[] values) {
    View wide = View.dense(b.alloc(DType.FLOAT64, shape.numel()), 0, shape);
    ByteBuffer bytes = ByteBuffer.allocateDirect(8 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asDoubleBuffer().put(values);
    b.upload(wide, bytes);
    View v = View.dense(b.alloc(dtype, shape.numel()), 0, shape);
    b.copy(v, wide);
    b.free(wide.storage());
    return v;
  }

  private static View empty(Backend b, DType dtype, Shape shape) {
    return View.dense(b.alloc(dtype, shape.numel()), 0, shape);
  }

  private static double[] get(Backend b, View v) {
    View wide = empty(b, DType.FLOAT64, v.shape());
    b.copy(wide, v);
    ByteBuffer bytes =
        ByteBuffer.allocateDirect((int) (8 * v.numel())).order(ByteOrder.LITTLE_ENDIAN);
    b.download(bytes, wide);
    b.free(wide.storage());
    double[] values = new double[(int) v.numel()];
    bytes.rewind().order(ByteOrder.LITTLE_ENDIAN).asDoubleBuffer().get(values);
    return values;
  }

  /**
   * Runs convolutions.
   *
   * @param type what they are computed in
   * @param held the type to which their operands were rounded before
   */
  private record Run(Backend b, DType type, DType held) {
    private View operand(long seed, Shape shape) {
      Backend rounds = Device.of("scalar").backend();
      View v = put(rounds, held, shape, random(seed, shape));
      double[] values = get(rounds, v);
      rounds.free(v.storage());
      return put(b, type, shape, values);
    }

    double[] forward(Case c, boolean bias, Epilogue epilogue) {
      View x = operand(1, c.x());
      View w = operand(2, c.weight());
      View add = operand(3, Shape.of(c.out()));
      View y = empty(b, type, c.y());
      try {
        b.fused().conv2d(y, x, w, bias ? Optional.of(add) : Optional.empty(), c.spec(), epilogue);
        return get(b, y);
      } finally {
        free(x, w, add, y);
      }
    }

    double[] forward(Case c) {
      return forward(c, false, Epilogue.NONE);
    }

    double[] gradInput(Case c) {
      View dy = operand(4, c.y());
      View w = operand(2, c.weight());
      View dx = empty(b, type, c.x());
      try {
        b.fused().conv2dGradInput(dx, dy, w, c.spec());
        return get(b, dx);
      } finally {
        free(dy, w, dx);
      }
    }

    double[] gradWeight(Case c) {
      View dy = operand(4, c.y());
      View x = operand(1, c.x());
      View dw = empty(b, type, c.weight());
      try {
        b.fused().conv2dGradWeight(dw, dy, x, c.spec());
        return get(b, dw);
      } finally {
        free(dy, x, dw);
      }
    }

    private void free(View... views) {
      for (View v : views) {
        b.free(v.storage());
      }
    }
  }

  private Run on(Backend b, DType dtype) {
    return new Run(b, dtype, dtype);
  }

  private Run oracle(DType held) {
    return new Run(Device.of("scalar").backend(), DType.FLOAT64, held);
  }

  /** Within a few roundings of the type, relative to the largest result. */
  private static void assertClose(String what, double[] got, double[] want, DType dtype) {
    double unit =
        switch (dtype) {
          case FLOAT64 -> 0x1p-52;
          case FLOAT32 -> 0x1p-23;
          case FLOAT16 -> 0x1p-11;
          default -> 0x1p-8;
        };
    double largest = Arrays.stream(want).map(Math::abs).max().orElse(0);
    assertThat(got).hasSameSizeAs(want);
    for (int i = 0; i < got.length; i++) {
      assertThat(Math.abs(got[i] - want[i]))
          .as("%s, element %d: got %s, want %s", what, i, got[i], want[i])
          .isLessThanOrEqualTo(8 * unit * largest);
    }
  }

  private void assertAgrees(Run run, Case c) {
    Run oracle = oracle(run.held());
    DType t = run.type();
    String what = t + " " + c;
    for (Epilogue e : Epilogue.values()) {
      assertClose(what + e, run.forward(c, false, e), oracle.forward(c, false, e), t);
      assertClose(what + " bias " + e, run.forward(c, true, e), oracle.forward(c, true, e), t);
    }
    assertClose(what + " dx", run.gradInput(c), oracle.gradInput(c), t);
    assertClose(what + " dw", run.gradWeight(c), oracle.gradWeight(c), t);
  }

  // ---- Results ----

  @Test
  void allShapesAgreeWithTheOracle() {
    for (Case c : cases()) {
      SimControl.resetCalls();
      assertAgrees(on(sim, DType.FLOAT32), c);
      assertThat(SimControl.calls(FORWARD) + SimControl.calls(FUSED)).as("%s", c).isEqualTo(4);
      assertThat(SimControl.calls("cudnnConvolutionBackwardData")).as("%s", c).isEqualTo(1);
      assertThat(SimControl.calls("cudnnConvolutionBackwardFilter")).as("%s", c).isEqualTo(1);
      assertThat(SimControl.calls("cublasGemmEx")).isZero();
    }
  }

  @Test
  void otherTypesAgreeWithTheOracle() {
    for (DType dtype : List.of(DType.FLOAT64, DType.BFLOAT16, DType.FLOAT16)) {
      SimControl.resetCalls();
      for (Case c : List.of(cases().get(0), cases().get(4), cases().get(5))) {
        assertAgrees(on(sim, dtype), c);
      }
      assertThat(SimControl.calls(FORWARD) + SimControl.calls(FUSED)).isEqualTo(12);
    }
  }

  @Test
  void nothingHasAGradientOfZeros() {
    Conv2dSpec spec = PLAIN.spec();
    Case empty = new Case(Shape.of(0, 3, 9, 7), 4, 3, 3, spec);
    Case channelless = new Case(Shape.of(2, 0, 4, 4), 4, 3, 3, spec);
    for (Case c : List.of(empty, channelless)) {
      assertAgrees(on(sim, DType.FLOAT32), c);
    }
    assertThat(on(sim, DType.FLOAT32).gradWeight(empty)).hasSize(108).containsOnly(0);
    assertThat(SimControl.calls(FORWARD)).isZero();
  }

  @Test
  void float32IsRoundedToTf32OnlyWhenAsked() {
    Run run = on(sim, DType.FLOAT32);
    double[] exact = run.forward(PLAIN);
    assertClose("exact", exact, oracle(DType.FLOAT32).forward(PLAIN), DType.FLOAT32);
    double[] rounded;
    double[] dw;
    try (Autocast cast = Autocast.open(Precision.TF32)) {
      assertThat(sim.roundsToTf32()).isTrue();
      rounded = run.forward(PLAIN);
      dw = run.gradWeight(PLAIN);
    }
    assertClose("tf32", rounded, exact, DType.FLOAT16); // 11 bits, as TF32 has
    assertThat(rounded).isNotEqualTo(exact);
    assertThat(dw).isNotEqualTo(run.gradWeight(PLAIN));
    assertThat(run.forward(PLAIN)).isEqualTo(exact);
  }

  // ---- Plans ----

  @Test
  void plansAreMadeOncePerShape() {
    Run run = on(sim, DType.FLOAT32);
    Case first = new Case(Shape.of(5, 3, 9, 7), 4, 3, 3, PLAIN.spec());
    Case second = new Case(Shape.of(6, 3, 9, 7), 4, 3, 3, PLAIN.spec());
    for (int i = 0; i < 3; i++) {
      run.forward(first);
      run.gradInput(first);
      run.gradWeight(first);
    }
    String backward = "cudnnGetConvolutionBackward";
    assertThat(SimControl.calls(CHOOSE)).isEqualTo(1);
    assertThat(SimControl.calls(backward + "DataAlgorithm")).isEqualTo(1);
    assertThat(SimControl.calls(backward + "FilterAlgorithm")).isEqualTo(1);
    assertThat(SimControl.calls(FORWARD)).isEqualTo(3);
    run.forward(second);
    run.forward(first);
    assertThat(SimControl.calls(CHOOSE)).isEqualTo(2);
    on(sim, DType.BFLOAT16).forward(first);
    assertThat(SimControl.calls(CHOOSE)).isEqualTo(3);
    assertThat(SimControl.calls("cudnnFindConvolutionForwardAlgorithm")).isZero();
  }

  @Test
  void thePlanThatWasNotUsedForLongestGoes() {
    List<ConvKey> made = new ArrayList<>();
    try (Driver driver = new Driver(loaded(), 0);
        Dnn dnn = Dnn.open(loaded(), driver).orElseThrow();
        PlanCache cache = new PlanCache(2)) {
      for (int n : new int[] {1, 2, 1, 3, 1, 2}) {
        Shape x = Shape.of(n, 1, 4, 4);
        ConvKey key =
            new ConvKey(
                ConvKey.Direction.FORWARD,
                DType.FLOAT32,
                false,
                false,
                x,
                Shape.of(1, 1, 1, 1),
                x,
                new Conv2dSpec(1, 1, 0, 0, 1, 1, 1));
        cache.get(
            key,
            k -> {
              made.add(k);
              return new ConvPlan(dnn, k, new ConvSearch(true, false));
            });
      }
    }
    assertThat(made.stream().map(k -> k.x().dim(0))).containsExactly(1L, 2L, 3L, 2L);
  }

  private static Natives loaded() {
    return Natives.load(SimDevice.libraries());
  }

  // ---- Settings ----

  private static void with(String property, String value, Consumer<Backend> action) {
    System.setProperty(property, value);
    try (Backend b = SimDevice.another()) {
      action.accept(b);
    } finally {
      System.clearProperty(property);
    }
  }

  @Test
  void everyRunGivesTheSameBitsUnlessToldOtherwise() {
    Case c = new Case(Shape.of(4, 8, 9, 7), 8, 3, 3, new Conv2dSpec(2, 2, 1, 1, 1, 1, 1));
    Run run = on(sim, DType.FLOAT32);
    double[] dx = run.gradInput(c);
    double[] dw = run.gradWeight(c);
    for (int i = 0; i < 3; i++) {
      assertThat(run.gradInput(c)).isEqualTo(dx);
      assertThat(run.gradWeight(c)).isEqualTo(dw);
    }
    // The stand-in sums in another order at every second call of such an algorithm.
    with(
        "kiln.deterministic",
        "0",
        b -> {
          Run other = on(b, DType.FLOAT32);
          assertThat(other.gradWeight(c)).isNotEqualTo(other.gradWeight(c));
          assertAgrees(other, c);
        });
  }

  @Test
  void algorithmsAreTimedOnRequest() {
    with(
        "kiln.benchmark",
        "1",
        b -> {
          Run run = on(b, DType.FLOAT32);
          assertAgrees(run, PLAIN);
          run.gradInput(PLAIN);
          assertThat(SimControl.calls("cudnnFindConvolutionForwardAlgorithm")).isEqualTo(1);
          assertThat(SimControl.calls("cudnnFindConvolutionBackwardDataAlgorithm")).isEqualTo(1);
          assertThat(SimControl.calls("cudnnFindConvolutionBackwardFilterAlgorithm")).isEqualTo(1);
          assertThat(SimControl.calls(CHOOSE)).isZero();
        });
  }

  @Test
  void channelsMayLieLast() {
    with(
        "kiln.channelsLast",
        "1",
        b -> {
          for (Case c : cases()) {
            assertAgrees(on(b, DType.BFLOAT16), c);
          }
          assertAgrees(on(b, DType.FLOAT32), PLAIN);
        });
  }

  // ---- Bias and ReLU ----

  /** In groups the stand-in's best algorithm is the one that adds a bias in the same pass. */
  private static final Case GROUPED =
      new Case(Shape.of(2, 4, 5, 5), 6, 3, 3, new Conv2dSpec(1, 1, 0, 0, 1, 1, 2));

  @Test
  void biasAndReluComeInOnePassWhereCudnnCan() {
    Run run = on(sim, DType.FLOAT32);
    run.forward(GROUPED);
    for (Epilogue e : Epilogue.values()) {
      SimControl.resetCalls();
      double[] y = run.forward(GROUPED, true, e);
      assertThat(SimControl.calls(FUSED)).isEqualTo(1);
      assertThat(SimControl.calls(FORWARD)).isZero();
      assertClose("fused " + e, y, oracle(DType.FLOAT32).forward(GROUPED, true, e), DType.FLOAT32);
    }
  }

  @Test
  void biasAndReluAreAPassOfTheirOwnElsewhere() {
    try (Backend b = SimDevice.another()) {
      Run run = on(b, DType.FLOAT32);
      SimControl.fail(FUSED, 1, -1, NOT_SUPPORTED);
      for (Epilogue e : Epilogue.values()) {
        double[] y = run.forward(GROUPED, true, e);
        assertClose("own " + e, y, oracle(DType.FLOAT32).forward(GROUPED, true, e), DType.FLOAT32);
      }
      assertThat(SimControl.calls(FUSED)).as("it is not tried again").isEqualTo(1);
      assertThat(SimControl.calls(FORWARD)).isEqualTo(2);
    }
  }

  // ---- Failures ----

  @Test
  void aFailedCallIsNamedAndTheDeviceGoesOn() {
    Run run = on(sim, DType.FLOAT32);
    double[] want = run.forward(PLAIN);
    long used = SimControl.memoryUsed();
    SimControl.fail(FORWARD, 1, 1, FAILED);
    assertThatThrownBy(() -> run.forward(PLAIN))
        .isInstanceOf(KilnException.class)
        .hasMessageContaining("conv2d(x f32[2,3,9,7], weight f32[4,3,3,3], y f32[2,4,9,7]")
        .hasMessageContaining("CUDNN_STATUS_EXECUTION_FAILED (5000)");
    assertThat(SimControl.memoryUsed()).isEqualTo(used);
    assertThat(run.forward(PLAIN)).isEqualTo(want);
    SimControl.fail("cudnnConvolutionBackwardData", 1, 1, FAILED);
    assertThatThrownBy(() -> run.gradInput(PLAIN)).hasMessageContaining("gradient of the input");
    SimControl.fail("cudnnConvolutionBackwardFilter", 1, 1, FAILED);
    assertThatThrownBy(() -> run.gradWeight(PLAIN)).hasMessageContaining("gradient of the weight");
    assertAgrees(run, PLAIN);
  }

  @Test
  void aPlanThatCouldNotBeMadeIsMadeLater() {
    try (Backend b = SimDevice.another()) {
      Run run = on(b, DType.FLOAT32);
      for (String call :
          List.of(
              "cudnnCreate",
              "cudnnSetStream",
              "cudnnCreateTensorDescriptor",
              "cudnnSetFilterDescriptor",
              "cudnnSetConvolutionDescriptor",
              "cudnnCreateActivationDescriptor")) {
        SimControl.resetCalls();
        SimControl.fail(call, 1, 1, 4000);
        assertThatThrownBy(() -> run.forward(PLAIN))
            .as(call)
            .isInstanceOf(KilnException.class)
            .hasMessageContaining("CUDNN_STATUS_INTERNAL_ERROR (4000)");
        SimControl.clearFailures();
      }
      assertAgrees(run, PLAIN);
    }
  }

  @Test
  void whatOneAlgorithmDoesNotDoTheNextDoes() {
    try (Backend b = SimDevice.another()) {
      Run run = on(b, DType.FLOAT32);
      SimControl.fail(FORWARD, 1, 1, NOT_SUPPORTED);
      double[] want = oracle(DType.FLOAT32).forward(PLAIN);
      assertClose("second choice", run.forward(PLAIN), want, DType.FLOAT32);
      assertThat(SimControl.calls(FORWARD)).isEqualTo(2);
      assertClose("again", run.forward(PLAIN), want, DType.FLOAT32);
      assertThat(SimControl.calls(FORWARD)).as("the first is not tried again").isEqualTo(3);
    }
  }

  @Test
  void whatCudnnDoesNotDoIsComposed() {
    try (Backend b = SimDevice.another()) {
      Run run = on(b, DType.FLOAT32);
      SimControl.fail(CHOOSE, 1, -1, NOT_SUPPORTED);
      SimControl.fail("cudnnConvolutionBackwardData", 1, -1, NOT_SUPPORTED);
      SimControl.fail("cudnnConvolutionBackwardFilter", 1, -1, 3001);
      assertAgrees(run, PLAIN);
      assertThat(SimControl.calls(FORWARD)).isZero();
      assertThat(SimControl.calls("cublasGemmStridedBatchedEx")).isPositive();
    }
  }

  /** A choice that fails, other than by refusing, leaves JCuda no status to tell. */
  @Test
  void aChoiceThatIsLostIsAskedForAgain() {
    double[] want = oracle(DType.FLOAT32).forward(PLAIN);
    try (Backend b = SimDevice.another()) {
      Run run = on(b, DType.FLOAT32);
      SimControl.fail(CHOOSE, 1, 2, FAILED);
      for (int i = 1; i <= 4; i++) {
        assertClose("run " + i, run.forward(PLAIN), want, DType.FLOAT32);
        assertThat(SimControl.calls(FORWARD)).as("run %d", i).isEqualTo(Math.max(0, i - 2));
      }
      assertThat(SimControl.calls(CHOOSE)).isEqualTo(3);
      SimControl.fail("cudnnGetConvolutionBackwardDataAlgorithm", 1, 1, FAILED);
      SimControl.fail("cudnnGetConvolutionBackwardFilterAlgorithm", 1, 1, FAILED);
      assertAgrees(run, PLAIN);
      assertAgrees(run, PLAIN);
      assertThat(SimControl.calls("cudnnConvolutionBackwardData")).isEqualTo(1);
      assertThat(SimControl.calls("cudnnConvolutionBackwardFilter")).isEqualTo(1);
    }
  }

  @Test
  void aChoiceThatIsLostAgainAndAgainIsNotAskedForForEver() {
    double[] want = oracle(DType.FLOAT32).forward(PLAIN);
    try (Backend b = SimDevice.another()) {
      Run run = on(b, DType.FLOAT32);
      SimControl.fail(CHOOSE, 1, -1, FAILED);
      for (int i = 0; i < LostChoices.TRIES + 3; i++) {
        assertClose("run " + i, run.forward(PLAIN), want, DType.FLOAT32);
      }
      assertThat(SimControl.calls(CHOOSE)).isEqualTo(LostChoices.TRIES);
      assertThat(SimControl.calls(FORWARD)).isZero();
    }
  }

  @Test
  void theLogTellsOfAChoiceThatIsLost() {
    List<String> said = new ArrayList<>();
    LostChoices lost = new LostChoices(said::add);
    ConvKey key =
        new ConvKey(
            ConvKey.Direction.WEIGHT,
            DType.FLOAT32,
            false,
            false,
            PLAIN.x(),
            PLAIN.weight(),
            PLAIN.y(),
            PLAIN.spec());
    for (int i = 1; i < LostChoices.TRIES; i++) {
      lost.failed(key);
    }
    assertThat(said)
        .singleElement()
        .asString()
        .contains("conv2d gradient of the weight(x f32[2,3,9,7], weight f32[4,3,3,3]")
        .contains("asked for again when it comes next, up to 8 times")
        .contains("CUDNN_LOGLEVEL_DBG=1 CUDNN_LOGDEST_DBG=stderr");
    assertThat(lost.isHopeless(key)).isFalse();
    lost.failed(key);
    assertThat(lost.isHopeless(key)).isTrue();
    assertThat(said).hasSize(2);
    assertThat(said.get(1)).contains("from now on, after 8 failures");
    lost.succeeded(key);
    assertThat(lost.isHopeless(key)).isFalse();
  }

  @Test
  void aWorkspaceThatDoesNotFitIsNotNeeded() {
    try (Backend b = SimDevice.another()) {
      Shape shape = PLAIN.x();
      View x = put(b, DType.FLOAT32, shape, random(1, shape));
      View w = put(b, DType.FLOAT32, PLAIN.weight(), random(2, PLAIN.weight()));
      View y = empty(b, DType.FLOAT32, PLAIN.y());
      SimControl.fail("cuMemAlloc", 1, 1, 2);
      b.fused().conv2d(y, x, w, Optional.empty(), PLAIN.spec(), Epilogue.NONE);
      assertThat(SimControl.calls(FORWARD)).isEqualTo(1);
      assertClose("less", get(b, y), on(sim, DType.FLOAT32).forward(PLAIN), DType.FLOAT32);
    }
  }

  // ---- Without cuDNN ----

  /** Runs in a process of its own: tells how a convolution went. */
  static final class Alone {
    private Alone() {}

    public static void main(String[] args) {
      Backend sim = SimDevice.open().backend();
      ConvolutionsTest test = new ConvolutionsTest();
      test.assertAgrees(test.on(sim, DType.FLOAT32), PLAIN);
      System.out.println("convolutions by cuDNN: " + SimControl.calls(FORWARD));
    }
  }

  private static String alone(Path libraries, String variable, String value) throws Exception {
    ProcessBuilder builder =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                "-Dkiln.sim=" + libraries,
                Alone.class.getName())
            .redirectErrorStream(true);
    builder.environment().put(variable, value);
    Process process = builder.start();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(2, TimeUnit.MINUTES)).isTrue();
    assertThat(process.exitValue()).as(out).isZero();
    return out;
  }

  @Test
  void withoutCudnnConvolutionsAreComposed(@TempDir Path folder) throws Exception {
    Path sim = Path.of(System.getProperty("kiln.sim")).toAbsolutePath();
    for (String file : List.of("libcuda.so.1", "libcublas.so.12", "libcudasim_jni.so", "kernels")) {
      Files.createSymbolicLink(folder.resolve(file), sim.resolve(file));
    }
    assertThat(alone(folder, "KILN_SYNC", "1")).contains("convolutions by cuDNN: 0");
    for (String file : folder.toFile().list()) {
      Files.delete(folder.resolve(file)); // JUnit would warn of links that lead elsewhere
    }
    assertThat(alone(sim, "CUDASIM_CUDNN_VERSION", "8907")).contains("convolutions by cuDNN: 0");
    assertThat(alone(sim, "KILN_SYNC", "1")).doesNotContain("convolutions by cuDNN: 0");
  }

  @Test
  void theLogSaysWhatToDoWithoutCudnn() {
    assertThat(Dnn.tooOld(90501)).isEmpty();
    assertThat(Dnn.tooOld(91300)).isEmpty();
    assertThat(Dnn.tooOld(8907)).hasValueSatisfying(t -> assertThat(t).contains("cuDNN 8.9.7"));
    assertThat(Dnn.withoutIt(Dnn.tooOld(8600).orElseThrow()))
        .contains("cuDNN 8.6.0 is too old, Kiln needs 9")
        .contains("Install cuDNN 9")
        .contains("KILN_CUDA_PATH");
  }
}
