package dev.kiln.parity;

import dev.kiln.DType;
import dev.kiln.backend.Storage;
import dev.kiln.backend.View;

/** The same elements on both devices. */
final class PairStorage extends Storage {
  private final Storage tested;
  private final Storage reference;

  PairStorage(DType dtype, long length, Storage tested, Storage reference) {
    super(dtype, length);
    this.tested = tested;
    this.reference = reference;
  }

  Storage tested() {
    return tested;
  }

  Storage reference() {
    return reference;
  }

  /** The view as one of the devices has it. */
  static View on(View view, boolean ofTested) {
    PairStorage pair = (PairStorage) view.storage();
    long[] strides = new long[view.shape().rank()];
    for (int axis = 0; axis < strides.length; axis++) {
      strides[axis] = view.stride(axis);
    }
    return View.strided(
        ofTested ? pair.tested : pair.reference, view.offset(), view.shape(), strides);
  }
}
