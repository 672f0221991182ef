package dev.kiln.cuda.sim;

import static dev.kiln.cuda.sim.Sim.*;
import static jcuda.driver.JCudaDriver.*;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import jcuda.Pointer;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUresult;
import jcuda.driver.CUstream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** That device memory is counted, bounded, checked and unset, as a careful GPU's would be. */
class SimMemoryTest {
  private static final int INVALID = CUresult.CUDA_ERROR_INVALID_VALUE;

  private Sim sim;

  @BeforeEach
  void open() {
    sim = Sim.open();
  }

  @AfterEach
  void close() {
    if (sim != null) {
      SimControl.setTotalMemory(4L << 30);
      sim.close();
    }
  }

  @Test
  void freshMemoryIsNaN() {
    assertThat(floats(allocate(40), 10)).containsOnly(Float.NaN);
    assertThat(doubles(allocate(40), 5)).containsOnly(Double.NaN);
  }

  @Test
  void alignsTo256BytesAndKeepsWhatIsWritten() {
    for (int count : new int[] {1, 63, 64, 65, 1023, 1024, 5000}) {
      float[] values = new float[count];
      Arrays.setAll(new double[count], i -> values[i] = i);
      CUdeviceptr pointer = floats(values);
      long[] start = new long[1];
      ok(cuPointerGetAttribute(Pointer.to(start), 11, pointer));
      assertThat(start[0] % 256).isZero();
      assertThat(floats(pointer, count)).containsExactly(values);
    }
  }

  @Test
  void checksTheBoundsOfCopiesAndFills() {
    CUdeviceptr x = floats(1, 2, 3, 4);
    float[] host = new float[8];
    assertThat(cuMemcpyHtoD(x, Pointer.to(host), 20)).isEqualTo(INVALID);
    assertThat(SimControl.report()).contains("20 bytes at").contains("not all in one");
    assertThat(cuMemcpyDtoH(Pointer.to(host), x.withByteOffset(4), 16)).isEqualTo(INVALID);
    assertThat(cuMemcpyDtoD(floats(new float[8]), x, 32)).isEqualTo(INVALID);
    assertThat(cuMemsetD32(x, 0, 5)).isEqualTo(INVALID);
    assertThat(cuMemsetD32(x.withByteOffset(2), 0, 1)).isEqualTo(INVALID); // not aligned
    ok(cuMemsetD32(x.withByteOffset(4), Float.floatToIntBits(9), 2));
    ok(cuMemcpyHtoD(x, Pointer.to(host), 0));
    assertThat(floats(x, 4)).containsExactly(1, 9, 9, 4);
  }

  @Test
  void refusesToFreeWhatIsNotAllocated() {
    CUdeviceptr x = allocate(100);
    assertThat(cuMemFree(x.withByteOffset(8))).isEqualTo(INVALID);
    ok(cuMemFree(x));
    assertThat(cuMemFree(x)).isEqualTo(INVALID);
    assertThat(SimControl.report()).contains("freed allocation");
    ok(cuMemFree(new CUdeviceptr()));
  }

  @Test
  void runsOutOfMemoryWhereItIsTold() {
    long used = SimControl.memoryUsed();
    SimControl.setTotalMemory(used + 1000);
    long[] free = new long[1];
    long[] total = new long[1];
    CUdeviceptr x = allocate(600);
    ok(cuMemGetInfo(free, total));
    assertThat(free[0]).isEqualTo(400);
    assertThat(total[0]).isEqualTo(used + 1000);
    assertThat(cuMemAlloc(new CUdeviceptr(), 401)).isEqualTo(CUresult.CUDA_ERROR_OUT_OF_MEMORY);
    ok(cuMemAlloc(new CUdeviceptr(), 400));
    ok(cuMemFree(x));
    ok(cuMemAlloc(new CUdeviceptr(), 600));
  }

  @Test
  void reportsWhatIsNotFreedWithTheContext() {
    CUdeviceptr kept = allocate(4096);
    ok(cuMemFree(kept));
    sim.reopen();
    assertThat(SimControl.report()).isEmpty();
    long used = SimControl.memoryUsed();
    allocate(1000);
    allocate(2000);
    sim.reopen();
    assertThat(SimControl.report())
        .contains("2 allocations not freed")
        .contains("1000 bytes of device memory")
        .contains("2000 bytes of device memory");
    assertThat(SimControl.memoryUsed()).isEqualTo(used);
  }

  @Test
  void allocatesInTheOrderOfStreams() {
    CUstream stream = new CUstream();
    ok(cuStreamCreate(stream, 0));
    CUdeviceptr x = new CUdeviceptr();
    ok(cuMemAllocAsync(x, 64, stream));
    ok(cuMemsetD32Async(x, 5, 16, stream));
    ok(cuStreamSynchronize(stream));
    assertThat(ints(x, 16)).containsOnly(5);
    ok(cuMemFreeAsync(x, stream));
    assertThat(cuMemFreeAsync(x, stream)).isEqualTo(INVALID);
  }

  @Test
  void pinsHostMemory() {
    Pointer pinned = new Pointer();
    ok(cuMemHostAlloc(pinned, 64, 0));
    ByteBuffer buffer = pinned.getByteBuffer(0, 64).order(ByteOrder.nativeOrder());
    for (int i = 0; i < 16; i++) {
      buffer.putInt(4 * i, i);
    }
    CUdeviceptr x = allocate(64);
    ok(cuMemcpyHtoD(x, pinned, 64));
    assertThat(ints(x, 16)).startsWith(0, 1, 2).endsWith(15);
    assertThat(cuMemcpyHtoD(allocate(100), pinned, 68)).isEqualTo(INVALID);
    ok(cuMemFreeHost(pinned));
    assertThat(cuMemFreeHost(pinned)).isEqualTo(INVALID);
  }
}
