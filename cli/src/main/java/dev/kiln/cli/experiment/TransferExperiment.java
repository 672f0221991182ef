package dev.kiln.cli.experiment;

import dev.kiln.Device;
import dev.kiln.Generator;
import dev.kiln.Scope;
import dev.kiln.Tensor;
import dev.kiln.data.DataLoader;
import dev.kiln.data.Dataset;
import dev.kiln.data.FashionMnist;
import dev.kiln.nn.Conv2d;
import dev.kiln.nn.CrossEntropyLoss;
import dev.kiln.nn.Flatten;
import dev.kiln.nn.Linear;
import dev.kiln.nn.MaxPool2d;
import dev.kiln.nn.Module;
import dev.kiln.nn.ReLU;
import dev.kiln.nn.Sequential;
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
  private static final int HIDDEN = 128;
  private static final int SIDE = 28;
  private static final int BATCH = 32;
  private static final double LR = 1e-3;
  private static final double DECAY = 0.5;

  /** How much is done. */
  private record Sizes(int pretraining, int epochs, int steps, int test, int[] perClass) {
    static Sizes of(boolean quick) {
      return quick
          ? new Sizes(20, 1, 4, 20, new int[] {4, 8})
          : new Sizes(2000, 2, 150, 500, new int[] {10, 50, 200});
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

  /** Two convolutions and two dense layers, of 0.2 million parameters. */
  private static Module network() {
    return Sequential.builder()
        .add("conv1", Conv2d.builder(1, 16, 5).padding(2).build())
        .add("relu1", new ReLU())
        .add("pool1", new MaxPool2d(2))
        .add("conv2", Conv2d.builder(16, 32, 5).padding(2).build())
        .add("relu2", new ReLU())
        .add("pool2", new MaxPool2d(2))
        .add("flatten", new Flatten())
        .add("fc1", new Linear(32L * (SIDE / 4) * (SIDE / 4), HIDDEN))
        .add("relu3", new ReLU())
        .add("fc2", new Linear(HIDDEN, HALF))
        .build();
  }

  /** The weights of a network that knows the first five classes. */
  private static Map<String, float[]> pretrained(Setup setup, Sizes sizes, long seed) {
    Dataset data = ClassSubsets.of(setup.data().train(), 0, HALF, sizes.pretraining, seed);
    Generator.manualSeed(seed);
    Module net = network();
    DataLoader batches = loader(data, seed, setup.device());
    Optimizer steps = AdamW.builder(net.parameters()).lr(LR).build();
    train(net, steps, setup, batches, sizes.epochs, seed, false);
    Map<String, float[]> weights = new LinkedHashMap<>();
    net.stateDict().forEach((name, t) -> weights.put(name, t.toFloatArray()));
    return weights;
  }

  private static double adapted(
      Setup setup,
      Sizes sizes,
      long seed,
      Way way,
      Map<String, float[]> backbone,
      Dataset few,
      Dataset test) {
    Generator.manualSeed(seed);
    Module net = network();
    if (way == Way.TRANSFER) {
      load(net, backbone, setup.device());
      net.replace("fc2", new Linear(HIDDEN, HALF));
    }
    DataLoader batches = loader(few, seed, setup.device());
    int epochs =
        Math.max(1, (sizes.steps + batches.batchesPerEpoch() - 1) / batches.batchesPerEpoch());
    LayerGroups groups = LayerGroups.ofChildren(net);
    Optimizer steps =
        groups.addTo(AdamW.builder().lr(LR), LR, way == Way.TRANSFER ? DECAY : 1).build();
    Trainer trainer = train(net, steps, setup, batches, epochs, seed, way == Way.TRANSFER);
    return trainer
        .evaluate(DataLoader.builder(test).batchSize(256).device(setup.device()).build())
        .metrics()
        .get("accuracy");
  }

  private static void load(Module net, Map<String, float[]> weights, Device device) {
    try (Scope scope = Scope.open("backbone")) {
      Map<String, Tensor> state = new LinkedHashMap<>();
      net.stateDict()
          .forEach((name, t) -> state.put(name, Tensor.of(weights.get(name), t.shape(), device)));
      net.loadStateDict(state);
    }
  }

  private static DataLoader loader(Dataset data, long seed, Device device) {
    return DataLoader.builder(data).batchSize(BATCH).shuffle(seed).device(device).build();
  }

  /** Both ways take as many steps; transfer unfreezes its layers in turn. */
  private static Trainer train(
      Module net,
      Optimizer steps,
      Setup setup,
      DataLoader batches,
      int epochs,
      long seed,
      boolean gradual) {
    Trainer.Builder builder =
        Trainer.builder(net, new CrossEntropyLoss(), steps)
            .device(setup.device())
            .seed(seed)
            .metric(Accuracy::new)
            .inputTransform(
                ImageNormalize.of(new float[] {FashionMnist.MEAN}, new float[] {FashionMnist.STD}));
    if (gradual) {
      LayerGroups groups = LayerGroups.ofChildren(net);
      builder.callback(GradualUnfreezing.of(groups, Math.max(1, epochs / (2 * groups.size()))));
    }
    Trainer trainer = builder.build();
    trainer.fit(batches, epochs);
    return trainer;
  }

  private static Report report(Sizes sizes, Map<Way, double[][]> accuracy, List<String[]> csv) {
    List<String[]> table = new ArrayList<>();
    table.add(new String[] {"images per class", "from scratch", "transfer", "gain", "seeds won"});
    List<Claim> claims = new ArrayList<>();
    List<String> places = new ArrayList<>();
    for (int n = 0; n < sizes.perClass.length; n++) {
      Scores scratch = new Scores(accuracy.get(Way.SCRATCH)[n]);
      Scores transfer = new Scores(accuracy.get(Way.TRANSFER)[n]);
      int won = 0;
      for (int s = 0; s < scratch.values().length; s++) {
        won += transfer.values()[s] > scratch.values()[s] ? 1 : 0;
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
            won + " of " + scratch.values().length
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
