package dev.kiln.data.augment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.KilnException;
import dev.kiln.Scope;
import dev.kiln.Shape;
import dev.kiln.ShapeException;
import dev.kiln.Tensor;
import dev.kiln.backend.Sampling;
import dev.kiln.testing.OnEachDevice;
import dev.kiln.testing.SettledMemory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/** Pipelines: what must hold for each transform, and that a sample's fate is its own. */
class AugmentTest {
  private static final float[] MEAN = {0.4f, 0.5f, 0.6f};
  private static final float[] STD = {0.2f, 0.25f, 0.3f};

  private static float[] run(Tensor x, Function<Augment.Builder, Augment.Builder> pipeline) {
    return pipeline
        .apply(Augment.builder().seed(7))
        .build()
        .apply(x, 3, Images.ids((int) x.size(0)))
        .toFloatArray();
  }

  private static void same(float[] got, float[] want, double tolerance) {
    assertThat(got).hasSameSizeAs(want);
    for (int i = 0; i < got.length; i++) {
      assertThat((double) got[i]).as("[%d]", i).isCloseTo(want[i], within(tolerance));
    }
  }

  /** Every step with every parameter in it: what a resumed run is compared by. */
  @Test
  void thePolicySaysAllThatDecides() {
    List<Function<Augment.Builder, Augment.Builder>> all =
        List.of(
            b -> b,
            b -> b.randomCrop(8),
            b -> b.randomCrop(8, 1),
            b -> b.randomCrop(8, 7, 1),
            b -> b.randomResizedCrop(8),
            b -> b.randomResizedCrop(8, 8, 0.1, 1, 3.0 / 4, 4.0 / 3),
            b -> b.randomResizedCrop(8, 8, 0.08, 0.9, 3.0 / 4, 4.0 / 3),
            b -> b.randomResizedCrop(8, 8, 0.08, 1, 0.7, 4.0 / 3),
            b -> b.randomResizedCrop(8, 8, 0.08, 1, 3.0 / 4, 1.5),
            b -> b.horizontalFlip(0.5),
            b -> b.horizontalFlip(0.4),
            b -> b.verticalFlip(0.5),
            b -> b.rotation(10),
            b -> b.rotation(-9, 10),
            b -> b.translation(0.1, 0.2),
            b -> b.translation(0.2, 0.1),
            b -> b.scaling(0.9, 1.1),
            b -> b.scaling(0.9, 1.2),
            b -> b.shear(1, 2),
            b -> b.shear(2, 1),
            b -> b.colorJitter(0.1, 0.2, 0.3, 0.4),
            b -> b.colorJitter(0.1, 0.2, 0.3, 0.5),
            b -> b.brightness(0.5, 1),
            b -> b.contrast(0.5, 1),
            b -> b.saturation(0.5, 1),
            b -> b.hue(-0.1, 0.1),
            b -> b.grayscale(0.1),
            b -> b.invert(0.1),
            b -> b.posterize(3, 0.1),
            b -> b.posterize(4, 0.1),
            b -> b.solarize(0.5, 0.1),
            b -> b.solarize(0.4, 0.1),
            b -> b.autocontrast(0.1),
            b -> b.equalize(0.1),
            b -> b.sharpness(2, 0.1),
            b -> b.gaussianBlur(3),
            b -> b.gaussianBlur(3, 0.1, 2, 0.5),
            b -> b.gaussianNoise(0, 0.1, true),
            b -> b.gaussianNoise(0, 0.1, false),
            b -> b.randomErasing(0.5),
            b -> b.randomErasing(0.5, 0.02, 0.33, 0.3, 3.3, 1),
            b -> b.cutout(4),
            b -> b.cutout(5),
            b -> b.normalize(MEAN, STD),
            b -> b.normalize(STD, MEAN),
            b -> b.randAugment(),
            b -> b.randAugment(3, 9, 31),
            b -> b.randAugment(2, 8, 31),
            b -> b.trivialAugment(),
            b -> b.mixup(0.2, 3),
            b -> b.mixup(0.3, 3),
            b -> b.cutmix(0.2, 3),
            b -> b.mixup(0.2, 3).cutmix(0.2, 3),
            b -> b.interpolation(Sampling.Filter.NEAREST),
            b -> b.padding(Sampling.Padding.REFLECTION),
            b -> b.fill(0.5f),
            b -> b.dtype(DType.FLOAT64),
            b -> b.horizontalFlip(0.5).randomCrop(8),
            b -> b.randomCrop(8).horizontalFlip(0.5));
    List<String> policies =
        all.stream().map(f -> f.apply(Augment.builder().seed(3)).build().policy()).toList();
    assertThat(policies).doesNotHaveDuplicates().startsWith("nothing", "randomCrop(8, 8, 0)");
    List<String> again =
        all.stream().map(f -> f.apply(Augment.builder().seed(4)).build().policy()).toList();
    assertThat(again).isEqualTo(policies);
    assertThat(Augment.builder().seed(4).cutout(3).build())
        .hasToString("Augment(seed 4: cutout(3))")
        .extracting(Augment::seed)
        .isEqualTo(4L);
  }

