package dev.kiln.cli;

import dev.kiln.Device;
import dev.kiln.cli.conform.Conformance;
import dev.kiln.cli.conform.Report;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Runs conformance cases. */
@Command(
    name = "conform",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "Runs a folder of conformance cases: ops with inputs, outputs and gradients that another"
          + " framework computed.",
      "Prints a line for each case and a summary. The format is described in the folder's README."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  kiln conform tests/src/test/resources/conformance",
      "  kiln conform cases --device cuda --json report.json",
      "  kiln conform cases --filter 'conv*'"
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:every case passed",
      "1:a case failed, or asks for an op that kiln does not have",
      "2:the command line is wrong",
      "3:there is no such folder, or no case in it",
      "5:the device is not available"
    })
final class ConformCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "DIR", description = "The folder with the cases and their index.json.")
  private Path folder;

  @Mixin private DeviceOption device;

  @Option(
      names = "--json",
      paramLabel = "FILE",
      description = "Also write the results to this file, as JSON.")
  private Path json;

  @Option(
      names = "--filter",
      paramLabel = "GLOB",
      defaultValue = "*",
      description = "Run only the cases with such a name (* and ? as in file names).")
  private String filter;

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    Device where = device.open();
    Conformance run = Failure.as(ExitCode.DATA, () -> new Conformance(folder, where));
    Pattern wanted = glob(filter);
    Report report =
        Failure.as(
            ExitCode.DATA,
            () ->
                run.run(
                    name -> wanted.matcher(name).matches(), result -> out.println(result.line())));
    out.println(report.summary());
    out.flush();
    if (json != null) {
      write(report.toJson());
    }
    if (report.results().isEmpty()) {
      throw new Failure(
          ExitCode.DATA,
          "no case in "
              + folder
              + (filter.equals("*") ? "" : " has a name like " + filter)
              + "; the folder must hold case files and an index.json that lists them");
    }
    return report.allPassed() ? ExitCode.OK : ExitCode.CHECK_FAILED;
  }

  private static Pattern glob(String text) {
    StringBuilder regex = new StringBuilder();
    for (char c : text.toCharArray()) {
      regex.append(c == '*' ? ".*" : c == '?' ? "." : Pattern.quote(String.valueOf(c)));
    }
    return Pattern.compile(regex.toString());
  }

  /** Writes beside the file and moves, so that a reader never sees half a report. */
  private void write(String text) {
    Path target = json.toAbsolutePath();
    Path part = target.resolveSibling(target.getFileName() + ".part");
    try {
      Files.createDirectories(target.getParent());
      Files.writeString(part, text, StandardCharsets.UTF_8);
      Files.move(part, target, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw new Failure(ExitCode.DATA, "the report cannot be written to " + json + ": " + e);
    }
  }
}
