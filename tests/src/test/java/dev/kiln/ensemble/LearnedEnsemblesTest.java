package dev.kiln.ensemble;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.Device;
import dev.kiln.Scope;
import dev.kiln.Tensor;
import dev.kiln.data.DataLoader;
import dev.kiln.data.Dataset;
import dev.kiln.io.Safetensors;
import dev.kiln.nn.CrossEntropyLoss;
import dev.kiln.nn.Lambda;
import dev.kiln.nn.Linear;
import dev.kiln.nn.Module;
import dev.kiln.nn.Sequential;
import dev.kiln.optim.Adam;
import dev.kiln.random.Bootstrap;
import dev.kiln.testing.OnEachDevice;
import dev.kiln.train.Accuracy;
import dev.kiln.train.Predictions;
import dev.kiln.train.Trainer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Folds, bootstrap samples, bagging and stacking. */
class LearnedEnsemblesTest {
  @TempDir Path folder;

  @Test
  void foldsHoldEveryExampleOutOnce() {
    List<KFold.Fold> folds = KFold.of(23, 5, 7);
    Set<Integer> held = new HashSet<>();
    for (KFold.Fold f : folds) {
      assertThat(f.held().length).isBetween(4, 5);
      Set<Integer> both = new HashSet<>();
      Arrays.stream(f.train()).forEach(both::add);
      Arrays.stream(f.held())
          .forEach(
              i -> {
                assertThat(both.add(i)).isTrue();
                assertThat(held.add(i)).isTrue();
              });
      assertThat(both).hasSize(23);
    }
    assertThat(held).hasSize(23);
    assertThat(KFold.of(23, 5, 7).get(2).held()).isEqualTo(folds.get(2).held());
    assertThat(KFold.of(23, 5, 8).get(2).held()).isNotEqualTo(folds.get(2).held());
    assertThatThrownBy(() -> KFold.of(3, 4, 0)).hasMessageContaining("4 folds of 3 examples");
  }

  @Test
  void bootstrapDrawsAreUniformKeyedAndWithReplacement() {
    int n = 1000;
    int[] counts = new int[n];
    long distinct = 0;
    for (int m = 0; m < 100; m++) {
      int[] draws = Bootstrap.of(n, n, 42, m);
      Arrays.stream(draws).forEach(i -> counts[i]++);
      distinct += Arrays.stream(draws).distinct().count();
    }
    // 1 - 1/e of the examples, standard error below 0.001
    assertThat(distinct / 100.0 / n).isBetween(0.628, 0.636);
    double chi2 = Arrays.stream(counts).mapToDouble(c -> (c - 100.0) * (c - 100.0) / 100).sum();
    // 999 degrees of freedom: mean 999, deviation 45
    assertThat(chi2).isBetween(820.0, 1180.0);
    assertThat(Bootstrap.of(n, 10, 42, 3)).isEqualTo(Arrays.copyOf(Bootstrap.of(n, n, 42, 3), 10));
    assertThat(Bootstrap.of(0, 0, 1, 1)).isEmpty();
  }

  @Test
  void theSampleAndWhatItLeavesOutAreAllData() {
    float[][] x = new float[50][1];
    IntStream.range(0, 50).forEach(i -> x[i][0] = i);
    Dataset data = Dataset.of(x, new int[50]);
    Set<Float> seen = new HashSet<>();
    Dataset sample = Bagging.sample(data, 3, 1);
    Dataset left = Bagging.outOfBag(data, 3, 1);
    assertThat(sample.size()).isEqualTo(50);
    values(sample).forEach(seen::add);
    assertThat(values(left)).hasSize(50 - seen.size()).doesNotContainAnyElementsOf(seen);
    assertThat(values(Bagging.sample(data, 3, 1))).isEqualTo(values(sample));
    assertThat(values(Bagging.sample(data, 3, 2))).isNotEqualTo(values(sample));
  }

  private static List<Float> values(Dataset data) {
    try (Scope scope = Scope.open()) {
      DataLoader loader = DataLoader.builder(data).batchSize(Math.max(1, data.size())).build();
      float[] v = loader.epoch(0).iterator().next().input().toFloatArray();
      return IntStream.range(0, v.length).mapToObj(i -> v[i]).toList();
    }
  }

  /** Four clouds: two features tell the class, but only together. */
  private static Dataset clouds(int n, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    float[][] x = new float[n][2];
    int[] y = new int[n];
    for (int i = 0; i < n; i++) {
      y[i] = i % 4;
      x[i][0] = (float) (y[i] / 2 * 2 - 1 + random.nextDouble(-0.9, 0.9));
      x[i][1] = (float) (y[i] % 2 * 2 - 1 + random.nextDouble(-0.9, 0.9));
    }
    return Dataset.of(x, y);
  }

