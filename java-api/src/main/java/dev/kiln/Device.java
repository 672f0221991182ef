package dev.kiln;

import dev.kiln.backend.Backend;
import dev.kiln.backend.DeviceId;
import dev.kiln.backend.Diagnosis;
import dev.kiln.backend.Recording;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A place where tensors live and ops run.
 *
 * <p>Devices are explicit: {@link #cuda(int)} throws with the reason when there is no GPU, and an
 * op that is given tensors of two devices is an error. The environment variable {@code KILN_DEVICE}
 * decides what {@link #best()} takes, and {@code KILN_REQUIRE=cuda} makes it an error to take
 * anything else.
 */
public final class Device {
  private static volatile Device defaultDevice;

  private final Backend backend;
  private final DeviceMemory memory;
  private final long firstSeed;
  private Generator generator;
  private final AtomicLong replays = new AtomicLong();

  Device(Backend backend, long seed) {
    this.backend = backend;
    this.memory = new DeviceMemory(backend);
    this.firstSeed = seed;
  }

  /**
   * Returns the processor: pure Java, on every machine.
   *
   * @return the device
   * @throws DeviceException if kiln-cpu is not on the class path
   */
  public static Device cpu() {
    return Devices.open("cpu", 0);
  }

  /**
   * Returns a GPU.
   *
   * @param index its ordinal
   * @return the device
   * @throws DeviceException with the reason and its mend if it cannot be used
   */
  public static Device cuda(int index) {
    return Devices.open("cuda", index);
  }

  /**
   * Returns a device by its name.
   *
   * @param name {@code cpu}, {@code cuda}, {@code cuda:1}, {@code scalar}, ...
   * @return the device
   * @throws DeviceException if there is none of that name
   */
  public static Device of(String name) {
    return name.equals("best") ? best() : Devices.parse(name);
  }

  /**
   * Makes a device of a backend of one's own, such as one that watches another.
   *
   * @param backend runs the device's ops
   * @return a new device at each call; {@link #of} does not know it
   */
  public static Device on(Backend backend) {
    return new Device(backend, Generator.DEFAULT_SEED);
  }

  /**
   * Returns the fastest device of this machine, and logs once which it is and why.
   *
   * @return a GPU if there is a usable one, else the processor
   * @throws DeviceException if {@code KILN_DEVICE} or {@code KILN_REQUIRE} cannot be met
   */
  public static Device best() {
    return Devices.best();
  }

  /**
   * Lists every usable device.
   *
   * @return devices, the most preferred type first
   */
  public static List<Device> available() {
    return Devices.available();
  }

  /**
   * Lists the devices that were opened so far, by whomever.
   *
   * @return devices in no special order
   */
  public static List<Device> inUse() {
    return Devices.inUse();
  }

  /**
   * Says why types of device that Kiln knows of cannot be used here.
   *
   * @return reason and mend by type
   */
  public static Map<String, String> unavailable() {
    return Devices.unavailable();
  }

  /**
   * Returns where tensors are made when no device is named.
   *
   * @return the device set last, at first the processor
   */
  public static Device defaultDevice() {
    Device device = defaultDevice;
    return device == null ? cpu() : device;
  }

  /**
   * Decides where tensors and layers are made when no device is named, in all threads.
   *
   * @param device the new default
   */
  public static void setDefault(Device device) {
    defaultDevice = device;
  }

  /**
   * Examines what a type of device depends on, as {@code kiln doctor} does.
   *
   * @param type such as {@code cuda}
   * @return what was found, with the mends; no findings for a type that depends on nothing
   * @throws DeviceException if no backend of that type is on the class path
   */
  public static Diagnosis diagnose(String type) {
    return Devices.diagnose(type);
  }

  static void seedAll(long seed) {
    Devices.seedAll(seed);
  }

  /**
   * Returns type and ordinal.
   *
   * @return the name
   */
  public DeviceId id() {
    return backend.id();
  }

  /**
   * Returns the backend that runs this device's ops.
   *
   * @return the backend
   */
  public Backend backend() {
    return backend;
  }

  /**
   * Returns the device's default random generator.
   *
   * @return the generator that layers, dropout and {@code Tensor.randn} draw from
   */
  public synchronized Generator generator() {
    if (generator == null) {
      generator = Generator.of(this, firstSeed, 0);
    }
    return generator;
  }

  /**
   * Reports how the device's memory is used.
   *
   * @return exact byte counts
   */
  public MemoryStats memory() {
    return memory.stats();
  }

  /** Starts the peak of {@link #memory()} again from what is used now. */
  public void resetPeakMemory() {
    memory.resetPeak();
  }

  /**
   * Lists the ten largest live tensors; with {@code -Dkiln.leaks=true} also where each was made.
   *
   * @return lines of text
   */
  public String memoryReport() {
    return memory.stats() + memory.largest();
  }

  /** Waits until all work of the device is done. */
  public void sync() {
    backend.sync();
  }

  /** Records a step; what was collected of older tensors is freed before. */
  Optional<Recording> record(Runnable step) {
    return memory.recording(() -> backend.record(step));
  }

  /** How often recorded steps were replayed here. */
  long replays() {
    return replays.get();
  }

  /** Notes that a recorded step was replayed. */
  void replayed() {
    replays.incrementAndGet();
  }

  DeviceMemory memoryBooks() {
    return memory;
  }

  /** Returns the name, such as {@code cpu} or {@code cuda:0}. */
  @Override
  public String toString() {
    return id().toString();
  }
}