  @OnEachDevice
  void parametersThatChangeNothing(Device device) {
    for (int size : new int[] {1, 7, 28, 33}) {
      Tensor x = Images.random(device, size, 3, 3, size, size);
      float[] v = Images.scaled(x);
      List<Function<Augment.Builder, Augment.Builder>> exact =
          List.of(
              b -> b,
              b -> b.randomCrop(size),
              b -> b.horizontalFlip(0).verticalFlip(0),
              b -> b.horizontalFlip(1).horizontalFlip(1),
              b -> b.verticalFlip(1).verticalFlip(1),
              b -> b.rotation(0, 0),
              b -> b.rotation(360, 360),
              b -> b.rotation(90, 90).rotation(90, 90).rotation(90, 90).rotation(90, 90),
              b -> b.rotation(180, 180).horizontalFlip(1).verticalFlip(1),
              b -> b.translation(0, 0).scaling(1, 1).shear(0, 0),
              b -> b.randomResizedCrop(size, size, 1, 1, 1, 1),
              b -> b.colorJitter(0, 0, 0, 0).grayscale(0).invert(0).posterize(2, 0),
              b -> b.brightness(1, 1).invert(1).invert(1).randomErasing(0).randAugment(0, 0, 2));
      for (int i = 0; i < exact.size(); i++) {
        same(run(x, exact.get(i)), v, i < 11 ? 0 : 1e-7);
      }
      same(run(x, b -> b.contrast(1, 1).saturation(1, 1).hue(0, 0).hue(1, 1)), v, 3e-6);
      same(run(x, b -> b.sharpness(1, 1).posterize(8, 1).gaussianNoise(0, 0, true)), v, 1e-6);
      same(run(x, b -> b.normalize(new float[3], new float[] {1, 1, 1})), v, 0);
    }
  }

  @OnEachDevice
  void cropsAreWindowsOfThePaddedImage(Device device) {
    Tensor x = Images.random(device, 2, 64, 1, 8, 8);
    float[] v = Images.scaled(x);
    float[] y = run(x, b -> b.randomCrop(8, 2).fill(0.5f));
    int[][] times = new int[5][5];
    for (int n = 0; n < 64; n++) {
      int found = 0;
      for (int dy = -2; dy <= 2; dy++) {
        for (int dx = -2; dx <= 2; dx++) {
          boolean equal = true;
          for (int p = 0; p < 64 && equal; p++) {
            int i = p / 8 + dy;
            int j = p % 8 + dx;
            boolean in = i >= 0 && i < 8 && j >= 0 && j < 8;
            equal = y[n * 64 + p] == (in ? v[n * 64 + i * 8 + j] : 0.5f);
          }
          found += equal ? 1 : 0;
          times[dy + 2][dx + 2] += equal ? 1 : 0;
        }
      }
      assertThat(found).as("windows that image %d can be", n).isEqualTo(1);
    }
    for (int d = 0; d < 5; d++) {
      int row = Arrays.stream(times[d]).sum();
      assertThat(row).as("crops shifted by %d rows", d - 2).isBetween(3, 26);
    }
    Tensor small = Augment.builder().randomCrop(3, 5, 0).build().apply(x, 0, Images.ids(64));
    assertThat(small.shape()).isEqualTo(Shape.of(64, 1, 3, 5));
  }

