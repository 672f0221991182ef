package dev.kiln.cuda;

import dev.kiln.DeviceException;
import java.util.function.Supplier;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdevice_attribute;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUresult;
import jcuda.driver.CUstream;
import jcuda.driver.CUstreamCaptureStatus;
import jcuda.driver.CUstream_flags;
import jcuda.driver.JCudaDriver;

/** One device: its context, the stream all its work goes to, and its launchers. */
final class Driver implements AutoCloseable {
  /** A stream whose address is known. */
  private static final class Stream extends CUstream {
    long address() {
      return getNativePointer();
    }
  }

  /** A context whose address is known. */
  private static final class Context extends CUcontext {
    long address() {
      return getNativePointer();
    }
  }

  /** A device pointer whose address is known. */
  static final class Address extends CUdeviceptr {
    long value() {
      return getNativePointer() + getByteOffset();
    }
  }

  private static final int FIRST_WITH_MACHINE_CODE = 13_000;

  private final Closing closing = new Closing();
  private final CUdevice device = new CUdevice();
  private final Context context = new Context();
  private final Stream stream = new Stream();
  private final long launchers;
  private final String name;
  private final boolean waitsAlways = "1".equals(System.getenv("KILN_SYNC"));

  /** Opens a device. */
  Driver(Natives natives, int ordinal) {
    check(JCudaDriver.cuInit(0), "cuInit");
    check(JCudaDriver.cuDeviceGet(device, ordinal), "cuDeviceGet(" + ordinal + ")");
    name = nameOf(device);
    try {
      launchers = open(natives);
    } catch (RuntimeException e) {
      closing.closeAfter(e);
      throw e;
    }
  }

  private long open(Natives natives) {
    check(JCudaDriver.cuDevicePrimaryCtxRetain(context, device), "cuDevicePrimaryCtxRetain");
    closing.add(
        () -> check(JCudaDriver.cuDevicePrimaryCtxRelease(device), "cuDevicePrimaryCtxRelease"));
    check(JCudaDriver.cuCtxSetCurrent(context), "cuCtxSetCurrent");
    check(
        JCudaDriver.cuStreamCreate(stream, CUstream_flags.CU_STREAM_NON_BLOCKING),
        "cuStreamCreate");
    closing.add(() -> check(JCudaDriver.cuStreamDestroy(stream), "cuStreamDestroy"));
    long opened =
        Launchers.open(
            natives.libraries().libcuda().toString(),
            natives.kernels().toString(),
            extensions(natives.libraries().extension()),
            context.address(),
            stream.address(),
            attribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT),
            waitsAlways ? 1 : 0);
    if (opened == 0) {
      throw new DeviceException("[cuda] cannot open the launchers: " + Launchers.lastError());
    }
    closing.add(() -> Launchers.close(opened));
    return opened;
  }

  /** The kinds of images to try: machine code that nvcc 13 made loads from CUDA 13 on. */
  private static String extensions(String extension) {
    boolean machineCode = extension.equals("ptx") && version() >= FIRST_WITH_MACHINE_CODE;
    return machineCode ? "fatbin," + extension : extension;
  }

  /** The driver's CUDA version, such as 12060 for 12.6. */
  static int version() {
    int[] version = new int[1];
    check(JCudaDriver.cuDriverGetVersion(version), "cuDriverGetVersion");
    return version[0];
  }

  /** Counts the devices of the driver. */
  static int deviceCount() {
    int[] count = new int[1];
    check(JCudaDriver.cuInit(0), "cuInit");
    check(JCudaDriver.cuDeviceGetCount(count), "cuDeviceGetCount");
    return count[0];
  }

  private static String nameOf(CUdevice device) {
    byte[] text = new byte[256];
    check(JCudaDriver.cuDeviceGetName(text, text.length, device), "cuDeviceGetName");
    int end = 0;
    while (end < text.length && text[end] != 0) {
      end++;
    }
    return new String(text, 0, end, java.nio.charset.StandardCharsets.UTF_8);
  }

  /** The device's model. */
  String name() {
    return name;
  }

  /** An attribute of the device, one of {@link CUdevice_attribute}. */
  int attribute(int attribute) {
    int[] value = new int[1];
    check(JCudaDriver.cuDeviceGetAttribute(value, attribute, device), "cuDeviceGetAttribute");
    return value[0];
  }

  /** Whether every launch is waited for, so that nothing can be recorded. */
  boolean waitsAlways() {
    return waitsAlways;
  }

  /** The compute capability: 10 times the major number plus the minor one, such as 90. */
  int computeCapability() {
    return 10 * attribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR)
        + attribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR);
  }

  /** The context for {@link Launchers}. */
  long launchers() {
    return launchers;
  }

  /** The stream that all work of this device goes to. */
  CUstream stream() {
    return stream;
  }

  /** Makes the device current on this thread, before calls to JCuda, cuBLAS or cuDNN. */
  void makeCurrent() {
    check(Launchers.makeCurrent(launchers), "cuCtxSetCurrent");
  }

  /** Waits until all work of the stream is done. */
  void synchronize() {
    makeCurrent();
    check(JCudaDriver.cuStreamSynchronize(stream), "cuStreamSynchronize");
  }

  /**
   * After work of cuBLAS or cuDNN: waits for it if every op is to be waited for, as launchers do
   * for kernels.
   *
   * @param op what the work was, for the message if it failed
   */
  void settle(Supplier<String> op) {
    if (waitsAlways) {
      check(JCudaDriver.cuStreamSynchronize(stream), op.get());
    }
  }

  /** Whether the stream is being recorded instead of run. */
  boolean isRecording() {
    int[] status = new int[1];
    check(JCudaDriver.cuStreamIsCapturing(stream, status), "cuStreamIsCapturing");
    return status[0] != CUstreamCaptureStatus.CU_STREAM_CAPTURE_STATUS_NONE;
  }

  /** Throws what a failed driver call means. */
  static void check(int status, String what) {
    if (status != CUresult.CUDA_SUCCESS) {
      throw new CudaException(what, status, "");
    }
  }

  /** Closes all; the work of its stream must be done. */
  @Override
  public void close() {
    closing.close();
  }
}
