package dev.kiln.nn;

/** A pooling layer's window and how it moves. */
record PoolWindow(String op, Extent kernel, Extent stride, Extent padding, boolean ceilMode) {
  PoolWindow {
    kernel.atLeast(op, "kernel", 1);
    stride.atLeast(op, "stride", 1);
    padding.atLeast(op, "padding", 0);
  }

  int axes() {
    return kernel.axes();
  }

  /** Returns the sizes as PyTorch prints them. */
  @Override
  public String toString() {
    return "kernel_size=" + kernel + ", stride=" + stride + ", padding=" + padding;
  }
}
