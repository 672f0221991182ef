package dev.kiln.cli;

import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.Scope;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.autograd.NoGrad;
import dev.kiln.data.DataException;
import dev.kiln.data.Fit;
import dev.kiln.data.Picture;
import dev.kiln.train.ImageNormalize;
import java.io.PrintWriter;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Says what pictures show. */
@Command(
    name = "predict",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "Says what pictures show, by a saved model.",
      "Pictures are brought to the model's size; for models of grey images also to grey, light"
          + " on dark as in Fashion-MNIST."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  kiln predict runs/fashion/model.safetensors shoe.png",
      "  kiln predict runs/fashion *.jpg --top 1",
      "  kiln predict runs/fashion scan.png --invert no"
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:every picture was classified",
      "2:the command line is wrong",
      "3:a picture is missing or broken (the others are still classified)",
      "4:the model file is missing or broken",
      "5:the device is not available or failed"
    })
final class PredictCommand implements Callable<Integer> {
  /** When the light and dark of a picture are swapped. */
  enum Invert {
    /** If the picture's border is light and the model learnt from a dark ground. */
    AUTO,
    /** Always. */
    YES,
    /** Never. */
    NO;

    /** Returns the name as the command line has it. */
    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  @Spec private CommandSpec spec;

  @Parameters(
      index = "0",
      paramLabel = "MODEL",
      description = "A model.safetensors, or the folder it is in.")
  private Path file;

  @Parameters(
      index = "1..*",
      arity = "1..*",
      paramLabel = "IMAGE",
      description = "PNG, JPEG, BMP or GIF files.")
  private List<Path> images;

  @Mixin private DeviceOption device;

  @Option(
      names = "--top",
      paramLabel = "K",
      defaultValue = "3",
      description = "How many classes to show. Default: ${DEFAULT-VALUE}.")
  private int top;

  @Option(
      names = "--invert",
      paramLabel = "WHEN",
      defaultValue = "auto",
      description =
          "Swap light and dark: yes, no, or auto (if the border is light and the model knows objects"
              + " on dark ground). Default: ${DEFAULT-VALUE}.")
  private Invert invert;

  @Override
  public Integer call() {
    if (top < 1) {
      throw new ParameterException(spec.commandLine(), "--top " + top + " must be 1 or more");
    }
    PrintWriter out = spec.commandLine().getOut();
    Device where = device.open();
    ModelCard.Loaded loaded = ModelCard.load(file, where);
    int code = ExitCode.OK;
    for (Path image : images) {
      try {
        out.println(image + ": " + describe(loaded, image, where));
      } catch (DataException e) {
        spec.commandLine().getErr().println("kiln: " + e.getMessage());
        code = ExitCode.DATA;
      }
    }
    out.flush();
    return code;
  }

  private String describe(ModelCard.Loaded loaded, Path image, Device where) {
    ModelCard card = loaded.card();
    int[] input = card.input();
    Picture picture = Picture.read(image, input[0] == 3);
    boolean light = input[0] == 1 && picture.borderMean() > 127.5;
    boolean swap = invert == Invert.YES || invert == Invert.AUTO && light;
    // Grey pictures are completed with the dark ground that such models know.
    Picture ready =
        (swap ? picture.inverted() : picture)
            .fitted(input[1], input[2], input[0] == 1 ? Fit.PAD : Fit.CROP);
    double[] p;
    try (Scope scope = Scope.open("predict");
        NoGrad off = NoGrad.open()) {
      Shape shape = Shape.of(1, input[0], input[1], input[2]);
      Tensor x = Tensor.fromBuffer(ByteBuffer.wrap(ready.toBytes()), DType.UINT8, shape, where);
      Tensor normal = ImageNormalize.of(card.mean(), card.std()).apply(x);
      p = loaded.model().call(normal).softmax(1).toDoubleArray();
    }
    List<String> best = new ArrayList<>();
    IntStream.range(0, p.length)
        .boxed()
        .sorted(Comparator.comparingDouble(c -> -p[c]))
        .limit(top)
        .forEach(
            c ->
                best.add(
                    String.format(Locale.ROOT, "%s %.1f %%", card.classes().get(c), 100 * p[c])));
    return String.join(", ", best) + (swap ? "  (light and dark swapped)" : "");
  }
}
