package dev.kiln.cli.experiment;

import dev.kiln.Device;
import dev.kiln.Generator;
import dev.kiln.Scope;
import dev.kiln.Tensor;
import dev.kiln.data.DataLoader;
import dev.kiln.data.Dataset;
import dev.kiln.data.FashionMnist;
import dev.kiln.data.augment.Augment;
import dev.kiln.nn.CrossEntropyLoss;
import dev.kiln.nn.Module;
import dev.kiln.optim.AdamW;
import dev.kiln.optim.Optimizer;
import dev.kiln.train.Accuracy;
import dev.kiln.train.ImageNormalize;
import dev.kiln.train.Trainer;
import dev.kiln.transfer.GradualUnfreezing;
import dev.kiln.transfer.LayerGroups;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * A network trained on the first five classes of Fashion-MNIST, adapted to the other five with few
 * images, beside one trained on these images alone.
 */
final class TransferExperiment implements Experiment {
  private static final int HALF = 5;
  private static final int CLASSES = 10;
  private static final float[] MEAN = {FashionMnist.MEAN};
  private static final float[] STD = {FashionMnist.STD};

  private static final int PRETRAINING_BATCH = 64;
  private static final double PRETRAINING_LR = 5e-3;
  private static final int BATCH = 32;

  /** From scratch better than 2e-2, on other seeds and on training images held out. */
  private static final double LR = 1e-2;

  private static final double DECAY = 0.8;

  /** After how many steps one more group of layers is trained. */
  private static final int UNFREEZE = 60;

  /**
   * How much is done.
   *
   * @param pretraining images of each of the first classes
   * @param pretrainingSteps steps on them
   * @param steps on the few images of each of the other classes
   * @param test images of each of them to measure on
   * @param perClass how few
   */
  private record Sizes(int pretraining, int pretrainingSteps, int steps, int test, int[] perClass) {
    static Sizes of(boolean quick) {
      return quick
          ? new Sizes(20, 2, 4, 20, new int[] {4, 8})
          : new Sizes(5000, 1000, 300, 1000, new int[] {10, 50, 200});
    }
  }

  private enum Way {
    SCRATCH("from scratch"),
    TRANSFER("transfer");

    private final String label;

    Way(String label) {
      this.label = label;
    }
  }

  @Override
  public String name() {
    return "transfer";
  }

  @Override
  public String summary() {
    return "pretrains on classes 0 to 4 and adapts to 5 to 9 with few images, against from scratch";
  }

  @Override
  public int seeds() {
    return 5;
  }

  @Override
  public Report run(Setup setup) {
    Sizes sizes = Sizes.of(setup.quick());
    Dataset test = ClassSubsets.of(setup.data().test(), HALF, CLASSES, sizes.test, 0);
    Map<Way, double[][]> accuracy = new LinkedHashMap<>();
    for (Way way : Way.values()) {
      accuracy.put(way, new double[sizes.perClass.length][setup.seeds().size()]);
    }
    List<String[]> csv = new ArrayList<>();
    csv.add(new String[] {"seed", "images_per_class", "way", "accuracy"});
    for (int s = 0; s < setup.seeds().size(); s++) {
      long seed = setup.seeds().get(s);
      Map<String, float[]> backbone = pretrained(setup, sizes, seed);
      for (int n = 0; n < sizes.perClass.length; n++) {
        Dataset few = ClassSubsets.of(setup.data().train(), HALF, CLASSES, sizes.perClass[n], seed);
        for (Way way : Way.values()) {
          double a = adapted(setup, sizes, seed, way, backbone, few, test);
          accuracy.get(way)[n][s] = a;
          String cell = String.format(Locale.ROOT, "%.4f", a);
          csv.add(
              new String[] {
                Long.toString(seed), Integer.toString(sizes.perClass[n]), way.label, cell
              });
          setup
              .log()
              .accept(
                  "seed " + seed + ", " + sizes.perClass[n] + " each, " + way.label + ": " + cell);
        }
      }
    }
    return report(sizes, accuracy, csv);
  }

  /** The weights of a network that knows the first five classes. */
  private static Map<String, float[]> pretrained(Setup setup, Sizes sizes, long seed) {
    Dataset data = ClassSubsets.of(setup.data().train(), 0, HALF, sizes.pretraining, seed);
    Generator.manualSeed(seed);
    Module net = SmallNet.of(HALF);
    Optimizer optimizer = AdamW.of(net.parameters(), PRETRAINING_LR);
    DataLoader batches = loader(data, PRETRAINING_BATCH, seed, setup.device());
    Augment augment =
        Augment.builder()
            .seed(seed)
            .randomCrop(28, 2)
            .horizontalFlip(0.5)
            .normalize(MEAN, STD)
            .build();
    int epochs = epochs(sizes.pretrainingSteps, batches);
    trainer(setup, net, optimizer, batches, epochs, seed)
        .augment(augment)
        .build()
        .fit(batches, epochs);
    Map<String, float[]> weights = new LinkedHashMap<>();
    net.stateDict().forEach((name, t) -> weights.put(name, t.toFloatArray()));
    return weights;
  }

