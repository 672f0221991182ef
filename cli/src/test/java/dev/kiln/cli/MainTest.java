package dev.kiln.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

class MainTest {
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private int run(String... args) {
    CommandLine cli = Main.commandLine();
    cli.setOut(new PrintWriter(out));
    cli.setErr(new PrintWriter(err));
    return cli.execute(args);
  }

  @Test
  void helpGoesToStdout() {
    assertThat(run("--help")).isZero();
    assertThat(out.toString()).startsWith("Usage: kiln");
    assertThat(err.toString()).isEmpty();
  }

  @Test
  void versionNamesKilnAndJava() {
    assertThat(run("--version")).isZero();
    assertThat(out.toString()).startsWith("kiln ").contains("java " + Runtime.version());
  }

  @Test
  void missingAndUnknownCommandsAreUsageErrors() {
    assertThat(run()).isEqualTo(2);
    assertThat(err.toString()).startsWith("Missing command");
    assertThat(run("trian")).isEqualTo(2);
    assertThat(err.toString()).contains("trian");
  }
}
