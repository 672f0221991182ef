package dev.kiln.cli.experiment;

import dev.kiln.Device;
import dev.kiln.cli.DeviceOption;
import dev.kiln.cli.ExitCode;
import dev.kiln.cli.Failure;
import dev.kiln.cli.Table;
import dev.kiln.data.DataSearch;
import dev.kiln.data.FashionMnist;
import dev.kiln.data.TrainTest;
import dev.kiln.io.AtomicFiles;
import java.awt.image.BufferedImage;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Runs one of the experiments: prints its table, writes its numbers and plots. */
@Command(
    name = "experiment",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "Runs an experiment on Fashion-MNIST, prints its table and writes NAME.csv and its plots.",
      "Without a name: lists the experiments."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  kiln experiment                        what there is",
      "  kiln experiment transfer --quick       a minute, to see that it works",
      "  kiln experiment transfer --seeds 5 --out results/"
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:done, and what is claimed holds (a quick run is not judged)",
      "1:done, and a claim does not hold",
      "2:the command line is wrong",
      "3:data are missing or broken, or results cannot be written",
      "5:the device is not available or failed"
    })
public final class ExperimentCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(arity = "0..1", paramLabel = "NAME", description = "Which experiment.")
  private String name;

  @Option(
      names = "--quick",
      description = "Tiny sizes and two seeds: shows that everything works, measures nothing.")
  private boolean quick;

  @Option(
      names = "--seeds",
      paramLabel = "N",
      description = "Repetitions, each with weights and choices of its own. Default: its own.")
  private Integer seeds;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "1",
      description = "The first seed; the others follow it. Default: ${DEFAULT-VALUE}.")
  private long first;

  @Mixin private DeviceOption device;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Processor threads to compute with. Default: all. The result is the same.")
  private Integer threads;

  @Option(
      names = "--data",
      paramLabel = "DIR",
      description = "Folder of Fashion-MNIST. Without it: as for kiln train.")
  private Path folder;

  @Option(names = "--offline", description = "Never use the network.")
  private boolean offline;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      defaultValue = "experiments",
      description = "Folder for the results. Default: ${DEFAULT-VALUE}.")
  private Path out;

  @Override
  public Integer call() {
    PrintWriter screen = spec.commandLine().getOut();
    if (name == null) {
      Table.print(
          screen,
          Experiments.all().stream().map(e -> new String[] {e.name(), e.summary()}).toList());
      screen.flush();
      return ExitCode.OK;
    }
    Experiment experiment =
        Experiments.named(name)
            .orElseThrow(
                () ->
                    wrong("\"" + name + "\" is none of " + String.join(", ", Experiments.names())));
    if (seeds != null && seeds < 1) {
      throw wrong("--seeds " + seeds + " must be 1 or more");
    }
    if (threads != null && threads < 1) {
      throw wrong("--threads " + threads + " must be 1 or more");
    }
    if (threads != null) {
      System.setProperty("kiln.threads", threads.toString());
    }
    return run(experiment, screen);
  }

  private ParameterException wrong(String message) {
    return new ParameterException(spec.commandLine(), message);
  }

  private Integer run(Experiment experiment, PrintWriter screen) {
    long start = System.nanoTime();
    Device where = device.open();
    say(screen, "device  " + device.reason(where));
    TrainTest data = Failure.as(ExitCode.DATA, this::load);
    say(screen, "data    " + data.source());
    int repetitions = seeds != null ? seeds : quick ? 2 : experiment.seeds();
    List<Long> chosen = LongStream.range(first, first + repetitions).boxed().toList();
    say(screen, "seeds   " + chosen);
    say(screen, "");
    Device before = Device.defaultDevice();
    Device.setDefault(where);
    Experiment.Report report;
    try {
      report =
          experiment.run(
              new Experiment.Setup(where, data, quick, chosen, line -> say(screen, line)));
    } finally {
      Device.setDefault(before);
    }
    say(screen, "");
    Table.print(screen, report.table());
    say(screen, "");
    boolean all = true;
    for (Experiment.Claim claim : report.claims()) {
      say(screen, (claim.holds() ? "holds   " : "FAILS   ") + claim.sentence());
      all &= claim.holds();
    }
    Failure.as(ExitCode.DATA, () -> save(report));
    say(screen, "saved   " + out.resolve(name + ".csv"));
    report.plots().keySet().forEach(p -> say(screen, "saved   " + out.resolve(p + ".png")));
    say(
        screen,
        String.format(Locale.ROOT, "took    %.0f seconds", (System.nanoTime() - start) / 1e9));
    return all || quick ? ExitCode.OK : ExitCode.CHECK_FAILED;
  }

  private static void say(PrintWriter screen, String line) {
    screen.println(line);
    screen.flush();
  }

  private TrainTest load() {
    DataSearch search = DataSearch.standard();
    if (offline) {
      search = search.offline(true);
    }
    if (folder != null) {
      search = search.folder(folder);
    }
    return FashionMnist.load(search);
  }

  private Path save(Experiment.Report report) {
    String csv =
        report.csv().stream()
            .map(row -> String.join(",", row))
            .collect(Collectors.joining("\n", "", "\n"));
    AtomicFiles.write(out.resolve(name + ".csv"), csv);
    for (Map.Entry<String, BufferedImage> plot : report.plots().entrySet()) {
      AtomicFiles.write(out.resolve(plot.getKey() + ".png"), PlotFile.png(plot.getValue()));
    }
    return out;
  }
}
