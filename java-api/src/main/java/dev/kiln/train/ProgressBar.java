package dev.kiln.train;

import java.io.PrintStream;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;

/**
 * Shows epoch, step, loss, metrics, examples per second and the time left of the epoch.
 *
 * <p>On a terminal it rewrites one line, never wider than the terminal ({@code COLUMNS}, else 80),
 * and leaves one line per finished epoch. Elsewhere, and where {@code TERM=dumb}, it prints plain
 * lines: one per epoch and, in epochs of more than ten seconds, up to three in between. {@code
 * NO_COLOR} turns colours off. Loss and metrics are read back at most five times a second, or just
 * before a line is printed. Speed and time left follow from the last ten to twenty seconds.
 */
public final class ProgressBar implements Callback {
  private static final long REDRAW_NANOS = 200_000_000L;
  private static final long WINDOW_NANOS = 10_000_000_000L;
  private static final long PLAIN_NANOS = 10_000_000_000L;
  private static final String NO_WRAP = "\u001b[?7l";
  private static final String WRAP = "\u001b[?7h";
  private static final String CLEAR_REST = "\u001b[K";

  private final PrintStream out;
  private final Terminal terminal;
  private final LongSupplier nanos;
  private final ProgressLine line;

  private Mark old = new Mark(0, 0, 0);
  private Mark recent = old;
  private long shown;
  private int quarters;
  private boolean drawn;

  /** A moment to measure speed from. */
  private record Mark(long nanos, int step, long samples) {}

  private ProgressBar(PrintStream out, Terminal terminal, LongSupplier nanos) {
    this.out = out;
    this.terminal = terminal;
    this.nanos = nanos;
    this.line = new ProgressLine(terminal);
  }

  /**
   * Makes a bar that finds out by itself whether it is on a terminal.
   *
   * @param out where it prints, usually {@code System.out}
   * @return the bar
   */
  public static ProgressBar on(PrintStream out) {
    return new ProgressBar(out, Terminal.detect(), System::nanoTime);
  }

  static ProgressBar of(PrintStream out, Terminal terminal, LongSupplier nanos) {
    return new ProgressBar(out, terminal, nanos);
  }

  /**
   * Decides by hand whether the line is rewritten.
   *
   * @param live true for a terminal, false for plain lines
   * @return a new bar
   */
  public ProgressBar withLive(boolean live) {
    return new ProgressBar(out, terminal.withLive(live), nanos);
  }

  /**
   * Sets the width by hand.
   *
   * @param columns the terminal's width in characters
   * @return a new bar
   */
  public ProgressBar withColumns(int columns) {
    return new ProgressBar(out, terminal.withColumns(columns), nanos);
  }

  @Override
  public void onEpochStart(TrainState state) {
    recent = new Mark(nanos.getAsLong(), state.step(), state.samples());
    old = recent;
    shown = recent.nanos;
    quarters = state.steps() == 0 ? 0 : 4 * state.step() / state.steps();
  }

  @Override
  public void onStepEnd(TrainState state) {
    long now = nanos.getAsLong();
    if (now - recent.nanos >= WINDOW_NANOS) {
      old = recent;
      recent = new Mark(now, state.step(), state.samples());
    }
    if (terminal.live()) {
      if (!drawn || now - shown >= REDRAW_NANOS) {
        draw(line.live(facts(state, now)));
        shown = now;
      }
      return;
    }
    int quarter = (int) (4L * state.step() / Math.max(1, state.steps()));
    if (quarter > quarters && quarter < 4 && now - shown >= PLAIN_NANOS) {
      out.println(line.plain(facts(state, now)));
      shown = now;
      quarters = quarter;
    }
  }

  private ProgressLine.Facts facts(TrainState state, long now) {
    double seconds = (now - old.nanos) / 1e9;
    int done = state.step() - old.step;
    double speed = (state.samples() - old.samples) / seconds;
    double left = done == 0 ? Double.NaN : seconds / done * (state.steps() - state.step());
    Map<String, Double> metrics = state.metrics();
    return new ProgressLine.Facts(
        state.epoch(),
        state.epochs(),
        state.step(),
        state.steps(),
        state.loss(),
        metrics,
        speed,
        state.unit(),
        left);
  }

  private void draw(String text) {
    out.print("\r" + NO_WRAP + text + CLEAR_REST + WRAP);
    out.flush();
    drawn = true;
  }

  private void clear() {
    if (drawn) {
      out.print("\r" + CLEAR_REST);
      out.flush();
      drawn = false;
    }
  }

  @Override
  public void onValidationStart(TrainState state) {
    if (terminal.live()) {
      draw(line.validating(state.epoch(), state.epochs()));
    }
  }

  @Override
  public void onEpochEnd(TrainState state) {
    clear();
    state
        .history()
        .last()
        .ifPresent(r -> out.println(line.summary(r, state.epochs(), state.unit())));
    out.flush();
  }

  @Override
  public void onInterrupt(TrainState state, Optional<Path> checkpoint) {
    clear();
    out.println(
        "interrupted in epoch %d after step %d/%d%s"
            .formatted(
                state.epoch(),
                state.step(),
                state.steps(),
                checkpoint.map(p -> "; saved to " + p).orElse("; nothing was saved")));
    out.flush();
  }

  @Override
  public void onTrainEnd(TrainState state) {
    clear();
    state.history().stopReason().ifPresent(r -> out.println("stopped: " + r));
    out.flush();
  }
}
