package dev.kiln.optim;

/**
 * One hyper-parameter of an update rule.
 *
 * @param name its name, such as {@code momentum}
 * @param initial its value when none is given
 * @param domain the values it may have
 * @param index where it stands in the device's vector, or {@link #HOST_ONLY}
 */
record Setting(String name, double initial, Domain domain, int index) {
  static final int HOST_ONLY = -1;

  /** The values a setting may have. */
  enum Domain {
    ANY("a finite number"),
    NOT_NEGATIVE("a finite number >= 0"),
    FRACTION("in [0, 1)"),
    FLAG("true or false");

    private final String words;

    Domain(String words) {
      this.words = words;
    }

    private boolean holds(double v) {
      switch (this) {
        case NOT_NEGATIVE:
          return v >= 0 && v < Double.POSITIVE_INFINITY;
        case FRACTION:
          return v >= 0 && v < 1;
        case FLAG:
          return v == 0 || v == 1;
        default:
          return Double.isFinite(v);
      }
    }
  }

  /** Returns the value, or throws when it is outside the domain. */
  double check(String rule, double value) {
    if (!domain.holds(value)) {
      throw new OptimizerException(
          "[" + rule + "] " + name + " = " + value + " must be " + words());
    }
    return value;
  }

  String words() {
    return domain.words;
  }

  boolean isFlag() {
    return domain == Domain.FLAG;
  }
}
