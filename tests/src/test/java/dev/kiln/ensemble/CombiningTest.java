package dev.kiln.ensemble;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.kiln.Device;
import dev.kiln.KilnException;
import dev.kiln.Scope;
import dev.kiln.Shape;
import dev.kiln.ShapeException;
import dev.kiln.Tensor;
import dev.kiln.autograd.NoGrad;
import dev.kiln.data.augment.Augment;
import dev.kiln.io.Safetensors;
import dev.kiln.nn.Flatten;
import dev.kiln.nn.Lambda;
import dev.kiln.nn.Linear;
import dev.kiln.nn.Module;
import dev.kiln.nn.Sequential;
import dev.kiln.testing.OnEachDevice;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;

/** Averages and votes against numbers worked out by hand. */
class CombiningTest {
  @TempDir Path folder;

  /** A model that always says the same of two examples. */
  private static Module says(Device d, double... probabilities) {
    int classes = probabilities.length / 2;
    double[] logs = new double[probabilities.length];
    for (int i = 0; i < logs.length; i++) {
      logs[i] = Math.log(probabilities[i]) + 3; // scores need not be normalised
    }
    Tensor scores = Scope.outside(() -> Tensor.of(logs, Shape.of(2, classes), d));
    return new Lambda(x -> scores);
  }

  private static double[] shares(Module ensemble, Device d) {
    ensemble.to(d);
    return ensemble.call(Tensor.zeros(2, 1).to(d)).softmax(1).toDoubleArray();
  }

  private static void assertClose(double[] found, double... expected) {
    assertThat(found).hasSameSizeAs(expected);
    for (int i = 0; i < expected.length; i++) {
      assertThat(found[i]).isCloseTo(expected[i], within(1e-6));
    }
  }

  @OnEachDevice
  void probabilitiesAreAveragedByWeights(Device d) {
    try (Scope scope = Scope.open()) {
      List<Module> members = List.of(says(d, .8, .2, .5, .5), says(d, .4, .6, .1, .9));
      assertClose(shares(Ensemble.of(Combining.PROBABILITIES, members), d), 0.6, 0.4, 0.3, 0.7);
      assertClose(
          shares(Ensemble.weighted(Combining.PROBABILITIES, members, 3, 1), d), 0.7, 0.3, 0.4, 0.6);
      assertClose(
          shares(Ensemble.weighted(Combining.PROBABILITIES, members, 0, 5), d), 0.4, 0.6, 0.1, 0.9);
    }
  }

  @OnEachDevice
  void scoresAreAveragedToGeometricMeans(Device d) {
    try (Scope scope = Scope.open()) {
      List<Module> members = List.of(says(d, .8, .2, .5, .5), says(d, .4, .6, .1, .9));
      double a = Math.sqrt(.8 * .4);
      double b = Math.sqrt(.2 * .6);
      double e = Math.sqrt(.5 * .1);
      double f = Math.sqrt(.5 * .9);
      assertClose(
          shares(Ensemble.of(Combining.LOGITS, members), d),
          a / (a + b),
          b / (a + b),
          e / (e + f),
          f / (e + f));
    }
  }

  @OnEachDevice
  void votesAreCountedAndTiesGoToTheFirstClass(Device d) {
    try (Scope scope = Scope.open()) {
      List<Module> members =
          List.of(
              says(d, .2, .5, .3, .3, .4, .3), // 1, 1
              says(d, .1, .8, .1, .1, .1, .8), // 1, 2
              says(d, .9, .05, .05, .4, .3, .3)); // 0, 0
      Ensemble votes = Ensemble.of(Combining.VOTES, members);
      assertClose(shares(votes, d), 1 / 3.0, 2 / 3.0, 0, 1 / 3.0, 1 / 3.0, 1 / 3.0);
      Tensor y = votes.call(Tensor.zeros(2, 1).to(d));
      assertThat(y.argmax(1).toLongArray()).containsExactly(1, 0);
      // the mean of the probabilities says otherwise: one member is sure
      assertThat(
              votes
                  .with(Combining.PROBABILITIES)
                  .call(Tensor.zeros(2, 1).to(d))
                  .argmax(1)
                  .toLongArray())
          .containsExactly(1, 2);
      Ensemble heavy = Ensemble.weighted(Combining.VOTES, members, 1, 1, 3);
      assertClose(shares(heavy, d), 0.6, 0.4, 0, 0.6, 0.2, 0.2);
      // a member that is undecided votes for its first class
      assertClose(
          shares(Ensemble.of(Combining.VOTES, List.of(says(d, .5, .5, .5, .5))), d), 1, 0, 1, 0);
    }
  }

  @OnEachDevice
  void anEnsembleOfOneIsItsMember(Device d) {
    try (Scope scope = Scope.open()) {
      Module member = says(d, .8, .2, .5, .5);
      for (Combining how : List.of(Combining.PROBABILITIES, Combining.LOGITS)) {
        assertClose(shares(Ensemble.of(how, List.of(member)), d), .8, .2, .5, .5);
      }
    }
  }

