package dev.kiln.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.kiln.Autocast;
import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.Precision;
import dev.kiln.Scope;
import dev.kiln.Shape;
import dev.kiln.StepGraph;
import dev.kiln.Tensor;
import dev.kiln.autograd.NoGrad;
import dev.kiln.cpu.Counts;
import dev.kiln.cpu.NullBackend;
import dev.kiln.models.LeNet;
import dev.kiln.models.Mlp;
import dev.kiln.models.MobileNetV2;
import dev.kiln.models.ResNet;
import dev.kiln.models.VGG;
import dev.kiln.ops.Rearranging.PadMode;
import dev.kiln.optim.SGD;
import dev.kiln.testing.OnEachDevice;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** Modules that run together against the same modules one by one, on the oracle in FLOAT64. */
class BatchedModulesTest {
  private static final int MEMBERS = 3;

  /** Makes modules with distinct parameters and buffers, in eval mode. */
  private static List<Module> members(Device d, Supplier<? extends Module> maker) {
    List<Module> all = new ArrayList<>();
    for (int i = 0; i < MEMBERS; i++) {
      Module m = maker.get();
      m.to(d);
      m.eval();
      m.stateDict().forEach((name, t) -> vary(name, t));
      all.add(m);
    }
    return all;
  }

  private static void vary(String name, Tensor t) {
    if (name.endsWith("running_var")) {
      Init.uniform(t, 0.5, 2);
    } else if (t.dtype().isFloating() && t.dim() == 1) {
      Init.normal(t, 0.3, 0.5);
    }
  }

  private static Optional<Tensor> together(List<Module> members, Tensor x) {
    return NoGrad.run(() -> BatchedModules.everywhere(members).call(x));
  }

  private static double[] exactly(Module member, Tensor x) {
    try (NoGrad off = NoGrad.open();
        Scope scope = Scope.open()) {
      Device home = x.device();
      member.to(Device.of("scalar")).to(DType.FLOAT64);
      double[] y = member.call(x.to(Device.of("scalar")).to(DType.FLOAT64)).toDoubleArray();
      member.to(DType.FLOAT32).to(home);
      return y;
    }
  }

  private static void assertRight(List<Module> members, Tensor x) {
    try (Scope scope = Scope.open()) {
      Tensor all = together(members, x).orElseThrow();
      assertThat(all.size(0)).isEqualTo(members.size());
      for (int i = 0; i < members.size(); i++) {
        Module member = members.get(i);
        Tensor own = NoGrad.run(() -> member.call(x));
        assertThat(all.select(0, i).shape()).isEqualTo(own.shape());
        assertClose(all.select(0, i).toDoubleArray(), own.toDoubleArray());
        assertClose(all.select(0, i).toDoubleArray(), exactly(member, x));
      }
    }
  }

  private static void assertClose(double[] found, double... expected) {
    assertThat(found).hasSameSizeAs(expected);
    for (int i = 0; i < expected.length; i++) {
      double slack = 1e-4 * Math.max(1, Math.abs(expected[i]));
      assertThat(found[i]).as("element %d", i).isCloseTo(expected[i], within(slack));
    }
  }

  private static void assertRight(Device d, Supplier<? extends Module> maker, long... input) {
    try (Scope scope = Scope.open()) {
      assertRight(members(d, maker), Tensor.randn(Shape.of(input), DType.FLOAT32, d));
    }
  }

  @OnEachDevice
  void denseLayersRunAsBatchesOfProducts(Device d) {
    assertRight(d, () -> new Linear(5, 7), 4, 5);
    assertRight(d, () -> new Linear(5, 7, false), 2, 3, 5);
    assertRight(
        d, () -> new Sequential(new Linear(5, 7), new Tanh(), new Linear(7, 2, false)), 2, 3, 5);
    assertRight(d, () -> new Sequential(new Linear(5, 1), new Linear(1, 3)), 1, 5);
    assertRight(d, () -> new Sequential(new Linear(5, 7), new Linear(7, 3)), 0, 5);
  }

  @OnEachDevice
  void convolutionsRunAsGroups(Device d) {
    assertRight(
        d,
        () ->
            new Sequential(
                Conv2d.builder(2, 4, 3).padding(1).build(),
                new ReLU(),
                Conv2d.builder(4, 6, 3).stride(2).groups(2).bias(false).build(),
                Conv2d.builder(6, 3, 1, 2).dilation(2).paddingMode(PadMode.REFLECT).build()),
        2,
        2,
        9,
        9);
    assertRight(d, () -> Conv2d.builder(4, 4, 3).groups(4).samePadding().build(), 2, 4, 5, 5);
    assertRight(
        d, () -> new Sequential(new Conv1d(2, 3, 3), new Conv1d(3, 4, 2), new ELU()), 2, 2, 8);
    assertRight(d, () -> new Sequential(new Conv3d(1, 2, 2), new Conv3d(2, 2, 2)), 2, 1, 4, 4, 4);
  }