  @OnEachDevice
  void resizedCropsAreParts(Device device) {
    // Values are the column: a part of width w gives values w / 16 apart.
    float[] ramp = new float[64 * 32 * 32];
    for (int i = 0; i < ramp.length; i++) {
      ramp[i] = i % 32 / 32f;
    }
    Tensor x = Tensor.of(ramp, Shape.of(64, 1, 32, 32), device);
    float[] y = run(x, b -> b.randomResizedCrop(16, 16, 0.2, 0.5, 0.8, 1.25));
    for (int n = 0; n < 64; n++) {
      int row = n * 256 + 8 * 16;
      double width = (y[row + 10] - y[row + 5]) / 5 * 32 * 16;
      assertThat(width).isBetween(Math.sqrt(0.2 * 0.8) * 32 - 1, Math.sqrt(0.5 * 1.25) * 32 + 1);
      assertThat(width).isCloseTo(Math.rint(width), within(1e-2));
    }
  }

  @OnEachDevice
  void coloursChangeAsAsked(Device device) {
    Tensor dim = Tensor.full(Shape.of(4, 3, 6, 6), 0.3, DType.FLOAT32, device);
    assertThat(Images.mean(run(dim, b -> b.brightness(1.5, 1.5)))).isCloseTo(0.45, within(1e-6));
    Tensor x = Images.random(device, 9, 4, 3, 16, 16);
    float[] v = Images.scaled(x);
    double before = Images.mean(run(x, b -> b.brightness(0.5, 0.5)));
    assertThat(before).isCloseTo(Images.mean(v) / 2, within(1e-6));
    float[] grey = run(x, b -> b.grayscale(1));
    same(run(x, b -> b.grayscale(1).grayscale(1)), grey, 2e-4);
    same(run(x, b -> b.saturation(0, 0)), grey, 1e-6);
    same(run(x, b -> b.hue(0.5, 0.5).hue(0.5, 0.5)), v, 3e-6);
    same(run(x, b -> b.grayscale(1).hue(0.2, 0.2)), grey, 1e-6);
    float[] noisy = run(x, b -> b.gaussianNoise(0.1, 0.5, false));
    double sum = 0;
    double squares = 0;
    for (int i = 0; i < v.length; i++) {
      double d = noisy[i] - v[i] - 0.1;
      sum += d / v.length;
      squares += d * d / v.length;
    }
    assertThat(sum).isCloseTo(0, within(0.05));
    assertThat(Math.sqrt(squares)).isCloseTo(0.5, within(0.03));
    float[] blurred = run(x, b -> b.gaussianBlur(5));
    assertThat(Images.mean(blurred)).isCloseTo(Images.mean(v), within(0.02));
    Tensor flat = Tensor.full(Shape.of(2, 3, 9, 9), 0.7, DType.FLOAT32, device);
    same(run(flat, b -> b.gaussianBlur(5).sharpness(3, 1)), flat.toFloatArray(), 1e-6);
  }

  @OnEachDevice
  void erasedAreaIsWithinBounds(Device device) {
    int n = 40;
    Tensor x = Tensor.ones(Shape.of(n, 2, 40, 30), DType.FLOAT32, device);
    float[] y = run(x, b -> b.randomErasing(1, 0.1, 0.2, 0.5, 2, 0));
    float[] cut = run(x, b -> b.cutout(8));
    for (int i = 0; i < n; i++) {
      double erased = 1 - Images.mean(Arrays.copyOfRange(y, i * 2400, (i + 1) * 2400));
      assertThat(erased).isBetween(0.09, 0.21);
      double square = 1200 * (1 - Images.mean(Arrays.copyOfRange(cut, i * 2400, (i + 1) * 2400)));
      assertThat(square).isBetween(15.9, 64.1);
    }
  }

