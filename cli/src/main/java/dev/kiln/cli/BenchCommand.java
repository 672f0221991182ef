package dev.kiln.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * Starts the benchmarks, which are a program of their own ({@code bench/compare}), so that neither
 * they nor the peers are a part of this one.
 */
@Command(
    name = "bench",
    mixinStandardHelpOptions = true,
    description = {
      "Times training, inference and single operations on the devices of this machine, and in",
      "other frameworks, each measurement in a process of its own."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  kiln bench                              all the work, on every device",
      "  kiln bench --work W1,W6.matmul --rounds 1",
      "  kiln bench --device cpu --peers --json results.json"
    })
final class BenchCommand implements Callable<Integer> {
  @Option(
      names = "--device",
      paramLabel = "NAMES",
      description = "Where, such as cpu,cuda:0. Default: every device.")
  private String device;

  @Option(
      names = "--work",
      paramLabel = "NAMES",
      description = "Which work, such as W1,W6.matmul; a name stands for all that begin with it.")
  private String work;

  @Option(
      names = "--peers",
      arity = "0..1",
      fallbackValue = "libtorch,djl,tensorflow,dl4j",
      paramLabel = "NAMES",
      description =
          "Also in other frameworks: ${FALLBACK-VALUE}, or those named. They are downloaded the"
              + " first time, several hundred megabytes.")
  private String peers;

  @Option(
      names = "--rounds",
      defaultValue = "3",
      description = "How often each is measured, in turn. Default: ${DEFAULT-VALUE}.")
  private int rounds;

  @Option(
      names = "--warm-up",
      defaultValue = "5",
      paramLabel = "SECONDS",
      description = "Before each measurement. Default: ${DEFAULT-VALUE}.")
  private double warmUp;

  @Option(
      names = "--seconds",
      defaultValue = "3",
      paramLabel = "SECONDS",
      description = "How long each measurement takes. Default: ${DEFAULT-VALUE}.")
  private double seconds;

  @Option(
      names = "--threads",
      defaultValue = "2",
      description = "Threads of the CPU for each. Default: ${DEFAULT-VALUE}.")
  private int threads;

  @Option(names = "--json", paramLabel = "FILE", description = "Write the results there as well.")
  private Path json;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws IOException, InterruptedException {
    if (rounds < 1 || threads < 1 || !(seconds > 0) || !(warmUp >= 0)) {
      throw new ParameterException(
          spec.commandLine(), "--rounds, --threads and --seconds must be above 0");
    }
    String root = System.getProperty("kiln.root", "");
    Path script = Path.of(root, "bench", "compare");
    if (root.isEmpty() || !Files.isExecutable(script)) {
      throw new Failure(
          ExitCode.USAGE,
          "kiln bench needs Kiln's source tree; start it with the script kiln there");
    }
    Process process = new ProcessBuilder(command(script)).inheritIO().start();
    return process.waitFor() == 0 ? ExitCode.OK : ExitCode.CHECK_FAILED;
  }

  private List<String> command(Path script) {
    List<String> command = new ArrayList<>(List.of(script.toString()));
    add(command, "--device", device);
    add(command, "--work", work);
    add(command, "--peers", peers);
    add(command, "--rounds", rounds);
    add(command, "--warm-up", warmUp);
    add(command, "--seconds", seconds);
    add(command, "--threads", threads);
    add(command, "--json", json);
    return command;
  }

  private static void add(List<String> command, String option, Object value) {
    if (value != null) {
      command.add(option);
      command.add(value.toString());
    }
  }
}
