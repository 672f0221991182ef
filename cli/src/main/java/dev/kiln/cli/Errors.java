package dev.kiln.cli;

import dev.kiln.DeviceException;
import dev.kiln.KilnException;
import dev.kiln.OutOfMemoryException;
import dev.kiln.train.ResumeException;
import java.io.PrintWriter;
import picocli.CommandLine;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/** Turns errors into one clear message and an exit code. */
final class Errors implements IExecutionExceptionHandler, IParameterExceptionHandler {
  /** Whether stack traces are wanted: {@code --stacktrace}, or the variable KILN_DEBUG=1. */
  private static boolean traced(CommandLine cli) {
    Main main = (Main) root(cli).getCommand();
    return main.stacktrace() || "1".equals(System.getenv("KILN_DEBUG"));
  }

  private static CommandLine root(CommandLine cli) {
    CommandLine root = cli;
    while (root.getParent() != null) {
      root = root.getParent();
    }
    return root;
  }

  @Override
  public int handleExecutionException(Exception e, CommandLine cli, ParseResult parsed) {
    PrintWriter err = cli.getErr();
    if (e instanceof ParameterException p) {
      return handleParseException(p, parsed.originalArgs().toArray(String[]::new));
    }
    int code = code(e);
    if (code == ExitCode.INTERNAL) {
      err.println("kiln: internal error: " + e);
      e.printStackTrace(err);
      err.println("This is a bug in kiln. Please report it with the lines above.");
    } else {
      err.println("kiln: " + e.getMessage());
      if (traced(cli)) {
        e.printStackTrace(err);
      }
    }
    err.flush();
    return code;
  }

  private static int code(Exception e) {
    if (e instanceof Failure f) {
      return f.exitCode();
    }
    if (e instanceof DeviceException || e instanceof OutOfMemoryException) {
      return ExitCode.DEVICE;
    }
    if (e instanceof ResumeException) {
      return ExitCode.MODEL;
    }
    return e instanceof KilnException ? ExitCode.CHECK_FAILED : ExitCode.INTERNAL;
  }

  @Override
  public int handleParseException(ParameterException e, String[] args) {
    CommandLine cli = e.getCommandLine();
    PrintWriter err = cli.getErr();
    err.println("kiln: " + e.getMessage());
    UnmatchedArgumentException.printSuggestions(e, err);
    err.println("Try: " + cli.getCommandSpec().qualifiedName() + " --help");
    if (traced(cli)) {
      e.printStackTrace(err);
    }
    err.flush();
    return ExitCode.USAGE;
  }
}
