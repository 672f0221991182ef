package dev.kiln.cli;

import dev.kiln.Device;
import picocli.CommandLine.Option;

/** The option {@code --device}. */
final class DeviceOption {
  @Option(
      names = "--device",
      paramLabel = "NAME",
      defaultValue = "best",
      description =
          "Where to compute: best, cpu, scalar, cuda, cuda:1, ... (see: kiln devices)."
              + " Default: ${DEFAULT-VALUE}.")
  private String name;

  /** Opens the device; an error says why it cannot be had. */
  Device open() {
    return Failure.as(ExitCode.DEVICE, () -> Device.of(name));
  }
}
