package dev.kiln.cli;

import java.util.Optional;
import picocli.CommandLine.IVersionProvider;

/** Tells Kiln's version, from the jar's manifest, and the Java runtime's. */
final class Version implements IVersionProvider {
  @Override
  public String[] getVersion() {
    String kiln =
        Optional.ofNullable(Main.class.getPackage().getImplementationVersion())
            .orElse("(development build)");
    return new String[] {
      "kiln " + kiln,
      "java " + Runtime.version() + " (" + System.getProperty("java.vm.name") + ")",
      System.getProperty("os.name") + " " + System.getProperty("os.arch")
    };
  }
}