  /** Both ways take as many steps; transfer has smaller rates near the input, and unfreezes. */
  private static double adapted(
      Setup setup,
      Sizes sizes,
      long seed,
      Way way,
      Map<String, float[]> backbone,
      Dataset few,
      Dataset test) {
    Generator.manualSeed(seed);
    Module net = SmallNet.of(HALF);
    boolean transfer = way == Way.TRANSFER;
    if (transfer) {
      load(net, backbone, setup.device());
      net.replace(SmallNet.HEAD, SmallNet.head(HALF));
    }
    DataLoader batches = loader(few, BATCH, seed, setup.device());
    int epochs = epochs(sizes.steps, batches);
    LayerGroups groups = LayerGroups.ofChildren(net);
    Optimizer optimizer = groups.addTo(AdamW.builder().lr(LR), LR, transfer ? DECAY : 1).build();
    Trainer.Builder builder =
        trainer(setup, net, optimizer, batches, epochs, seed)
            .metric(Accuracy::new)
            .inputTransform(ImageNormalize.of(MEAN, STD));
    if (transfer) {
      int every = Math.max(1, UNFREEZE / batches.batchesPerEpoch());
      builder.callback(GradualUnfreezing.of(groups, every));
    }
    Trainer trainer = builder.build();
    trainer.fit(batches, epochs);
    return trainer
        .evaluate(DataLoader.builder(test).batchSize(250).device(setup.device()).build())
        .metrics()
        .get("accuracy");
  }

  private static void load(Module net, Map<String, float[]> weights, Device device) {
    try (Scope scope = Scope.open("backbone")) {
      Map<String, Tensor> state = new LinkedHashMap<>();
      net.stateDict()
          .forEach(
              (name, t) ->
                  state.put(name, Tensor.of(weights.get(name), t.shape(), device).to(t.dtype())));
      net.loadStateDict(state);
    }
  }

  private static DataLoader loader(Dataset data, int batch, long seed, Device device) {
    return DataLoader.builder(data).batchSize(batch).shuffle(seed).device(device).build();
  }

  private static int epochs(int steps, DataLoader batches) {
    return (steps + batches.batchesPerEpoch() - 1) / batches.batchesPerEpoch();
  }

  private static Trainer.Builder trainer(
      Setup setup, Module net, Optimizer optimizer, DataLoader batches, int epochs, long seed) {
    return Trainer.builder(net, new CrossEntropyLoss(), optimizer)
        .device(setup.device())
        .seed(seed)
        .stepScheduler(WarmUpCosine.of(optimizer, (long) epochs * batches.batchesPerEpoch()));
  }

  private static Report report(Sizes sizes, Map<Way, double[][]> accuracy, List<String[]> csv) {
    List<String[]> table = new ArrayList<>();
    table.add(
        new String[] {"images per class", "from scratch", "transfer", "gain", "gain by seed"});
    List<Claim> claims = new ArrayList<>();
    List<String> places = new ArrayList<>();
    for (int n = 0; n < sizes.perClass.length; n++) {
      Scores scratch = new Scores(accuracy.get(Way.SCRATCH)[n]);
      Scores transfer = new Scores(accuracy.get(Way.TRANSFER)[n]);
      List<String> gains = new ArrayList<>();
      for (int s = 0; s < scratch.values().length; s++) {
        double one = 100 * (transfer.values()[s] - scratch.values()[s]);
        gains.add(String.format(Locale.ROOT, "%+.1f", one));
      }
      String place = Integer.toString(sizes.perClass[n]);
      places.add(place);
      double gain = 100 * (transfer.mean() - scratch.mean());
      table.add(
          new String[] {
            place,
            scratch.percent(),
            transfer.percent(),
            String.format(Locale.ROOT, "%+.1f", gain),
            String.join(" ", gains)
          });
      claims.add(
          new Claim("transfer beats from scratch at " + place + " images per class", gain > 0));
    }
    LineChart chart =
        new LineChart(
            "Fashion-MNIST: five new classes",
            "training images per class",
            "test accuracy (mean ± standard deviation)",
            places);
    accuracy.forEach(
        (way, all) -> {
          double[] means = new double[all.length];
          double[] deviations = new double[all.length];
          for (int n = 0; n < all.length; n++) {
            means[n] = new Scores(all[n]).mean();
            deviations[n] = new Scores(all[n]).deviation();
          }
          chart.line(way.label, means, deviations);
        });
    return new Report(table, csv, Map.of("transfer", chart.draw()), claims);
  }
}
