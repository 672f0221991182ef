package dev.kiln.train;

import dev.kiln.Device;

/** What the tests of training share. */
final class TrainFixtures {
  private TrainFixtures() {}

  /** The device that training is tested on. */
  static Device device() {
    return Device.of(System.getProperty("kiln.test.device", "cpu"));
  }
}
