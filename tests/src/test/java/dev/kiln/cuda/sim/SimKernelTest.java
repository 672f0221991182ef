package dev.kiln.cuda.sim;

import static dev.kiln.cuda.sim.Sim.*;
import static jcuda.driver.JCudaDriver.*;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.stream.IntStream;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUfunction;
import jcuda.driver.CUfunction_attribute;
import jcuda.driver.CUmodule;
import jcuda.driver.CUresult;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** That right kernels give right results, whichever way the simulated device runs them. */
class SimKernelTest {
  /** The ways to run a kernel. */
  enum Way {
    FORWARD,
    REVERSE,
    TWO_THREADS;

    void choose() {
      SimControl.setReverse(this == REVERSE);
      SimControl.setThreads(this == TWO_THREADS ? 2 : 1);
    }
  }

  private Sim sim;
  private CUmodule module;

  @BeforeEach
  void open() {
    sim = Sim.open();
    module = sim.module("basic");
  }

  @AfterEach
  void close() {
    if (sim != null) {
      sim.close();
    }
  }

  private static float[] some(int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (i * 37 % 101 - 50) / 16f;
    }
    return values;
  }

  @ParameterizedTest
  @EnumSource
  void walksAGridStride(Way way) {
    way.choose();
    for (int n : new int[] {1, 31, 1000, 70_001}) {
      float[] x = some(n);
      CUdeviceptr in = floats(x);
      CUdeviceptr out = allocate(4L * n);
      ok(launch(sim.function(module, "axpb_f32"), 32, 256, 0, in, out, 2f, 1f, (long) n));
      float[] y = floats(out, n);
      for (int i = 0; i < n; i++) {
        assertThat(y[i]).isEqualTo(2 * x[i] + 1);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void meetsAtBarriersAndShuffles(Way way) {
    way.choose();
    int rows = 100;
    for (int columns : new int[] {1, 33, 257, 1000}) {
      float[] x = some(rows * columns);
      CUdeviceptr in = floats(x);
      CUdeviceptr out = allocate(4L * x.length);
      CUfunction softmax = sim.function(module, "softmax_f32");
      ok(launch(softmax, rows, 256, 4 * columns, in, out, columns));
      float[] y = floats(out, x.length);
      for (int r = 0; r < rows; r++) {
        double sum = 0;
        for (int c = 0; c < columns; c++) {
          sum += Math.exp(x[r * columns + c]);
        }
        for (int c = 0; c < columns; c++) {
          int i = r * columns + c;
          assertThat((double) y[i]).isCloseTo(Math.exp(x[i]) / sum, within(1e-6));
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void sharesATileAmongTheThreadsOfABlock(Way way) {
    way.choose();
    int rows = 131;
    int columns = 77;
    float[] x = some(rows * columns);
    CUdeviceptr in = floats(x);
    CUdeviceptr out = allocate(4L * x.length);
    ok(
        cuLaunchKernel(
            sim.function(module, "transpose_f32"),
            (columns + 31) / 32,
            (rows + 31) / 32,
            1,
            32,
            8,
            1,
            0,
            null,
            arguments(in, out, rows, columns),
            null));
    float[] y = floats(out, x.length);
    for (int r = 0; r < rows; r++) {
      for (int c = 0; c < columns; c++) {
        assertThat(y[c * rows + r]).isEqualTo(x[r * columns + c]);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void hasAllWarpOperations(Way way) {
    way.choose();
    CUdeviceptr out = allocate(4 * 32 * 18);
    ok(launch(sim.function(module, "warp_operations"), 1, 32, 0, out));
    float[] y = floats(out, 32 * 18);
    for (int lane = 0; lane < 32; lane++) {
      int eighth = lane / 8 * 8;
      int[] expected = {
        5,
        eighth + (lane + 1) % 8,
        lane < 3 ? lane : lane - 3,
        lane % 16 == 0 ? lane : lane - 1,
        lane > 28 ? lane : lane + 3,
        lane % 16 == 15 ? lane : lane + 1,
        lane ^ 9,
        11, // multiples of 3 below 32
        1,
        0,
        31 * 32 / 2,
        -5,
        26,
        4,
        10,
        0,
        1,
        lane % 2 == 1 ? lane ^ 2 : lane ^ 4
      };
      for (int k = 0; k < expected.length; k++) {
        assertThat(y[32 * k + lane]).as("operation %d, lane %d", k, lane).isEqualTo(expected[k]);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void addsAtomicallyAcrossBlocks(Way way) {
    way.choose();
    int n = 100_000;
    float[] x = new float[n];
    Arrays.fill(x, 1f);
    CUdeviceptr in = floats(x);
    CUdeviceptr sum = floats(0f);
    CUdeviceptr ticket = ints(0);
    CUdeviceptr last = ints(0);
    ok(launch(sim.function(module, "atomic_sum_f32"), 64, 256, 0, in, sum, ticket, last, (long) n));
    assertThat(floats(sum, 1)).containsExactly(n);
    assertThat(ints(ticket, 1)).containsExactly(0); // the last block has set it back
    assertThat(ints(last, 1)).containsExactly(1);
  }

  @Test
  void roundsSixteenBitTypesToNearestEven() {
    // One more than a half ulp, a half ulp to an even and to an odd number; overflow; NaN.
    short[] half = {0x3c01, 0x3c02, 0x3c03, 0x7bff, 0x7e00};
    short[] bfloat = {0x3f81, 0x3f82, 0x3f83, 0x7f7f, 0x7fc0};
    CUdeviceptr halfOut = allocate(10);
    CUdeviceptr bfloatOut = allocate(10);
    CUfunction scale = sim.function(module, "scale_16");
    ok(launch(scale, 1, 32, 0, shorts(half), shorts(bfloat), halfOut, bfloatOut, 1.5f, 5));
    // 1.5 * (1 + k/1024) = 1.5 + 1.5k/1024: k=1 and k=3 end in half an ulp.
    assertThat(shorts(halfOut, 5))
        .startsWith((short) 0x3e02, (short) 0x3e03, (short) 0x3e04, (short) 0x7c00);
    assertThat(shorts(halfOut, 5)[4] & 0x7c00).isEqualTo(0x7c00);
    assertThat(shorts(halfOut, 5)[4] & 0x03ff).isNotZero();
    assertThat(shorts(bfloatOut, 5)).containsExactly(0x3fc2, 0x3fc3, 0x3fc4, 0x7f80, 0x7fff);
  }

  @Test
  void takesParametersOfAllSizes() {
    ByteBuffer struct = ByteBuffer.allocate(40).order(ByteOrder.nativeOrder());
    struct.putDouble(0.5).putDouble(0.25).putDouble(2).putLong(1L << 40).put((byte) 200);
    CUdeviceptr out = allocate(48);
    ok(
        launch(
            sim.function(module, "parameters"),
            1,
            1,
            0,
            new byte[] {(byte) 255},
            (short) -7,
            struct.array(),
            1.5f,
            out));
    assertThat(doubles(out, 6)).containsExactly(255, -7, 2.75, 0x1p40, 200, 1.5);
  }

  @ParameterizedTest
  @EnumSource
  void numbersBlocksAndThreadsInThreeDimensions(Way way) {
    way.choose();
    CUdeviceptr out = allocate(4L * 2 * 3 * 4 * 5 * 6 * 7);
    CUfunction places = sim.function(module, "places");
    ok(cuLaunchKernel(places, 2, 3, 4, 5, 6, 7, 0, null, arguments(out), null));
    int[] expected = IntStream.range(0, 24 * 210).map(i -> i / 210 * 1000 + i % 210).toArray();
    assertThat(ints(out, expected.length)).containsExactly(expected);
  }

  @Test
  void refusesLaunchesThatDoNotFit() {
    CUfunction softmax = sim.function(module, "softmax_f32"); // at most 256 threads
    CUdeviceptr x = floats(1f, 2f);
    int invalid = CUresult.CUDA_ERROR_INVALID_VALUE;
    assertThat(launch(softmax, 1, 288, 8, x, x, 2)).isEqualTo(invalid);
    assertThat(launch(softmax, 1, 0, 8, x, x, 2)).isEqualTo(invalid);
    assertThat(launch(softmax, 0, 32, 8, x, x, 2)).isEqualTo(invalid);
    assertThat(cuLaunchKernel(softmax, 1, 65536, 1, 32, 1, 1, 8, null, arguments(x, x, 2), null))
        .isEqualTo(invalid);
    assertThat(cuLaunchKernel(softmax, 1, 1, 1, 32, 1, 1, 8, null, null, null)).isEqualTo(invalid);
    // More than 48 KiB of shared memory must be asked for.
    assertThat(launch(softmax, 1, 32, 50_000, x, x, 2)).isEqualTo(invalid);
    int attribute = CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES;
    ok(cuFuncSetAttribute(softmax, attribute, 60_000));
    ok(launch(softmax, 1, 32, 50_000, x, x, 2));
    ok(cuCtxSynchronize());
  }

  @Test
  void refusesImagesAndNamesItDoesNotKnow() {
    assertThat(cuModuleLoadData(new CUmodule(), ".version 8.0\n.target sm_75\n"))
        .isEqualTo(CUresult.CUDA_ERROR_INVALID_IMAGE);
    assertThat(cuModuleGetFunction(new CUfunction(), module, "absent"))
        .isEqualTo(CUresult.CUDA_ERROR_NOT_FOUND);
  }
}
