package dev.kiln.cuda;

import dev.kiln.DeviceException;
import dev.kiln.backend.Finding;
import dev.kiln.backend.Finding.State;
import dev.kiln.cuda.find.Surroundings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What is asked of the machine and of Kiln's own files, before any of CUDA. */
final class SystemChecks {
  /** What JCuda's natives need. */
  static final int OLDEST_GLIBC = 17;

  private final Surroundings machine;
  private final Mends mends;

  SystemChecks(Surroundings machine, Mends mends) {
    this.machine = machine;
    this.mends = mends;
  }

  Finding system() {
    String what = "system";
    String name = machine.os() + ", " + machine.architecture();
    if (!machine.isLinuxX8664()) {
      return Finding.obstacle(
          what,
          State.MISSING,
          name + "; the CUDA backend runs on Linux on x86-64 only",
          "use the device cpu here, which runs everywhere");
    }
    int glibc = machine.glibc();
    if (glibc == 0) {
      return Finding.obstacle(
          what,
          State.MISSING,
          name + ", without glibc (as Alpine Linux); NVIDIA's driver needs it",
          "use a system or container image with glibc, such as Debian or Ubuntu");
    }
    if (glibc < OLDEST_GLIBC) {
      return Finding.obstacle(
          what,
          State.TOO_OLD,
          name + ", glibc 2." + glibc + "; Kiln needs 2." + OLDEST_GLIBC,
          "update the system, or use a container image of a newer one");
    }
    String kind = mends.inWsl() ? ", WSL" : mends.inContainer() ? ", in a container" : "";
    return Finding.ok(what, name + ", glibc 2." + glibc + kind);
  }

  Finding nativeCode() {
    String what = "Kiln's native code";
    List<String> missing =
        Stream.of(Natives.LAUNCHERS, Bridge.resource()).filter(r -> !present(r)).toList();
    return missing.isEmpty()
        ? Finding.ok(what, "launchers and bridge are in the jar")
        : Finding.obstacle(
            what,
            State.MISSING,
            "this kiln-cuda was built on a machine without g++: it lacks "
                + missing.stream()
                    .map(r -> r.substring(r.lastIndexOf('/') + 1))
                    .collect(Collectors.joining(", ")),
            "sudo apt install g++, then build Kiln again: mvn install");
  }

  Finding jcuda() {
    String what = "JCuda";
    List<String> missing = Natives.JCUDA_LIBRARIES.stream().filter(r -> !present(r)).toList();
    return missing.isEmpty()
        ? Finding.ok(what, "12.6, natives for linux-x86_64 are on the class path")
        : Finding.obstacle(
            what,
            State.MISSING,
            String.join(", ", missing) + " not on the class path",
            "add org.jcuda:jcuda-natives, jcublas-natives and jcudnn-natives 12.6.0, classifier"
                + " linux-x86_64, which dev.kiln:kiln-cuda depends on");
  }

  Finding kernels() {
    String what = "kernels";
    try {
      List<String> images = Natives.images("ptx");
      List<String> missing = images.stream().filter(r -> !present(r)).toList();
      if (!missing.isEmpty()) {
        return Finding.obstacle(
            what,
            State.MISSING,
            "kiln-cuda-kernels lacks " + String.join(", ", missing),
            "use dev.kiln:kiln-cuda-kernels of the same version as kiln-cuda");
      }
      return Finding.ok(what, images.size() + " images, PTX for compute capability 7.5 and up");
    } catch (DeviceException e) {
      return Finding.obstacle(
          what, State.MISSING, "not on the class path", "add dev.kiln:kiln-cuda-kernels");
    }
  }

  private static boolean present(String resource) {
    return SystemChecks.class.getClassLoader().getResource(resource) != null;
  }

  /** Unpacks what a device needs, where the jar has it: a folder may be there and the disk full. */
  Finding cache() {
    String what = "cache";
    try {
      NativeCache cache = NativeCache.ofUser();
      Path folder = cache.folder("checked");
      if (present(Natives.LAUNCHERS)) {
        folder = cache.unpack("launchers", List.of(Natives.LAUNCHERS));
      }
      return Finding.ok(what, folder.getParent().toString());
    } catch (DeviceException e) {
      return Finding.obstacle(
          what, State.BROKEN, e.getMessage().replaceFirst("^\\[cuda] ", ""), Mends.CACHE);
    }
  }

  /** The files by which programs reach the driver's kernel module. */
  Finding deviceFiles(boolean driverWorks) {
    String what = "device files";
    if (mends.inWsl()) {
      return Files.exists(machine.path("/dev/dxg"))
          ? Finding.ok(what, "/dev/dxg")
          : Finding.flaw(what, State.MISSING, "/dev/dxg is not there", mends.driver());
    }
    List<Path> files = deviceFiles();
    List<Path> closed =
        files.stream().filter(f -> !Files.isReadable(f) || !Files.isWritable(f)).toList();
    if (!closed.isEmpty() && !driverWorks) {
      return Finding.obstacle(
          what,
          State.BROKEN,
          "you may not read and write " + closed,
          "ls -l /dev/nvidia*    # shows which group may\n"
              + "sudo usermod -aG GROUP $USER    # that group; then log in again");
    }
    if (files.stream().noneMatch(f -> f.endsWith("nvidiactl"))) {
      return driverWorks
          ? Finding.unused(what, "no /dev/nvidiactl, and the driver works without")
          : Finding.flaw(
              what,
              State.MISSING,
              "no /dev/nvidiactl"
                  + (mends.inContainer()
                      ? ": the container was started without the GPU"
                      : ": the driver's kernel module is not loaded"),
              mends.inContainer() ? mends.container() : "sudo modprobe nvidia && nvidia-smi");
    }
    return Finding.ok(what, files.size() + " in /dev");
  }

  private List<Path> deviceFiles() {
    try (Stream<Path> all = Files.list(machine.path("/dev"))) {
      return all.filter(f -> f.getFileName().toString().matches("nvidia(ctl|-uvm|\\d+)"))
          .sorted()
          .toList();
    } catch (IOException e) {
      return List.of();
    }
  }

  List<Finding> variables() {
    Map<String, String> set = new TreeMap<>(machine.variables());
    set.keySet()
        .removeIf(
            v ->
                !v.startsWith("KILN_")
                    && !v.equals("CUDA_VISIBLE_DEVICES")
                    && !v.equals("CUDA_HOME")
                    && !v.equals("CUDA_PATH"));
    List<String> texts = new ArrayList<>();
    set.forEach((name, value) -> texts.add(name + "=" + value));
    return texts.isEmpty()
        ? List.of(Finding.unused("variables", "no KILN_ variable is set"))
        : List.of(Finding.ok("variables", String.join(", ", texts)));
  }
}
