package dev.kiln.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonParser;
import dev.kiln.Device;
import dev.kiln.cli.conform.Conformance;
import dev.kiln.cli.conform.Report;
import dev.kiln.cli.conform.Result;
import dev.kiln.testing.OnEachDevice;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every device gives libtorch's numbers, and the runner sees it when one does not. */
class ConformanceTest {
  private static final Path CASES = Path.of("src", "test", "resources", "conformance");
  private static final Path WIDE = Path.of("src", "test", "resources", "conformance-wide");

  @TempDir private Path folder;

  private static Report run(Path folder, Device device) {
    return new Conformance(folder, device).run(name -> true, result -> {});
  }

  private static List<String> lines(Report report) {
    return report.results().stream().map(Result::line).toList();
  }

  @OnEachDevice
  void givesWhatLibtorchGives(Device device) {
    Report report = run(CASES, device);
    assertThat(lines(report)).hasSize(138).allMatch(line -> line.startsWith("pass"));
  }

  @OnEachDevice
  void givesWhatLibtorchGivesForEveryAttributeAndShape(Device device) throws IOException {
    int listed =
        JsonParser.parseString(Files.readString(WIDE.resolve("index.json")))
            .getAsJsonObject()
            .get("count")
            .getAsInt();
    Report report = run(WIDE, device);
    assertThat(lines(report)).hasSize(listed).allMatch(line -> line.startsWith("pass"));
  }

  private void write(String file, String text) throws IOException {
    Files.createDirectories(folder.resolve(file).getParent());
    Files.writeString(folder.resolve(file), text, StandardCharsets.UTF_8);
  }

  private static String unary(String op, String data, String want) {
    return """
    {"op": "%s", "inputs": {"x": {"dtype": "float32", "shape": [3], "data": [%s]}},
     "outputs": {"y": {"dtype": "float", "shape": [3], "data": [%s]}}}
    """
        .formatted(op, data, want);
  }

  private Report oracle() {
    return run(folder, Device.of("scalar"));
  }

  @Test
  void specialValuesMustMatchExactly() throws IOException {
    String special = "\"NaN\", \"Infinity\", \"-Infinity\"";
    write("same.json", unary("neg", special, "\"NaN\", \"-Infinity\", \"Infinity\""));
    write("wrong.json", unary("neg", special, "\"NaN\", \"-Infinity\", 1e30"));
    write("wrongNan.json", unary("neg", special, "0, \"-Infinity\", \"Infinity\""));
    assertThat(lines(oracle()))
        .containsExactly(
            "pass same",
            "FAIL wrong: op neg, value y, index [2]: got Infinity, want 1.0E30, tolerance 2.00e+25"
                + " (1 of 3 elements are off)",
            "FAIL wrongNan: op neg, value y, index [0]: got NaN, want 0.0, tolerance 2.00e-06"
                + " (1 of 3 elements are off)");
  }

  @Test
  void brokenFilesFailByNameAndTheRunGoesOn() throws IOException {
    write(
        "index.json",
        """
        {"cases": [{"name": "absent", "file": "cases/absent.json"}, {"name": "nameless"},
          {"name": "cut", "file": "cases/cut.json"}, {"name": "short", "file": "cases/short.json"},
          {"name": "dtype", "file": "cases/dtype.json"}, {"name": "good", "file": "cases/good.json"},
          {"name": "odd", "file": "cases/odd.json"}]}
        """);
    write("cases/cut.json", "{\"op\": \"neg\", ");
    write("cases/short.json", unary("neg", "1, 2", "-1, -2, -3"));
    write("cases/dtype.json", unary("neg", "1, 2, 3", "-1, -2, -3").replace("float32", "float31"));
    write("cases/good.json", unary("neg", "1, 2, 3", "-1, -2, -3"));
    write("cases/odd.json", unary("no_such_op", "1, 2, 3", "-1, -2, -3"));
    Report report = oracle();
    assertThat(lines(report))
        .satisfiesExactlyInAnyOrder(
            l -> assertThat(l).startsWith("FAIL absent:").contains("cases/absent.json"),
            l -> assertThat(l).startsWith("FAIL index.json:").contains("cases[1]", "\"file\""),
            l -> assertThat(l).startsWith("FAIL cut:").contains("cases/cut.json", "not JSON"),
            l ->
                assertThat(l)
                    .startsWith("FAIL short:")
                    .contains("cases/short.json", "2 elements", "needs 3"),
            l -> assertThat(l).startsWith("FAIL dtype:").contains("float31"),
            l -> assertThat(l).isEqualTo("pass good"),
            l -> assertThat(l).isEqualTo("unsupported op no_such_op (case odd)"));
    assertThat(report.summary()).isEqualTo("1 passed, 5 failed, 1 unsupported");
    assertThat(report.allPassed()).isFalse();
  }

