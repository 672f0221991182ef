package dev.kiln;

import java.util.Optional;

/**
 * How precisely {@link Autocast} lets matrix products and convolutions compute; everything else
 * stays in FLOAT32.
 */
public enum Precision {
  /** FLOAT32 throughout. */
  FP32(Optional.empty()),
  /** Operands of products are rounded to TensorFloat-32: 8 bits of exponent, 10 of fraction. */
  TF32(Optional.empty()),
  /** Products of BFLOAT16 operands with FLOAT32 sums; needs no loss scaling. */
  BF16(Optional.of(DType.BFLOAT16)),
  /** Products of FLOAT16 operands with FLOAT32 sums; needs loss scaling to train. */
  FP16(Optional.of(DType.FLOAT16));

  private final Optional<DType> storage;

  Precision(Optional<DType> storage) {
    this.storage = storage;
  }

  /**
   * Returns the 16-bit type that operands are stored in.
   *
   * @return the type, or nothing where they stay FLOAT32
   */
  public Optional<DType> storage() {
    return storage;
  }
}
