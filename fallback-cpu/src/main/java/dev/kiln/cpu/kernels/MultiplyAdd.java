package dev.kiln.cpu.kernels;

import com.sun.management.HotSpotDiagnosticMXBean;
import java.lang.management.ManagementFactory;

/**
 * The multiply-add of plain loops: one instruction and one rounding where the processor has it.
 * Where it has not, {@link Math#fma} would compute with decimal numbers, a thousand times slower.
 */
final class MultiplyAdd {
  static final boolean FUSED = isFused();

  private MultiplyAdd() {}

  /** Returns {@code a * x + y}. */
  static float of(float a, float x, float y) {
    return FUSED ? Math.fma(a, x, y) : a * x + y;
  }

  private static boolean isFused() {
    try {
      HotSpotDiagnosticMXBean options =
          ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class);
      return options != null && Boolean.parseBoolean(options.getVMOption("UseFMA").getValue());
    } catch (IllegalArgumentException | LinkageError e) {
      return false; // another JVM, which has no such option, or one cut down to a few modules
    }
  }
}