  private static Augment everything() {
    return Augment.builder()
        .seed(99)
        .randomCrop(16, 2)
        .horizontalFlip(0.5)
        .rotation(20)
        .colorJitter(0.4, 0.4, 0.4, 0.1)
        .grayscale(0.2)
        .gaussianBlur(3, 0.5, 1, 0.5)
        .gaussianNoise(0, 0.05, true)
        .normalize(MEAN, STD)
        .randomErasing(0.5, 0.1, 0.3, 0.5, 2, Double.NaN)
        .build();
  }

  private static float[] one(float[] all, int i, int size) {
    return Arrays.copyOfRange(all, i * size, (i + 1) * size);
  }

  /** Whatever the device, the batch and the order: a sample's transform is its own. */
  @OnEachDevice
  void draws(Device device) {
    Device oracle = Device.of("scalar");
    int n = 8;
    Tensor all = Images.random(device, 31, n, 3, 16, 16);
    float[] want =
        everything()
            .apply(Images.random(oracle, 31, n, 3, 16, 16), 5, Images.ids(n))
            .toFloatArray();
    float[] got = everything().apply(all, 5, Images.ids(n)).toFloatArray();
    same(got, want, 2e-4);
    int size = 3 * 256;
    for (int batch : new int[] {1, 3}) {
      for (int from = 0; from + batch <= n; from += batch) {
        int[] ids = Arrays.copyOfRange(Images.ids(n), from, from + batch);
        float[] part = everything().apply(all.narrow(0, from, batch), 5, ids).toFloatArray();
        for (int i = 0; i < batch; i++) {
          assertThat(one(part, i, size)).containsExactly(one(got, from + i, size));
        }
      }
    }
    long[] backwards = new long[n];
    int[] ids = new int[n];
    for (int i = 0; i < n; i++) {
      backwards[i] = n - 1L - i;
      ids[i] = n - 1 - i;
    }
    Tensor turned = all.indexSelect(0, Tensor.of(backwards, device));
    float[] reversed = everything().apply(turned, 5, ids).toFloatArray();
    for (int i = 0; i < n; i++) {
      assertThat(one(reversed, n - 1 - i, size)).containsExactly(one(got, i, size));
    }
    float[] later = everything().apply(all, 6, Images.ids(n)).toFloatArray();
    for (int i = 0; i < n; i++) {
      assertThat(one(later, i, size)).isNotEqualTo(one(got, i, size));
    }
  }

  @OnEachDevice
  void policiesDoTheSameEverywhere(Device device) {
    Device oracle = Device.of("scalar");
    int n = 48;
    for (Augment policy :
        List.of(
            Augment.builder().seed(1).randAugment(2, 15, 31).build(),
            Augment.builder().seed(2).trivialAugment().build())) {
      Tensor x = Images.random(device, 12, n, 3, 12, 12);
      Tensor y = Images.random(oracle, 12, n, 3, 12, 12);
      float[] got = policy.apply(x, 0, Images.ids(n)).toFloatArray();
      float[] want = policy.apply(y, 0, Images.ids(n)).toFloatArray();
      int apart = 0;
      for (int i = 0; i < got.length; i++) {
        // Posterize, solarize and equalize jump: a value on the edge may fall to either side.
        apart += Math.abs(got[i] - want[i]) > 1e-3 ? 1 : 0;
        assertThat(got[i]).isBetween(0f, 1f);
      }
      assertThat(apart).isLessThan(got.length / 2000);
    }
  }

