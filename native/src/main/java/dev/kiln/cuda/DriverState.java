package dev.kiln.cuda;

import dev.kiln.DeviceException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdevice_attribute;
import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;

/**
 * What the driver says of itself and its devices.
 *
 * @param version the newest CUDA it serves, 1000 * major + 10 * minor; 0 if it does not tell
 * @param call the first call that failed; empty if all succeeded
 * @param status what that call returned
 * @param gpus the devices
 */
record DriverState(int version, String call, int status, List<Gpu> gpus) {
  /** The oldest driver that serves CUDA 12. */
  static final int OLDEST_DRIVER = 12000;

  /** The oldest compute capability that Kiln's kernels are compiled for: 7.5, Turing. */
  static final int OLDEST_CAPABILITY = 75;

  /**
   * A device.
   *
   * @param ordinal its number among the driver's
   * @param name its model
   * @param capability its compute capability, 10 * major + minor
   * @param bytes its memory
   */
  record Gpu(int ordinal, String name, int capability, long bytes) {
    boolean usable() {
      return capability >= OLDEST_CAPABILITY;
    }

    String capabilityText() {
      return capability / 10 + "." + capability % 10;
    }
  }

  /**
   * Asks a driver; opens no context.
   *
   * @throws DeviceException if it cannot be loaded
   */
  static DriverState ask(Path libcuda) {
    Natives.loadDriver(libcuda);
    int[] value = new int[1];
    int version = JCudaDriver.cuDriverGetVersion(value) == CUresult.CUDA_SUCCESS ? value[0] : 0;
    if (version > 0 && version < OLDEST_DRIVER) {
      return new DriverState(version, "", CUresult.CUDA_SUCCESS, List.of());
    }
    List<Gpu> gpus = new ArrayList<>();
    String call = "cuInit";
    int status = JCudaDriver.cuInit(0);
    if (status == CUresult.CUDA_SUCCESS) {
      call = "cuDeviceGetCount";
      status = JCudaDriver.cuDeviceGetCount(value);
    }
    int count = status == CUresult.CUDA_SUCCESS ? value[0] : 0;
    for (int i = 0; i < count && status == CUresult.CUDA_SUCCESS; i++) {
      call = "cuDeviceGet(" + i + ")";
      status = add(gpus, i);
    }
    return new DriverState(version, status == CUresult.CUDA_SUCCESS ? "" : call, status, gpus);
  }

  private static int add(List<Gpu> gpus, int ordinal) {
    CUdevice device = new CUdevice();
    byte[] name = new byte[256];
    int[] major = new int[1];
    int[] minor = new int[1];
    long[] bytes = new long[1];
    int status = JCudaDriver.cuDeviceGet(device, ordinal);
    if (status == CUresult.CUDA_SUCCESS) {
      status = JCudaDriver.cuDeviceGetName(name, name.length, device);
    }
    if (status == CUresult.CUDA_SUCCESS) {
      status =
          attribute(major, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, device);
    }
    if (status == CUresult.CUDA_SUCCESS) {
      status =
          attribute(minor, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR, device);
    }
    if (status == CUresult.CUDA_SUCCESS) {
      status = JCudaDriver.cuDeviceTotalMem(bytes, device);
    }
    if (status == CUresult.CUDA_SUCCESS) {
      String text = new String(name, StandardCharsets.UTF_8);
      gpus.add(
          new Gpu(
              ordinal, text.substring(0, text.indexOf('\0')), 10 * major[0] + minor[0], bytes[0]));
    }
    return status;
  }

  private static int attribute(int[] value, int attribute, CUdevice device) {
    return JCudaDriver.cuDeviceGetAttribute(value, attribute, device);
  }

  /** The devices that Kiln's kernels run on. */
  List<Gpu> usable() {
    return gpus.stream().filter(Gpu::usable).toList();
  }

  String versionText() {
    return version / 1000 + "." + version % 1000 / 10;
  }

  /**
   * Asks how much memory of a device is free; opens its context and closes it again.
   *
   * @param free gets the number of bytes
   * @return the status of the call that failed, or 0
   */
  static int freeMemory(Gpu gpu, long[] free) {
    CUdevice device = new CUdevice();
    CUcontext context = new CUcontext();
    CUcontext before = new CUcontext();
    int status = JCudaDriver.cuDeviceGet(device, gpu.ordinal());
    if (status != CUresult.CUDA_SUCCESS) {
      return status;
    }
    JCudaDriver.cuCtxGetCurrent(before);
    status = JCudaDriver.cuDevicePrimaryCtxRetain(context, device);
    if (status != CUresult.CUDA_SUCCESS) {
      return status;
    }
    status = JCudaDriver.cuCtxSetCurrent(context);
    if (status == CUresult.CUDA_SUCCESS) {
      status = JCudaDriver.cuMemGetInfo(free, new long[1]);
    }
    JCudaDriver.cuCtxSetCurrent(before);
    int released = JCudaDriver.cuDevicePrimaryCtxRelease(device);
    return status == CUresult.CUDA_SUCCESS ? released : status;
  }
}
