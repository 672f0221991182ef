package dev.kiln.cli;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Lists the training recipes, and shows them. */
@Command(
    name = "recipes",
    mixinStandardHelpOptions = true,
    description = {
      "Lists the recipes of kiln train --recipe: what each aims at on the test data,",
      "what it reached and where, or that it was not run."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  kiln recipes                      list them",
      "  kiln recipes lenet                show the options of one",
      "  kiln train --recipe lenet         train by it"
    })
final class RecipesCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "NAME",
      arity = "0..1",
      description = "Show this recipe, as a config file.")
  private String name;

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    if (name == null) {
      list(out);
    } else {
      Recipe recipe = Recipe.of(name).orElseThrow(() -> ConfigFile.noRecipe(spec, name));
      recipe.lines().forEach(out::println);
      out.flush();
    }
    return ExitCode.OK;
  }

  /** Prints a row for each recipe. */
  static void list(PrintWriter out) {
    List<String[]> rows = new ArrayList<>();
    rows.add(new String[] {"RECIPE", "TARGET", "NEEDS", "REACHED"});
    for (String name : Recipe.NAMES) {
      Recipe r = Recipe.of(name).orElseThrow();
      rows.add(new String[] {name, r.target(), r.needs(), r.reached()});
    }
    Table.print(out, rows);
    out.flush();
  }
}
