package dev.kiln.ops;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.Scope;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.testing.OnEachDevice;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.assertj.core.data.Offset;

/** The types of mixes, against the table of PyTorch's documentation. */
class PromotionTest {
  private static final List<DType> ORDER =
      List.of(
          DType.BOOL,
          DType.UINT8,
          DType.INT32,
          DType.INT64,
          DType.FLOAT16,
          DType.BFLOAT16,
          DType.FLOAT32,
          DType.FLOAT64);

  /** Row and column in that order: the type of a mix, by its place in it. */
  private static final String[] TABLE = {
    "01234567", "11234567", "22234567", "33334567", "44444667", "55556567", "66666667", "77777777"
  };

  private static DType mixed(DType a, DType b) {
    return ORDER.get(TABLE[ORDER.indexOf(a)].charAt(ORDER.indexOf(b)) - '0');
  }

  private static int kind(DType t) {
    return t == DType.BOOL ? 0 : t.isIntegral() ? 1 : 2;
  }

  @Property
  void typesOfPairs(@ForAll DType a, @ForAll DType b, @ForAll boolean swap) {
    try (Scope scope = Scope.open()) {
      Device device = Device.of("scalar");
      Tensor x = Tensor.ones(Shape.of(2), a, device);
      Tensor y = Tensor.ones(Shape.of(2), b, device);
      Tensor number = Tensor.ones(Shape.scalar(), b, device);
      DType of = mixed(a, b);
      assertThat(DType.promote(a, b)).isEqualTo(of);
      assertThat(x.add(y).dtype()).isEqualTo(of);
      assertThat(x.mul(y).dtype()).isEqualTo(of);
      assertThat(x.maximum(y).dtype()).isEqualTo(of);
      assertThat(Elementwise.where(x.gt(0), x, y).dtype()).isEqualTo(of);
      assertThat(Shaping.cat(List.of(x, y), 0).dtype()).isEqualTo(of);
      assertThat(x.div(y).dtype()).isEqualTo(of.isFloating() ? of : DType.FLOAT32);
      assertThat(x.lt(y).dtype()).isEqualTo(DType.BOOL);
      // A number of rank 0 counts only if it is of a higher kind.
      DType withNumber = kind(b) > kind(a) ? of : a;
      Tensor z = swap ? number.add(x) : x.add(number);
      assertThat(z.dtype()).as("%s with a number of %s", a, b).isEqualTo(withNumber);
      assertThat(number.add(number).dtype()).isEqualTo(b);
    }
  }

  @Property
  void typesWithNumbers(@ForAll DType a) {
    try (Scope scope = Scope.open()) {
      Tensor x = Tensor.ones(Shape.of(2), a, Device.of("scalar"));
      DType withInteger = a == DType.BOOL ? DType.INT64 : a;
      DType withFraction = a.isFloating() ? a : DType.FLOAT32;
      assertThat(x.add(2).dtype()).isEqualTo(withInteger);
      assertThat(x.mul(2).dtype()).isEqualTo(withInteger);
      assertThat(x.add(2.5).dtype()).isEqualTo(withFraction);
      assertThat(x.mul(0.5).dtype()).isEqualTo(withFraction);
      assertThat(x.div(2).dtype()).isEqualTo(withFraction);
      assertThat(x.add(Double.POSITIVE_INFINITY).dtype()).isEqualTo(withFraction);
      assertThat(Elementwise.where(x.gt(0), x, 2).dtype()).isEqualTo(withInteger);
      assertThat(Elementwise.where(x.gt(0), 2.5, x).dtype()).isEqualTo(withFraction);
      assertThat(x.exp().dtype()).isEqualTo(withFraction);
      assertThat(Trigonometry.atan(x).dtype()).isEqualTo(withFraction);
      assertThat(x.sum().dtype()).isEqualTo(a.isFloating() ? a : DType.INT64);
      assertThat(Scans.cumprod(x, 0).dtype()).isEqualTo(a.isFloating() ? a : DType.INT64);
      assertThat(x.amax().dtype()).isEqualTo(a);
      assertThat(Sorting.sort(x, 0, true).values().dtype()).isEqualTo(a);
      assertThat(Reductions.any(x, new int[0], false).dtype())
          .isEqualTo(a == DType.UINT8 ? DType.UINT8 : DType.BOOL);
    }
  }

