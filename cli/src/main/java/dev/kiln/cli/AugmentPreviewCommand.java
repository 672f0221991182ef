package dev.kiln.cli;

import dev.kiln.Device;
import dev.kiln.Scope;
import dev.kiln.Tensor;
import dev.kiln.data.Batch;
import dev.kiln.data.DataLoader;
import dev.kiln.data.augment.Augment;
import dev.kiln.io.AtomicFiles;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Writes a picture of augmented samples. */
@Command(
    name = "preview",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "Writes a picture of training images, one to a row: the image as it is, then as training would"
          + " see it in the first epochs."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  kiln augment preview",
      "  kiln augment preview --augment crop:4,flip,jitter,erase --samples 6 --draws 10",
      "  kiln augment preview --augment rotation,hue,equalize --each --dataset images --data pets/",
      "",
      "Transforms: crop (pixels of padding), resized-crop (least share of the area),",
      "flip, vertical-flip (probability), rotation, shear (degrees), translation",
      "(share of the size), scaling (factor), jitter, brightness, contrast, saturation",
      "(amount), hue (part of a turn), grayscale, invert, autocontrast, equalize",
      "(probability), posterize (bits), solarize (threshold), sharpness (factor),",
      "blur (pixels), noise (deviation), erase (probability), cutout (pixels),",
      "rand-augment (magnitude), trivial-augment, mixup, cutmix (alpha)."
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:written",
      "2:the command line is wrong",
      "3:data is missing or broken, or the picture cannot be written",
      "5:the device is not available or failed"
    })
final class AugmentPreviewCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;
  @Mixin private DataOptions data;

  @Option(
      names = "--augment",
      paramLabel = "LIST",
      defaultValue = "crop,flip",
      description =
          "Transforms in their order, such as crop:4,flip (see below). Default: ${DEFAULT-VALUE}.")
  private String augment;

  @Option(
      names = "--each",
      description =
          "A row for each transform, alone and on the same image, instead of all on each.")
  private boolean each;

  @Option(
      names = "--samples",
      paramLabel = "N",
      defaultValue = "8",
      description = "Images, evenly from the training data. Default: ${DEFAULT-VALUE}.")
  private int samples;

  @Option(
      names = "--draws",
      paramLabel = "N",
      defaultValue = "8",
      description = "Columns beside the first: epochs. Default: ${DEFAULT-VALUE}.")
  private int draws;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "42",
      description = "As for kiln train. Default: ${DEFAULT-VALUE}.")
  private long seed;

  @Mixin private DeviceOption device;

  @Option(
      names = "--out",
      paramLabel = "FILE",
      defaultValue = "augment.png",
      description = "The picture, PNG. Default: ${DEFAULT-VALUE}.")
  private Path out;

  @Override
  public Integer call() {
    demand(samples >= 1 && samples <= 1000, "--samples " + samples + " must be 1 to 1000");
    demand(draws >= 1 && draws <= 1000, "--draws " + draws + " must be 1 to 1000");
    PrintWriter screen = spec.commandLine().getOut();
    List<String> lists = each ? List.of(augment.split(",", -1)) : List.of(augment);
    List<AugmentText> texts = lists.stream().map(AugmentText::parse).toList();
    Device where = device.open();
    Corpus corpus = data.load(seed);
    List<float[][]> rows = new ArrayList<>();
    for (AugmentText text : texts) {
      float[][][] made = rows(corpus, text.build(corpus, seed), where);
      rows.addAll(Arrays.asList(made).subList(0, each ? 1 : made.length));
    }
    List<String> names = each ? lists.stream().map(String::trim).toList() : List.of();
    write(PreviewSheet.png(rows, names, draws + 1, corpus));
    screen.println("data    " + corpus.source());
    for (int i = 0; i < names.size(); i++) {
      screen.printf("row %-3d %s%n", i + 1, names.get(i));
    }
    screen.println("saved   " + out);
    screen.flush();
    return ExitCode.OK;
  }

  private void demand(boolean holds, String message) {
    if (!holds) {
      throw new ParameterException(spec.commandLine(), message);
    }
  }

  /** The values of each sample's images: as it is, then one for each draw. */
  private float[][][] rows(Corpus corpus, Augment pipeline, Device where) {
    int size = corpus.train().size();
    int n = Math.min(samples, size);
    int[] chosen = new int[n];
    for (int i = 0; i < n; i++) {
      chosen[i] = (int) ((long) i * size / n);
    }
    float[][][] made = new float[n][draws + 1][];
    DataLoader loader =
        DataLoader.builder(corpus.train().subset(chosen)).batchSize(n).device(where).build();
    for (Batch batch : loader) {
      try (Scope scope = Scope.open("preview");
          Batch b = batch) {
        for (int d = 0; d <= draws; d++) {
          Tensor x =
              d == 0
                  ? Augment.builder().build().apply(b)
                  : pipeline.apply(b.input(), d - 1, chosen);
          float[] values = x.toFloatArray();
          int one = values.length / n;
          for (int i = 0; i < n; i++) {
            made[i][d] = Arrays.copyOfRange(values, i * one, (i + 1) * one);
          }
        }
      }
    }
    return made;
  }

  private void write(byte[] png) {
    Failure.as(
        ExitCode.DATA,
        () -> {
          AtomicFiles.write(out, png);
          return out;
        });
  }
}
