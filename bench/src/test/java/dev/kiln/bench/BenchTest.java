package dev.kiln.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** What the benchmark says where it cannot run. */
class BenchTest {
  private final ByteArrayOutputStream errors = new ByteArrayOutputStream();

  private int run(String... args) throws IOException {
    return Bench.run(args, new PrintStream(errors, true, StandardCharsets.UTF_8));
  }

  private String said() {
    return errors.toString(StandardCharsets.UTF_8);
  }

  @Test
  void namesADeviceThatIsNotThere() throws IOException {
    assertThat(run("--device", "toaster")).isEqualTo(1);
    assertThat(said()).startsWith("bench: [device]").contains("toaster");
  }

  @Test
  void namesWorkThatIsNotThere() throws IOException {
    assertThat(run("--device", "cpu", "W99")).isEqualTo(2);
    assertThat(said()).startsWith("bench: no work is called [W99]; there are [W1");
  }

  @Test
  void failsWhereNothingCouldBeTimed() throws IOException {
    assertThat(run("--device", "cpu", "--mode", "recorded", "W6.add")).isEqualTo(1);
    assertThat(said()).startsWith("bench: nothing could be timed");
  }
}
