package dev.kiln.cuda;

import jcuda.driver.CUdeviceptr;

/** One allocation of the driver, and the pool that its chunks go back to. */
final class Segment {
  /** Where segments come from. */
  interface Source {
    /**
     * Takes memory.
     *
     * @param bytes what is wanted
     * @param least what is enough where there is no room for that
     * @throws dev.kiln.OutOfMemoryException if there is not even so much
     */
    Segment take(long bytes, long least);

    /** Gives memory back, once the work that uses it is done. */
    void giveBack(Segment segment);
  }

  private final CUdeviceptr pointer;
  private final long address;
  private final long bytes;
  private MemoryPool pool;

  Segment(CUdeviceptr pointer, long address, long bytes) {
    this.pointer = pointer;
    this.address = address;
    this.bytes = bytes;
  }

  CUdeviceptr pointer() {
    return pointer;
  }

  long address() {
    return address;
  }

  long bytes() {
    return bytes;
  }

  MemoryPool pool() {
    return pool;
  }

  void pool(MemoryPool owner) {
    pool = owner;
  }
}
