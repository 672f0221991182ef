package dev.kiln.cli;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.kiln.Device;
import dev.kiln.backend.Diagnosis;
import dev.kiln.backend.Finding;
import java.io.PrintWriter;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Says whether a GPU can be used here, and what to do if not. */
@Command(
    name = "doctor",
    mixinStandardHelpOptions = true,
    description = {
      "Looks at all that the device cuda depends on: system, driver, GPU, cuBLAS, cuDNN.",
      "Prints a line for each thing, and the commands that mend what is missing."
    },
    footerHeading = "%nMarks:%n",
    footer = {
      "  [ok] good   [NO] stands in the way   [ !] missing, but not needed   [--] not used",
      "",
      "Examples:",
      "  kiln doctor              look at this machine",
      "  kiln doctor --json       the same for a program",
      "  KILN_CUDA_PATH=/opt/cuda kiln doctor    look in this folder first"
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {"0:a GPU can be used", "1:no GPU can be used"})
final class DoctorCommand implements Callable<Integer> {
  private static final String TYPE = "cuda";

  @Spec private CommandSpec spec;

  @Option(names = "--json", description = "Print the findings as JSON.")
  private boolean json;

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    Diagnosis diagnosis = Device.diagnose(TYPE);
    Optional<Finding> obstacle = diagnosis.obstacle();
    if (json) {
      out.println(toJson(diagnosis));
    } else {
      out.print(diagnosis.text());
      out.println();
      out.println(
          obstacle
              .map(
                  f ->
                      "No GPU can be used here: "
                          + f.what()
                          + ": "
                          + f.detail()
                          + "\nKiln runs on the processor without any of this: --device cpu")
              .orElse("A GPU can be used: --device cuda"));
    }
    out.flush();
    return obstacle.isPresent() ? ExitCode.CHECK_FAILED : ExitCode.OK;
  }

  private static String toJson(Diagnosis diagnosis) {
    JsonArray findings = new JsonArray();
    for (Finding f : diagnosis.findings()) {
      JsonObject finding = new JsonObject();
      finding.addProperty("what", f.what());
      finding.addProperty("state", f.state().name());
      finding.addProperty("needed", f.needed());
      finding.addProperty("detail", f.detail());
      f.mend().ifPresent(m -> finding.addProperty("mend", m));
      findings.add(finding);
    }
    JsonObject all = new JsonObject();
    all.addProperty("device", diagnosis.type());
    all.addProperty("usable", diagnosis.obstacle().isEmpty());
    all.add("findings", findings);
    return new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().create().toJson(all);
  }
}