  @OnEachDevice
  void normalisationsKeepTheStatisticsOfEachMember(Device d) {
    assertRight(
        d,
        () ->
            new Sequential(
                Conv2d.builder(1, 4, 3).bias(false).build(), new BatchNorm2d(4), new ReLU6()),
        2,
        1,
        6,
        6);
    assertRight(d, () -> new BatchNorm2d(3), 2, 3, 4, 4);
    assertRight(
        d, () -> new Sequential(new Linear(4, 6), new BatchNorm1d(6), new Linear(6, 2)), 5, 4);
    assertRight(
        d, () -> BatchNorm2d.builder(3).trackRunningStats(false).affine(false).build(), 2, 3, 4, 4);
    assertRight(
        d, () -> new Sequential(new LayerNorm(4), new Linear(4, 6), new LayerNorm(3, 6)), 2, 3, 4);
    assertRight(d, () -> LayerNorm.builder(4).bias(false).build(), 2, 4);
    assertRight(d, () -> LayerNorm.builder(4).elementwiseAffine(false).build(), 2, 4);
    assertRight(
        d,
        () -> new Sequential(Conv2d.builder(1, 2, 1).build(), new LayerNorm(2, 3, 3)),
        2,
        1,
        3,
        3);
  }

  @OnEachDevice
  void poolingFlattenAndDropoutPassThrough(Device d) {
    assertRight(
        d,
        () ->
            new Sequential(
                new MaxPool2d(2),
                new Conv2d(1, 4, 3),
                MaxPool2d.builder(3).stride(2).padding(1).ceilMode(true).build(),
                new Dropout2d(0.5),
                new AvgPool2d(2),
                new AdaptiveAvgPool2d(1),
                new Flatten(),
                new Dropout(),
                new Linear(4, 3)),
        2,
        1,
        18,
        18);
    assertRight(d, () -> new Sequential(new Linear(4, 6), new Flatten(0, 1)), 2, 3, 4);
    assertRight(d, () -> new Sequential(new Flatten(-2, -1), new Linear(12, 2)), 2, 3, 4);
    assertRight(d, () -> new Sequential(new Linear(4, 6), new Flatten(-2, -1)), 2, 3, 4);
    assertRight(d, () -> new Sequential(), 2, 3); // nothing but the input
  }

  @OnEachDevice
  void shortcutsAreAdded(Device d) {
    assertRight(d, () -> new Residual(new Linear(4, 4), new Identity(), new ReLU()), 3, 4);
    assertRight(d, () -> new Residual(new Identity(), new Linear(4, 4)), 3, 4);
    assertRight(
        d,
        () ->
            new Residual(
                new Sequential(Conv2d.builder(2, 4, 3).padding(1).build(), new BatchNorm2d(4)),
                new Conv2d(2, 4, 1),
                new SiLU()),
        2,
        2,
        5,
        5);
    assertRight(
        d,
        () -> new Residual(new Sequential(new Linear(4, 4)), new Conv2d(2, 2, 1)),
        2,
        2,
        4,
        4); // the paths lie in different places
    assertRight(d, () -> new Residual(new Identity()), 2, 3);
  }

  @OnEachDevice
  void modelsRunTogether(Device d) {
    assertRight(d, () -> new Mlp(9, 16, 8, 3), 4, 1, 3, 3);
    assertRight(d, () -> new LeNet(1, 8, 4), 2, 1, 8, 8);
  }

  @Test
  void deepModelsRunTogether() {
    Device d = Device.cpu();
    assertRight(d, () -> VGG.vgg11Bn(ResNet.Stem.CIFAR, 1, 3), 1, 1, 8, 8);
    assertRight(d, () -> ResNet.resnet18(ResNet.Stem.CIFAR, 1, 3), 1, 1, 8, 8);
    assertRight(d, () -> ResNet.resnet50(ResNet.Stem.IMAGENET, 1, 3), 1, 1, 32, 32);
  }

