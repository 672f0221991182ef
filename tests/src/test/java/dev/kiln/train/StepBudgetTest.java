package dev.kiln.train;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.Device;
import dev.kiln.cpu.Counts;
import dev.kiln.cpu.NullBackend;
import dev.kiln.nn.CrossEntropyLoss;
import dev.kiln.nn.Linear;
import dev.kiln.nn.Module;
import dev.kiln.nn.ReLU;
import dev.kiln.nn.Sequential;
import java.util.ArrayList;
import java.util.List;
import org.assertj.core.groups.Tuple;
import org.junit.jupiter.api.Test;

/** What a training step may cost, on the device that only counts. */
class StepBudgetTest {
  private static final TrainFixtures.Clouds DATA = new TrainFixtures.Clouds(120, 1);

  private static List<Counts> countsAfterSteps(FiniteCheck policy) {
    Device device = Device.of("null");
    NullBackend backend = (NullBackend) device.backend();
    Device before = Device.defaultDevice();
    Device.setDefault(device);
    Module model;
    try {
      model = new Sequential(new Linear(2, 16), new ReLU(), new Linear(16, 3));
    } finally {
      Device.setDefault(before);
    }
    List<Counts> counts = new ArrayList<>();
    Callback counter =
        new Callback() {
          @Override
          public void onStepEnd(TrainState s) {
            counts.add(backend.counts());
            backend.resetCounts();
            if (s.globalStep() == 20) {
              s.stop("enough"); // before the epoch ends, where zeros would be no loss at all
            }
          }
        };
    Trainer.builder(model, new CrossEntropyLoss(), TrainFixtures.sgd(model, 0.1))
        .metric(Accuracy::new)
        .metric(() -> TopKAccuracy.of(2))
        .metric(() -> ConfusionMatrix.of(3))
        .finiteCheck(policy)
        .callback(counter)
        .build()
        .fit(DATA.loader(5), 1);
    assertThat(counts).hasSize(20);
    return counts.subList(2, 20);
  }

  @Test
  void aStepReadsNothingBackAndWaitsForNothing() {
    assertThat(countsAfterSteps(FiniteCheck.every(1000)))
        .allSatisfy(
            c -> {
              assertThat(c.downloads()).isZero();
              assertThat(c.syncs()).isZero();
              assertThat(c.totalLaunches()).isPositive();
            });
  }

  @Test
  void everyStepIsAlike() {
    assertThat(countsAfterSteps(FiniteCheck.every(1000)))
        .extracting(Counts::launches, Counts::allocs, Counts::uploads)
        .containsOnly(first(countsAfterSteps(FiniteCheck.every(1000))));
  }

  private static Tuple first(List<Counts> counts) {
    Counts c = counts.get(0);
    return Tuple.tuple(c.launches(), c.allocs(), c.uploads());
  }

  @Test
  void theCheckIsWhatReadsBack() {
    assertThat(countsAfterSteps(FiniteCheck.every(1)))
        .allSatisfy(c -> assertThat(c.downloads()).isEqualTo(2));
  }
}
