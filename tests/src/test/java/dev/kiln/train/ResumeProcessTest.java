package dev.kiln.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.kiln.Device;
import dev.kiln.Precision;
import dev.kiln.testing.EachDevice;
import dev.kiln.testing.OnEachDevice;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Training goes on in another process as if nothing had been, whatever became of the first. */
@Timeout(300)
class ResumeProcessTest {
  private static final Precision FP16 = Precision.FP16;
  private static final int KILLS = 20;
  private static final int STEPS_A_LIFE = 4;

  @TempDir Path folder;

  private static String run(ProcessBuilder builder) throws Exception {
    Process process = builder.redirectError(ProcessBuilder.Redirect.DISCARD).start();
    String out =
        new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
    assertThat(process.waitFor()).as(out).isZero();
    return out;
  }

  @OnEachDevice
  void tenStepsAreFiveAndANewProcessAndFive(Device device) throws Exception {
    String type = device.id().type();
    Path whole = folder.resolve(type + "-whole");
    TrainingProcess.Result expected = TrainingProcess.train(device, whole, FP16, 10);
    Path halves = folder.resolve(type + "-halves");
    run(TrainingProcess.start("once", device.toString(), halves, FP16, 5));
    TrainingProcess.Result found = TrainingProcess.train(device, halves, FP16, 10);
    assertThat(found.resumed().steps()).isEqualTo(5);
    assertThat(found.numbers()).isEqualTo(expected.numbers());
  }

  @OnEachDevice
  void anotherDeviceGoesOnWithTheSameDraws(Device device) {
    Path from = folder.resolve(device.id().type());
    Device cpu = Device.of("cpu");
    Path whole = from.resolve("whole");
    TrainingProcess.Result expected = TrainingProcess.train(cpu, whole, Precision.FP32, 10);
    Path halves = from.resolve("halves");
    TrainingProcess.train(device, halves, Precision.FP32, 5);
    for (Device second : EachDevice.all()) {
      if (second.equals(device)) {
        continue;
      }
      Path copy = from.resolve(second.id().type());
      copy(halves, copy);
      TrainingProcess.Result found = TrainingProcess.train(second, copy, Precision.FP32, 10);
      assertThat(found.resumed().steps()).isEqualTo(5);
      assertThat(found.generator()).isEqualTo(expected.generator());
      assertThat(found.weights()).containsExactly(expected.weights(), within(2e-3f));
    }
  }

  private static void copy(Path from, Path to) {
    try (Stream<Path> files = Files.list(from)) {
      Files.createDirectories(to);
      for (Path f : files.toList()) {
        Files.copy(f, to.resolve(f.getFileName()));
      }
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  /** Twenty processes train and save as fast as they can, and are killed at any moment. */
  @Test
  void killedAgainAndAgainItEndsWithTheSameBits() throws Exception {
    SplittableRandom random = new SplittableRandom(20);
    Path saves = folder.resolve("saves");
    Process next = life(saves, 0);
    try {
      for (int i = 0; i < KILLS; i++) {
        Process now = next;
        next = life(saves, i + 1);
        now.getOutputStream().write('\n');
        now.getOutputStream().flush();
        assertThat(saidUntilReady(now)).noneMatch(line -> line.startsWith("passed over"));
        TimeUnit.MICROSECONDS.sleep(random.nextInt(250_000));
        assertThat(now.isAlive()).isTrue();
        now.destroyForcibly();
        assertThat(now.waitFor()).isEqualTo(128 + 9);
      }
    } finally {
      next.destroyForcibly().waitFor();
    }
    assertThat(Checkpoints.newestFirst(saves)).isNotEmpty();
    long last = (KILLS + 1) * STEPS_A_LIFE;
    String found = run(TrainingProcess.start("once", "cpu", saves, FP16, last));
    TrainingProcess.Result whole =
        TrainingProcess.train(Device.of("cpu"), folder.resolve("whole"), FP16, last);
    assertThat(found).isEqualTo(whole.numbers().strip());
    try (Stream<Path> files = Files.list(saves)) {
      assertThat(files).as("nothing is left over").hasSize(2);
    }
  }

  private static Process life(Path saves, int i) throws IOException {
    return TrainingProcess.start("forever", "cpu", saves, FP16, (i + 1L) * STEPS_A_LIFE)
        .redirectError(ProcessBuilder.Redirect.INHERIT)
        .start();
  }

  private static List<String> saidUntilReady(Process process) throws IOException {
    BufferedReader out =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    List<String> lines = new ArrayList<>();
    String line = out.readLine();
    while (line != null && !line.equals("ready")) {
      lines.add(line);
      line = out.readLine();
    }
    assertThat(line).isEqualTo("ready");
    return lines;
  }

  /** A limit on the size of files makes writing fail in the middle, as a full disk does. */
  @Test
  void aDiskThatIsFullLeavesTheCheckpointBefore() throws Exception {
    Path saves = folder.resolve("saves");
    run(TrainingProcess.start("once", "cpu", saves, FP16, 3));
    List<Path> before = Checkpoints.newestFirst(saves);
    for (int blocks : new int[] {0, 1, 40}) {
      ProcessBuilder limited = TrainingProcess.start("once", "cpu", saves, FP16, 6);
      limited
          .command()
          .addAll(0, List.of("sh", "-c", "ulimit -f " + blocks + "; exec \"$0\" \"$@\""));
      Process process = limited.redirectErrorStream(true).start();
      String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(process.waitFor()).as(said).isEqualTo(1);
      assertThat(said).contains("[write] cannot write", "check the free space");
      try (Stream<Path> files = Files.list(saves)) {
        assertThat(files).containsExactlyInAnyOrderElementsOf(before);
      }
    }
    TrainingProcess.Result found = TrainingProcess.train(Device.of("cpu"), saves, FP16, 6);
    assertThat(found.resumed().checkpoint()).contains(before.get(0));
    TrainingProcess.Result whole =
        TrainingProcess.train(Device.of("cpu"), folder.resolve("whole"), FP16, 6);
    assertThat(found.numbers()).isEqualTo(whole.numbers());
  }
}