  /** Learns from one feature alone, so that it cannot tell half of the classes apart. */
  private static Learner halfBlind(Device d, int feature) {
    return data -> {
      d.generator().seed(feature);
      Device before = Device.defaultDevice();
      Device.setDefault(d);
      try {
        UnaryOperator<Tensor> look = x -> x.narrow(1, feature, 1).contiguous();
        Module m = new Sequential(new Lambda(look), new Linear(1, 4));
        Trainer.builder(m, new CrossEntropyLoss(), Adam.of(m.parameters(), 0.1))
            .build()
            .fit(loader(data, d), 8);
        return m;
      } finally {
        Device.setDefault(before);
      }
    };
  }

  private static DataLoader loader(Dataset data, Device d) {
    return DataLoader.builder(data).batchSize(16).device(d).build();
  }

  private static double accuracy(Module m, Dataset data, Device d) {
    try (Scope scope = Scope.open()) {
      return Predictions.of(m, loader(data, d), x -> x).measure(new Accuracy());
    }
  }

  @OnEachDevice
  void stackingKnowsMoreThanItsMembers(Device d) {
    Dataset train = clouds(96, 1);
    Dataset test = clouds(64, 2);
    List<Learner> learners = List.of(halfBlind(d, 0), halfBlind(d, 1));
    Stacking stacking =
        Stacking.builder().folds(3).seed(5).batchSize(16).meta(60, 0.05).fit(train, learners);
    double worst = 1;
    for (int i = 0; i < 2; i++) {
      worst = Math.min(worst, accuracy(stacking.member(i), test, d));
    }
    assertThat(worst).isLessThan(0.7);
    assertThat(accuracy(stacking, test, d)).isGreaterThan(0.9);

    Path file = folder.resolve(d.id().type() + ".safetensors");
    Safetensors.save(stacking.stateDict(), file);
    Stacking other =
        new Stacking(List.of(learners.get(1).learn(train), learners.get(0).learn(train)), 4);
    try (Scope scope = Scope.open()) {
      other.loadStateDict(Safetensors.load(file, d).tensors());
      assertThat(other.meta().parameters().get(0).toFloatArray())
          .isEqualTo(stacking.meta().parameters().get(0).toFloatArray());
    }
  }

  @OnEachDevice
  void anUntrainedMetaModelIsTheMeanOfLogProbabilities(Device d) {
    Dataset data = clouds(16, 3);
    List<Module> members = List.of(halfBlind(d, 0).learn(data), halfBlind(d, 1).learn(data));
    try (Scope scope = Scope.open()) {
      Tensor x = Predictions.of(new Lambda(v -> v).to(d), loader(data, d), v -> v.to(d)).scores();
      float[] found = new Stacking(members, 4).call(x.to(d)).softmax(1).toFloatArray();
      float[] expected =
          Ensemble.of(Combining.LOGITS, members).call(x.to(d)).softmax(1).toFloatArray();
      for (int i = 0; i < found.length; i++) {
        assertThat(found[i]).isCloseTo(expected[i], org.assertj.core.api.Assertions.within(1e-5f));
      }
    }
  }

  @OnEachDevice
  void outOfFoldPredictionsComeFromModelsThatHaveNotSeenTheExample(Device d) {
    // a learner that remembers what it saw: its score for class 0 counts examples
    Dataset data = clouds(20, 4);
    Learner counts =
        seen -> {
          Module m = new Linear(2, 4).to(d);
          m.parameters().get(0).detach().fill(0);
          m.parameters().get(1).detach().fill(0);
          assertThat(seen.size()).isEqualTo(15);
          return m;
        };
    try (Scope scope = Scope.open()) {
      Predictions p = Stacking.builder().folds(4).outOfFold(data, List.of(counts, counts));
      assertThat(p.scores().shape().dims()).containsExactly(20, 8);
      assertThat(Arrays.stream(p.targets().toLongArray()).sorted().toArray())
          .isEqualTo(IntStream.range(0, 20).mapToLong(i -> i / 5).toArray());
    }
  }

  @OnEachDevice
  void baggingMakesAnEnsembleOfItsSamples(Device d) {
    Dataset data = clouds(48, 1);
    Ensemble bag = Bagging.fit(data, 2, 9, halfBlind(d, 0), Combining.VOTES);
    assertThat(bag.size()).isEqualTo(2);
    float[] first = bag.member(0).parameters().get(0).toFloatArray();
    assertThat(bag.member(1).parameters().get(0).toFloatArray()).isNotEqualTo(first);
    Module again = halfBlind(d, 0).learn(Bagging.sample(data, 9, 0));
    assertThat(again.parameters().get(0).toFloatArray()).isEqualTo(first);
  }
}
