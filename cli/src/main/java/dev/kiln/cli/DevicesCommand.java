package dev.kiln.cli;

import dev.kiln.Device;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Lists what this machine can compute on, and why not on the rest. */
@Command(
    name = "devices",
    mixinStandardHelpOptions = true,
    description = {
      "Lists the devices of this machine, and why others cannot be used.",
      "The one marked * is what --device best takes."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  kiln devices                      list them",
      "  KILN_DEVICE=cpu kiln devices      as it would be with another default"
    })
final class DevicesCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    Device best = Device.best();
    List<String[]> rows = new ArrayList<>();
    rows.add(new String[] {"", "DEVICE", "MEMORY", "DESCRIPTION"});
    for (Device d : Device.available()) {
      rows.add(
          new String[] {
            d.equals(best) ? "*" : "", d.toString(), memory(d), d.backend().description()
          });
    }
    Table.print(out, rows);
    Map<String, String> missing = new TreeMap<>(Device.unavailable());
    if (!missing.isEmpty()) {
      out.println();
      out.println("Not available:");
      missing.forEach((type, reason) -> out.println("  " + type + ": " + reason));
    }
    out.flush();
    return ExitCode.OK;
  }

  /** The heap is what pure Java can use; other backends tell in their description. */
  private static String memory(Device device) {
    boolean java = !device.id().type().equals("cuda");
    return java ? (Runtime.getRuntime().maxMemory() >> 20) + " MiB heap" : "see right";
  }
}