  @Test
  void policiesChooseAllOpsAlike() {
    Policy trivial = Policy.trivial(31);
    for (Policy policy : List.of(Policy.rand(9, 31), trivial)) {
      int[] times = new int[Policy.Choice.values().length];
      int down = 0;
      double strength = 0;
      int n = 14_000;
      for (int i = 0; i < n; i++) {
        Policy.Drawn d = policy.choose(new SampleDraws(4, 0, i, 0));
        times[d.choice().ordinal()]++;
        down += d.sign() < 0 ? 1 : 0;
        strength += d.strength() / n;
      }
      for (int t : times) {
        assertThat(t).isBetween(850, 1150); // 1000, and 5 standard deviations
      }
      assertThat(down).isBetween(6700, 7300);
      assertThat(strength).isCloseTo(policy == trivial ? 0.5 : 0.3, within(0.02));
    }
  }

  @Test
  void drawsHaveTheirDistributions() {
    int n = 20_000;
    double uniform = 0;
    double normal = 0;
    double squares = 0;
    double beta = 0;
    double betaSquares = 0;
    int heads = 0;
    int[] counts = new int[5];
    for (int i = 0; i < n; i++) {
      SampleDraws r = new SampleDraws(11, 2, i, 3);
      uniform += r.uniform(2, 4) / n;
      double z = r.normal();
      normal += z / n;
      squares += z * z / n;
      double b = r.beta(0.4);
      beta += b / n;
      betaSquares += (b - 0.5) * (b - 0.5) / n;
      heads += r.chance(0.3) ? 1 : 0;
      counts[r.below(5)]++;
    }
    assertThat(uniform).isCloseTo(3, within(0.02));
    assertThat(normal).isCloseTo(0, within(0.035));
    assertThat(squares).isCloseTo(1, within(0.05));
    assertThat(beta).isCloseTo(0.5, within(0.015));
    // The variance of Beta(a, a) is 1 / (4 (2 a + 1)).
    assertThat(betaSquares).isCloseTo(1 / (4 * 1.8), within(0.005));
    assertThat(heads).isBetween(5700, 6300);
    for (int c : counts) {
      assertThat(c).isBetween(3750, 4250);
    }
  }

  @OnEachDevice
  void neighboursOfAKindAreOnePass(Device device) {
    Augment augment =
        Augment.builder()
            .randomCrop(8, 1)
            .horizontalFlip(0.5)
            .rotation(10)
            .colorJitter(0.1, 0.1, 0.1, 0.1)
            .normalize(MEAN, STD)
            .randomErasing(0.5)
            .build();
    assertThat(augment.passes()).isEqualTo(2);
    assertThat(Augment.builder().randAugment().build().passes()).isEqualTo(4);
    assertThat(Augment.builder().build().passes()).isEqualTo(1);
    Tensor x = Images.random(device, 1, 2, 3, 8, 8);
    Tensor y = augment.apply(x, 0, 4, 5);
    assertThat(y.dtype()).isEqualTo(DType.FLOAT32);
    Tensor half =
        Augment.builder().horizontalFlip(1).dtype(DType.BFLOAT16).build().apply(x, 0, 4, 5);
    assertThat(half.dtype()).isEqualTo(DType.BFLOAT16);
  }

  @OnEachDevice
  void aPlanIsDrawnAgainForEachBatch(Device device) {
    Tensor x = Images.random(device, 1, 4, 3, 16, 16);
    AugmentPlan plan = everything().plan(x.shape(), device);
    for (int epoch = 0; epoch < 3; epoch++) {
      int[] ids = {epoch, 7, 2, 40};
      plan.draw(epoch, ids);
      float[] want = everything().apply(x, epoch, ids).toFloatArray();
      assertThat(plan.apply(x).toFloatArray()).containsExactly(want);
      assertThat(plan.apply(x).toFloatArray()).containsExactly(want);
    }
    assertThat(plan.outputShape()).isEqualTo(Shape.of(4, 3, 16, 16));
    assertThatThrownBy(() -> plan.draw(0, 1)).hasMessageContaining("1 samples for a plan of 4");
  }

