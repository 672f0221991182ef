package dev.kiln.cli;

import dev.kiln.Autocast;
import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.Precision;
import dev.kiln.Scope;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.nn.CrossEntropyLoss;
import dev.kiln.nn.Module;
import dev.kiln.optim.AdamW;
import dev.kiln.parity.OpParity;
import dev.kiln.parity.Parity;
import dev.kiln.parity.ParityException;
import dev.kiln.train.Trainer;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Runs a model's ops on two devices and compares. */
@Command(
    name = "parity",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "Trains a model for a few steps on two devices at once, op by op, and says which op is the"
          + " first to disagree, with its operands and its layer.",
      "The input is random, from a fixed seed. Both devices get the same operands at every op."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  kiln parity resnet18",
      "  kiln parity lenet --device cuda --reference scalar --precision bf16",
      "  kiln parity com.example.Net --class-path net.jar --input 8x3x64x64 --classes 5"
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:every op agrees",
      "1:an op disagrees",
      "2:the command line is wrong",
      "4:the model cannot be made, or the weights do not fit",
      "5:a device is not available"
    })
final class ParityCommand implements Callable<Integer> {
  private static final int GREY_SIZE = 28;
  private static final int COLOUR_SIZE = 32;
  private static final long SEED = 42;

  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "MODEL",
      description =
          "A model of kiln train (lenet, resnet18, ...), or the name of a class that extends Module"
              + " and has a constructor without parameters.")
  private String model;

  @Mixin private DeviceOption device;

  @Option(
      names = "--reference",
      paramLabel = "NAME",
      defaultValue = "cpu",
      description = "The device to believe. Default: ${DEFAULT-VALUE}.")
  private String reference;

  @Option(
      names = "--class-path",
      paramLabel = "PATH",
      description = "Jars and folders with the model's class, separated as in java -cp.")
  private String classPath;

  @Option(
      names = "--input",
      paramLabel = "SHAPE",
      description =
          "Shape of the input with the batch in front, such as 8x3x32x32. Default: 4 images of the"
              + " size that the model is made for.")
  private String input;

  @Option(
      names = "--classes",
      paramLabel = "N",
      defaultValue = "10",
      description = "How many scores the model gives. Default: ${DEFAULT-VALUE}.")
  private int classes;

  @Option(
      names = "--weights",
      paramLabel = "FILE",
      description = "A checkpoint or safetensors file to load first.")
  private Path weights;

  @Option(
      names = "--steps",
      paramLabel = "N",
      defaultValue = "2",
      description = "Training steps to compare. Default: ${DEFAULT-VALUE}.")
  private int steps;

  @Option(
      names = "--precision",
      paramLabel = "NAME",
      defaultValue = "fp32",
      description = "${COMPLETION-CANDIDATES}. Default: ${DEFAULT-VALUE}.")
  private Precision precision;

  @Option(
      names = "--tolerance",
      paramLabel = "FACTOR",
      defaultValue = "1",
      description =
          "Multiplies the allowed differences: 1e-4 of a result's largest element for f32, 3e-2 for"
              + " bf16, 4e-3 for f16. Default: ${DEFAULT-VALUE}.")
  private double tolerance;

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    Device tested = device.open();
    Device believed = Failure.as(ExitCode.DEVICE, () -> Device.of(reference));
    Parity parity = Parity.between(tested, believed, tolerance);
    out.println(tested + ": " + tested.backend().description());
    out.println(believed + ": " + believed.backend().description());
    Device before = Device.defaultDevice();
    Device.setDefault(parity.device());
    try {
      train(out);
    } catch (ParityException e) {
      table(out, parity.ops());
      out.println(e.getMessage());
      out.flush();
      return ExitCode.CHECK_FAILED;
    } finally {
      Device.setDefault(before);
    }
    table(out, parity.ops());
    out.println(parity.summary());
    out.flush();
    return ExitCode.OK;
  }

  private void train(PrintWriter out) {
    Device.defaultDevice().generator().seed(SEED);
    Module net = Failure.as(ExitCode.MODEL, this::make);
    if (weights != null) {
      Failure.as(
          ExitCode.MODEL,
          () -> {
            Trainer.loadWeights(net, weights);
            return net;
          });
    }
    Shape shape = shape();
    out.printf(
        "%s: %,d parameters, input f32%s, %d steps%n",
        net.getClass().getSimpleName(), net.numParameters(), shape, steps);
    out.flush();
    net.train();
    AdamW optimizer = AdamW.of(net.parameters(), 1e-3);
    CrossEntropyLoss loss = new CrossEntropyLoss();
    SplittableRandom random = new SplittableRandom(SEED);
    for (int step = 0; step < steps; step++) {
      try (Scope scope = Scope.open("step " + (step + 1));
          Autocast cast = Autocast.open(precision)) {
        optimizer.zeroGrad();
        Tensor x = Tensor.randn(shape, DType.FLOAT32, Device.defaultDevice());
        Tensor y = net.call(x);
        loss.of(y, labels(y, random)).backward();
        optimizer.step();
      }
    }
  }

  /** A label for each row of scores, whatever their shape: [n, classes, ...]. */
  private static Tensor labels(Tensor scores, SplittableRandom random) {
    long[] dims = scores.shape().dims();
    long classes = dims.length > 1 ? dims[1] : dims[0];
    long count = scores.numel() / classes;
    long[] labels = random.longs(count, 0, classes).toArray();
    List<Long> shape = new ArrayList<>();
    for (int axis = 0; axis < dims.length; axis++) {
      if (axis != 1) {
        shape.add(dims[axis]);
      }
    }
    return Tensor.of(labels, scores.device())
        .reshape(shape.stream().mapToLong(Long::longValue).toArray());
  }

  private Optional<ModelChoice> builtIn() {
    return Arrays.stream(ModelChoice.values())
        .filter(m -> m.toString().equals(model.toLowerCase(Locale.ROOT)))
        .findFirst();
  }

  private boolean isGrey() {
    Set<ModelChoice> grey = EnumSet.of(ModelChoice.LENET, ModelChoice.LENET5, ModelChoice.MLP);
    return builtIn().filter(grey::contains).isPresent();
  }

  private Shape shape() {
    if (input == null) {
      return isGrey()
          ? Shape.of(4, 1, GREY_SIZE, GREY_SIZE)
          : Shape.of(4, 3, COLOUR_SIZE, COLOUR_SIZE);
    }
    try {
      return Shape.of(Arrays.stream(input.split("x")).mapToLong(Long::parseLong).toArray());
    } catch (NumberFormatException e) {
      throw new Failure(
          ExitCode.USAGE, "--input is " + input + "; write sizes joined by x, as in 8x3x32x32");
    }
  }

  private Module make() {
    Optional<ModelChoice> choice = builtIn();
    if (choice.isPresent()) {
      Shape s = shape();
      return choice.get().build((int) s.dim(1), (int) s.dim(-1), classes);
    }
    return UserModel.make(model, Optional.ofNullable(classPath));
  }

  private static void table(PrintWriter out, List<OpParity> ops) {
    if (ops.isEmpty()) {
      return;
    }
    List<String[]> rows = new ArrayList<>();
    rows.add(new String[] {"op", "calls", "largest difference, % of what is allowed"});
    for (OpParity op : ops) {
      rows.add(
          new String[] {
            op.op(),
            String.valueOf(op.calls()),
            op.worst() == 0 ? "none" : String.format(Locale.ROOT, "%.2g", 100 * op.worst())
          });
    }
    Table.print(out, rows);
  }
}
