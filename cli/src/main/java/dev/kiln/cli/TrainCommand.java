package dev.kiln.cli;

import com.google.gson.JsonObject;
import dev.kiln.Device;
import dev.kiln.Generator;
import dev.kiln.Precision;
import dev.kiln.data.DataLoader;
import dev.kiln.io.AtomicFiles;
import dev.kiln.io.Checkpoint;
import dev.kiln.nn.CrossEntropyLoss;
import dev.kiln.nn.Module;
import dev.kiln.nn.Summary;
import dev.kiln.optim.Optimizer;
import dev.kiln.train.Accuracy;
import dev.kiln.train.Checkpoints;
import dev.kiln.train.ConfusionTable;
import dev.kiln.train.CsvLogger;
import dev.kiln.train.Evaluation;
import dev.kiln.train.History;
import dev.kiln.train.ImageNormalize;
import dev.kiln.train.ProgressBar;
import dev.kiln.train.Resumed;
import dev.kiln.train.Trainer;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Trains a model and saves it. */
@Command(
    name = "train",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "Trains a classifier of images, measures it on the test data and saves it.",
      "Without any option: LeNet on Fashion-MNIST, on the best device of this machine."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  kiln train",
      "  kiln train --epochs 10 --optimizer sgd --lr 0.05 --out runs/sgd",
      "  kiln train --augment crop:4,flip,erase --epochs 20",
      "  kiln train --recipe lenet --out runs/lenet     a recipe; kiln recipes lists them",
      "  kiln train --dataset images --data pets/ --image-size 64",
      "  kiln train --config my.conf --epochs 1        the command line wins",
      "  kiln train --resume runs/sgd                  go on from its newest checkpoint",
      "",
      "A config file has a line \"name = value\" for each option, without dashes;",
      "# begins a comment. Each run saves its own as train.conf, so that",
      "--config runs/sgd/train.conf repeats it. Ctrl-C finishes the step, saves a",
      "checkpoint and ends with exit code 130; a run that is killed goes on from the",
      "checkpoint before."
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:trained and saved",
      "1:loss or weights became NaN or infinite",
      "2:the command line or the config file is wrong",
      "3:data is missing or broken",
      "4:the checkpoint to resume does not fit, or the model cannot be saved",
      "5:the device is not available or failed",
      "130:stopped by Ctrl-C; the checkpoint is saved"
    })
final class TrainCommand implements Callable<Integer> {
  static final String MODEL_FILE = "model.safetensors";
  static final String SETTINGS = "train.conf";

  /** Options that belong to one run, not to its recipe. */
  private static final Set<String> NOT_SETTINGS = Set.of("out", "quiet", "stacktrace", "recipe");

  @Spec private CommandSpec spec;
  @Mixin private DataOptions data;

  @Option(
      names = "--model",
      paramLabel = "NAME",
      defaultValue = "lenet",
      description = "${COMPLETION-CANDIDATES}. Default: ${DEFAULT-VALUE}.")
  private ModelChoice model;

  @Option(
      names = "--epochs",
      paramLabel = "N",
      defaultValue = "5",
      description = "How often to go through the training data. Default: ${DEFAULT-VALUE}.")
  private int epochs;

  @Option(
      names = "--batch-size",
      paramLabel = "N",
      defaultValue = "64",
      description = "Images in one step. Default: ${DEFAULT-VALUE}.")
  private int batchSize;

  @Option(
      names = "--optimizer",
      paramLabel = "NAME",
      defaultValue = "adamw",
      description = "${COMPLETION-CANDIDATES}. Default: ${DEFAULT-VALUE}.")
  private OptimizerChoice optimizer;

  @Option(
      names = "--lr",
      paramLabel = "X",
      description = "Highest learning rate. Default: one that suits the optimizer.")
  private Double lr;

  @Option(
      names = "--weight-decay",
      paramLabel = "X",
      description = "Default: one that suits the optimizer.")
  private Double weightDecay;