  @OnEachDevice
  void evaluationIsWithoutChance(Device device) {
    Tensor x = Images.random(device, 1, 2, 3, 16, 16);
    float[] v = Images.scaled(x);
    float[] y = everything().evaluate(x).toFloatArray();
    for (int p = 0; p < y.length; p++) {
      int c = p / 256 % 3;
      assertThat(y[p]).isCloseTo((v[p] - MEAN[c]) / STD[c], within(1e-5f));
    }
    float[] middle = Augment.builder().randomCrop(8).build().evaluate(x).toFloatArray();
    assertThat(middle[0]).isEqualTo(v[4 * 16 + 4]);
    Tensor wide = Images.random(device, 1, 2, 1, 16, 24);
    Tensor resized = Augment.builder().randomResizedCrop(8).build().evaluate(wide);
    assertThat(resized.shape()).isEqualTo(Shape.of(2, 1, 8, 8));
    float[] w = Images.scaled(wide);
    float quarter = (w[4] + w[5] + w[24 + 4] + w[24 + 5]) / 4;
    assertThat(resized.toFloatArray()[0]).isCloseTo(quarter, within(1e-6f));
  }

  @OnEachDevice
  void mixingKeepsTargetsADistribution(Device device) {
    int n = 16;
    Tensor x = Images.random(device, 2, n, 3, 8, 8);
    float[] v = Images.scaled(x);
    long[] labels = new long[n];
    for (int i = 0; i < n; i++) {
      labels[i] = i % 5;
    }
    Tensor y = Tensor.of(labels, device);
    List<Augment> all = new ArrayList<>();
    all.add(Augment.builder().seed(3).mixup(0.4, 5).build());
    all.add(Augment.builder().seed(3).cutmix(1, 5).build());
    all.add(Augment.builder().seed(3).mixup(0.4, 5).cutmix(1, 5).build());
    for (int k = 0; k < 3; k++) {
      assertThat(all.get(k).mixes()).isTrue();
      AugmentedBatch mixed = all.get(k).apply(x, y, 1, Images.ids(n));
      float[] target = mixed.target().toFloatArray();
      float[] image = mixed.input().toFloatArray();
      assertThat(mixed.target().shape()).isEqualTo(Shape.of(n, 5));
      for (int i = 0; i < n; i++) {
        float[] row = one(target, i, 5);
        assertThat(Images.mean(row) * 5).isCloseTo(1, within(1e-6));
        int next = (i + 1) % n;
        double own = row[i % 5];
        int fromOwn = 0;
        for (int p = 0; p < 192; p++) {
          float a = v[i * 192 + p];
          float b = v[next * 192 + p];
          float m = image[i * 192 + p];
          if (k == 0) {
            double share = labels[i] == labels[next] ? -1 : own;
            if (share >= 0) {
              assertThat((double) m).isCloseTo(share * a + (1 - share) * b, within(1e-5));
            }
          } else if (k == 1) {
            assertThat(m == a || m == b).isTrue();
            fromOwn += m == a ? 1 : 0;
          }
        }
        if (k == 1 && labels[i] != labels[next]) {
          assertThat(fromOwn / 192.0).isCloseTo(own, within(0.05));
        }
      }
    }
    AugmentedBatch plain = Augment.builder().build().apply(x, y, 0, Images.ids(n));
    assertThat(plain.target()).isSameAs(y);
  }

  @OnEachDevice
  void outsideIsAsAsked(Device device) {
    Tensor x = Images.random(device, 2, 1, 1, 4, 4);
    float[] v = Images.scaled(x);
    Function<Augment.Builder, Augment.Builder> away = b -> b.randomCrop(2, 2, 0);
    assertThat(run(x, away)).hasSize(4);
    float[] edge =
        run(x, b -> b.padding(Sampling.Padding.BORDER).scaling(0.01, 0.01).translation(0, 0));
    assertThat(edge[0]).isEqualTo(v[0]);
    assertThat(edge[15]).isEqualTo(v[15]);
    float[] filled = run(x, b -> b.fill(0.25f).scaling(0.01, 0.01));
    assertThat(filled[0]).isEqualTo(0.25f);
  }

