package dev.kiln.experiment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.kiln.Device;
import dev.kiln.cli.Main;
import dev.kiln.testing.OnEachDevice;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** The experiment on ensembles at tiny sizes: the same code and the same figures everywhere. */
class EnsembleExperimentTest {
  private static final List<String> METHODS =
      List.of(
          "mean member",
          "mean of probabilities (soft voting)",
          "mean of scores",
          "weighted mean of probabilities",
          "hard voting",
          "mean member temperature",
          "mean of probabilities temperature",
          "mean member test-time augmentation",
          "stacking on out-of-fold predictions",
          "bagging",
          "snapshot ensemble",
          "constant rate last weights",
          "stochastic weight averaging",
          "exponential moving average",
          "member 1",
          "member 2",
          "member 3");

  @TempDir static Path folder;

  private static Map<String, double[]> cpu;

  @BeforeAll
  static void run() throws IOException {
    cpu = figures("cpu");
  }

  /** Accuracy, calibration error, negative log-likelihood and Brier score of each method. */
  private static Map<String, double[]> figures(String device) throws IOException {
    Path out = folder.resolve(device.replace(':', '-'));
    CommandLine cli = Main.commandLine();
    StringWriter said = new StringWriter();
    cli.setOut(new PrintWriter(said));
    cli.setErr(new PrintWriter(said));
    String[] args = {
      "experiment", "ensemble", "--quick", "--seeds", "1", "--offline", "--device", device, "--out"
    };
    String[] all = Arrays.copyOf(args, args.length + 1);
    all[args.length] = out.toString();
    assertThat(cli.execute(all)).as(said.toString()).isZero();
    Map<String, double[]> figures = new LinkedHashMap<>();
    List<String> rows = Files.readAllLines(out.resolve("ensemble.csv"));
    for (String row : rows.subList(1, rows.size())) {
      String[] cells = row.split(",");
      double[] values = new double[4];
      for (int i = 0; i < values.length; i++) {
        values[i] = Double.parseDouble(cells[i + 2]);
      }
      figures.put(cells[1], values);
    }
    return figures;
  }

  @Test
  void everyMethodIsMeasuredBesideItsMembers() throws IOException {
    assertThat(cpu.keySet()).containsExactlyElementsOf(METHODS);
    double[] mean = cpu.get("mean member");
    for (int i = 0; i < mean.length; i++) {
      double sum = 0;
      for (int m = 1; m <= 3; m++) {
        sum += cpu.get("member " + m)[i];
      }
      assertThat(mean[i]).isCloseTo(sum / 3, within(1e-4));
    }
    // the mean of logarithms is at most the logarithm of the mean
    assertThat(cpu.get("mean of probabilities (soft voting)")[2]).isLessThan(mean[2]);
    // a temperature keeps the order of the classes
    assertThat(cpu.get("mean member temperature")[0]).isEqualTo(mean[0]);
    Path out = folder.resolve("cpu");
    assertThat(ImageIO.read(out.resolve("ensemble.png").toFile()).getWidth()).isEqualTo(860);
    assertThat(ImageIO.read(out.resolve("ensemble-reliability.png").toFile())).isNotNull();
  }

  @OnEachDevice
  void otherDevicesMeasureTheSame(Device device) throws IOException {
    String type = device.id().type();
    Assumptions.assumeFalse(type.equals("scalar") || type.equals("cpu"), "too slow, or done");
    Map<String, double[]> here = figures(device.toString());
    assertThat(here.keySet()).containsExactlyElementsOf(METHODS);
    cpu.forEach(
        (method, values) -> {
          // what is smooth in the weights; a vote or a bin may change by a rounding
          if (!method.equals("hard voting")) {
            assertThat(here.get(method)[2]).as(method).isCloseTo(values[2], within(0.02));
            assertThat(here.get(method)[3]).as(method).isCloseTo(values[3], within(0.02));
          }
        });
  }
}
