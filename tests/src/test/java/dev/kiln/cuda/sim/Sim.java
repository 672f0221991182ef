package dev.kiln.cuda.sim;

import static jcuda.driver.JCudaDriver.*;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import jcuda.Pointer;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUfunction;
import jcuda.driver.CUmodule;
import jcuda.driver.CUstream;
import jcuda.driver.JCudaDriver;
import jcuda.jcublas.JCublas2;
import jcuda.jcudnn.JCudnn;

/**
 * A context of its own on the simulated CUDA device, used through JCuda's driver API: what these
 * tests test is the simulator, below Kiln's backend.
 *
 * <p>Where the device was not built, for lack of g++, {@link #open} skips the test and says so;
 * with {@code KILN_REQUIRE=sim} it fails.
 */
final class Sim implements AutoCloseable {
  static final int SUCCESS = 0;

  private static Optional<String> missing;

  private final CUcontext context = new CUcontext();

  private Sim() {
    ok(cuInit(0));
    CUdevice device = new CUdevice();
    ok(cuDeviceGet(device, 0));
    ok(cuCtxCreate(context, 0, device));
    SimControl.clearReport();
    SimControl.setQuiet(true);
  }

  /** Opens a fresh context, or skips the test. */
  static Sim open() {
    Optional<String> reason = loaded();
    assertThat("sim".equals(System.getenv("KILN_REQUIRE")) && reason.isPresent())
        .as(reason.orElse(""))
        .isFalse();
    assumeTrue(reason.isEmpty(), () -> "no simulated device: " + reason.get());
    return new Sim();
  }

  /** Lets a test of Kiln's own device command the simulator, or skips it. */
  static void control() {
    Optional<String> reason = loaded();
    assumeTrue(reason.isEmpty(), () -> "no simulated device: " + reason.get());
  }

  /** Loads the stand-ins and JCuda on them; why not, where it cannot be done. */
  private static synchronized Optional<String> loaded() {
    if (missing == null) {
      missing = load();
    }
    return missing;
  }

  static Path folder() {
    return Path.of(System.getProperty("kiln.sim", "target/sim")).toAbsolutePath();
  }