  @OnEachDevice
  void nothingStaysAllocated(Device device) {
    Tensor x = Images.random(device, 2, 2, 3, 16, 16);
    Augment augment = everything();
    try (Scope scope = Scope.open("warm")) {
      augment.apply(x, 0, 1, 2);
    }
    long before = SettledMemory.used(device);
    for (int i = 0; i < 3; i++) {
      try (Scope scope = Scope.open("step")) {
        augment.apply(x, i, 1, 2);
        augment.evaluate(x);
      }
    }
    assertThat(device.memory().used()).isEqualTo(before);
  }

  @Test
  void whatCannotBeIsRefused() {
    Device device = Device.of("scalar");
    Augment.Builder b = Augment.builder();
    assertThatThrownBy(() -> b.horizontalFlip(1.5)).hasMessageContaining("must be 0 to 1");
    assertThatThrownBy(() -> b.gaussianBlur(4)).hasMessageContaining("odd");
    assertThatThrownBy(() -> b.normalize(MEAN, new float[] {1, 0, 1})).hasMessageContaining("0");
    assertThatThrownBy(() -> b.dtype(DType.INT32)).isInstanceOf(KilnException.class);
    assertThatThrownBy(() -> b.randAugment(2, 31, 31)).hasMessageContaining("magnitude");
    double inf = Double.POSITIVE_INFINITY;
    assertThatThrownBy(() -> b.rotation(inf)).hasMessageContaining("finite");
    assertThatThrownBy(() -> b.rotation(0, Double.NaN)).hasMessageContaining("finite");
    assertThatThrownBy(() -> b.scaling(1, inf)).hasMessageContaining("finite");
    assertThatThrownBy(() -> b.brightness(0, inf)).hasMessageContaining("finite");
    assertThatThrownBy(() -> b.colorJitter(inf, 0, 0, 0)).hasMessageContaining("finite");
    assertThatThrownBy(() -> b.gaussianBlur(3, 1, inf, 1)).hasMessageContaining("finite");
    assertThatThrownBy(() -> b.gaussianNoise(Double.NaN, 1, true)).hasMessageContaining("finite");
    assertThatThrownBy(() -> b.sharpness(inf, 1)).hasMessageContaining("finite");
    assertThatThrownBy(() -> b.solarize(Double.NaN, 1)).hasMessageContaining("number");
    assertThatThrownBy(() -> b.mixup(inf, 10)).hasMessageContaining("finite");
    assertThatThrownBy(() -> b.cutmix(Double.NaN, 10)).hasMessageContaining("finite");
    assertThatThrownBy(() -> Augment.builder().mixup(1, 10).cutmix(1, 5))
        .hasMessageContaining("5 classes after 10");
    assertThatThrownBy(() -> b.randomCrop(0)).hasMessageContaining("above 0");
    Tensor x = Images.random(device, 1, 1, 3, 8, 8);
    assertThatThrownBy(() -> Augment.builder().randomCrop(9).build().apply(x, 0, 0))
        .hasMessageContaining("does not fit");
    assertThatThrownBy(() -> Augment.builder().gaussianBlur(17).build().apply(x, 0, 0))
        .hasMessageContaining("less far");
    Tensor four = Images.random(device, 1, 1, 4, 8, 8);
    assertThatThrownBy(() -> Augment.builder().hue(0, 0.1).build().apply(four, 0, 0))
        .hasMessageContaining("4 channels");
    assertThatThrownBy(() -> Augment.builder().normalize(MEAN, STD).build().apply(four, 0, 0))
        .hasMessageContaining("3 means");
    Tensor flat = Tensor.zeros(Shape.of(3, 4), DType.FLOAT32, device);
    assertThatThrownBy(() -> Augment.builder().build().apply(flat, 0, 0, 1, 2))
        .isInstanceOf(ShapeException.class);
  }
}
