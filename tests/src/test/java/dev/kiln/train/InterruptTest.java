package dev.kiln.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.kiln.nn.Module;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Ctrl-C, SIGTERM and thread interrupts finish the step, save, and lose nothing. */
@Timeout(120)
class InterruptTest {
  private static final TrainFixtures.Clouds DATA = new TrainFixtures.Clouds(30, 1);

  @TempDir Path folder;

  /** Does something once, after a step. */
  private static Callback after(long globalStep, Runnable action) {
    return new Callback() {
      @Override
      public void onStepEnd(TrainState s) {
        if (s.globalStep() == globalStep) {
          action.run();
        }
      }
    };
  }

  /** Whether this process was started with SIGINT ignored, as jobs in the background are. */
  private static boolean ignoresCtrlC() {
    try (Stream<String> status = Files.lines(Path.of("/proc/self/status"))) {
      return status
          .filter(line -> line.startsWith("SigIgn:"))
          .anyMatch(line -> (Long.parseUnsignedLong(line.substring(7).trim(), 16) & 2) != 0);
    } catch (IOException e) {
      return false; // not Linux
    }
  }

  private static void raise(String name) {
    try {
      Class<?> type = Class.forName("sun.misc.Signal");
      Object signal = type.getConstructor(String.class).newInstance(name);
      type.getMethod("raise", type).invoke(null, signal);
      Thread.sleep(500); // signals are handled in a thread of their own
    } catch (ReflectiveOperationException | InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"INT", "TERM", "thread"})
  void aStoppedRunIsSavedAndGoesOnExactly(String how) {
    assumeFalse(how.equals("INT") && ignoresCtrlC(), "started with SIGINT ignored");
    Module whole = TrainFixtures.mlpWithDropout(7);
    TrainFixtures.trainer(whole, 0.1).seed(1).build().fit(DATA.loader(6), 3);

    Path checkpoint = folder.resolve("interrupted.safetensors");
    List<Optional<Path>> told = new ArrayList<>();
    Runnable stop = how.equals("thread") ? Thread.currentThread()::interrupt : () -> raise(how);
    Module model = TrainFixtures.mlpWithDropout(7);
    History history =
        TrainFixtures.trainer(model, 0.1)
            .seed(1)
            .saveOnInterrupt(checkpoint)
            .callback(after(7, stop))
            .callback(
                new Callback() {
                  @Override
                  public void onInterrupt(TrainState s, Optional<Path> saved) {
                    assertThat(s.globalStep()).isEqualTo(7);
                    told.add(saved);
                  }
                })
            .build()
            .fit(DATA.loader(6), 3);
    assertThat(Thread.interrupted()).isEqualTo(how.equals("thread"));
    assertThat(history.interrupted()).isTrue();
    assertThat(history.stopReason()).contains("interrupted");
    assertThat(history.epochs()).hasSize(1);
    assertThat(told).containsExactly(Optional.of(checkpoint));
    assertThat(checkpoint).exists();

    Module resumed = TrainFixtures.mlpWithDropout(99);
    History all =
        TrainFixtures.trainer(resumed, 0.1).build().resume(checkpoint).fit(DATA.loader(6), 3);
    assertThat(all.epochs()).hasSize(3);
    assertThat(all.interrupted()).isFalse();
    assertThat(TrainFixtures.weights(resumed)).isEqualTo(TrainFixtures.weights(whole));
  }

  @Test
  void anInterruptDuringValidationValidatesAgainAfterTheResume() {
    Path checkpoint = folder.resolve("interrupted.safetensors");
    History history =
        TrainFixtures.trainer(TrainFixtures.mlp(7), 0.1)
            .saveOnInterrupt(checkpoint)
            .validation(DATA.loader(6))
            .callback(
                new Callback() {
                  @Override
                  public void onValidationStart(TrainState s) {
                    Thread.currentThread().interrupt();
                  }
                })
            .build()
            .fit(DATA.loader(6), 1);
    assertThat(Thread.interrupted()).isTrue();
    assertThat(history.epochs()).isEmpty();
    List<Long> steps = new ArrayList<>();
    History resumed =
        TrainFixtures.trainer(TrainFixtures.mlp(7), 0.1)
            .validation(DATA.loader(6))
            .callback(
                new Callback() {
                  @Override
                  public void onStepEnd(TrainState s) {
                    steps.add(s.globalStep());
                  }
                })
            .build()
            .resume(checkpoint)
            .fit(DATA.loader(6), 1);
    assertThat(steps).isEmpty();
    assertThat(resumed.last().orElseThrow().validation().orElseThrow().samples()).isEqualTo(30);
  }

