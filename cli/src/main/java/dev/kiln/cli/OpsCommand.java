package dev.kiln.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Prints the page of ops, docs/ops.md. */
@Command(
    name = "ops",
    mixinStandardHelpOptions = true,
    description = {
      "Lists the ops: signature, element types, gradient, and which device runs each as a kernel",
      "of its own, which composes it."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  kiln ops                 all of them",
      "  kiln ops conv softmax    those whose names contain conv or softmax",
      "  kiln ops --markdown      the page as it stands in docs/ops.md"
    })
final class OpsCommand implements Callable<Integer> {
  private static final Pattern CELLS = Pattern.compile(" (?<!\\\\)\\| ");

  @Parameters(paramLabel = "NAME", arity = "0..*", description = "Parts of the ops' names.")
  private List<String> names = new ArrayList<>();

  @Option(names = "--markdown", description = "Print the whole page as it is.")
  private boolean markdown;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    if (markdown && !names.isEmpty()) {
      throw new ParameterException(
          spec.commandLine(), "--markdown prints the whole page; leave out the names");
    }
    PrintWriter out = spec.commandLine().getOut();
    if (markdown) {
      out.print(page());
    } else {
      print(out);
    }
    out.flush();
    return ExitCode.OK;
  }

  private static String page() {
    try (InputStream in = OpsCommand.class.getResourceAsStream("ops.md")) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void print(PrintWriter out) {
    String family = "";
    String printed = "";
    List<String> columns = List.of();
    for (String line : page().lines().toList()) {
      if (line.startsWith("## ")) {
        family = line.substring(3);
      } else if (line.startsWith("| op |")) {
        columns = cells(line);
      } else if (line.startsWith("| `") && wanted(line)) {
        if (!printed.equals(family)) {
          out.printf("%s%s%n", printed.isEmpty() ? "" : System.lineSeparator(), family);
          printed = family;
        }
        printOp(out, columns, cells(line));
      }
    }
    if (printed.isEmpty()) {
      throw new ParameterException(
          spec.commandLine(),
          "No op's name contains " + String.join(" or ", names) + "; kiln ops lists all");
    }
  }

  private static List<String> cells(String line) {
    return CELLS
        .splitAsStream(line.substring(2, line.length() - 2))
        .map(OpsCommand::plain)
        .toList();
  }

  private static String plain(String markdown) {
    return markdown.replace("`", "").replace("\\|", "|");
  }

  private boolean wanted(String line) {
    String name = line.substring(3, line.indexOf('(')).toLowerCase(Locale.ROOT);
    return names.isEmpty()
        || names.stream().anyMatch(n -> name.contains(n.toLowerCase(Locale.ROOT)));
  }

  private static void printOp(PrintWriter out, List<String> columns, List<String> cells) {
    for (String signature : cells.get(0).split("<br>")) {
      out.println("  " + signature);
    }
    out.println("      " + cells.get(1));
    StringBuilder facts = new StringBuilder();
    for (int i = 2; i < cells.size(); i++) {
      facts.append(i == 2 ? "" : " | ").append(columns.get(i)).append(": ").append(cells.get(i));
    }
    out.println("      " + facts);
  }
}