  @OnEachDevice
  void changedWeightsAreSeen(Device d) {
    try (Scope scope = Scope.open()) {
      List<Module> members =
          members(d, () -> new Sequential(new Linear(4, 5), new BatchNorm1d(5), new Linear(5, 2)));
      BatchedModules batched = BatchedModules.everywhere(members);
      Tensor x = Tensor.randn(Shape.of(6, 4), DType.FLOAT32, d);
      assertFollows(batched, members, x);
      Module one = members.get(1);
      NoGrad.run(() -> one.parameters().get(0).fill(0.25));
      assertFollows(batched, members, x);
      one.loadStateDict(members.get(2).stateDict());
      assertFollows(batched, members, x);
      Init.normal(one.parameters().get(1), 0, 1);
      assertFollows(batched, members, x);
      Tensor row = one.parameters().get(0).detach().select(0, 1);
      row.fill(3); // by another tensor on the same memory
      assertFollows(batched, members, x);

      SGD optimizer = SGD.builder(one.parameters()).lr(0.5).build();
      for (int step = 0; step < 2; step++) {
        one.train(); // moves the running statistics too
        optimizer.zeroGrad();
        one.call(x).square().sum().backward();
        optimizer.step();
        one.eval();
        assertFollows(batched, members, x);
      }
      NoGrad.run(() -> one.train().call(x)); // only the running statistics
      one.eval();
      assertFollows(batched, members, x);
    }
  }

  /** What comes back is what members give now, and not what they gave. */
  private static void assertFollows(BatchedModules batched, List<Module> members, Tensor x) {
    Tensor all = NoGrad.run(() -> batched.call(x)).orElseThrow();
    for (int i = 0; i < members.size(); i++) {
      Module member = members.get(i);
      Tensor own = NoGrad.run(() -> member.call(x));
      assertClose(all.select(0, i).toDoubleArray(), own.toDoubleArray());
    }
  }

  @OnEachDevice
  void replayedStepsAreSeen(Device d) {
    try (Scope scope = Scope.open()) {
      List<Module> members = members(d, () -> new Linear(3, 2));
      Module one = members.get(0);
      BatchedModules batched = BatchedModules.everywhere(members);
      Tensor x = Tensor.randn(Shape.of(4, 3), DType.FLOAT32, d);
      SGD optimizer = SGD.builder(one.parameters()).lr(0.1).build();
      try (StepGraph step =
          StepGraph.of(
              d,
              () -> {
                optimizer.zeroGrad();
                one.call(x).square().sum().backward();
                optimizer.step();
              })) {
        for (int run = 0; run < 6; run++) {
          step.run();
          assertFollows(batched, members, x);
        }
        assertThat(step.isRecorded()).isEqualTo(d.backend().records());
      }
    }
  }

  @OnEachDevice
  void recordedStepsKeepNoCopiesOfWeights(Device d) {
    try (Scope scope = Scope.open()) {
      List<Module> members = members(d, () -> new Linear(3, 2));
      BatchedModules batched = BatchedModules.everywhere(members);
      List<Boolean> ranTogether = new ArrayList<>();
      Tensor x = Tensor.randn(Shape.of(4, 3), DType.FLOAT32, d);
      try (NoGrad off = NoGrad.open();
          StepGraph step =
              StepGraph.of(
                  d,
                  in -> {
                    Optional<Tensor> all = batched.call(in.get(0));
                    ranTogether.add(all.isPresent());
                    return all.map(t -> t.select(0, 0))
                        .orElseGet(() -> members.get(0).call(in.get(0)));
                  })) {
        for (int run = 0; run < 5; run++) {
          members.get(0).parameters().get(0).fill(run);
          double[] expected = members.get(0).call(x).toDoubleArray();
          assertClose(step.run(x).toDoubleArray(), expected);
        }
      }
      assertThat(ranTogether).startsWith(true, true, false);
    }
  }

  @OnEachDevice
  void whatCannotRunTogetherIsLeftAlone(Device d) {
    try (Scope scope = Scope.open()) {
      Tensor x = Tensor.randn(Shape.of(2, 4), DType.FLOAT32, d);
      List<Module> members = members(d, () -> new Sequential(new Linear(4, 3), new LeakyReLU(.1)));
      BatchedModules batched = BatchedModules.everywhere(members);
      assertThat(batched.call(x)).as("gradients").isEmpty();
      assertThat(NoGrad.run(() -> batched.call(x))).isPresent();
      members.get(1).train();
      assertThat(NoGrad.run(() -> batched.call(x))).as("training").isEmpty();
      members.get(1).eval();
      assertThat(NoGrad.run(() -> batched.call(x))).isPresent();
      HookHandle hook = members.get(2).namedChildren().get("0").onForward((m, in, out) -> {});
      assertThat(NoGrad.run(() -> batched.call(x))).as("hooks").isEmpty();
      hook.close();
      assertThat(NoGrad.run(() -> batched.call(x))).isPresent();
      try (Autocast cast = Autocast.open(Precision.BF16)) {
        assertThat(NoGrad.run(() -> batched.call(x))).as("16 bits").isEmpty();
      }
      Tensor wrong = Tensor.randn(Shape.of(2, 5), DType.FLOAT32, d);
      assertThat(NoGrad.run(() -> batched.call(wrong))).as("wrong input").isEmpty();
      Tensor flat = Tensor.randn(Shape.of(4), DType.FLOAT32, d);
      assertThat(NoGrad.run(() -> batched.call(flat))).as("one example").isEmpty();

      members.get(0).replace("0", new Linear(4, 3));
      members.get(0).eval();
      assertThat(NoGrad.run(() -> batched.call(x))).as("replaced").isEmpty();
    }
  }