  @OnEachDevice
  void mixesOfTypesAreComputedInTheirType(Device device) {
    Tensor longs = Tensor.of(new long[] {(1L << 53) + 1, 3}, device);
    Tensor half = Tensor.of(new double[] {0.1, 0.5}, device).to(DType.FLOAT16);
    Tensor third = Tensor.of(new double[] {1.0 / 3}, device);
    assertThat(longs.eq(Tensor.of(new long[] {1L << 53, 3}, device)).toIntArray())
        .containsExactly(0, 1);
    assertThat(longs.mul(third).toDoubleArray()[1]).isEqualTo(3 * (1.0 / 3));
    assertThat(half.mul(Tensor.scalar(3, DType.FLOAT64, device)).toDoubleArray())
        .containsExactly(0.2998046875, 1.5);
    assertThat(half.add(half.to(DType.BFLOAT16)).dtype()).isEqualTo(DType.FLOAT32);
  }

  @OnEachDevice
  void functionsOfTwoAreComputedInTheirCommonType(Device device) {
    Tensor longs = Tensor.of(new long[] {3, -4}, device);
    Tensor wide = Tensor.of(new double[] {0.1, -0.2}, device);
    Tensor half = wide.to(DType.FLOAT16);
    assertThat(SpecialFunctions.xlogy(wide, longs).toDoubleArray()[0])
        .isCloseTo(0.1 * Math.log(3), Offset.offset(1e-15));
    assertThat(SpecialFunctions.xlogy(longs, half).dtype()).isEqualTo(DType.FLOAT16);
    assertThat(SpecialFunctions.logaddexp(longs, half).dtype()).isEqualTo(DType.FLOAT16);
    assertThat(SpecialFunctions.logaddexp(longs, longs).dtype()).isEqualTo(DType.FLOAT32);
    assertThat(Combinations.copysign(longs, wide).dtype()).isEqualTo(DType.FLOAT64);
    assertThat(Combinations.copysign(longs, wide).toDoubleArray()).containsExactly(3, -4);
  }

  @OnEachDevice
  void aFactorIsAppliedInTheTypeOfTheSum(Device device) {
    Tensor bytes = Tensor.of(new int[] {225, 3}, device).to(DType.UINT8);
    Tensor x = Tensor.of(new float[] {0.5f, 1}, device);
    assertThat(Combinations.add(x, bytes, 2).toDoubleArray()).containsExactly(450.5, 7);
    assertThat(Combinations.sub(x, bytes, 2).toDoubleArray()).containsExactly(-449.5, -5);
    Tensor longs = Tensor.of(new long[] {1, 2}, device);
    assertThat(Combinations.add(longs, bytes, 2).toLongArray()).containsExactly(451, 8);
  }

  @OnEachDevice
  void anglesOfIntegersHaveGradientsInTheResultsType(Device device) {
    Tensor bytes = Tensor.of(new int[] {200}, device).to(DType.UINT8);
    Tensor x = Tensor.of(new double[] {150}, device).requiresGrad(true);
    Trigonometry.atan2(bytes, x).sum().backward();
    assertThat(x.grad().orElseThrow().item()).isEqualTo(-200 / 62_500.0);
  }

  @OnEachDevice
  void gradientsKeepTheirInputsTypes(Device device) {
    Tensor a = Tensor.of(new float[] {1, 2}, device).requiresGrad(true);
    Tensor b = Tensor.of(new double[] {3, 4}, device).requiresGrad(true);
    Tensor c = Tensor.of(new double[] {5}, device).to(DType.BFLOAT16).requiresGrad(true);
    a.mul(b).add(c).mul(Tensor.of(new long[] {2, 3}, device)).sum().backward();
    assertThat(a.grad().orElseThrow().dtype()).isEqualTo(DType.FLOAT32);
    assertThat(b.grad().orElseThrow().dtype()).isEqualTo(DType.FLOAT64);
    assertThat(c.grad().orElseThrow().dtype()).isEqualTo(DType.BFLOAT16);
    assertThat(a.grad().orElseThrow().toDoubleArray()).containsExactly(6, 12);
    assertThat(b.grad().orElseThrow().toDoubleArray()).containsExactly(2, 6);
    assertThat(c.grad().orElseThrow().toDoubleArray()).containsExactly(5);
  }
}
