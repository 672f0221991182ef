package dev.kiln.cuda;

import dev.kiln.OutOfMemoryException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;

/**
 * Device memory that is kept for reuse when freed: segments from the driver, cut into chunks.
 *
 * <p>A request takes the smallest free chunk that holds it, and the rest of that stays free;
 * neighbours that are free become one again. Small requests share segments of their own, so that
 * they do not crumble the large ones, unless there is no room elsewhere. All work of a device goes
 * to one stream, so a freed chunk can be given out at once: work on its new content stands behind
 * work on the old one. The sizes follow PyTorch's caching allocator. Not thread-safe.
 */
final class CachingPool implements MemoryPool {
  private static final long ALIGN = 512;
  private static final long SMALL = 1 << 20;
  private static final long SMALL_SEGMENT = 2 << 20;
  private static final long MEDIUM = 10 << 20;
  private static final long MEDIUM_SEGMENT = 20 << 20;
  private static final long LARGE_STEP = 2 << 20;

  private static final Comparator<Chunk> BY_SIZE =
      Comparator.comparingLong(Chunk::bytes).thenComparingLong(Chunk::address);

  private final Segment.Source source;
  private final TreeSet<Chunk> small = new TreeSet<>(BY_SIZE);
  private final TreeSet<Chunk> large = new TreeSet<>(BY_SIZE);
  private final List<Segment> segments = new ArrayList<>();
  private long unused;

  CachingPool(Segment.Source source) {
    this.source = source;
  }

  @Override
  public Chunk alloc(long bytes) {
    long size = (bytes + ALIGN - 1) / ALIGN * ALIGN;
    Chunk found = find(size, size <= SMALL).orElseGet(() -> reserve(size));
    cut(found, size);
    found.free = false;
    unused -= found.bytes;
    return found;
  }

  private Optional<Chunk> find(long size, boolean amongSmall) {
    Optional<Chunk> found =
        Optional.ofNullable(free(amongSmall).ceiling(new Chunk(null, Long.MIN_VALUE, size)));
    found.ifPresent(this::remove);
    return found;
  }

  private Chunk reserve(long size) {
    Segment segment;
    try {
      segment =
          source.take(
              segmentFor(size),
              size <= SMALL ? SMALL_SEGMENT : Math.max(size, SMALL_SEGMENT + ALIGN));
    } catch (OutOfMemoryException e) {
      // what was given up for lack of room may have left some in a segment that is still in use
      return find(size, true).or(() -> find(size, false)).orElseThrow(() -> e);
    }
    return enter(segment);
  }

  /** Notes a segment; returns it as one chunk that is not yet among the free ones. */
  private Chunk enter(Segment segment) {
    segment.pool(this);
    segments.add(segment);
    unused += segment.bytes();
    return new Chunk(segment, segment.address(), segment.bytes());
  }

  @Override
  public void adopt(Segment segment) {
    add(enter(segment));
  }

  private static long segmentFor(long size) {
    if (size <= SMALL) {
      return SMALL_SEGMENT;
    }
    return size < MEDIUM ? MEDIUM_SEGMENT : (size + LARGE_STEP - 1) / LARGE_STEP * LARGE_STEP;
  }

  /** Leaves what is more than the size as a free chunk, where that is worth it. */
  private void cut(Chunk chunk, long size) {
    long rest = chunk.bytes - size;
    if (rest < (isSmall(chunk) ? ALIGN : SMALL + ALIGN)) {
      return;
    }
    Chunk tail = new Chunk(chunk.segment(), chunk.address() + size, rest);
    tail.before = chunk;
    tail.after = chunk.after;
    if (tail.after != null) {
      tail.after.before = tail;
    }
    chunk.after = tail;
    chunk.bytes = size;
    add(tail);
  }

  @Override
  public void free(Chunk chunk) {
    unused += chunk.bytes;
    Chunk whole = chunk;
    if (chunk.before != null && chunk.before.free) {
      whole = chunk.before;
      remove(whole);
      join(whole);
    }
    if (whole.after != null && whole.after.free) {
      remove(whole.after);
      join(whole);
    }
    add(whole);
  }

  /** Makes a chunk and the one after it one. */
  private static void join(Chunk chunk) {
    Chunk gone = chunk.after;
    chunk.bytes += gone.bytes;
    chunk.after = gone.after;
    if (chunk.after != null) {
      chunk.after.before = chunk;
    }
  }

  private TreeSet<Chunk> free(boolean ofSmall) {
    return ofSmall ? small : large;
  }

  private static boolean isSmall(Chunk chunk) {
    return chunk.segment().bytes() == SMALL_SEGMENT;
  }

  private void add(Chunk chunk) {
    chunk.free = true;
    free(isSmall(chunk)).add(chunk);
  }

  private void remove(Chunk chunk) {
    chunk.free = false;
    free(isSmall(chunk)).remove(chunk);
  }

  @Override
  public long unused() {
    return unused;
  }

  @Override
  public void trim() {
    List<Chunk> whole = new ArrayList<>();
    for (TreeSet<Chunk> chunks : List.of(small, large)) {
      chunks.stream().filter(c -> c.bytes == c.segment().bytes()).forEach(whole::add);
    }
    Closing.each(whole, this::giveBack);
  }

  /** Gives a segment back of which nothing is in use; it stays here where that fails. */
  private void giveBack(Chunk whole) {
    Segment segment = whole.segment();
    source.giveBack(segment);
    remove(whole);
    segments.remove(segment);
    unused -= segment.bytes();
  }

  @Override
  public void hand(MemoryPool heir) {
    CachingPool to = (CachingPool) heir;
    segments.forEach(s -> s.pool(to));
    to.segments.addAll(segments);
    to.small.addAll(small);
    to.large.addAll(large);
    to.unused += unused;
    segments.clear();
    small.clear();
    large.clear();
    unused = 0;
  }
}
