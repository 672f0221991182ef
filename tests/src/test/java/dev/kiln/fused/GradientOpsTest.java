package dev.kiln.fused;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.backend.LossScaleSpec;
import dev.kiln.backend.View;
import dev.kiln.testing.OnEachDevice;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Norms, scaling and the search for NaN over many pieces of memory at once. */
class GradientOpsTest {
  private static final int[] SIZES = {0, 1, 7, 31, 32, 33, 1000, 1025, 20_000};
  private static final DType[] TYPES = {
    DType.FLOAT32, DType.FLOAT64, DType.BFLOAT16, DType.FLOAT16
  };

  /** Pieces of every size, each at another place of its memory. */
  private static List<Twin.Pair> pieces(Twin twin, DType type, int shift) {
    List<Twin.Pair> all = new ArrayList<>();
    for (int n : SIZES) {
      all.add(twin.random(type, all.size() * shift % 5, all.size(), n));
    }
    return all;
  }

  private static List<View> there(List<Twin.Pair> pieces) {
    return pieces.stream().map(Twin.Pair::device).toList();
  }

  private static List<View> here(List<Twin.Pair> pieces) {
    return pieces.stream().map(Twin.Pair::oracle).toList();
  }

  @OnEachDevice
  void measuresAndScalesLikeTheOracle(Device device) {
    for (DType type : TYPES) {
      for (int shift : new int[] {0, 3}) {
        for (double maxNorm : new double[] {0.5, 1e6, Double.POSITIVE_INFINITY}) {
          try (Twin twin = new Twin(device)) {
            List<Twin.Pair> pieces = pieces(twin, type, shift);
            Twin.Pair norm = twin.empty(DType.FLOAT64, 1, 2);
            twin.onDevice().gradientNorm(norm.device(), there(pieces), maxNorm, 1e-6);
            twin.onOracle().gradientNorm(norm.oracle(), here(pieces), maxNorm, 1e-6);
            twin.same("norm of " + type, norm, type == DType.FLOAT64 ? 1e-13 : 1e-6);
            twin.onDevice().scaleAll(there(pieces), norm.device().narrow(0, 1, 1));
            twin.onOracle().scaleAll(here(pieces), norm.oracle().narrow(0, 1, 1));
            for (Twin.Pair p : pieces) {
              twin.same("scaled " + type, p, Twin.tolerance(type));
            }
          }
        }
      }
    }
  }

  @OnEachDevice
  void measuresTypesTogetherAndMorePiecesThanALaunchTakes(Device device) {
    try (Twin twin = new Twin(device)) {
      List<Twin.Pair> pieces = new ArrayList<>();
      double squares = 0;
      for (int i = 0; i < 300; i++) {
        DType type = i < 290 ? DType.FLOAT32 : i < 295 ? DType.FLOAT64 : DType.BFLOAT16;
        pieces.add(twin.of(type, i % 3, new double[] {i % 8, -2}, 2));
        squares += i % 8 * (i % 8) + 4;
      }
      View norm = twin.empty(DType.FLOAT64, 0, 2).device();
      twin.onDevice().gradientNorm(norm, there(pieces), 1, 0);
      double total = Math.sqrt(squares);
      assertThat(twin.read(norm)[0]).isCloseTo(total, within(1e-5 * total));
      assertThat(twin.read(norm)[1]).isCloseTo(1 / total, within(1e-5 / total));
      twin.onDevice()
          .scaleAll(there(pieces), twin.of(DType.FLOAT64, 0, new double[] {0.5}, 1).device());
      for (int i = 0; i < 300; i++) {
        assertThat(twin.read(pieces.get(i).device())).containsExactly(i % 8 / 2.0, -1);
      }
    }
  }

  @OnEachDevice
  void measuresNothing(Device device) {
    try (Twin twin = new Twin(device)) {
      View norm = twin.empty(DType.FLOAT64, 0, 2).device();
      twin.onDevice().gradientNorm(norm, List.of(), 1, 1e-6);
      assertThat(twin.read(norm)).containsExactly(0, 1);
    }
  }

  @OnEachDevice
  void aNormThatIsNoNumberMakesAllElementsSo(Device device) {
    try (Twin twin = new Twin(device)) {
      Twin.Pair good = twin.of(DType.FLOAT32, 0, new double[] {0, 1}, 2);
      Twin.Pair bad = twin.of(DType.FLOAT32, 0, new double[] {2, Double.NaN}, 2);
      List<View> parts = there(List.of(good, bad));
      View norm = twin.empty(DType.FLOAT64, 0, 2).device();
      twin.onDevice().gradientNorm(norm, parts, 1, 1e-6);
      assertThat(twin.read(norm)).containsExactly(Double.NaN, Double.NaN);
      twin.onDevice().scaleAll(parts, norm.narrow(0, 1, 1));
      assertThat(twin.read(good.device())).containsExactly(Double.NaN, Double.NaN);
    }
  }