  @OnEachDevice
  void savesAndLoadsExactlyAndHasGradients(Device d) {
    List<Module> members = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      members.add(new Linear(4, 3).to(d));
    }
    Ensemble ensemble = Ensemble.weighted(Combining.PROBABILITIES, members, 1, 2, 4);
    assertThat(ensemble.stateDict())
        .containsOnlyKeys(
            "weights",
            "members.0.weight",
            "members.0.bias",
            "members.1.weight",
            "members.1.bias",
            "members.2.weight",
            "members.2.bias");
    Path file = folder.resolve(d.id().type() + ".safetensors");
    Safetensors.save(ensemble.stateDict(), file);
    Ensemble other = Ensemble.of(Combining.PROBABILITIES, 3, () -> new Linear(4, 3).to(d));
    try (Scope scope = Scope.open()) {
      other.loadStateDict(Safetensors.load(file, d).tensors());
      Tensor x = Tensor.randn(Shape.of(5, 4), dev.kiln.DType.FLOAT32, d);
      Tensor y = ensemble.call(x);
      assertThat(other.call(x).toFloatArray()).isEqualTo(y.toFloatArray());
      y.square().sum().backward();
      assertThat(ensemble.parameters()).allMatch(p -> p.grad().isPresent());
    }
  }

  @OnEachDevice
  void testTimeAugmentationAveragesItsViews(Device d) {
    try (Scope scope = Scope.open()) {
      Module model = new Sequential(new Flatten(), new Linear(9, 2)).to(d);
      Tensor x = Tensor.randn(Shape.of(4, 1, 3, 3), dev.kiln.DType.FLOAT32, d);
      Module tta =
          TestTimeAugmentation.builder(model).identity().horizontalFlip().verticalFlip().build();
      float[] v = x.toFloatArray();
      double[] expected = new double[8];
      for (int view = 0; view < 3; view++) {
        float[] turned = new float[v.length];
        for (int i = 0; i < v.length; i++) {
          int column = i % 3;
          int row = i / 3 % 3;
          int from =
              i / 9 * 9 + (view == 2 ? 2 - row : row) * 3 + (view == 1 ? 2 - column : column);
          turned[i] = v[from];
        }
        double[] p =
            model.call(Tensor.of(turned, Shape.of(4, 1, 3, 3), d)).softmax(1).toDoubleArray();
        for (int i = 0; i < 8; i++) {
          expected[i] += p[i] / 3;
        }
      }
      assertClose(tta.call(x).softmax(1).toDoubleArray(), expected);
    }
  }

  @OnEachDevice
  void shiftsReadNeighboursAndZeros(Device d) {
    try (Scope scope = Scope.open()) {
      List<float[]> seen = new ArrayList<>();
      Module spy =
          new Lambda(
              x -> {
                seen.add(x.toFloatArray());
                return x.reshape(1, 4);
              });
      spy.to(d);
      Module tta = TestTimeAugmentation.builder(spy).shifts(1).build();
      tta.to(d);
      tta.call(Tensor.of(new float[] {1, 2, 3, 4}, Shape.of(1, 1, 2, 2), d));
      assertThat(seen)
          .containsExactlyInAnyOrder(
              new float[] {4, 0, 0, 0},
              new float[] {0, 3, 0, 0},
              new float[] {0, 0, 2, 0},
              new float[] {0, 0, 0, 1});
    }
  }

  @OnEachDevice
  void augmentedViewsDoNotDependOnTheBatch(Device d) {
    try (Scope scope = Scope.open();
        NoGrad off = NoGrad.open()) {
      Module model = new Sequential(new Flatten(), new Linear(64, 3)).to(d);
      Augment augment = Augment.builder().seed(3).randomCrop(8, 2).horizontalFlip(0.5).build();
      Module tta = TestTimeAugmentation.builder(model).augment(augment, 4).build();
      Tensor x = Tensor.rand(Shape.of(5, 1, 8, 8), dev.kiln.DType.FLOAT32, d);
      float[] together = tta.call(x).softmax(1).toFloatArray();
      float[] alone = tta.call(x.narrow(0, 3, 1).contiguous()).softmax(1).toFloatArray();
      for (int c = 0; c < 3; c++) {
        assertThat(alone[c]).isCloseTo(together[9 + c], within(1e-5f));
      }
      assertThat(tta.call(x).softmax(1).toFloatArray()).isEqualTo(together);
    }
  }

  @OnEachDevice
  void whatMakesNoEnsembleIsRefused(Device d) {
    Module two = says(d, .5, .5, .5, .5);
    Module three = says(d, .5, .3, .2, .5, .3, .2);
    assertThatThrownBy(() -> Ensemble.of(Combining.LOGITS, List.of()))
        .isInstanceOf(KilnException.class)
        .hasMessageContaining("no members");
    assertThatThrownBy(() -> Ensemble.weighted(Combining.LOGITS, List.of(two), 0))
        .hasMessageContaining("not all 0");
    assertThatThrownBy(() -> Ensemble.weighted(Combining.LOGITS, List.of(two), 1, 1))
        .hasMessageContaining("for 1 members");
    try (Scope scope = Scope.open()) {
      Ensemble odd = Ensemble.of(Combining.LOGITS, List.of(two, three));
      assertThatThrownBy(() -> odd.call(Tensor.zeros(2, 1).to(d)))
          .isInstanceOf(ShapeException.class)
          .hasMessageContaining("members gave f64[2,2] and f64[2,3]");
    }
    assertThatThrownBy(() -> TestTimeAugmentation.builder(two).build())
        .hasMessageContaining("no views");
  }
}
