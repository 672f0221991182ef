package dev.kiln;

import dev.kiln.backend.BackendProvider;
import dev.kiln.backend.DeviceId;
import dev.kiln.backend.Diagnosis;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Finds backends by {@link ServiceLoader} and keeps one {@link Device} for each ordinal. */
final class Devices {
  private static final Logger LOG = LoggerFactory.getLogger(Device.class);
  private static final Map<DeviceId, Device> OPEN = new HashMap<>();
  private static final List<BackendProvider> PROVIDERS = load();
  private static volatile long seed = Generator.DEFAULT_SEED;
  private static Device best;

  private Devices() {}

  private static List<BackendProvider> load() {
    List<BackendProvider> found = new ArrayList<>();
    ServiceLoader.load(BackendProvider.class, Devices.class.getClassLoader()).forEach(found::add);
    if (found.isEmpty()) {
      ServiceLoader.load(BackendProvider.class).forEach(found::add);
    }
    found.sort(Comparator.comparingInt(BackendProvider::priority).reversed());
    return found;
  }

  static synchronized Device open(String type, int index) {
    DeviceId id = new DeviceId(type, index);
    Device device = OPEN.get(id);
    if (device != null) {
      return device;
    }
    BackendProvider provider = provider(type);
    Optional<String> reason = provider.unavailableReason();
    if (reason.isPresent()) {
      throw new DeviceException(
          "[device] " + id + " is not available: " + reason.get() + details(provider));
    }
    if (index < 0 || index >= provider.deviceCount()) {
      throw new DeviceException(
          "[device] there is no "
              + type
              + ":"
              + index
              + "; this machine has "
              + provider.deviceCount()
              + " of type "
              + type);
    }
    device = new Device(provider.open(index), seed);
    OPEN.put(id, device);
    return device;
  }

  private static String details(BackendProvider provider) {
    String text = provider.diagnose().text();
    return text.isEmpty() ? "" : "\n\n" + text.stripTrailing();
  }

  static synchronized Diagnosis diagnose(String type) {
    return provider(type).diagnose();
  }

  private static BackendProvider provider(String type) {
    return PROVIDERS.stream()
        .filter(p -> p.type().equals(type))
        .findFirst()
        .orElseThrow(() -> new DeviceException(missing(type)));
  }

  private static String missing(String type) {
    String artifact =
        switch (type) {
          case "cpu", "scalar", "null" -> "; add the dependency dev.kiln:kiln-cpu";
          case "cuda" -> "; add the dependency dev.kiln:kiln-cuda";
          default -> "";
        };
    return "[device] no backend of type \""
        + type
        + "\" is on the class path; there are: "
        + PROVIDERS.stream().map(BackendProvider::type).collect(Collectors.joining(", "))
        + artifact;
  }

  static Device parse(String name) {
    int colon = name.indexOf(':');
    try {
      return colon < 0
          ? open(name, 0)
          : open(name.substring(0, colon), Integer.parseInt(name.substring(colon + 1)));
    } catch (NumberFormatException e) {
      throw new DeviceException(
          "[device] \"" + name + "\" is no device name; write cpu, cuda or cuda:1");
    }
  }

  static synchronized Device best() {
    if (best == null) {
      best = choose();
    }
    return best;
  }

  private static Device choose() {
    String wanted = System.getenv("KILN_DEVICE");
    String required = System.getenv("KILN_REQUIRE");
    Device device;
    String why;
    if (wanted != null && !wanted.isBlank()) {
      device = parse(wanted.trim());
      why = "KILN_DEVICE=" + wanted.trim();
    } else {
      List<String> passed = new ArrayList<>();
      device = firstUsable(passed).orElseThrow(() -> new DeviceException(missing("cpu")));
      why = passed.isEmpty() ? "the best there is" : "not " + String.join("; not ", passed);
    }
    if (required != null && !required.isBlank() && !device.id().type().equals(required.trim())) {
      throw new DeviceException(
          "[device] KILN_REQUIRE=" + required.trim() + " but " + device + " was taken: " + why);
    }
    LOG.info("device {}: {} ({})", device, device.backend().description(), why);
    return device;
  }

  /** Opens the first device that there is, and says of all before it why they are not it. */
  private static Optional<Device> firstUsable(List<String> passed) {
    for (BackendProvider p : PROVIDERS) {
      if (p.priority() < 0) {
        continue;
      }
      Optional<String> reason = p.unavailableReason();
      if (reason.isEmpty() && p.deviceCount() > 0) {
        try {
          return Optional.of(open(p.type(), 0));
        } catch (KilnException e) {
          reason = Optional.of(e.getMessage());
        }
      }
      passed.add(p.type() + ": " + reason.orElse("no device"));
    }
    return Optional.empty();
  }

  static synchronized List<Device> available() {
    List<Device> all = new ArrayList<>();
    for (BackendProvider p : PROVIDERS) {
      if (p.unavailableReason().isEmpty()) {
        for (int i = 0; i < p.deviceCount(); i++) {
          try {
            all.add(open(p.type(), i));
          } catch (KilnException e) { // there, but taken by another process or broken
            LOG.warn("device {}:{} cannot be opened: {}", p.type(), i, e.getMessage());
          }
        }
      }
    }
    return all;
  }

  static synchronized List<Device> inUse() {
    return List.copyOf(OPEN.values());
  }

  static synchronized Map<String, String> unavailable() {
    Map<String, String> reasons = new HashMap<>();
    for (BackendProvider p : PROVIDERS) {
      if (p.priority() >= 0) { // the others are for tests: nobody misses them
        p.unavailableReason().ifPresent(r -> reasons.put(p.type(), r));
      }
    }
    return reasons;
  }

  static synchronized void seedAll(long value) {
    seed = value;
    OPEN.values().forEach(d -> d.generator().seed(value));
  }
}
