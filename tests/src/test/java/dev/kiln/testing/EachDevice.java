package dev.kiln.testing;

import dev.kiln.Device;
import dev.kiln.DeviceException;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.ArgumentsProvider;
import org.junit.jupiter.params.support.ParameterDeclarations;

/**
 * The devices that compute: all that are available but the one that only counts. The system
 * property {@code kiln.test.device} leaves only those of one type.
 */
public final class EachDevice implements ArgumentsProvider {
  private static final String ONLY = "kiln.test.device";

  /** Lists the devices of this machine that compute. */
  public static List<Device> all() {
    List<Device> devices =
        Device.available().stream()
            .filter(d -> !d.id().type().equals("null"))
            .filter(d -> d.id().type().equals(System.getProperty(ONLY, d.id().type())))
            .toList();
    String required = System.getenv("KILN_REQUIRE");
    if (required != null && devices.stream().noneMatch(d -> d.id().type().equals(required))) {
      throw new DeviceException(
          "[test] KILN_REQUIRE=" + required + " but there is none: " + Device.unavailable());
    }
    return devices;
  }

  @Override
  public Stream<? extends Arguments> provideArguments(
      ParameterDeclarations parameters, ExtensionContext context) {
    return all().stream().map(Arguments::of);
  }
}
