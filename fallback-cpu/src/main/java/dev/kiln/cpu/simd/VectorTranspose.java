package dev.kiln.cpu.simd;

import static dev.kiln.cpu.simd.Lanes.F;
import static dev.kiln.cpu.simd.Lanes.LANES;

import dev.kiln.cpu.kernels.Transpose;
import dev.kiln.cpu.threads.Workspace;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import jdk.incubator.vector.FloatVector;

/**
 * Transposes by gathering: a vector takes one element of each of 16 rows.
 *
 * <p>Where vectors have 16 lanes a gather takes two thirds of the time of as many loads and stores;
 * where they have fewer, or where the processor's gathers are slowed down against leaks
 * (CVE-2022-40982), the plain loops are the faster ones.
 */
final class VectorTranspose {
  private static final boolean GATHERS = LANES == 16 && !gathersAreSlow();
  private static final Primer PRIMER = new Primer(VectorTranspose::primed);
  private static final int[] FIRST = new int[LANES];

  private VectorTranspose() {}

  private static boolean gathersAreSlow() {
    Path report = Path.of("/sys/devices/system/cpu/vulnerabilities/gather_data_sampling");
    try {
      return Files.exists(report) && Files.readString(report).startsWith("Mitigation");
    } catch (IOException | RuntimeException e) {
      return true; // the safe choice where the system tells nothing
    }
  }

  private static void primed(int turns) {
    columns(turns, Primer.SCRATCH, 0, FIRST, Primer.SINK, 0, 0);
  }

  /** As {@link Transpose#run}. */
  static void run(int rows, int columns, float[] x, int from, int ld, float[] y, int to, int ldy) {
    if (!GATHERS || rows < LANES) {
      Transpose.run(rows, columns, x, from, ld, y, to, ldy);
      return;
    }
    PRIMER.before(columns);
    int[] index = Workspace.mine().multiples(ld, LANES);
    int whole = rows / LANES * LANES;
    for (int i = 0; i < whole; i += LANES) {
      columns(columns, x, from + i * ld, index, y, to + i, ldy);
    }
    if (whole < rows) {
      int i = rows - LANES; // again what the last whole block wrote
      columns(columns, x, from + i * ld, index, y, to + i, ldy);
    }
  }

  private static void columns(int n, float[] x, int from, int[] index, float[] y, int to, int ldy) {
    for (int j = 0; j < n; j++) {
      FloatVector.fromArray(F, x, from + j, index, 0).intoArray(y, to);
      to += ldy;
    }
  }
}
