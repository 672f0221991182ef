package dev.kiln.cli;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.kiln.Device;
import dev.kiln.data.DataLoader;
import dev.kiln.io.AtomicFiles;
import dev.kiln.nn.CrossEntropyLoss;
import dev.kiln.nn.Module;
import dev.kiln.optim.SGD;
import dev.kiln.train.Accuracy;
import dev.kiln.train.ConfusionMatrix;
import dev.kiln.train.ConfusionTable;
import dev.kiln.train.Evaluation;
import dev.kiln.train.ImageNormalize;
import dev.kiln.train.Trainer;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Measures a saved model on test data. */
@Command(
    name = "eval",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "Measures a saved model on test data: loss, accuracy, precision and recall of each class, and"
          + " which classes it takes for which."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  kiln eval runs/fashion/model.safetensors",
      "  kiln eval runs/fashion --limit 1000 --device cpu",
      "  kiln eval runs/fashion --min-accuracy 0.915   exit code 1 if it scores less"
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:measured",
      "1:measured, and the accuracy is below --min-accuracy",
      "2:the command line is wrong",
      "3:data is missing or broken",
      "4:the model file is missing, broken or does not fit the data",
      "5:the device is not available or failed"
    })
final class EvalCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "MODEL", description = "A model.safetensors, or the folder it is in.")
  private Path file;

  @Mixin private DataOptions data;
  @Mixin private DeviceOption device;

  @Option(
      names = "--batch-size",
      paramLabel = "N",
      defaultValue = "256",
      description = "Images at a time. Default: ${DEFAULT-VALUE}.")
  private int batchSize;

  @Option(
      names = "--min-accuracy",
      paramLabel = "X",
      description = "Fail with exit code 1 if the accuracy is below this (0 to 1).")
  private Double minAccuracy;

  @Option(names = "--json", paramLabel = "FILE", description = "Also write the results as JSON.")
  private Path json;

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    Device where = device.open();
    out.println("device  " + device.reason(where));
    ModelCard.Loaded loaded = ModelCard.load(file, where);
    ModelCard card = loaded.card();
    Corpus corpus =
        data.load(data.given(spec) ? data.dataset() : card.dataset(), card.input()[1], card.seed());
    card.requireFit(file, corpus);
    out.println("data    " + corpus.source());
    Evaluation e = evaluate(card, loaded.model(), corpus, batchSize, where);
    ConfusionTable table = e.confusion().orElseThrow();
    out.println();
    out.println(table);
    out.println();
    out.println(table.report());
    out.printf(
        Locale.ROOT, "loss     %.4f (%,d images in %.1f s)%n", e.loss(), e.samples(), e.seconds());
    out.flush();
    if (json != null) {
      Failure.as(
          ExitCode.DATA,
          () -> {
            AtomicFiles.write(json, json(card, corpus, e));
            return json;
          });
    }
    if (minAccuracy != null && table.accuracy() < minAccuracy) {
      throw new Failure(
          ExitCode.CHECK_FAILED,
          String.format(Locale.ROOT, "accuracy %.4f is below %.4f", table.accuracy(), minAccuracy));
    }
    return ExitCode.OK;
  }

  /** Measures loss, accuracy and confusion on the test part. */
  static Evaluation evaluate(
      ModelCard card, Module model, Corpus corpus, int batchSize, Device where) {
    DataLoader loader =
        DataLoader.builder(corpus.test()).batchSize(batchSize).device(where).build();
    return Trainer.builder(model, new CrossEntropyLoss(), SGD.of(model.parameters(), 0))
        .device(where)
        .inputTransform(ImageNormalize.of(card.mean(), card.std()))
        .metric(Accuracy::new)
        .metric(() -> ConfusionMatrix.of(card.classes()))
        .build()
        .evaluate(loader);
  }

  private static String json(ModelCard card, Corpus corpus, Evaluation e) {
    ConfusionTable table = e.confusion().orElseThrow();
    JsonObject root = new JsonObject();
    root.addProperty("data", corpus.source());
    root.addProperty("samples", e.samples());
    root.addProperty("loss", e.loss());
    root.addProperty("accuracy", table.accuracy());
    JsonArray classes = new JsonArray();
    for (int c = 0; c < table.classes(); c++) {
      JsonObject one = new JsonObject();
      one.addProperty("name", card.classes().get(c));
      one.addProperty("precision", table.precision(c));
      one.addProperty("recall", table.recall(c));
      one.addProperty("f1", table.f1(c));
      one.addProperty("samples", table.support(c));
      JsonArray row = new JsonArray();
      for (int p = 0; p < table.classes(); p++) {
        row.add(table.count(c, p));
      }
      one.add("predicted", row);
      classes.add(one);
    }
    root.add("classes", classes);
    return new GsonBuilder()
            .setPrettyPrinting()
            .serializeSpecialFloatingPointValues()
            .create()
            .toJson(root)
        + "\n";
  }
}
