package dev.kiln.train;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The texts of a progress bar, made to fit a width. */
final class ProgressLine {
  private static final int MIN_BAR = 6;
  private static final int GOOD_BAR = 12;
  private static final int MAX_BAR = 30;
  private static final String GREEN = "\u001b[32m";
  private static final String DIM = "\u001b[2m";
  private static final String PLAIN = "\u001b[0m";

  private final Terminal terminal;

  ProgressLine(Terminal terminal) {
    this.terminal = terminal;
  }

  /** What a line says; where there is no number, there is NaN or nothing. */
  record Facts(
      int epoch,
      int epochs,
      int step,
      int steps,
      double loss,
      Map<String, Double> metrics,
      double speed,
      String unit,
      double secondsLeft) {}

  /** The line that is rewritten; what does not fit is shortened, then left out. */
  String live(Facts f) {
    String head = head(f.epoch, f.epochs);
    String steps = padded(f.step, f.steps);
    // one column stays free, so that no terminal wraps
    int room = terminal.columns() - 1;
    List<String> tail = tail(f, false);
    if (bar(room, head, steps, tail) < GOOD_BAR) {
      tail = tail(f, true);
    }
    // metrics go from the last to the second, then the speed, the first metric; loss and time stay
    while (bar(room, head, steps, tail) < MIN_BAR && tail.size() > 2) {
      tail.remove(tail.size() > 4 ? tail.size() - 3 : tail.size() - 2);
    }
    int bar = Math.min(MAX_BAR, bar(room, head, steps, tail));
    if (bar < MIN_BAR) {
      return cut(head + " " + steps + "  " + String.join("  ", tail), room);
    }
    return head
        + " "
        + drawn(bar, (double) f.step / Math.max(1, f.steps))
        + " "
        + steps
        + "  "
        + String.join("  ", tail);
  }

  /** How wide the bar may be beside everything else. */
  private static int bar(int room, String head, String steps, List<String> tail) {
    int rest = tail.stream().mapToInt(t -> t.length() + 2).sum();
    return room - head.length() - steps.length() - 2 - rest;
  }

  /** A line of a log. */
  String plain(Facts f) {
    return head(f.epoch, f.epochs)
        + "  "
        + padded(f.step, f.steps)
        + "  "
        + String.join("  ", tail(f, false));
  }

  /** The line that stays when an epoch is over. */
  String summary(EpochRecord r, int epochs, String unit) {
    List<String> parts = new ArrayList<>();
    parts.add(head(r.epoch(), epochs));
    r.values()
        .forEach(
            (name, v) -> {
              if (!name.equals("lr")) {
                parts.add(name + " " + Format.number(v));
              }
            });
    parts.add(Format.time(r.seconds()));
    parts.add(Format.speed(r.samplesPerSecond()) + " " + unit + "/s");
    parts.add("lr " + Format.rate(r.lr()));
    if (terminal.live()) {
      while (String.join("  ", parts).length() > terminal.columns() - 1 && parts.size() > 2) {
        parts.remove(parts.size() - 1);
      }
      return cut(String.join("  ", parts), terminal.columns() - 1);
    }
    return String.join("  ", parts);
  }

  /** What stands there while validation runs. */
  String validating(int epoch, int epochs) {
    return cut(head(epoch, epochs) + "  validating", terminal.columns() - 1);
  }

  private static String head(int epoch, int epochs) {
    return "epoch " + padded(epoch, epochs);
  }

  private static String padded(int i, int of) {
    String n = Integer.toString(of);
    return String.format(Locale.ROOT, "%" + n.length() + "d/%s", i, n);
  }

  private static List<String> tail(Facts f, boolean brief) {
    List<String> tail = new ArrayList<>();
    tail.add("loss " + Format.number(f.loss));
    f.metrics.forEach(
        (name, v) ->
            tail.add((brief ? name.replace("accuracy", "acc") : name) + " " + Format.number(v)));
    tail.add(Format.speed(f.speed) + " " + f.unit + "/s");
    tail.add(Format.time(f.secondsLeft) + " left");
    return tail;
  }

  private String drawn(int width, double share) {
    int full = (int) Math.round(Math.max(0, Math.min(1, share)) * width);
    String done = (terminal.unicode() ? "\u2501" : "=").repeat(full);
    String rest = (terminal.unicode() ? "\u2500" : "-").repeat(width - full);
    return terminal.colour() ? GREEN + done + PLAIN + DIM + rest + PLAIN : done + rest;
  }

  private static String cut(String text, int width) {
    return text.length() <= width ? text : text.substring(0, Math.max(0, width));
  }
}
