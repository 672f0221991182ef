package dev.kiln.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.OutOfMemoryException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUresult;
import org.junit.jupiter.api.Test;

/** The pool of device memory, on a driver that only counts. */
class CachingPoolTest {
  private static final long MIB = 1 << 20;

  /** A driver with so much memory. */
  private static final class Counting implements Segment.Source {
    final Map<Long, Long> live = new HashMap<>();
    final long room;
    long taken;
    long next = 1 << 30;
    int calls;
    int refusals;

    Counting(long room) {
      this.room = room;
    }

    @Override
    public Segment take(long wanted, long least) {
      calls++;
      long bytes = taken + wanted > room ? least : wanted;
      if (taken + bytes > room) {
        throw new OutOfMemoryException("[alloc] full");
      }
      taken += bytes;
      Segment segment = new Segment(new CUdeviceptr(), next, bytes);
      live.put(next, bytes);
      next += bytes + 4096;
      return segment;
    }

    @Override
    public void giveBack(Segment segment) {
      if (refusals > 0) {
        refusals--;
        throw new CudaException("cuMemFree", CUresult.CUDA_ERROR_UNKNOWN, "");
      }
      assertThat(live.remove(segment.address())).isEqualTo(segment.bytes());
      taken -= segment.bytes();
    }
  }

  private final Counting driver = new Counting(1000 * MIB);
  private final CachingPool pool = new CachingPool(driver);

  @Test
  void givesFreedMemoryOutAgain() {
    Chunk a = pool.alloc(3 * MIB);
    long address = a.address();
    pool.free(a);
    assertThat(pool.unused()).isEqualTo(20 * MIB);
    assertThat(pool.alloc(2 * MIB).address()).isEqualTo(address);
    assertThat(driver.calls).isEqualTo(1);
  }

