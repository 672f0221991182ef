package dev.kiln.cli.experiment;

import dev.kiln.Device;
import dev.kiln.Generator;
import dev.kiln.Tensor;
import dev.kiln.data.DataLoader;
import dev.kiln.data.Dataset;
import dev.kiln.data.FashionMnist;
import dev.kiln.data.augment.Augment;
import dev.kiln.ensemble.Bagging;
import dev.kiln.ensemble.Combining;
import dev.kiln.ensemble.Ensemble;
import dev.kiln.ensemble.ExponentialMovingAverage;
import dev.kiln.ensemble.Learner;
import dev.kiln.ensemble.SnapshotEnsemble;
import dev.kiln.ensemble.Stacking;
import dev.kiln.ensemble.StochasticWeightAveraging;
import dev.kiln.ensemble.TestTimeAugmentation;
import dev.kiln.nn.CrossEntropyLoss;
import dev.kiln.nn.Module;
import dev.kiln.optim.AdamW;
import dev.kiln.optim.Optimizer;
import dev.kiln.train.ImageNormalize;
import dev.kiln.train.TemperatureScaling;
import dev.kiln.train.Trainer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/** Every way in which this library makes one classifier of several, or of several weights. */
final class EnsembleMethods {
  private static final int CLASSES = 10;
  private static final double LR = 5e-3;
  private static final double STEADY_LR = 2e-3;
  private static final float[] MEAN = {FashionMnist.MEAN};
  private static final float[] STD = {FashionMnist.STD};

  private final Sizes sizes;
  private final long seed;
  private final Device device;
  private final Dataset train;
  private final DataLoader validation;
  private final DataLoader test;
  private final UnaryOperator<Tensor> normalize = ImageNormalize.of(MEAN, STD);

  /**
   * How much is done.
   *
   * @param members in each ensemble
   * @param train images of each class to learn from
   * @param validation images of each class for weights and temperatures
   * @param test images of each class to measure on
   * @param epochs of one training; snapshots take half as many for each
   * @param batch images in a step
   * @param folds of stacking
   */
  record Sizes(int members, int train, int validation, int test, int epochs, int batch, int folds) {
    static Sizes of(boolean quick) {
      return quick ? new Sizes(3, 8, 4, 6, 2, 16, 2) : new Sizes(5, 600, 200, 1000, 4, 64, 3);
    }
  }

  EnsembleMethods(Sizes sizes, Experiment.Setup setup, long seed) {
    this.sizes = sizes;
    this.seed = seed;
    this.device = setup.device();
    Dataset all = setup.data().train();
    train = ClassSubsets.of(all, 0, CLASSES, sizes.train, seed);
    validation = ordered(ClassSubsets.of(all, 0, CLASSES, sizes.train, sizes.validation, seed));
    test = ordered(ClassSubsets.of(setup.data().test(), 0, CLASSES, sizes.test, 0));
  }

  private DataLoader ordered(Dataset data) {
    return DataLoader.builder(data).batchSize(250).device(device).build();
  }

  private DataLoader shuffled(Dataset data, long key) {
    return DataLoader.builder(data).batchSize(sizes.batch).shuffle(key).device(device).build();
  }

  private Module fresh(long key) {
    Generator.manualSeed(key);
    return SmallNet.of(CLASSES);
  }

  Quality quality(Module model) {
    return Quality.of(model, test, normalize);
  }

  /** Trains a network whose first weights and order of data are keyed by (seed, member). */
  private Module learn(Dataset data, long member) {
    long key = 1000 * seed + member;
    Module net = fresh(key);
    Optimizer optimizer = AdamW.of(net.parameters(), LR);
    DataLoader batches = shuffled(data, key);
    trainer(net, optimizer, key)
        .stepScheduler(WarmUpCosine.of(optimizer, (long) sizes.epochs * batches.batchesPerEpoch()))
        .build()
        .fit(batches, sizes.epochs);
    return net;
  }

  private Trainer.Builder trainer(Module net, Optimizer optimizer, long key) {
    return Trainer.builder(net, new CrossEntropyLoss(), optimizer)
        .device(device)
        .seed(key)
        .inputTransform(normalize);
  }