  @Test
  void aFileMayHoldSeveralCases() throws IOException {
    String first =
        unary("neg", "1, 2, 3", "-1, -2, -3").replace("{\"op\"", "{\"name\": \"a\", \"op\"");
    String second =
        unary("abs", "1, 2, 3", "1, 2, 4").replace("{\"op\"", "{\"name\": \"b\", \"op\"");
    String nameless = unary("square", "1, 2, 3", "1, 4, 9");
    write("index.json", "{\"cases\": [{\"name\": \"group\", \"file\": \"cases/group.json\"}]}");
    write(
        "cases/group.json",
        "{\"cases\": ["
            + String.join(", ", first, second, nameless, "7", "{\"name\": \"d\"}")
            + "]}");
    Report report = oracle();
    assertThat(lines(report))
        .satisfiesExactly(
            l -> assertThat(l).isEqualTo("pass a"),
            l -> assertThat(l).startsWith("FAIL b: op abs, value y, index [2]"),
            l -> assertThat(l).isEqualTo("pass group[2]"),
            l ->
                assertThat(l)
                    .startsWith("FAIL group[3]:")
                    .contains("cases/group.json", "cases[3] is not an object"),
            l ->
                assertThat(l)
                    .startsWith("FAIL d:")
                    .contains("cases/group.json", "cases[4] has no \"op\""));
    Report some = new Conformance(folder, Device.of("scalar")).run("a"::equals, result -> {});
    assertThat(lines(some)).containsExactly("pass a");
  }

  @Test
  void aListOfCasesThatIsNoListFailsByName() throws IOException {
    write("group.json", "{\"cases\": 3}");
    assertThat(lines(oracle()))
        .singleElement()
        .satisfies(
            l ->
                assertThat(l)
                    .startsWith("FAIL group:")
                    .contains("group.json", "cases is not a list"));
  }

  @Test
  void wrongShapesTypesAndGradientsFail() throws IOException {
    write("shape.json", unary("sum", "1, 2, 3", "6, 6, 6"));
    write("kind.json", unary("gt", "1, 2, 3", "0, 0, 0"));
    write(
        "grad.json",
        """
        {"op": "square",
         "inputs": {"x": {"dtype": "float64", "shape": [2], "grad": true, "data": [1, 3]}},
         "outputs": {"y": {"dtype": "double", "shape": [2], "data": [1, 9]}},
         "grad_outputs": {"y": {"dtype": "double", "shape": [2], "data": [1, 0.5]}},
         "grads": {"x": {"dtype": "double", "shape": [2], "data": [2, 3.001]}}}
        """);
    assertThat(lines(oracle()))
        .satisfiesExactly(
            l ->
                assertThat(l)
                    .startsWith(
                        "FAIL grad: op square, value grad.x, index [1]: got 3.0, want 3.001"),
            l -> assertThat(l).startsWith("FAIL kind:").contains("inputs has no \"a\""),
            l -> assertThat(l).contains("value y, index shape: got [], want [3]"));
  }

  @Test
  void inputsRunInTheTypeTheyAreGivenIn() throws IOException {
    write(
        "f64.json",
        """
        {"op": "square", "inputs": {"x": {"dtype": "float64", "shape": [], "data": [1.00000001]}},
         "outputs": {"y": {"dtype": "double", "shape": [], "data": [1.00000002]}}}
        """);
    Report report = oracle();
    assertThat(report.passed()).isEqualTo(1);
    assertThat(report.toJson()).contains("\"passed\": 1", "\"name\": \"f64\"");
  }
}
