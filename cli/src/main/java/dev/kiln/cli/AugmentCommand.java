package dev.kiln.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** What can be done with augmentation. */
@Command(
    name = "augment",
    mixinStandardHelpOptions = true,
    description = "Shows what random changes of images look like.",
    subcommands = AugmentPreviewCommand.class,
    footerHeading = "%nExamples:%n",
    footer = {
      "  kiln augment preview --augment crop:4,flip,jitter   write a picture of it",
      "  kiln augment preview --help                         all transforms"
    })
final class AugmentCommand implements Runnable {
  @Spec private CommandSpec spec;

  /** Called when no subcommand was named. */
  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "Missing command. There is: preview");
  }
}