  private static Optional<String> load() {
    if (!Files.isRegularFile(folder().resolve("libcudasim_jni.so"))) {
      return Optional.of(folder() + " is not built; tests/sim/build builds it and needs g++");
    }
    if (loadedLibraries().anyMatch(l -> l.contains("libcuda.so") && !l.contains("/sim/"))) {
      return Optional.of("this process has loaded the driver of a real GPU");
    }
    try {
      for (String library :
          List.of("libcuda.so.1", "libcublas.so.12", "libcudnn.so.9", "libcudasim_jni.so")) {
        System.load(folder().resolve(library).toString());
      }
      initialiseJcuda();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return Optional.empty();
  }

  private static Stream<String> loadedLibraries() {
    try {
      return Files.readAllLines(Path.of("/proc/self/maps")).stream();
    } catch (IOException e) {
      return Stream.empty();
    }
  }

  /** JCuda's loader takes its libraries from the temporary folder: it is shown one of our own. */
  private static void initialiseJcuda() throws IOException {
    Path natives = Files.createTempDirectory("jcuda");
    natives.toFile().deleteOnExit();
    for (String name : List.of("JCudaDriver", "JCudaRuntime", "JCublas2", "JCudnn")) {
      String file = "lib" + name + "-12.6.0-linux-x86_64.so";
      try (InputStream in = Sim.class.getResourceAsStream("/lib/" + file)) {
        Files.copy(in, natives.resolve(file));
      }
      natives.resolve(file).toFile().deleteOnExit();
    }
    String temporary = System.getProperty("java.io.tmpdir");
    System.setProperty("java.io.tmpdir", natives.toString());
    try {
      JCudaDriver.setExceptionsEnabled(false);
      JCublas2.setExceptionsEnabled(false);
      JCudnn.setExceptionsEnabled(false);
    } finally {
      System.setProperty("java.io.tmpdir", temporary);
    }
  }

  @Override
  public void close() {
    SimControl.clearFailures();
    SimControl.setReverse(false);
    SimControl.setDeferred(false);
    SimControl.setThreads(1);
    cuCtxDestroy(context);
    SimControl.setQuiet(false);
  }

  /** Destroys the context with what is left in it, and opens another in its place. */
  void reopen() {
    cuCtxDestroy(context);
    ok(cuCtxCreate(context, 0, new CUdevice()));
  }

  CUcontext context() {
    return context;
  }

  static void ok(int status) {
    assertThat(status).as(SimControl.report()).isEqualTo(SUCCESS);
  }

  // --- kernels ---

  /** Loads the module image made from {@code tests/sim/kernels/<name>.cu}. */
  CUmodule module(String name) {
    CUmodule module = new CUmodule();
    try {
      byte[] image = Files.readAllBytes(folder().resolve("kernels").resolve(name + ".so"));
      ok(cuModuleLoadData(module, image));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return module;
  }

  CUfunction function(CUmodule module, String name) {
    CUfunction function = new CUfunction();
    ok(cuModuleGetFunction(function, module, name));
    return function;
  }

  /** Launches and returns the launch's status. */
  static int launch(CUfunction function, int grid, int block, int shared, Object... arguments) {
    return launch(function, grid, block, shared, null, arguments);
  }

  static int launch(
      CUfunction function, int grid, int block, int shared, CUstream stream, Object... arguments) {
    return cuLaunchKernel(
        function, grid, 1, 1, block, 1, 1, shared, stream, arguments(arguments), null);
  }

  /** A kernel's arguments: device pointers, numbers and structs as bytes. */
  static Pointer arguments(Object... values) {
    Pointer[] pointers = new Pointer[values.length];
    for (int i = 0; i < values.length; i++) {
      pointers[i] = argument(values[i]);
    }
    return Pointer.to(pointers);
  }

  private static Pointer argument(Object value) {
    if (value instanceof CUdeviceptr pointer) {
      return Pointer.to(pointer);
    }
    if (value instanceof Integer number) {
      return Pointer.to(new int[] {number});
    }
    if (value instanceof Long number) {
      return Pointer.to(new long[] {number});
    }
    if (value instanceof Float number) {
      return Pointer.to(new float[] {number});
    }
    if (value instanceof Short number) {
      return Pointer.to(new short[] {number});
    }
    return Pointer.to((byte[]) value);
  }

  // --- memory ---

  static CUdeviceptr allocate(long bytes) {
    CUdeviceptr pointer = new CUdeviceptr();
    ok(cuMemAlloc(pointer, bytes));
    return pointer;
  }

  static CUdeviceptr floats(float... values) {
    CUdeviceptr pointer = allocate(4L * values.length);
    ok(cuMemcpyHtoD(pointer, Pointer.to(values), 4L * values.length));
    return pointer;
  }

  static CUdeviceptr doubles(double... values) {
    CUdeviceptr pointer = allocate(8L * values.length);
    ok(cuMemcpyHtoD(pointer, Pointer.to(values), 8L * values.length));
    return pointer;
  }

  static CUdeviceptr shorts(short... values) {
    CUdeviceptr pointer = allocate(2L * values.length);
    ok(cuMemcpyHtoD(pointer, Pointer.to(values), 2L * values.length));
    return pointer;
  }

  static CUdeviceptr ints(int... values) {
    CUdeviceptr pointer = allocate(4L * values.length);
    ok(cuMemcpyHtoD(pointer, Pointer.to(values), 4L * values.length));
    return pointer;
  }

  static float[] floats(CUdeviceptr pointer, int count) {
    float[] values = new float[count];
    ok(cuMemcpyDtoH(Pointer.to(values), pointer, 4L * count));
    return values;
  }

  static double[] doubles(CUdeviceptr pointer, int count) {
    double[] values = new double[count];
    ok(cuMemcpyDtoH(Pointer.to(values), pointer, 8L * count));
    return values;
  }

  static short[] shorts(CUdeviceptr pointer, int count) {
    short[] values = new short[count];
    ok(cuMemcpyDtoH(Pointer.to(values), pointer, 2L * count));
    return values;
  }

  static int[] ints(CUdeviceptr pointer, int count) {
    int[] values = new int[count];
    ok(cuMemcpyDtoH(Pointer.to(values), pointer, 4L * count));
    return values;
  }
}