  @OnEachDevice
  void takesPiecesOfAnyStrides(Device device) {
    try (Twin twin = new Twin(device)) {
      View turned = twin.random(DType.FLOAT32, 1, 5, 4, 3).device().permute(1, 0);
      double[] before = twin.read(turned);
      View norm = twin.empty(DType.FLOAT64, 0, 2).device();
      twin.onDevice().gradientNorm(norm, List.of(turned), 1, 0);
      twin.onDevice().scaleAll(List.of(turned), norm.narrow(0, 1, 1));
      double squares = 0;
      for (double v : before) {
        squares += v * v;
      }
      assertThat(twin.read(norm)[0]).isCloseTo(Math.sqrt(squares), within(1e-5));
      double[] after = twin.read(turned);
      for (int i = 0; i < before.length; i++) {
        assertThat(after[i]).isCloseTo(before[i] / Math.sqrt(squares), within(1e-6));
      }
      View found = twin.empty(DType.FLOAT64, 0, 1).device();
      twin.onDevice().nonFinite(found, List.of(turned));
      assertThat(twin.read(found)).containsExactly(0);
    }
  }

  @OnEachDevice
  void findsWhatIsNotFiniteWhereverItStands(Device device) {
    double[] bad = {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY};
    for (DType type : TYPES) {
      try (Twin twin = new Twin(device)) {
        View found = twin.empty(DType.FLOAT64, 0, 1).device();
        List<View> fine = there(pieces(twin, type, 2));
        twin.onDevice().nonFinite(found, fine);
        assertThat(twin.read(found)).as("%s", type).containsExactly(0);
        for (int n : new int[] {1, 33, 8193}) {
          for (int at : new int[] {0, n / 2, n - 1}) {
            double[] values = Twin.random(n, n);
            values[at] = bad[at % 3];
            List<View> parts = new ArrayList<>(fine);
            parts.add(3, twin.of(type, at % 4, values, n).device());
            twin.onDevice().nonFinite(found, parts);
            assertThat(twin.read(found)).as("%s at %s of %s", type, at, n).containsExactly(1);
          }
        }
        twin.onDevice().nonFinite(found, List.of());
        assertThat(twin.read(found)).containsExactly(0);
      }
    }
  }

  @OnEachDevice
  void largeNumbersAreFinite(Device device) {
    try (Twin twin = new Twin(device)) {
      View found = twin.empty(DType.FLOAT64, 0, 1).device();
      double[] largest = {Float.MAX_VALUE, -Float.MAX_VALUE};
      twin.onDevice().nonFinite(found, List.of(twin.of(DType.FLOAT32, 0, largest, 2).device()));
      assertThat(twin.read(found)).containsExactly(0);
      double[] wide = {Double.MAX_VALUE, -1e300};
      twin.onDevice().nonFinite(found, List.of(twin.of(DType.FLOAT64, 0, wide, 2).device()));
      assertThat(twin.read(found)).containsExactly(0);
    }
  }

  @OnEachDevice
  void theScaleOfALossFollowsItsOverflows(Device device) {
    LossScaleSpec spec = new LossScaleSpec(2, 0.5, 2, 20);
    try (Twin twin = new Twin(device)) {
      View scale = number(twin, 8);
      View tracker = number(twin, 0);
      View factor = number(twin, 55);
      View good = number(twin, 0);
      View bad = number(twin, 1);
      double[][] want = {{8, 1}, {16, 0}, {8, 0}, {8, 1}, {16, 0}, {16, 1}, {16, 0}};
      for (int step = 0; step < want.length; step++) {
        View found = step == 2 ? bad : good;
        twin.onDevice().lossScaleFactor(factor, found, Optional.of(scale));
        double scaled = twin.read(scale)[0];
        assertThat(twin.read(factor)).containsExactly(step == 2 ? 0 : 1 / scaled);
        twin.onDevice().lossScaleFactor(factor, found, Optional.empty());
        assertThat(twin.read(factor)).containsExactly(step == 2 ? 0 : 1);
        twin.onDevice().lossScaleUpdate(scale, tracker, found, spec);
        assertThat(twin.read(scale)).as("step %d", step).containsExactly(want[step][0]);
        assertThat(twin.read(tracker)).as("step %d", step).containsExactly(want[step][1]);
      }
    }
  }

  private static View number(Twin twin, double value) {
    return twin.of(DType.FLOAT64, 0, new double[] {value}, 1).device();
  }
}
