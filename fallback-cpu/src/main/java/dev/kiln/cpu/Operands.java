package dev.kiln.cpu;

import dev.kiln.backend.View;
import dev.kiln.cpu.kernels.OptimizerSteps.Span;
import java.util.Optional;

/** What kernels take of a dense FLOAT32 view: its array, where it begins there, and its sizes. */
final class Operands {
  private static final float[] ABSENT = {};

  private Operands() {}

  static int at(View v) {
    return (int) v.offset();
  }

  static int at(Optional<View> v) {
    return v.map(Operands::at).orElse(0);
  }

  static float[] data(Optional<View> v) {
    return v.map(Moves::floats).orElse(ABSENT);
  }

  static int dim(View v, int axis) {
    return (int) v.shape().dim(axis);
  }

  static Span span(View v) {
    return new Span(Moves.floats(v), at(v), (int) v.numel());
  }
}
