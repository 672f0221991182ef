package dev.kiln.backend;

/**
 * The name of a device: a backend type and an ordinal.
 *
 * @param type the backend's type, such as {@code cpu} or {@code cuda}
 * @param index the ordinal among devices of that type, from 0
 */
public record DeviceId(String type, int index) {
  /** Returns {@code cpu}, or {@code cuda:1}: the ordinal is left out for types with one device. */
  @Override
  public String toString() {
    return type.equals("cuda") || index > 0 ? type + ":" + index : type;
  }
}
