package dev.kiln.cuda;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Takes each piece of memory from the driver as it is asked for, for devices that check every
 * access against what is allocated.
 */
final class ExactPool implements MemoryPool {
  private final Segment.Source source;
  private final boolean keeps;
  private final Set<Segment> live = new HashSet<>();

  /** What is freed and the driver has not taken back: not yet, or because that failed. */
  private final List<Segment> kept = new ArrayList<>();

  /**
   * Makes a pool.
   *
   * @param keeps whether freed memory stays allocated, unused: replays will write to it
   */
  ExactPool(Segment.Source source, boolean keeps) {
    this.source = source;
    this.keeps = keeps;
  }

  @Override
  public Chunk alloc(long bytes) {
    Segment segment = source.take(bytes, bytes);
    segment.pool(this);
    live.add(segment);
    return new Chunk(segment, segment.address(), bytes);
  }

  @Override
  public void free(Chunk chunk) {
    live.remove(chunk.segment());
    kept.add(chunk.segment());
    if (!keeps) {
      giveBack(chunk.segment());
    }
  }

  private void giveBack(Segment segment) {
    source.giveBack(segment);
    kept.remove(segment);
  }

  @Override
  public long unused() {
    return kept.stream().mapToLong(Segment::bytes).sum();
  }

  @Override
  public void trim() {
    if (!keeps) { // else replays use it
      Closing.each(List.copyOf(kept), this::giveBack);
    }
  }

  @Override
  public void adopt(Segment segment) {
    kept.add(segment);
  }

  @Override
  public void hand(MemoryPool heir) {
    ExactPool to = (ExactPool) heir;
    live.forEach(s -> s.pool(to));
    to.live.addAll(live);
    live.clear();
    to.kept.addAll(kept);
    kept.clear();
    to.trim();
  }
}
