package dev.kiln.train;

import java.util.Locale;

/** Numbers as people read them. */
final class Format {
  private Format() {}

  /** A loss or a metric: four places, or powers of ten where that would hide it. */
  static String number(double v) {
    if (Double.isNaN(v)) {
      return "NaN";
    }
    if (Double.isInfinite(v)) {
      return v > 0 ? "Inf" : "-Inf";
    }
    double size = Math.abs(v);
    if (size != 0 && (size < 1e-3 || size >= 1e5)) {
      return String.format(Locale.ROOT, "%.3e", v);
    }
    return String.format(Locale.ROOT, "%.4f", v);
  }

  /** A learning rate: the fewest digits that say it. */
  static String rate(double v) {
    String s = String.format(Locale.ROOT, "%.4g", v);
    if (s.contains("e")) {
      return s.replaceAll("\\.?0*e", "e");
    }
    return s.contains(".") ? s.replaceAll("\\.?0+$", "") : s;
  }

  /** A speed: three digits that matter. */
  static String speed(double v) {
    if (!Double.isFinite(v)) {
      return "-";
    }
    if (v >= 1e6) {
      return String.format(Locale.ROOT, "%.2fM", v / 1e6);
    }
    if (v >= 1e5) {
      return String.format(Locale.ROOT, "%.0fk", v / 1e3);
    }
    return String.format(Locale.ROOT, v >= 100 ? "%.0f" : v >= 10 ? "%.1f" : "%.2f", v);
  }

  /** A length of time as 0:07, 12:30 or 1:02:03. */
  static String time(double seconds) {
    if (!Double.isFinite(seconds) || seconds < 0 || seconds > 1e8) {
      return "-:--";
    }
    long s = Math.round(seconds);
    return s < 3600
        ? String.format(Locale.ROOT, "%d:%02d", s / 60, s % 60)
        : String.format(Locale.ROOT, "%d:%02d:%02d", s / 3600, s / 60 % 60, s % 60);
  }
}
