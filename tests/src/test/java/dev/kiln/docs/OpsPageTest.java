package dev.kiln.docs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.Device;
import dev.kiln.ops.catalog.OpCatalog;
import dev.kiln.ops.catalog.Row;
import dev.kiln.testing.EachDevice;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/**
 * The page of ops says what the code does. With {@code KILN_WRITE_DOCS=1} in the environment it is
 * written anew.
 */
class OpsPageTest {
  private static final String PAGE = "docs/ops.md";

  @Test
  void thePageIsUpToDate() throws IOException {
    String page = OpsPage.render();
    Path file = Sources.root().resolve(PAGE);
    if (System.getenv("KILN_WRITE_DOCS") != null) {
      Files.writeString(file, page, StandardCharsets.UTF_8);
    }
    assertThat(Sources.text(PAGE).lines().toList())
        .as("%s is stale; write it anew: see CONTRIBUTING", PAGE)
        .isEqualTo(page.lines().toList());
  }

  @Test
  void everyDeviceTakesTheSameTypes() {
    Map<String, List<Row>> rows = OpCatalog.rows().stream().collect(Collectors.groupingBy(Row::op));
    Device oracle = Device.of("scalar");
    for (Device device : EachDevice.all()) {
      rows.forEach(
          (op, examples) ->
              assertThat(OpFacts.types(examples, device))
                  .as("types of %s on %s", op, device)
                  .isEqualTo(OpFacts.types(examples, oracle)));
    }
  }
}
