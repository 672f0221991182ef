package dev.kiln.backend;

import java.util.List;
import java.util.Optional;

/**
 * Finds the devices of one type; looked up by {@link java.util.ServiceLoader}.
 *
 * <p>Making a provider must be cheap and must not load native code; the other methods may.
 */
public interface BackendProvider {
  /**
   * Returns the type of device, as in {@code KILN_DEVICE}.
   *
   * @return a short lower-case name such as {@code cpu}
   */
  String type();

  /**
   * Returns how much {@link dev.kiln.Device#best()} likes this type; below 0 it is never chosen.
   *
   * @return the priority; the highest available wins
   */
  int priority();

  /**
   * Says why there is no device of this type here.
   *
   * @return the reason and its mend, or nothing when {@link #deviceCount()} is at least 1
   */
  Optional<String> unavailableReason();

  /**
   * Returns how many devices of this type there are.
   *
   * @return the number of devices
   */
  int deviceCount();

  /**
   * Examines all that this type of device depends on; may take seconds.
   *
   * @return the findings; none by default
   */
  default Diagnosis diagnose() {
    return new Diagnosis(type(), List.of());
  }

  /**
   * Opens a device.
   *
   * @param index its ordinal
   * @return the backend
   * @throws dev.kiln.DeviceException if it cannot be opened
   */
  Backend open(int index);
}
