package dev.kiln.train;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.nn.Module;
import dev.kiln.optim.Optimizer;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the progress bar prints, with a clock that the test winds. */
class ProgressBarTest {
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);
  private final FakeState state = new FakeState();
  private long nanos;

  private static Terminal terminal(boolean live, int columns) {
    return new Terminal(live, false, true, columns);
  }

  private ProgressBar bar(Terminal terminal) {
    return ProgressBar.of(out, terminal, () -> nanos);
  }

  private String printed() {
    return bytes.toString(StandardCharsets.UTF_8);
  }

  /** Runs one epoch of steps that take some milliseconds each. */
  private void epoch(ProgressBar bar, int steps, long millisPerStep) {
    state.epoch++;
    state.step = 0;
    state.samples = 0;
    state.steps = steps;
    bar.onEpochStart(state);
    for (int i = 0; i < steps; i++) {
      nanos += millisPerStep * 1_000_000;
      state.step++;
      state.samples += 64;
      bar.onStepEnd(state);
    }
    state.records.add(
        new EpochRecord(
            state.epoch,
            0.4321,
            state.metrics,
            Optional.of(new Evaluation(0.5, Map.of("accuracy", 0.8), 10, 1, Optional.empty())),
            0.001,
            steps * millisPerStep / 1e3,
            6400));
    bar.onEpochEnd(state);
  }

  /** What a terminal shows of one redraw. */
  private static List<String> redraws(String printed) {
    List<String> lines = new ArrayList<>();
    for (String part : printed.split("\r")) {
      String text = part.replaceAll("\u001b\\[[?0-9;]*[a-zA-Z]", "");
      int end = text.indexOf('\n');
      lines.add(end < 0 ? text : text.substring(0, end));
    }
    return lines;
  }

  @Test
  void rewritesOneLineOnATerminalAndLeavesASummary() {
    epoch(bar(terminal(true, 120)), 100, 10);
    String printed = printed();
    List<String> lines = redraws(printed);
    // the first step, then every 200 ms: 10, 210, ..., 810 ms, and 1010 ms is never reached
    assertThat(lines.stream().filter(l -> l.contains("left"))).hasSize(5);
    assertThat(lines.get(2))
        .isEqualTo(
            "epoch 1/3 ━━━━━━────────────────────────  21/100  loss 0.4000  accuracy 0.9000"
                + "  6400 samples/s  0:01 left");
    assertThat(printed.chars().filter(c -> c == '\n')).hasSize(1);
    assertThat(printed)
        .endsWith(
            "\r\u001b[Kepoch 1/3  loss 0.4321  accuracy 0.9000  val_loss 0.5000  val_accuracy"
                + " 0.8000  0:01  6400 samples/s  lr 0.001\n");
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 10, 20, 40, 60, 79, 80, 100, 200})
  void isNeverAsWideAsTheTerminal(int columns) {
    state.metrics.put("a_metric_with_a_long_name", 0.123456);
    ProgressBar bar = bar(terminal(true, columns));
    epoch(bar, 1000, 50);
    bar.onValidationStart(state);
    epoch(bar, 3, 1);
    assertThat(redraws(printed())).allSatisfy(l -> assertThat(l.length()).isLessThan(columns));
  }

  @Test
  void shortensAndLeavesOutWhenRoomIsShort() {
    state.metrics.put("f1", 0.7);
    epoch(bar(terminal(true, 80)), 10, 300);
    assertThat(redraws(printed()).get(1))
        .isEqualTo(
            "epoch 1/3 ━───────────  1/10  loss 0.4000  acc 0.9000  213 samples/s  0:03 left");
    bytes.reset();
    epoch(bar(terminal(true, 60)), 10, 300);
    assertThat(redraws(printed()).get(1))
        .isEqualTo("epoch 2/3 ━──────  1/10  loss 0.4000  acc 0.9000  0:03 left");
    bytes.reset();
    epoch(bar(terminal(true, 40)), 10, 300);
    assertThat(redraws(printed()).get(1)).isEqualTo("epoch 3/3  1/10  loss 0.4000  0:03 left");
  }

  @Test
  void speedIsThatOfTheLastSeconds() {
    // a slow start of 60 s, then ten times as fast
    ProgressBar bar = bar(terminal(true, 120));
    state.epoch = 1;
    state.steps = 1000;
    bar.onEpochStart(state);
    for (int i = 0; i < 500; i++) {
      nanos += (i < 60 ? 1000 : 100) * 1_000_000L;
      state.step++;
      state.samples += 64;
      bar.onStepEnd(state);
    }
    List<String> lines = redraws(printed());
    assertThat(lines.get(30)).contains(" 30/1000 ").endsWith("64.0 samples/s  16:10 left");
    assertThat(lines.get(lines.size() - 1)).endsWith("640 samples/s  0:50 left");
  }

  @Test
  void printsPlainLinesElsewhere() {
    epoch(bar(terminal(false, 80)), 100, 10);
    assertThat(printed()).doesNotContain("\r").doesNotContain("\u001b");
    assertThat(printed().lines()).hasSize(1);
  }

  @Test
  void printsQuartersOfLongEpochs() {
    epoch(bar(terminal(false, 80)), 100, 1000);
    List<String> lines = printed().lines().toList();
    assertThat(lines).hasSize(4);
    assertThat(lines.get(0))
        .isEqualTo("epoch 1/3   25/100  loss 0.4000  accuracy 0.9000  64.0 samples/s  1:15 left");
    assertThat(lines.get(2)).contains(" 75/100 ").contains("0:25 left");
  }

  @Test
  void readsTheLossOnlyWhenItPrints() {
    epoch(bar(terminal(true, 80)), 1000, 1);
    assertThat(state.reads).isEqualTo(5);
    state.reads = 0;
    epoch(bar(terminal(false, 80)), 1000, 1);
    assertThat(state.reads).isZero();
  }

  @Test
  void terminalsAreToldFromTheEnvironment() {
    assertThat(Terminal.of(Map.of("COLUMNS", "132", "TERM", "xterm"), true, "UTF-8"))
        .isEqualTo(new Terminal(true, true, true, 132));
    assertThat(Terminal.of(Map.of("TERM", "dumb"), true, "ANSI_X3.4-1968"))
        .isEqualTo(new Terminal(false, false, false, 80));
    assertThat(Terminal.of(Map.of("NO_COLOR", "1", "COLUMNS", "wide"), true, "UTF-8"))
        .isEqualTo(new Terminal(true, false, true, 80));
    assertThat(Terminal.of(Map.of(), false, "UTF-8").live()).isFalse();
  }

  @Test
  void numbersAreShort() {
    assertThat(Format.rate(0.001)).isEqualTo("0.001");
    assertThat(Format.rate(1e-5)).isEqualTo("1e-05");
    assertThat(Format.rate(1)).isEqualTo("1");
    assertThat(Format.rate(100)).isEqualTo("100");
    assertThat(Format.rate(0)).isEqualTo("0");
    assertThat(Format.rate(3.3333e-4)).isEqualTo("0.0003333");
    assertThat(Format.number(0.00012346)).isEqualTo("1.235e-04");
    assertThat(Format.number(Double.NEGATIVE_INFINITY)).isEqualTo("-Inf");
    assertThat(Format.speed(1_234_567)).isEqualTo("1.23M");
    assertThat(Format.speed(123_456)).isEqualTo("123k");
    assertThat(Format.speed(3.14159)).isEqualTo("3.14");
    assertThat(Format.time(3723)).isEqualTo("1:02:03");
    assertThat(Format.time(Double.NaN)).isEqualTo("-:--");
  }

  /** A training that goes nowhere. */
  private static final class FakeState implements TrainState {
    private final List<EpochRecord> records = new ArrayList<>();
    private final Map<String, Double> metrics = new LinkedHashMap<>(Map.of("accuracy", 0.9));
    private int epoch;
    private int step;
    private int steps;
    private long samples;
    private int reads;

    @Override
    public Module model() {
      throw new UnsupportedOperationException();
    }

    @Override
    public Optimizer optimizer() {
      throw new UnsupportedOperationException();
    }

    @Override
    public int epoch() {
      return epoch;
    }

    @Override
    public int epochs() {
      return 3;
    }

    @Override
    public int step() {
      return step;
    }

    @Override
    public int steps() {
      return steps;
    }

    @Override
    public long globalStep() {
      return step;
    }

    @Override
    public long samples() {
      return samples;
    }

    @Override
    public String unit() {
      return "samples";
    }

    @Override
    public double lr() {
      return 0.001;
    }

    @Override
    public double loss() {
      reads++;
      return 0.4;
    }

    @Override
    public Map<String, Double> metrics() {
      return metrics;
    }

    @Override
    public History history() {
      return new History(records, false, Optional.empty());
    }

    @Override
    public void stop(String reason) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void save(Path path) {
      throw new UnsupportedOperationException();
    }
  }
}
