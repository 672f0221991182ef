package dev.kiln.bench;

import dev.kiln.Device;
import dev.kiln.Tensor;
import dev.kiln.backend.BinaryOp;
import java.util.List;

/**
 * What a device can do at most, measured: floating-point operations and memory traffic. On the CPU
 * they are loops of their own ({@link CpuPeak}); elsewhere a product of 4096 x 4096 matrices and
 * the sum of two tensors of 64M elements, the most that the vendor's library and a plain kernel
 * reach.
 */
final class Peak {
  static final String FLOPS = "peak.flops";
  static final String BYTES = "peak.bytes";

  private static final int SIDE = 4096;
  private static final long MANY = 1L << 26;

  private Peak() {}

  /** The tasks, for so many threads of the CPU. */
  static List<Task> tasks(Device device, int threads) {
    if (device.id().type().equals("cuda")) {
      return List.of(
          Task.of(FLOPS, 2.0 * SIDE * SIDE * SIDE, Peak::product),
          new Task(BYTES, 0, 12.0 * MANY, Peak::sum));
    }
    return List.of(
        Task.of(
            FLOPS,
            CpuPeak.flops(threads, CpuPeak.ROUNDS),
            s -> CpuPeak.flopsLoop(threads, CpuPeak.ROUNDS)),
        new Task(BYTES, 0, CpuPeak.bytes(threads), s -> CpuPeak.bytesLoop(threads)));
  }

  private static Runnable product(Setting s) {
    Tensor a = s.random(SIDE, SIDE);
    Tensor b = s.random(SIDE, SIDE);
    return s.run(() -> a.matmul(b));
  }

  private static Runnable sum(Setting s) {
    Tensor a = s.random(MANY);
    Tensor b = s.random(MANY);
    Tensor out = s.random(MANY);
    return () -> s.device().backend().binary(BinaryOp.ADD, out.view(), a.view(), b.view());
  }
}
