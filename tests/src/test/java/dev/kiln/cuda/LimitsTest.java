package dev.kiln.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.cuda.sim.SimDevice;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Launchers at sizes that no test has the memory for: they count right, or refuse. */
class LimitsTest {
  private static final long TWO_32 = 1L << 32;
  private static final int MAX_RANK = 6;

  private CudaBackend device;

  @BeforeEach
  void open() {
    device = (CudaBackend) SimDevice.open().backend();
  }

  /** A sum over one axis of x, dense, as launchers read it. */
  private static long sumOver(ByteBuffer numbers, long size) {
    numbers.order(ByteOrder.nativeOrder()).clear();
    numbers.putLong(0, 1).putLong(8, size);
    numbers.putLong(8 * (1 + MAX_RANK), 0).putLong(8 * (1 + 2 * MAX_RANK), 1);
    return Launchers.address(numbers);
  }

  @Test
  void anAxisMayHaveMoreThan2To32Elements() {
    ByteBuffer numbers = ByteBuffer.allocateDirect(8 * (1 + 3 * MAX_RANK));
    int sum = Launchers.reduceOp("SUM");
    int f32 = 0;
    long some = Launchers.reduceScratch(sum, f32, sumOver(numbers, 1 << 30));
    assertThat(some).as("1024 partial results of 8 bytes").isEqualTo(1024 * 8);
    for (long n : new long[] {1L << 31, TWO_32, TWO_32 + 5, 3 * TWO_32}) {
      assertThat(Launchers.reduceScratch(sum, f32, sumOver(numbers, n)))
          .as("%d", n)
          .isEqualTo(some);
    }
  }

  @Test
  void aPlaneOf2To32ElementsIsRefused() {
    assertThat(Launchers.batchNormScratch(1, 3, TWO_32)).isPositive();
    int status =
        Launchers.channelAffine(device.launchers(), 0, 512, 512, 0, 0, 0, 0, 1, 3, TWO_32, 1e-5);
    assertThat(status).isEqualTo(Launchers.BAD_ARGUMENT);
    assertThat(Launchers.lastError()).contains("more than 2^31 elements to a plane");
  }

  @Test
  void anImageWhosePixelsCannotBeCountedIsRefused() {
    long h = Integer.MAX_VALUE;
    int status =
        Launchers.transformPixels(
            device.launchers(), 0, 4, 512, 512, 512, 512, 512, 1, 1, h, 1, 1, 0, 0);
    assertThat(status).isEqualTo(Launchers.BAD_ARGUMENT);
    status =
        Launchers.affineSample(
            device.launchers(), 0, 4, 512, 512, 512, 0, 1, 1, 2, 2, h - 4, 1, 0, 0);
    assertThat(status).isEqualTo(Launchers.BAD_ARGUMENT);
    assertThat(Launchers.lastError()).contains("more than 2^30 pixels");
  }
}
