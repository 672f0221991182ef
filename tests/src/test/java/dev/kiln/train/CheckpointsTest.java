package dev.kiln.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.KilnException;
import dev.kiln.io.ModelFileException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which checkpoints are kept, and which is taken. */
class CheckpointsTest {
  private static final TrainFixtures.Clouds DATA = new TrainFixtures.Clouds(30, 1);

  @TempDir Path temporary;

  private Path folder() {
    return temporary.resolve("checkpoints");
  }

  /** Trains, 5 steps an epoch. */
  private static History fit(Checkpoints checkpoints, int epochs) {
    return TrainFixtures.trainer(TrainFixtures.mlp(7), 0.1)
        .callback(checkpoints)
        .build()
        .fit(DATA.loader(6), epochs);
  }

  /** The steps after which the files were saved, the oldest first. */
  private List<Integer> steps() {
    return Checkpoints.newestFirst(folder()).stream()
        .map(f -> f.getFileName().toString().replaceAll(".*-step-0*|\\.safetensors", ""))
        .map(Integer::valueOf)
        .sorted()
        .toList();
  }

  @Test
  void withoutARuleAllAreKept() throws IOException {
    fit(Checkpoints.in(folder()), 4);
    assertThat(steps()).containsExactly(5, 10, 15, 20);
    try (Stream<Path> files = Files.list(folder())) {
      assertThat(files).as("each is one file").hasSize(4);
    }
  }

  @Test
  void theLastAndThoseOfEveryThirdEpochAreKept() {
    fit(Checkpoints.in(folder()).everySteps(2).keepLast(2).keepEveryEpochs(3), 7);
    // after 7 epochs: steps 34 and 35 are the last; epochs 3 and 6 end with steps 15 and 30
    assertThat(steps()).containsExactly(15, 30, 34, 35);
  }

  @Test
  void everySecondEpochIsSavedIfThatIsAskedFor() {
    fit(Checkpoints.in(folder()).everyEpochs(2), 5);
    assertThat(steps()).containsExactly(10, 20);
  }

  @Test
  void theBestIsKept() {
    Checkpoints least = Checkpoints.in(folder()).keepLast(1).keepBest("loss");
    double[] losses = fit(least, 4).epochs().stream().mapToDouble(EpochRecord::loss).toArray();
    assertThat(losses).isSortedAccordingTo(Comparator.reverseOrder());
    assertThat(steps()).as("the last is the best").containsExactly(20);
  }

  @Test
  void theBestInAnotherDirectionIsKept() {
    fit(Checkpoints.in(folder()).everySteps(4).keepLast(1).keepBest("loss", Mode.MAX, 2), 4);
    assertThat(steps()).as("the loss only falls").containsExactly(5, 10, 20);
  }

  @Test
  void theRulesHoldAcrossAResume() {
    Checkpoints rules = Checkpoints.in(folder()).keepLast(1).keepEveryEpochs(2);
    fit(rules, 3);
    assertThat(steps()).containsExactly(10, 15);
    Trainer second =
        TrainFixtures.trainer(TrainFixtures.mlp(1), 0.1)
            .callback(Checkpoints.in(folder()).keepLast(1).keepEveryEpochs(2))
            .build();
    assertThat(second.resumeLatest(folder()).steps()).isEqualTo(15);
    second.fit(DATA.loader(6), 5);
    assertThat(steps()).containsExactly(10, 20, 25);
  }

  @Test
  void theNewestIsTheOneSavedLastEvenAfterGoingBack() {
    fit(Checkpoints.in(folder()), 3);
    List<Path> saved = Checkpoints.newestFirst(folder());
    Trainer back =
        TrainFixtures.trainer(TrainFixtures.mlp(1), 0.1)
            .callback(Checkpoints.in(folder()))
            .build()
            .resume(saved.get(2));
    back.fit(DATA.loader(6), 2);
    Resumed resumed =
        TrainFixtures.trainer(TrainFixtures.mlp(1), 0.1).build().resumeLatest(folder());
    assertThat(resumed.steps()).isEqualTo(10);
    assertThat(resumed.checkpoint()).contains(Checkpoints.newestFirst(folder()).get(0));
    assertThat(resumed.checkpoint().orElseThrow()).isNotIn(saved);
  }

  @ParameterizedTest
  @ValueSource(strings = {"cut", "bit", "empty"})
  void damagedFilesArePassedOverAndNamed(String damage) throws IOException {
    fit(Checkpoints.in(folder()), 3);
    List<Path> saved = Checkpoints.newestFirst(folder());
    for (Path file : saved.subList(0, 2)) {
      byte[] bytes = Files.readAllBytes(file);
      if (damage.equals("bit")) {
        int progress =
            new String(bytes, java.nio.charset.StandardCharsets.ISO_8859_1).indexOf("globalStep");
        bytes[progress + 16] ^= 1; // a digit of the description
      }
      int length =
          damage.equals("cut") ? bytes.length - 1 : damage.equals("bit") ? bytes.length : 0;
      Files.write(file, Arrays.copyOf(bytes, length));
    }
    Trainer trainer =
        TrainFixtures.trainer(TrainFixtures.mlp(1), 0.1)
            .callback(Checkpoints.in(folder()).keepLast(1))
            .build();
    Resumed resumed = trainer.resumeLatest(folder());
    assertThat(resumed.checkpoint()).contains(saved.get(2));
    assertThat(resumed.steps()).isEqualTo(5);
    assertThat(resumed.epochs()).isEqualTo(1);
    assertThat(resumed.passedOver().keySet()).containsExactly(saved.get(0), saved.get(1));
    assertThat(resumed.lines())
        .hasSize(3)
        .first()
        .asString()
        .startsWith("passed over " + saved.get(0).getFileName() + ": [load]");
    assertThat(resumed.lines().get(2))
        .isEqualTo("from " + saved.get(2) + ", after step 5, 1 epoch done");
    trainer.fit(DATA.loader(6), 2);
    assertThat(saved.get(0)).as("damaged files are left").exists();
  }

