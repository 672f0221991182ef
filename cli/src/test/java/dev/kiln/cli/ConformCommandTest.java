package dev.kiln.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConformCommandTest {
  @TempDir private Path folder;

  @BeforeEach
  void writeCases() throws IOException {
    Files.writeString(folder.resolve("good.json"), unary("neg", -3));
    Files.writeString(folder.resolve("bad.json"), unary("neg", 3));
    Files.writeString(folder.resolve("strange.json"), unary("frobnicate", 3));
    Files.writeString(folder.resolve("cut.json"), "{\"op\":");
  }

  private static String unary(String op, int want) {
    return """
    {"op": "%s", "inputs": {"x": {"dtype": "float32", "shape": [], "data": [3]}},
     "outputs": {"y": {"dtype": "float", "shape": [], "data": [%d]}}}
    """
        .formatted(op, want);
  }

  private Cli conform(String... more) {
    String[] args = new String[more.length + 4];
    args[0] = "conform";
    args[1] = folder.toString();
    args[2] = "--device";
    args[3] = "scalar";
    System.arraycopy(more, 0, args, 4, more.length);
    return Cli.run(args);
  }

  @Test
  void oneLineForEachCaseThenTheSummary() {
    Cli cli = conform();
    assertThat(cli.code()).isEqualTo(ExitCode.CHECK_FAILED);
    assertThat(cli.out().lines())
        .satisfiesExactly(
            l ->
                assertThat(l)
                    .isEqualTo(
                        "FAIL bad: op neg, value y, index []: got -3.0, want 3.0, tolerance"
                            + " 6.20e-05"),
            l -> assertThat(l).startsWith("FAIL cut: op ?, file cut.json: not JSON"),
            l -> assertThat(l).isEqualTo("pass good"),
            l -> assertThat(l).isEqualTo("unsupported op frobnicate (case strange)"),
            l -> assertThat(l).isEqualTo("1 passed, 2 failed, 1 unsupported"));
  }

  @Test
  void exitCodeIsZeroOnlyIfAllPassed() {
    assertThat(conform("--filter", "go*").code()).isZero();
    assertThat(conform("--filter", "strang?").code()).isEqualTo(ExitCode.CHECK_FAILED);
    Cli none = conform("--filter", "x*");
    assertThat(none.code()).isEqualTo(ExitCode.DATA);
    assertThat(none.err()).contains("no case", "x*");
  }

  @Test
  void writesTheResultsAsJson() throws IOException {
    Path report = folder.resolve("out").resolve("report.json");
    conform("--json", report.toString());
    assertThat(Files.readString(report))
        .contains("\"passed\": 1", "\"failed\": 2", "\"unsupported\": 1", "\"want\": \"3.0\"");
  }

  @Test
  void aMissingFolderIsADataError() {
    Cli cli = Cli.run("conform", folder.resolve("none").toString(), "--device", "scalar");
    assertThat(cli.code()).isEqualTo(ExitCode.DATA);
    assertThat(cli.err()).contains("none is not a folder");
  }
}
