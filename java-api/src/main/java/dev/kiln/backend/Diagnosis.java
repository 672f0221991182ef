package dev.kiln.backend;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a type of device depends on, and how each thing was found on this machine.
 *
 * @param type the device's type
 * @param findings each thing, causes before their consequences
 */
public record Diagnosis(String type, List<Finding> findings) {
  /** Makes a diagnosis; the list is copied. */
  public Diagnosis {
    findings = List.copyOf(findings);
  }

  /**
   * Returns the first thing that stands in the way.
   *
   * @return the obstacle, or nothing where the device can be used
   */
  public Optional<Finding> obstacle() {
    return findings.stream().filter(Finding::isObstacle).findFirst();
  }

  /**
   * Returns it as text: a line for each finding, then what to do about those that are not well.
   *
   * @return lines of text
   */
  public String text() {
    StringBuilder text = new StringBuilder();
    int width = findings.stream().mapToInt(f -> f.what().length()).max().orElse(0);
    for (Finding f : findings) {
      text.append(mark(f)).append("  ").append(f.what());
      text.append(" ".repeat(width - f.what().length() + 2)).append(f.detail()).append('\n');
    }
    // What mends several things is said once.
    Map<String, List<String>> mends = new LinkedHashMap<>();
    for (Finding f : findings) {
      f.mend()
          .ifPresent(
              m ->
                  mends
                      .computeIfAbsent(m, k -> new ArrayList<>())
                      .add(f.what() + (f.isObstacle() ? "" : " (optional)")));
    }
    text.append(mends.isEmpty() ? "" : "\nTo mend it:\n");
    mends.forEach(
        (mend, whats) -> {
          text.append("  ").append(String.join(", ", whats)).append('\n');
          mend.lines().forEach(l -> text.append("    ").append(l).append('\n'));
        });
    return text.toString();
  }

  private static String mark(Finding f) {
    return switch (f.state()) {
      case OK -> "[ok]";
      case UNUSED -> "[--]";
      default -> f.isObstacle() ? "[NO]" : "[ !]";
    };
  }
}
