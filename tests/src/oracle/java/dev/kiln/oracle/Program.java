package dev.kiln.oracle;

import java.util.Map;
import org.bytedeco.pytorch.Tensor;

/** Computes an op's outputs with libtorch. */
@FunctionalInterface
interface Program {
  /**
   * Runs the op.
   *
   * @param in the inputs by name, in order
   * @param at the attributes
   * @return the outputs by name, in order
   */
  Map<String, Tensor> run(Map<String, Tensor> in, Attrs at);
}