  @Test
  void withoutSaveOnInterruptAThreadInterruptStillEndsTraining() {
    History history =
        TrainFixtures.trainer(TrainFixtures.mlp(7), 0.1)
            .callback(after(2, Thread.currentThread()::interrupt))
            .build()
            .fit(DATA.loader(6), 3);
    assertThat(Thread.interrupted()).isTrue();
    assertThat(history.interrupted()).isTrue();
  }

  /** A process that trains slowly; its arguments are a checkpoint and how it catches signals. */
  static final class Slow {
    private Slow() {}

    public static void main(String[] args) throws InterruptedException {
      if (args[1].equals("hook")) {
        try (InterruptGuard guard = InterruptGuard.installHook()) {
          System.out.println("step");
          while (!guard.isRequested()) {
            Thread.sleep(10);
          }
          System.out.println("saved");
        }
        return;
      }
      Callback slow =
          new Callback() {
            @Override
            public void onStepEnd(TrainState s) {
              System.out.println("step");
              try {
                Thread.sleep(args[1].equals("stuck") && s.globalStep() > 1 ? 60_000 : 50);
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            }
          };
      History history =
          TrainFixtures.trainer(TrainFixtures.mlp(7), 0.1)
              .saveOnInterrupt(Path.of(args[0]))
              .callback(slow)
              .build()
              .fit(DATA.loader(6), 1000);
      System.out.println(history.interrupted() ? "saved" : "not interrupted");
    }
  }

  private Process start(Path checkpoint, String mode) throws Exception {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "--add-modules",
            "jdk.incubator.vector",
            "-cp",
            System.getProperty("java.class.path"),
            Slow.class.getName(),
            checkpoint.toString(),
            mode)
        .redirectError(ProcessBuilder.Redirect.DISCARD)
        .start();
  }

  /** Sends Ctrl-C's signal; SIGTERM, which means the same here, where children ignore that. */
  private static void interrupt(Process process) throws Exception {
    String name = ignoresCtrlC() ? "TERM" : "INT";
    new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).start().waitFor();
  }

  private static int exitCode() {
    return ignoresCtrlC() ? 143 : 130;
  }

  @ParameterizedTest
  @ValueSource(strings = {"signal", "hook"})
  void theFirstCtrlCSavesAndEndsOrderly(String mode) throws Exception {
    Path checkpoint = folder.resolve("interrupted.safetensors");
    Process process = start(checkpoint, mode);
    try (BufferedReader out =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      assertThat(out.readLine()).isEqualTo("step");
      interrupt(process);
      String line = out.readLine();
      while ("step".equals(line)) {
        line = out.readLine();
      }
      assertThat(line).isEqualTo("saved");
    }
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    if (mode.equals("signal")) {
      assertThat(process.exitValue()).isZero();
      assertThat(checkpoint).exists();
    } else {
      assertThat(process.exitValue()).isEqualTo(exitCode());
    }
  }

  @Test
  void theSecondCtrlCEndsAtOnce() throws Exception {
    Path checkpoint = folder.resolve("interrupted.safetensors");
    Process process = start(checkpoint, "stuck");
    try (BufferedReader out =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      assertThat(out.readLine()).isEqualTo("step");
      assertThat(out.readLine()).isEqualTo("step");
      interrupt(process);
      Thread.sleep(300);
      assertThat(process.isAlive()).isTrue();
      interrupt(process);
      assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
    }
    assertThat(process.exitValue()).isEqualTo(exitCode());
    assertThat(checkpoint).doesNotExist();
  }
}
