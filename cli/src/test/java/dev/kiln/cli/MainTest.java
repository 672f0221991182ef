package dev.kiln.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class MainTest {
  static Stream<String> commands() {
    return Main.commandLine().getSubcommands().keySet().stream().filter(c -> !c.equals("help"));
  }

  @Test
  void helpGoesToStdout() {
    Cli cli = Cli.run("--help");
    assertThat(cli.code()).isZero();
    assertThat(cli.out()).startsWith("Usage: kiln").contains("Examples:", "Exit codes:", "130");
    assertThat(cli.err()).isEmpty();
  }

  @ParameterizedTest
  @MethodSource("commands")
  void helpOfEachCommandHasExamples(String command) {
    Cli cli = Cli.run(command, "--help");
    assertThat(cli.code()).isZero();
    assertThat(cli.out()).contains("Usage: kiln " + command, "Examples:", "  kiln " + command);
    assertThat(Cli.run("help", command).out()).isEqualTo(cli.out());
  }

  @ParameterizedTest
  @MethodSource("commands")
  void unknownOptionsAreUsageErrors(String command) {
    Cli cli = Cli.run(command, "some", "thing", "--no-such-option");
    assertThat(cli.code()).isEqualTo(ExitCode.USAGE);
    assertThat(cli.err())
        .startsWith("kiln: ")
        .contains("--no-such-option", "Try: kiln " + command + " --help");
    assertThat(cli.out()).isEmpty();
  }

  @Test
  void versionNamesKilnAndJava() {
    Cli cli = Cli.run("--version");
    assertThat(cli.code()).isZero();
    assertThat(cli.out()).startsWith("kiln ").contains("java " + Runtime.version());
  }

  @Test
  void missingAndUnknownCommandsAreUsageErrors() {
    Cli missing = Cli.run();
    assertThat(missing.code()).isEqualTo(ExitCode.USAGE);
    assertThat(missing.err()).startsWith("kiln: Missing command").contains("devices");
    Cli unknown = Cli.run("devises");
    assertThat(unknown.code()).isEqualTo(ExitCode.USAGE);
    assertThat(unknown.err()).contains("devises", "devices");
  }

  @Test
  void deviceErrorsHaveTheirExitCodeAndNoStackTrace() {
    Cli cli = Cli.run("conform", ".", "--device", "abacus");
    assertThat(cli.code()).isEqualTo(ExitCode.DEVICE);
    assertThat(cli.err()).startsWith("kiln: ").contains("abacus").doesNotContain("\tat ");
    assertThat(Cli.run("conform", ".", "--device", "abacus", "--stacktrace").err())
        .contains("\tat ");
  }
}