  @OnEachDevice
  void onlyTwinsRunTogether(Device d) {
    try (Scope scope = Scope.open()) {
      Tensor x = Tensor.randn(Shape.of(2, 4), DType.FLOAT32, d);
      Module plain = new Sequential(new Linear(4, 4), new LeakyReLU(0.1));
      for (Module other :
          List.of(
              new Sequential(new Linear(4, 4), new LeakyReLU(0.2)),
              new Sequential(new Linear(4, 4, false), new LeakyReLU(0.1)),
              new Sequential(new Linear(4, 5), new LeakyReLU(0.1)),
              new Sequential(new Linear(4, 4), new LeakyReLU(0.1), new Identity()),
              new Sequential(new Linear(4, 4), new ReLU()))) {
        List<Module> two = List.of(plain, other);
        two.forEach(m -> m.to(d).eval());
        assertThat(together(two, x)).as("%s", other).isEmpty();
      }
      assertThat(together(List.of(plain), x)).as("one").isEmpty();
      assertThat(together(members(d, () -> new Lambda(y -> y.mul(2))), x)).as("own").isEmpty();
      assertThat(together(members(d, () -> new Sequential(new Softmax(1))), x)).isEmpty();
      assertThat(together(members(d, () -> new MobileNetV2(0.25, ResNet.Stem.CIFAR, 4, 3)), x))
          .isEmpty();
    }
  }

  @OnEachDevice
  void aSequenceIsNotTakenForAnImage(Device d) {
    try (Scope scope = Scope.open()) {
      // one by one, pooling of images reads [n, channels, length] as one image of n channels
      List<Module> members =
          members(d, () -> new Sequential(new Conv1d(1, 4, 1), new MaxPool2d(2), new Flatten()));
      Tensor x = Tensor.randn(Shape.of(2, 1, 4), DType.FLOAT32, d);
      assertThat(together(members, x)).isEmpty();
    }
  }

  @Test
  void launchesDoNotGrowWithTheModules() {
    Device device = Device.of("null");
    NullBackend counter = (NullBackend) device.backend();
    Tensor x = Scope.outside(() -> Tensor.zeros(Shape.of(2, 1, 8, 8), DType.FLOAT32, device));
    List<Counts> counts = new ArrayList<>();
    for (int size : new int[] {2, 9}) {
      List<Module> members = new ArrayList<>();
      for (int i = 0; i < size; i++) {
        members.add(new LeNet(1, 8, 4).to(device).eval());
      }
      BatchedModules batched = BatchedModules.everywhere(members);
      try (Scope scope = Scope.open();
          NoGrad off = NoGrad.open()) {
        assertThat(batched.call(x)).isPresent(); // copies the parameters
        counter.resetCounts();
        assertThat(batched.call(x)).isPresent();
      }
      counts.add(counter.counts());
    }
    assertThat(counts.get(1).launches()).isEqualTo(counts.get(0).launches());
    assertThat(counts.get(0).launches("conv2d")).isEqualTo(2);
    assertThat(counts.get(0).launches("matmul")).isEqualTo(2);
    assertThat(counts.get(0).totalLaunches()).isLessThanOrEqualTo(12);
  }

  @Test
  void processorsConvolveOneByOne() {
    Device cpu = Device.cpu();
    try (Scope scope = Scope.open();
        NoGrad off = NoGrad.open()) {
      List<Module> images = members(cpu, () -> new LeNet(1, 8, 4));
      assertThat(BatchedModules.of(images).call(Tensor.ones(1, 1, 8, 8))).isEmpty();
      List<Module> dense = members(cpu, () -> new Mlp(4, 3));
      assertThat(BatchedModules.of(dense).call(Tensor.ones(1, 4))).isPresent();
    }
  }
}