  @Test
  void withoutCheckpointsTrainingBeginsAndWithDamagedOnesAloneItDoesNot() throws IOException {
    Trainer trainer = TrainFixtures.trainer(TrainFixtures.mlp(1), 0.1).build();
    assertThat(trainer.resumeLatest(folder()).checkpoint()).isEmpty();
    assertThat(trainer.resumeLatest(folder()).lines())
        .containsExactly("from the beginning: there is no checkpoint yet");
    Files.createDirectories(folder());
    Path bad = folder().resolve("checkpoint-000001-step-000000005.safetensors");
    Files.write(bad, new byte[100]);
    assertThatThrownBy(() -> trainer.resumeLatest(folder()))
        .isInstanceOf(ModelFileException.class)
        .hasMessageContaining("no checkpoint in")
        .hasMessageContaining(bad.getFileName().toString());
  }

  @Test
  void oneThatDoesNotFitIsAnErrorAndNotPassedOver() {
    fit(Checkpoints.in(folder()), 2);
    Trainer other = TrainFixtures.trainer(TrainFixtures.mlp(1), 0.1).accumulate(2).build();
    assertThatThrownBy(() -> other.resumeLatest(folder()))
        .isInstanceOf(KilnException.class)
        .hasMessageContaining("accumulate 1 but this trainer has 2");
  }

  @Test
  void whatAKilledProcessWasWritingIsRemoved() throws IOException {
    Files.createDirectories(folder());
    String half =
        ".checkpoint-000009-step-000000045.safetensors."
            + "0c6ab5f4-3fd9-4f0e-9d4e-0d2a4c3b7f11.tmp";
    Files.write(folder().resolve(half), new byte[10]);
    Path other = Files.write(folder().resolve(".mine.tmp"), new byte[10]);
    fit(Checkpoints.in(folder()), 1);
    assertThat(folder().resolve(half)).doesNotExist();
    assertThat(other).exists();
    assertThat(steps()).containsExactly(5);
  }

  @Test
  void aFolderThatCannotBeWrittenToIsAnErrorBeforeTheFirstStep() throws IOException {
    Path file = Files.write(temporary.resolve("file"), new byte[1]);
    Path locked = Files.createDirectory(temporary.resolve("locked"));
    boolean user = locked.toFile().setWritable(false) && !Files.isWritable(locked);
    for (Path place :
        user ? List.of(file, file.resolve("x"), locked) : List.of(file, file.resolve("x"))) {
      int[] steps = new int[1];
      Trainer trainer =
          TrainFixtures.trainer(TrainFixtures.mlp(7), 0.1)
              .callback(Checkpoints.in(place))
              .callback(
                  new Callback() {
                    @Override
                    public void onStepEnd(TrainState s) {
                      steps[0]++;
                    }
                  })
              .build();
      assertThatThrownBy(() -> trainer.fit(DATA.loader(6), 1))
          .isInstanceOf(ModelFileException.class)
          .hasMessageContaining("cannot save to folder " + place);
      assertThat(steps[0]).isZero();
    }
    assertThat(locked.toFile().setWritable(true)).isTrue();
  }

  @Test
  void anInterruptWhileSavingLosesNothing() {
    Checkpoints checkpoints = Checkpoints.in(folder()).everySteps(2).keepLast(2);
    History history =
        TrainFixtures.trainer(TrainFixtures.mlp(7), 0.1)
            .saveOnInterrupt(checkpoints)
            .callback(
                new Callback() {
                  @Override
                  public void onStepEnd(TrainState s) {
                    if (s.globalStep() == 4) {
                      Thread.currentThread().interrupt();
                    }
                  }
                })
            .callback(checkpoints)
            .build()
            .fit(DATA.loader(6), 2);
    assertThat(Thread.interrupted()).isTrue();
    assertThat(history.interrupted()).isTrue();
    assertThat(steps()).as("one by the rule, one for the interrupt").containsExactly(4, 4);
    Trainer on = TrainFixtures.trainer(TrainFixtures.mlp(1), 0.1).build();
    assertThat(on.resumeLatest(folder()).steps()).isEqualTo(4);
  }

  @Test
  void rulesBelowOneAreRefused() {
    Checkpoints c = Checkpoints.in(folder());
    assertThatThrownBy(() -> c.keepLast(0)).hasMessageContaining("keepLast 0 must be 1 or more");
    assertThatThrownBy(() -> c.everySteps(-1)).hasMessageContaining("everySteps -1");
    assertThatThrownBy(() -> c.keepBest("val_loss", Mode.MIN, 0)).hasMessageContaining("keepBest");
  }
}