  @Test
  void cutsSegmentsAndJoinsNeighbours() {
    List<Chunk> chunks = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      chunks.add(pool.alloc(2 * MIB));
    }
    assertThat(driver.calls).isEqualTo(1);
    for (int i : new int[] {1, 3, 2, 0, 4, 9, 7, 8, 6, 5}) {
      pool.free(chunks.get(i));
    }
    pool.free(pool.alloc(20 * MIB - 512));
    assertThat(driver.calls).as("one piece of 20 MiB again").isEqualTo(1);
    pool.trim();
    assertThat(driver.taken).isZero();
    assertThat(pool.unused()).isZero();
  }

  @Test
  void keepsSmallThingsOutOfLargeSegments() {
    Chunk large = pool.alloc(5 * MIB);
    Chunk small = pool.alloc(100);
    assertThat(small.bytes()).isEqualTo(512);
    assertThat(driver.taken).isEqualTo(22 * MIB);
    pool.free(large);
    pool.trim();
    assertThat(driver.taken).isEqualTo(2 * MIB);
    pool.free(small);
  }

  @Test
  void takesWhatIsAskedForWhereThereIsNoRoomForMore() {
    Counting tight = new Counting(5 * MIB);
    CachingPool own = new CachingPool(tight);
    own.alloc(4 * MIB);
    assertThat(tight.taken).isEqualTo(4 * MIB);
    assertThatThrownBy(() -> own.alloc(2 * MIB)).isInstanceOf(OutOfMemoryException.class);
    own.trim();
    assertThat(tight.taken).isEqualTo(4 * MIB);
  }

  @Test
  void takesSmallThingsFromLargeSegmentsWhereThereIsNoOtherRoom() {
    Counting tight = new Counting(21 * MIB);
    CachingPool own = new CachingPool(tight);
    Chunk large = own.alloc(4 * MIB);
    Chunk small = own.alloc(100);
    assertThat(small.segment()).isSameAs(large.segment());
    own.free(small);
    own.free(large);
    own.trim();
    assertThat(tight.taken).isZero();
  }

  @Test
  void keepsWhatTheDriverDoesNotTakeBack() {
    Chunk large = pool.alloc(5 * MIB);
    Chunk small = pool.alloc(100);
    pool.free(large);
    pool.free(small);
    driver.refusals = 1;
    assertThatThrownBy(pool::trim).isInstanceOf(CudaException.class);
    assertThat(driver.taken).as("the other one is given back").isEqualTo(2 * MIB);
    assertThat(pool.unused()).isEqualTo(2 * MIB);
    pool.free(pool.alloc(100));
    assertThat(driver.calls).as("it can be used again").isEqualTo(2);
    pool.trim();
    assertThat(driver.taken).isZero();
    assertThat(pool.unused()).isZero();
  }

  @Test
  void takesInWhatWasTakenApart() {
    pool.adopt(driver.take(8 * MIB, 8 * MIB));
    assertThat(pool.unused()).isEqualTo(8 * MIB);
    pool.free(pool.alloc(7 * MIB));
    assertThat(driver.calls).isEqualTo(1);
    pool.trim();
    assertThat(driver.taken).isZero();
  }

  @Test
  void theExactPoolKeepsItToo() {
    ExactPool exact = new ExactPool(driver, false);
    Chunk a = exact.alloc(300);
    Chunk b = exact.alloc(500);
    driver.refusals = 1;
    assertThatThrownBy(() -> exact.free(a)).isInstanceOf(CudaException.class);
    assertThat(exact.unused()).isEqualTo(300);
    exact.free(b);
    assertThat(driver.taken).isEqualTo(300);
    exact.trim();
    assertThat(driver.taken).isZero();
    assertThat(exact.unused()).isZero();
  }

  @Test
  void whatARecordingKeptIsGivenBackEvenWhereOnePieceIsNot() {
    ExactPool recording = new ExactPool(driver, true);
    recording.free(recording.alloc(300));
    recording.free(recording.alloc(500));
    ExactPool general = new ExactPool(driver, false);
    driver.refusals = 1;
    assertThatThrownBy(() -> recording.hand(general)).isInstanceOf(CudaException.class);
    assertThat(recording.unused()).isZero();
    assertThat(general.unused()).isEqualTo(driver.taken).isEqualTo(300);
    general.trim();
    assertThat(driver.taken).isZero();
  }

  @Test
  void handsAllToAnother() {
    CachingPool other = new CachingPool(driver);
    Chunk used = other.alloc(2 * MIB);
    Chunk freed = other.alloc(3 * MIB);
    other.free(freed);
    other.hand(pool);
    assertThat(other.unused()).isZero();
    assertThat(used.segment().pool()).isSameAs(pool);
    assertThat(pool.unused()).isEqualTo(18 * MIB);
    used.segment().pool().free(used);
    pool.trim();
    assertThat(driver.taken).isZero();
  }

  @Test
  void neverGivesTwoOverlappingPiecesOut() {
    SplittableRandom random = new SplittableRandom(1);
    List<Chunk> live = new ArrayList<>();
    for (int i = 0; i < 5000; i++) {
      if (!live.isEmpty() && (random.nextInt(100) < 48 || driver.taken > 900 * MIB)) {
        pool.free(live.remove(random.nextInt(live.size())));
      } else {
        long bytes = 1 + random.nextLong(random.nextBoolean() ? 3000 : 12 * MIB);
        Chunk chunk = pool.alloc(bytes);
        assertThat(chunk.bytes()).isGreaterThanOrEqualTo(bytes);
        assertThat(chunk.address() % 512).isZero();
        live.add(chunk);
      }
      if (i % 100 == 0) {
        requireDisjoint(live);
      }
    }
    live.forEach(pool::free);
    pool.trim();
    assertThat(driver.taken).isZero();
  }

  private void requireDisjoint(List<Chunk> live) {
    List<Chunk> sorted = new ArrayList<>(live);
    sorted.sort((a, b) -> Long.compare(a.address(), b.address()));
    long used = 0;
    for (int i = 0; i < sorted.size(); i++) {
      Chunk c = sorted.get(i);
      used += c.bytes();
      Segment s = c.segment();
      assertThat(c.address()).isGreaterThanOrEqualTo(s.address());
      assertThat(c.address() + c.bytes()).isLessThanOrEqualTo(s.address() + s.bytes());
      if (i > 0) {
        Chunk before = sorted.get(i - 1);
        assertThat(before.address() + before.bytes()).isLessThanOrEqualTo(c.address());
      }
    }
    assertThat(pool.unused() + used).isEqualTo(driver.taken);
  }
}