  @Option(
      names = "--schedule",
      paramLabel = "NAME",
      defaultValue = "one-cycle",
      description = "Learning rate over time: ${COMPLETION-CANDIDATES}. Default: ${DEFAULT-VALUE}.")
  private ScheduleChoice schedule;

  @Option(
      names = "--augment",
      paramLabel = "LIST",
      description =
          "Random changes of the images, such as crop:4,flip or rand-augment; the list is in kiln"
              + " augment preview --help. Default: none.")
  private String augment;

  @Option(
      names = "--label-smoothing",
      paramLabel = "X",
      defaultValue = "0",
      description = "Share of each target spread over all classes, 0 to 1. Default: 0.")
  private double labelSmoothing;

  @Option(
      names = "--precision",
      paramLabel = "NAME",
      defaultValue = "fp32",
      description = {
        "What products and convolutions compute in: ${COMPLETION-CANDIDATES}.",
        "On the CPU the others round alike but are slower. Default: ${DEFAULT-VALUE}."
      })
  private Precision precision;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "42",
      description =
          "Of weights, order and dropout; the same seed gives the same model, bit for bit."
              + " Default: ${DEFAULT-VALUE}.")
  private long seed;

  @Mixin private DeviceOption device;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Processor threads to compute with. Default: all. The result is the same.")
  private Integer threads;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description =
          "Folder for the model. Default: one in runs/ named after data set, model and time;"
              + " runs/latest leads to the last one.")
  private Path out;

  @Option(
      names = "--save-every",
      paramLabel = "STEPS",
      defaultValue = "0",
      description = "Save a checkpoint every so many steps too; 0: after each epoch only.")
  private int saveEvery;

  @Option(
      names = "--keep",
      paramLabel = "N",
      defaultValue = "3",
      description =
          "Keep the newest N checkpoints and that of the best val_accuracy; 0: all. Default:"
              + " ${DEFAULT-VALUE}.")
  private int keep;

  @Option(
      names = "--resume",
      paramLabel = "DIR|FILE",
      description =
          "Go on where the newest intact checkpoint of a run stopped, or this one, with the settings"
              + " of its train.conf; the result is that of an unbroken run.")
  private Path resume;

  @Option(
      names = ConfigFile.RECIPE,
      paramLabel = "NAME",
      description =
          "Take options from a recipe that comes with kiln; \"list\" shows them, as kiln recipes"
              + " does.")
  private String recipe;

  @Option(
      names = ConfigFile.OPTION,
      paramLabel = "FILE",
      description = "Take options from a file (see below).")
  @SuppressWarnings("UnusedVariable") // ConfigFile reads it before the command line is parsed
  private Path config;

  @Option(
      names = {"-q", "--quiet"},
      description = "Print the result only.")
  private boolean quiet;

  @Override
  public Integer call() {
    if (ConfigFile.LIST.equals(recipe)) {
      RecipesCommand.list(spec.commandLine().getOut());
      return ExitCode.OK;
    }
    check();
    if (threads != null) {
      System.setProperty("kiln.threads", threads.toString());
    }
    PrintWriter screen = spec.commandLine().getOut();
    Path folder = folder();
    Device where = device.open();
    say("device  " + device.reason(where));
    Corpus corpus = data.load(seed);
    say("data    " + corpus.source());
    ModelCard card = ModelCard.of(model, data.dataset(), corpus, seed);
    Device.setDefault(where);
    Generator.manualSeed(seed);
    Module net = card.build();
    Summary summary = net.summary(1, card.input()[0], card.input()[1], card.input()[2]);
    say(
        String.format(
            Locale.ROOT,
            "model   %s: %,d parameters, %.1f million multiply-adds per image, %d classes",
            model,
            summary.parameters(),
            summary.multiplyAdds() / 1e6,
            card.classes().size()));
    say(settings());
    say("out     " + folder);
    say("");
    return train(card, net, corpus, where, folder, screen);
  }

  private void check() {
    demand(epochs >= 1, "--epochs " + epochs + " must be 1 or more");
    demand(batchSize >= 1, "--batch-size " + batchSize + " must be 1 or more");
    demand(lr == null || lr > 0, "--lr " + lr + " must be above 0");
    demand(
        weightDecay == null || weightDecay >= 0,
        "--weight-decay " + weightDecay + " must be 0 or more");
    demand(saveEvery >= 0, "--save-every " + saveEvery + " must be 0 or more");
    demand(keep >= 0, "--keep " + keep + " must be 0 or more");
    demand(threads == null || threads >= 1, "--threads " + threads + " must be 1 or more");
    if (augment != null) {
      AugmentText.parse(augment);
    }
    demand(
        labelSmoothing >= 0 && labelSmoothing <= 1,
        "--label-smoothing " + labelSmoothing + " must be 0 to 1");
  }

  private void demand(boolean holds, String message) {
    if (!holds) {
      throw new ParameterException(spec.commandLine(), message);
    }
  }

  private void say(String line) {
    if (!quiet) {
      spec.commandLine().getOut().println(line);
      spec.commandLine().getOut().flush();
    }
  }

  private String settings() {
    return String.format(
        Locale.ROOT,
        "recipe  %s%s, lr %s (%s), weight decay %s, batch %d, %d epoch%s, seed %d%s%s%s",
        recipe == null ? "" : recipe + ": ",
        optimizer,
        rate(),
        schedule,
        decay(),
        batchSize,
        epochs,
        epochs == 1 ? "" : "s",
        seed,
        precision == Precision.FP32 ? "" : ", " + precision,
        labelSmoothing == 0 ? "" : ", label smoothing " + labelSmoothing,
        augment == null ? "" : ", augmented by " + augment);
  }

  private double rate() {
    return lr == null ? optimizer.lr() : lr;
  }

  private double decay() {
    return weightDecay == null ? optimizer.weightDecay() : weightDecay;
  }

  /** A new run never writes over an old one. */
  private Path folder() {
    if (resume != null) {
      return out != null ? out : RunFolder.of(resume);
    }
    if (out == null) {
      String time = LocalDateTime.now().format(DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss"));
      return Path.of("runs", data.dataset() + "-" + model + "-" + time);
    }
    demand(
        !Files.exists(out.resolve(MODEL_FILE))
            && Checkpoints.newestFirst(checkpoints(out)).isEmpty(),
        "--out "
            + out
            + " already holds a run; name another folder, or go on with --resume "
            + out);
    return out;
  }

  private Integer train(
      ModelCard card, Module net, Corpus corpus, Device where, Path folder, PrintWriter screen) {
    DataLoader batches =
        DataLoader.builder(corpus.train()).batchSize(batchSize).shuffle(seed).device(where).build();
    DataLoader test = DataLoader.builder(corpus.test()).batchSize(256).device(where).build();
    Checkpoints kept = policy(checkpoints(folder));
    Optimizer steps = optimizer.make(net.parameters(), rate(), decay());
    Trainer.Builder builder =
        Trainer.builder(net, new CrossEntropyLoss().withLabelSmoothing(labelSmoothing), steps)
            .device(where)
            .seed(seed)
            .precision(precision)
            .metric(Accuracy::new)
            .validation(test)
            .callback(CsvLogger.to(folder.resolve("history.csv")))
            .callback(kept)
            .saveOnInterrupt(kept);
    if (augment == null) {
      builder.inputTransform(ImageNormalize.of(corpus.mean(), corpus.std()));
    } else {
      builder.augment(AugmentText.parse(augment).buildNormalized(corpus, seed));
    }
    schedule
        .make(steps, rate(), (long) epochs * batches.batchesPerEpoch())
        .ifPresent(builder::stepScheduler);
    if (!quiet) {
      builder.callback(ProgressBar.on(Screens.stream(screen)));
    }
    Trainer trainer = builder.build();
    if (resume != null) {
      takeUp(trainer);
    }
    if (!Files.exists(folder.resolve(SETTINGS))) {
      Failure.as(
          ExitCode.MODEL,
          () -> {
            AtomicFiles.write(
                folder.resolve(SETTINGS),
                ConfigFile.of("kiln train --config this-file", spec, NOT_SETTINGS));
            return folder;
          });
    }
    History history = trainer.fit(batches, epochs);
    if (history.interrupted()) {
      screen.println("go on   kiln train --resume " + folder);
      screen.flush();
      return ExitCode.INTERRUPTED;
    }
    return finish(card, net, corpus, where, folder, screen);
  }

  private static Path checkpoints(Path run) {
    return run.resolve(RunFolder.CHECKPOINTS);
  }

  private Checkpoints policy(Path folder) {
    Checkpoints all = Checkpoints.in(folder);
    Checkpoints often = saveEvery > 0 ? all.everySteps(saveEvery) : all;
    return keep > 0 ? often.keepLast(keep).keepBest("val_accuracy") : often;
  }

  /** Loads the checkpoint that the user named, or the newest intact one; says which and why. */
  private void takeUp(Trainer trainer) {
    if (!Files.isDirectory(resume)) {
      Failure.as(ExitCode.MODEL, () -> trainer.resume(resume));
      return;
    }
    Path inside = checkpoints(resume);
    boolean own = RunFolder.settings(resume).isEmpty() || resume.endsWith(RunFolder.CHECKPOINTS);
    Path from = Files.isDirectory(inside) || !own ? inside : resume;
    if (RunFolder.settings(resume).isEmpty() && Checkpoints.newestFirst(from).isEmpty()) {
      throw new Failure(
          ExitCode.MODEL, "[resume] " + resume + " is no folder of a run: it has no checkpoints");
    }
    Resumed resumed = Failure.as(ExitCode.MODEL, () -> trainer.resumeLatest(from));
    resumed.lines().forEach(line -> say("resume  " + line));
  }

  private Integer finish(
      ModelCard card, Module net, Corpus corpus, Device where, Path folder, PrintWriter screen) {
    Evaluation e = EvalCommand.evaluate(card, net, corpus, 256, where);
    double accuracy = e.confusion().orElseThrow().accuracy();
    JsonObject json = card.toJson();
    JsonObject result = new JsonObject();
    result.addProperty("data", corpus.source());
    result.addProperty("epochs", epochs);
    result.addProperty("test_accuracy", accuracy);
    result.addProperty("test_loss", e.loss());
    json.add("training", result);
    Path file = folder.resolve(MODEL_FILE);
    Failure.as(
        ExitCode.MODEL,
        () -> {
          Checkpoint.save(file, net.stateDict(), json);
          return file;
        });
    if (out == null && resume == null) {
      Latest.point(folder);
    }
    say("");
    screen.printf(
        Locale.ROOT,
        "test    accuracy %.4f, loss %.4f (%,d images)%n",
        accuracy,
        e.loss(),
        e.samples());
    say(weakest(e));
    screen.println("saved   " + file + ", " + Checkpoint.jsonPath(file).getFileName());
    say("next    kiln eval " + file);
    screen.flush();
    return ExitCode.OK;
  }

  /** Names the class that is recognised worst, and what it is taken for. */
  private static String weakest(Evaluation e) {
    ConfusionTable t = e.confusion().orElseThrow();
    int worst = 0;
    for (int c = 0; c < t.classes(); c++) {
      worst = t.recall(c) < t.recall(worst) ? c : worst;
    }
    int other = worst == 0 ? 1 : 0;
    for (int c = 0; c < t.classes(); c++) {
      other = c != worst && t.count(worst, c) > t.count(worst, other) ? c : other;
    }
    return String.format(
        Locale.ROOT,
        "weakest %s: %.0f %% recognised, %.0f %% taken for %s",
        t.names().get(worst),
        100 * t.recall(worst),
        100.0 * t.count(worst, other) / Math.max(1, t.support(worst)),
        t.names().get(other));
  }
}
