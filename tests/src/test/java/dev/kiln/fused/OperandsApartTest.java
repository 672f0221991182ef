package dev.kiln.fused;

import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.testing.AgainstOracle;
import dev.kiln.testing.OnEachDevice;
import java.util.Optional;

/**
 * Normalisation of rows whose elements, weights and biases begin at different places of a pack of
 * 16 bytes: kernels read packs where they may, of each operand for itself.
 */
class OperandsApartTest {
  /** A row is held by lanes up to 512 elements, by a block up to 16384, then walked through. */
  private static final int[] WIDTHS = {8, 96, 512, 1000, 1032, 16_400};

  /** Elements of x and y, of the weight, of the bias, before their first. */
  private static final int[][] OFFSETS = {{0, 0, 0}, {0, 1, 0}, {0, 0, 3}, {1, 0, 0}, {3, 3, 1}};

  @OnEachDevice
  void layerNorm(Device device) {
    for (DType type : AgainstOracle.TYPES) {
      for (int n : WIDTHS) {
        for (int[] offsets : OFFSETS) {
          try (Twin twin = new Twin(device)) {
            layerNorm(twin, type, n, offsets);
          }
        }
      }
    }
  }

  private static void layerNorm(Twin twin, DType type, int n, int[] offsets) {
    String what = "of " + n + " " + type + " at " + java.util.Arrays.toString(offsets);
    DType wide = type == DType.FLOAT64 ? DType.FLOAT64 : DType.FLOAT32;
    Twin.Pair x = twin.random(type, offsets[0], 1, 3, n);
    Twin.Pair w = twin.random(type, offsets[1], 2, n);
    Twin.Pair b = twin.random(type, offsets[2], 3, n);
    Twin.Pair y = twin.empty(type, offsets[0], 3, n);
    Twin.Pair mean = twin.empty(wide, 0, 3);
    Twin.Pair invStd = twin.empty(wide, 0, 3);
    twin.onDevice()
        .layerNorm(
            y.device(),
            mean.device(),
            invStd.device(),
            x.device(),
            Optional.of(w.device()),
            Optional.of(b.device()),
            0.1);
    twin.onOracle()
        .layerNorm(
            y.oracle(),
            mean.oracle(),
            invStd.oracle(),
            x.oracle(),
            Optional.of(w.oracle()),
            Optional.of(b.oracle()),
            0.1);
    twin.same("layer_norm " + what, y, 2 * Twin.tolerance(type));
    Twin.Pair dy = twin.random(type, offsets[0], 4, 3, n);
    Twin.Pair dx = twin.empty(type, offsets[0], 3, n);
    Twin.Pair dw = twin.empty(type, offsets[1], n);
    Twin.Pair db = twin.empty(type, offsets[2], n);
    twin.onDevice()
        .layerNormGrad(
            dx.device(),
            dw.device(),
            db.device(),
            dy.device(),
            x.device(),
            Optional.of(w.device()),
            mean.device(),
            invStd.device());
    twin.onOracle()
        .layerNormGrad(
            dx.oracle(),
            dw.oracle(),
            db.oracle(),
            dy.oracle(),
            x.oracle(),
            Optional.of(w.oracle()),
            mean.oracle(),
            invStd.oracle());
    twin.same("layer_norm gradient " + what, dx, 4 * Twin.tolerance(type));
    twin.same("layer_norm gradient of the weight " + what, dw, 4 * Twin.tolerance(type));
    twin.same("layer_norm gradient of the bias " + what, db, 4 * Twin.tolerance(type));
  }
}