  /** Trains the members, alike but for their seeds. */
  List<Module> members() {
    List<Module> members = new ArrayList<>();
    for (int m = 0; m < sizes.members; m++) {
      members.add(learn(train, m));
    }
    return members;
  }

  /** Weighs each member by the inverse of its negative log-likelihood on validation data. */
  Ensemble weighted(List<Module> members) {
    double[] weights =
        members.stream().mapToDouble(m -> 1 / Quality.of(m, validation, normalize).nll()).toArray();
    return Ensemble.weighted(Combining.PROBABILITIES, members, weights);
  }

  /** Stacks the members; those of the folds are trained here, those of all data are at hand. */
  Stacking stacking(List<Module> members) {
    List<Learner> learners = new ArrayList<>();
    for (int m = 0; m < members.size(); m++) {
      int member = m;
      learners.add(data -> data == train ? members.get(member) : learn(data, member));
    }
    return Stacking.builder()
        .folds(sizes.folds)
        .seed(seed)
        .inputTransform(normalize)
        .fit(train, learners);
  }

  Ensemble bagging() {
    AtomicLong next = new AtomicLong();
    return Bagging.fit(
        train,
        sizes.members,
        seed,
        data -> learn(data, next.getAndIncrement()),
        Combining.PROBABILITIES);
  }

  /** One training of as many cycles as there are members, each of half a member's epochs. */
  Ensemble snapshots() {
    long key = 1000 * seed;
    Module net = fresh(key);
    Optimizer optimizer = AdamW.of(net.parameters(), LR);
    DataLoader batches = shuffled(train, key);
    int epochs = Math.max(1, sizes.epochs / 2);
    SnapshotEnsemble snapshots = SnapshotEnsemble.of(epochs * batches.batchesPerEpoch());
    trainer(net, optimizer, key)
        .stepScheduler(snapshots.schedule(optimizer))
        .callback(snapshots)
        .build()
        .fit(batches, epochs * sizes.members);
    return snapshots.ensemble(Combining.PROBABILITIES, () -> SmallNet.of(CLASSES));
  }

  /**
   * One training at a constant rate, and what its averages make of it.
   *
   * @param last the weights at its end
   * @param stochastic the average over the ends of its epochs but the first, batch norm measured
   *     anew
   * @param exponential the moving average over its steps
   */
  record Averages(Module last, Module stochastic, Module exponential) {}

  Averages averages() {
    long key = 1000 * seed;
    Module net = fresh(key);
    Optimizer optimizer = AdamW.of(net.parameters(), STEADY_LR);
    DataLoader batches = shuffled(train, key);
    StochasticWeightAveraging swa = StochasticWeightAveraging.from(2);
    ExponentialMovingAverage ema = ExponentialMovingAverage.of(0.99).withWarmup();
    trainer(net, optimizer, key).callback(swa).callback(ema).build().fit(batches, sizes.epochs);
    Module stochastic = SmallNet.of(CLASSES);
    swa.copyTo(stochastic);
    StochasticWeightAveraging.updateBatchNorm(stochastic, batches, normalize);
    Module exponential = SmallNet.of(CLASSES);
    ema.copyTo(exponential);
    return new Averages(net, stochastic, exponential);
  }

  /** Looks at each image as it is and shifted by up to a pixel; takes bytes. */
  private Module augmented(Module model) {
    Augment shifts =
        Augment.builder().seed(seed).translation(1.0 / 28, 1.0 / 28).normalize(MEAN, STD).build();
    return TestTimeAugmentation.builder(model).view(normalize).augment(shifts, 2).build();
  }

  /** Measures the members' mean, each changed in a way. */
  private static Quality meanOf(List<Module> members, Function<Module, Quality> way) {
    return Quality.mean(members.stream().map(way).toList());
  }

  Quality testTime(List<Module> members) {
    return meanOf(members, m -> Quality.of(augmented(m), test, UnaryOperator.identity()));
  }

  /** Fits a temperature to validation data. */
  Module calibrated(Module model) {
    TemperatureScaling scaling = new TemperatureScaling(model);
    scaling.fit(validation, normalize);
    return scaling;
  }

  Quality calibrated(List<Module> members) {
    return meanOf(members, m -> quality(calibrated(m)));
  }
}
