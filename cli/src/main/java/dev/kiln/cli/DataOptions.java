package dev.kiln.cli;

import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;

/** The options that say which data a command takes. */
final class DataOptions {
  @Option(
      names = "--dataset",
      paramLabel = "NAME",
      defaultValue = "fashion-mnist",
      description = "fashion-mnist, mnist, cifar10 or images. Default: ${DEFAULT-VALUE}.")
  private DatasetChoice dataset;

  @Option(
      names = "--data",
      paramLabel = "DIR",
      description = {
        "Folder of the data. Without it Fashion-MNIST and MNIST are looked for in $KILN_DATA, the"
            + " cache and system packages, then downloaded; for Fashion-MNIST a sample is built in.",
        "For images: a folder with a folder per class, or with train and test folders of such."
      })
  private Path folder;

  @Option(names = "--offline", description = "Never use the network.")
  private boolean offline;

  @Option(
      names = "--limit",
      paramLabel = "N",
      defaultValue = "0",
      description = "Use only the first N examples of each part; 0 uses all.")
  private int limit;

  @Option(
      names = "--image-size",
      paramLabel = "N",
      defaultValue = "64",
      description = "Rows and columns that your own images get. Default: ${DEFAULT-VALUE}.")
  private int imageSize;

  DatasetChoice dataset() {
    return dataset;
  }

  /** Tells whether the user named a data set. */
  boolean given(CommandSpec spec) {
    return spec.commandLine().getParseResult().hasMatchedOption("--dataset");
  }

  /** Reads the data. */
  Corpus load(long seed) {
    return load(dataset, imageSize, seed);
  }

  /** Reads a data set other than the one named; the user's own pictures in some size. */
  Corpus load(DatasetChoice choice, int size, long seed) {
    if (limit < 0) {
      throw new Failure(ExitCode.USAGE, "--limit " + limit + " must be 0 or more");
    }
    if (size < 1) {
      throw new Failure(ExitCode.USAGE, "--image-size " + size + " must be 1 or more");
    }
    return Failure.as(
        ExitCode.DATA,
        () -> choice.load(Optional.ofNullable(folder), offline, size, seed).limited(limit));
  }
}
