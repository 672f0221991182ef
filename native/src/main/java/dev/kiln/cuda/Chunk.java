package dev.kiln.cuda;

/** A piece of device memory, given out or free, between its neighbours in one segment. */
final class Chunk {
  private final Segment segment;
  private final long address;
  long bytes;
  boolean free;
  Chunk before;
  Chunk after;

  Chunk(Segment segment, long address, long bytes) {
    this.segment = segment;
    this.address = address;
    this.bytes = bytes;
  }

  /** What empty storages hold. */
  static Chunk empty() {
    return new Chunk(null, 0, 0);
  }

  /** Its device address; 0 if it is empty. */
  long address() {
    return address;
  }

  /** Its size, at least what was asked for. */
  long bytes() {
    return bytes;
  }

  boolean isEmpty() {
    return segment == null;
  }

  Segment segment() {
    return segment;
  }
}
