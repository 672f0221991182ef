package dev.kiln.bench;

import java.util.function.Function;

/**
 * Something to time.
 *
 * @param name such as W1 or W6.softmax
 * @param flops the floating-point operations of one run, counting a product's multiplications and
 *     additions; 0 where they are not what matters
 * @param bytes the bytes that one run must move in FLOAT32; 0 where they are not what matters
 * @param make prepares it
 */
record Task(String name, double flops, double bytes, Function<Setting, Runnable> make) {
  static Task of(String name, double flops, Function<Setting, Runnable> make) {
    return new Task(name, flops, 0, make);
  }
}
