package dev.kiln.cli;

import dev.kiln.cli.experiment.ExperimentCommand;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/** Runs the {@code kiln} command and ends the process with its exit code. */
@Command(
    name = "kiln",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    description = "Trains neural networks on the CPU or on an NVIDIA GPU.",
    subcommands = {
      TrainCommand.class,
      RecipesCommand.class,
      EvalCommand.class,
      PredictCommand.class,
      AugmentCommand.class,
      ExperimentCommand.class,
      DevicesCommand.class,
      DoctorCommand.class,
      BenchCommand.class,
      OpsCommand.class,
      ConformCommand.class,
      ParityCommand.class
    },
    sortOptions = false,
    footerHeading = "%nExamples:%n",
    footer = {
      "  kiln train                        train LeNet on Fashion-MNIST",
      "  kiln recipes                      settings that reach a known accuracy",
      "  kiln eval runs/NAME               measure the saved model",
      "  kiln predict runs/NAME shoe.png   say what a picture shows",
      "  kiln augment preview              see what augmentation does to images",
      "  kiln experiment                   measure again what the pages claim",
      "  kiln devices                      what this machine can compute on",
      "  kiln doctor                       why there is no GPU, and how to mend it",
      "  kiln bench                        how fast this machine's devices are",
      "  kiln train --help                 what a command does, with examples"
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:all was done",
      "1:all was done, and a check did not pass",
      "2:the command line or the config file is wrong",
      "3:data is missing or broken",
      "4:a model file is missing, broken or does not fit",
      "5:a device is not available or failed",
      "70:internal error: a bug in kiln",
      "130:stopped by Ctrl-C"
    })
public final class Main implements Runnable {
  @Spec private CommandSpec spec;

  @Option(
      names = "--stacktrace",
      scope = ScopeType.INHERIT,
      description = "Show where in the program an error arose (also: KILN_DEBUG=1).")
  private boolean stacktrace;

  private Main() {}

  boolean stacktrace() {
    return stacktrace;
  }

  /** Called when no subcommand was named: says so, with the usage. */
  @Override
  public void run() {
    throw new ParameterException(
        spec.commandLine(),
        "Missing command. There are: " + String.join(", ", spec.subcommands().keySet()));
  }

  /** Returns the command line of {@code kiln}, ready to execute; tests run it in-process. */
  public static CommandLine commandLine() {
    Errors errors = new Errors();
    CommandLine cli = new CommandLine(new Main());
    cli.addSubcommand(new CommandLine.HelpCommand());
    Labels.register(cli);
    cli.setExecutionExceptionHandler(errors);
    cli.setParameterExceptionHandler(errors);
    cli.setAbbreviatedOptionsAllowed(false);
    cli.setUsageHelpAutoWidth(true);
    return cli;
  }

  /** Runs a command, with the defaults of its config file. */
  static int execute(CommandLine cli, String... args) {
    try {
      ConfigFile.attach(cli, args);
    } catch (ParameterException e) {
      return new Errors().handleParseException(e, args);
    }
    return cli.execute(args);
  }

  /**
   * Runs the command.
   *
   * @param args the arguments after {@code kiln}
   */
  public static void main(String[] args) {
    CommandLine cli = commandLine();
    cli.setOut(new PrintWriter(System.out, true, StandardCharsets.UTF_8));
    cli.setErr(new PrintWriter(System.err, true, StandardCharsets.UTF_8));
    System.exit(execute(cli, args));
  }
}
