package dev.kiln.cli;

import dev.kiln.Device;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import picocli.CommandLine.Option;

/** The option {@code --device}. */
public final class DeviceOption {
  @Option(
      names = "--device",
      paramLabel = "NAME",
      defaultValue = "best",
      description =
          "Where to compute: best, cpu, scalar, cuda, cuda:1, ... (see: kiln devices)."
              + " Default: ${DEFAULT-VALUE}.")
  private String name;

  /** Says which device it is and why. */
  public String reason(Device device) {
    String why = "";
    String wanted = System.getenv("KILN_DEVICE");
    if (name.equals("best") && wanted != null && !wanted.isBlank()) {
      why = ", as KILN_DEVICE=" + wanted.trim() + " says";
    } else if (name.equals("best")) {
      Map<String, String> missing = new TreeMap<>(Device.unavailable());
      why =
          missing.entrySet().stream()
              .map(e -> "; not " + e.getKey() + ": " + e.getValue())
              .collect(Collectors.joining());
    }
    return device + ": " + device.backend().description() + why;
  }

  /** Opens the device; an error says why it cannot be had. */
  public Device open() {
    return Failure.as(ExitCode.DEVICE, () -> Device.of(name));
  }
}
