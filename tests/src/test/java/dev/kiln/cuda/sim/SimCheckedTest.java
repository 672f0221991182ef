package dev.kiln.cuda.sim;

import static dev.kiln.cuda.sim.Sim.*;
import static jcuda.driver.JCudaDriver.*;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUmodule;
import jcuda.driver.CUresult;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** That kernels built to announce their accesses have each one checked, and races found. */
class SimCheckedTest {
  private Sim sim;
  private CUmodule races;

  @BeforeEach
  void open() {
    sim = Sim.open();
    races = sim.module("races");
  }

  @AfterEach
  void close() {
    if (sim != null) {
      sim.close();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "race_between_warps",
        "race_within_warp",
        "race_write_after_read",
        "race_between_writes"
      })
  void findsRacesInEitherOrderOfTheThreads(String kernel) {
    CUdeviceptr y = floats(new float[64]);
    int threads = kernel.equals("race_within_warp") ? 32 : 64;
    for (boolean reverse : new boolean[] {false, true}) {
      SimControl.setReverse(reverse);
      ok(launch(sim.function(races, kernel), 1, threads, 256, y));
      assertThat(cuCtxSynchronize()).isEqualTo(CUresult.CUDA_ERROR_LAUNCH_FAILED);
      assertThat(SimControl.report())
          .startsWith(kernel)
          .contains("no barrier between them: a race");
      SimControl.heal();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"right_reverse", "right_within_warp", "right_bytes", "right_atomics"})
  void findsNoneWhereBarriersAreRight(String kernel) {
    CUdeviceptr y = floats(new float[64]);
    for (boolean reverse : new boolean[] {false, true}) {
      SimControl.setReverse(reverse);
      ok(launch(sim.function(races, kernel), 3, 64, 256, y));
      ok(cuCtxSynchronize());
      float[] result = floats(y, 64);
      for (int i = 0; i < 64; i++) {
        float expected =
            switch (kernel) {
              case "right_reverse" -> 63 - i + 2;
              case "right_within_warp" -> i ^ 1;
              case "right_bytes" -> 63 - i;
              default -> 64;
            };
        assertThat(result[i]).isEqualTo(expected);
      }
    }
  }

  @Test
  void findsReadsBehindAnAllocationToTheByte() {
    CUdeviceptr x = floats(1, 2, 3);
    CUdeviceptr y = allocate(4);
    ok(launch(sim.function(races, "reads_slack"), 1, 1, 0, x, y, 2L));
    ok(cuCtxSynchronize());
    ok(launch(sim.function(races, "reads_slack"), 1, 1, 0, x, y, 3L));
    assertThat(cuCtxSynchronize()).isEqualTo(CUresult.CUDA_ERROR_ILLEGAL_ADDRESS);
    assertThat(SimControl.report())
        .contains("reads 4 bytes at")
        .contains("0 bytes behind the end of allocation");
  }

  @Test
  void findsReadsOfHostMemory() throws IOException {
    // The first mapping of this process: readable, and not the device's.
    String first = Files.readAllLines(Path.of("/proc/self/maps")).get(0);
    long start = Long.parseUnsignedLong(first.substring(0, first.indexOf('-')), 16);
    byte[] pointer = new byte[8];
    ByteBuffer.wrap(pointer).order(ByteOrder.nativeOrder()).putLong(start);
    ok(launch(sim.function(races, "reads_host"), 1, 1, 0, pointer, allocate(4)));
    assertThat(cuCtxSynchronize()).isEqualTo(CUresult.CUDA_ERROR_ILLEGAL_ADDRESS);
    assertThat(SimControl.report()).contains("which is no device memory");
  }

  @Test
  void allowsParametersAndConstants() {
    ByteBuffer table = ByteBuffer.allocate(72).order(ByteOrder.nativeOrder());
    for (int i = 0; i < 6; i++) {
      table.putLong(8 * i, 10L * i).putFloat(48 + 4 * i, 0.5f * i);
    }
    CUdeviceptr y = floats(new float[8]);
    ok(launch(sim.function(races, "right_parameters_and_constants"), 1, 8, 0, y, table.array()));
    ok(cuCtxSynchronize());
    assertThat(floats(y, 8)[1]).isEqualTo(10 + 0.5f + 1);
  }
}
