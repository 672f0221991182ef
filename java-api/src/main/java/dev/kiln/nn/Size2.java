package dev.kiln.nn;

/** Rows and columns of a window, a stride and the like. */
record Size2(int h, int w) {
  static Size2 of(int both) {
    return new Size2(both, both);
  }

  /** Returns the pair as PyTorch prints it. */
  @Override
  public String toString() {
    return "(" + h + ", " + w + ")";
  }
}
