package dev.kiln.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.DType;
import dev.kiln.Shape;
import java.lang.ref.WeakReference;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DataLoaderTest {
  private static final Field ID = new Field("id", DType.INT32, Shape.of());
  private static final Field BYTES = new Field("bytes", DType.UINT8, Shape.of(3));

  /** n examples: the index as an int, and three bytes made from it. */
  private static class Numbers implements Dataset {
    private final int n;

    Numbers(int n) {
      this.n = n;
    }

    @Override
    public int size() {
      return n;
    }

    @Override
    public List<Field> fields() {
      return List.of(ID, BYTES);
    }

    @Override
    public void read(int index, ByteBuffer[] out) {
      out[0].putInt(index);
      out[1].put((byte) index).put((byte) (index * 3)).put((byte) 7);
    }
  }

  private static List<Integer> ids(Batch b) {
    ByteBuffer bytes = b.bytes(0);
    List<Integer> ids = new ArrayList<>();
    for (int i = 0; i < b.size(); i++) {
      ids.add(bytes.getInt(4 * i));
    }
    assertThat(b.indices()).containsExactly(ids.stream().mapToInt(i -> i).toArray());
    assertThat(bytes.remaining()).isEqualTo(4 * b.size());
    return ids;
  }

  private static List<Integer> ids(Iterable<Batch> batches) {
    List<Integer> all = new ArrayList<>();
    for (Batch b : batches) {
      all.addAll(ids(b));
    }
    return all;
  }

  private static DataLoader.Builder loader(int n, int batch) {
    return DataLoader.builder(new Numbers(n)).batchSize(batch);
  }

  @Test
  void cutsBatchesInOrder() {
    DataLoader loader = loader(10, 4).build();
    assertThat(loader.batchesPerEpoch()).isEqualTo(3);
    List<Integer> sizes = new ArrayList<>();
    List<Integer> numbers = new ArrayList<>();
    for (Batch b : loader) {
      sizes.add(b.size());
      numbers.add(b.number());
      assertThat(b.bytes(1).get(0)).isEqualTo((byte) b.indices()[0]);
      assertThat(b.bytes(1).get(3 * b.size() - 2))
          .isEqualTo((byte) (b.indices()[b.size() - 1] * 3));
    }
    assertThat(sizes).containsExactly(4, 4, 2);
    assertThat(numbers).containsExactly(0, 1, 2);
    assertThat(ids(loader)).isEqualTo(IntStream.range(0, 10).boxed().toList());
  }

  @Test
  void dropsTheLastBatchIfAsked() {
    DataLoader loader = loader(10, 4).dropLast(true).build();
    assertThat(loader.batchesPerEpoch()).isEqualTo(2);
    assertThat(ids(loader)).isEqualTo(IntStream.range(0, 8).boxed().toList());
    assertThat(loader(8, 4).dropLast(true).build().batchesPerEpoch()).isEqualTo(2);
    assertThat(DataTests.failure(() -> loader(3, 4).dropLast(true).build()))
        .hasMessageContaining("3 examples in batches of 4 with dropLast give no batch");
  }

  @Test
  void hasNoBatchesOfAnEmptySet() {
    DataLoader loader = loader(0, 4).dropLast(true).build();
    assertThat(loader.batchesPerEpoch()).isZero();
    assertThat(loader).isEmpty();
  }

  @Test
  void shufflesEachEpochAnewAndRepeatably() {
    DataLoader loader = loader(100, 7).shuffle(5).build();
    List<Integer> zero = ids(loader.epoch(0));
    List<Integer> one = ids(loader.epoch(1));
    assertThat(zero).hasSize(100).isNotEqualTo(one);
    assertThat(new HashSet<>(zero)).hasSize(100);
    assertThat(new HashSet<>(one)).hasSize(100);
    assertThat(ids(loader)).isEqualTo(zero);
    assertThat(ids(loader)).isEqualTo(one);
    assertThat(ids(loader.epoch(0))).isEqualTo(zero);
    assertThat(ids(loader(100, 7).shuffle(5).build().epoch(1))).isEqualTo(one);
    assertThat(ids(loader(100, 7).shuffle(6).build())).isNotEqualTo(zero);
    // The batch size cuts the order; it does not change it.
    assertThat(ids(loader(100, 33).shuffle(5).build())).isEqualTo(zero);
  }

  /** The order is part of the file format of checkpoints: it must never change. */
  @Test
  void keepsItsOrderForEver() {
    // Computed apart from this code: see the class comment of ShuffleOracle.
    assertThat(ids(loader(10, 10).shuffle(42).build().epoch(0)))
        .isEqualTo(ShuffleOracle.order(10, 42, 0));
    assertThat(ids(loader(1000, 10).shuffle(-3).build().epoch(17)))
        .isEqualTo(ShuffleOracle.order(1000, -3, 17));
  }

  @ParameterizedTest
  @CsvSource({"0,1", "1,1", "2,1", "3,2", "9,4", "100,3"})
  void givesTheSameBatchesHoweverTheyArePrepared(int prefetch, int workers) {
    List<Integer> plain = ids(loader(101, 4).shuffle(9).prefetch(0).build().epoch(3));
    DataLoader loader = loader(101, 4).shuffle(9).prefetch(prefetch).workers(workers).build();
    assertThat(ids(loader.epoch(3))).isEqualTo(plain);
  }

  @Test
  void skipsBatchesWithoutReadingThem() {
    Set<Integer> read = ConcurrentHashMap.newKeySet();
    Dataset counted =
        new Numbers(50) {
          @Override
          public void read(int index, ByteBuffer[] out) {
            read.add(index);
            super.read(index, out);
          }
        };
    DataLoader loader = DataLoader.builder(counted).batchSize(8).shuffle(1).build();
    List<Integer> all = ids(loader.epoch(2));
    read.clear();
    Epoch rest = loader.epoch(2).skip(3).skip(1);
    assertThat(rest.batches()).isEqualTo(3);
    assertThat(rest.iterator().next().number()).isEqualTo(4);
    assertThat(ids(rest)).isEqualTo(all.subList(32, 50));
    assertThat(read).containsExactlyInAnyOrderElementsOf(all.subList(32, 50));
    assertThat(ids(loader.epoch(2).skip(7))).isEmpty();
    assertThat(DataTests.failure(() -> loader.epoch(2).skip(8)))
        .hasMessageContaining("cannot skip 8 batches: epoch 2 has 7");
    assertThat(DataTests.failure(() -> loader.epoch(-1))).hasMessageContaining("epoch -1");
  }

  @ParameterizedTest
  @CsvSource({"0", "2"})
  void namesTheExampleThatFailed(int prefetch) {
    Dataset faulty =
        new Numbers(50) {
          @Override
          public void read(int index, ByteBuffer[] out) {
            if (index == 21) {
              throw new DataException("[image] /data/cat.png: damaged");
            }
            super.read(index, out);
          }
        };
    BatchIterator it =
        DataLoader.builder(faulty).batchSize(8).prefetch(prefetch).build().iterator();
    it.next();
    assertThat(ids(it.next())).startsWith(8);
    assertThat(DataTests.failure(it::next))
        .hasMessage("[data loader] example 21 (batch 2 of epoch 0): [image] /data/cat.png: damaged")
        .hasCauseInstanceOf(DataException.class);
    assertThat(it.hasNext()).isFalse();
    assertThatThrownBy(it::next).isInstanceOf(NoSuchElementException.class);
  }

  @ParameterizedTest
  @CsvSource({"0", "2"})
  void explainsFaultyDatasets(int prefetch) {
    Dataset crash =
        new Numbers(4) {
          @Override
          public void read(int index, ByteBuffer[] out) {
            throw new IllegalStateException("broken");
          }
        };
    DataLoader a = DataLoader.builder(crash).prefetch(prefetch).build();
    assertThat(DataTests.failure(() -> a.iterator().next()))
        .hasMessageContaining("example 0")
        .hasMessageContaining("IllegalStateException: broken")
        .hasStackTraceContaining("explainsFaultyDatasets");
    Dataset lazy =
        new Numbers(4) {
          @Override
          public void read(int index, ByteBuffer[] out) {
            out[0].putInt(index);
            out[1].put((byte) 0);
          }
        };
    DataLoader b = DataLoader.builder(lazy).batchSize(2).prefetch(prefetch).build();
    assertThat(DataTests.failure(() -> b.iterator().next()))
        .hasMessageContaining("wrote 1 bytes of field bytes but one example takes 3");
    Dataset out =
        new Numbers(4) {
          @Override
          public void read(int index, ByteBuffer[] buffers) {
            throw new OutOfMemoryError("test");
          }
        };
    DataLoader c = DataLoader.builder(out).prefetch(prefetch).build();
    assertThatThrownBy(() -> c.iterator().next()).isInstanceOf(OutOfMemoryError.class);
  }

  @Test
  void staysWithinItsMemory() throws InterruptedException {
    AtomicInteger batchesRead = new AtomicInteger();
    Dataset counted =
        new Numbers(1000) {
          @Override
          public void read(int index, ByteBuffer[] out) {
            if (index % 10 == 9) {
              batchesRead.incrementAndGet();
            }
            super.read(index, out);
          }
        };
    DataLoader loader = DataLoader.builder(counted).batchSize(10).prefetch(3).build();
    try (BatchIterator it = loader.iterator()) {
      awaitIdle(batchesRead, 3);
      assertThat(batchesRead).hasValue(3);
      it.next();
      awaitIdle(batchesRead, 4);
      assertThat(batchesRead).hasValue(4);
    }
    // All buffers that were ever handed out for one epoch, by identity.
    Set<Integer> buffers = new HashSet<>();
    for (Batch b : loader) {
      buffers.add(System.identityHashCode(b.bytes(0)));
    }
    assertThat(buffers).hasSizeLessThanOrEqualTo(5);
  }

  /** Waits until the counter has reached the value and had time to go further. */
  private static void awaitIdle(AtomicInteger counter, int value) throws InterruptedException {
    for (int i = 0; i < 1000 && counter.get() < value; i++) {
      Thread.sleep(5);
    }
    Thread.sleep(50);
  }

  @Test
  void keepsBatchesThatAreCollected() {
    DataLoader loader = loader(20, 4).prefetch(1).build();
    List<Batch> all = new ArrayList<>();
    loader.forEach(all::add);
    List<Integer> ids = new ArrayList<>();
    all.forEach(b -> ids.addAll(ids(b)));
    assertThat(ids).isEqualTo(IntStream.range(0, 20).boxed().toList());
    all.get(0).close();
    all.get(0).close();
    assertThat(DataTests.failure(() -> all.get(0).bytes(0))).hasMessageContaining("was closed");
  }

  @Test
  void threadsEndByThemselvesWhenALoopIsLeft() throws InterruptedException {
    Set<Thread> threads = ConcurrentHashMap.newKeySet();
    Dataset watched =
        new Numbers(1000) {
          @Override
          public void read(int index, ByteBuffer[] out) {
            threads.add(Thread.currentThread());
            super.read(index, out);
          }
        };
    WeakReference<Dataset> data = leave(watched);
    watched = null;
    assertThat(threads).isNotEmpty().allMatch(Thread::isDaemon);
    for (Thread t : threads) {
      t.join(30_000);
      assertThat(t.isAlive()).isFalse();
    }
    for (int i = 0; i < 200 && data.get() != null; i++) {
      System.gc();
      Thread.sleep(10);
    }
    assertThat(data.get()).as("the data set of an abandoned loop").isNull();
  }

  private static WeakReference<Dataset> leave(Dataset data) {
    for (Batch b : DataLoader.builder(data).batchSize(5).prefetch(4).workers(2).build()) {
      if (b.number() == 1) {
        break;
      }
    }
    return new WeakReference<>(data);
  }

  @Test
  void closingStopsTheReading() throws InterruptedException {
    CountDownLatch started = new CountDownLatch(1);
    CountDownLatch go = new CountDownLatch(1);
    AtomicInteger reads = new AtomicInteger();
    Dataset slow =
        new Numbers(100_000) {
          @Override
          public void read(int index, ByteBuffer[] out) {
            reads.incrementAndGet();
            started.countDown();
            try {
              go.await();
            } catch (InterruptedException e) {
              throw new IllegalStateException("readers must not be interrupted", e);
            }
            super.read(index, out);
          }
        };
    BatchIterator it = DataLoader.builder(slow).batchSize(50_000).prefetch(2).build().iterator();
    started.await();
    it.close();
    it.close();
    go.countDown();
    assertThat(it.hasNext()).isFalse();
    for (int i = 0; i < 20; i++) {
      Thread.sleep(5);
    }
    assertThat(reads).hasValueLessThanOrEqualTo(1);
  }

  @Test
  void saysWhenItIsInterrupted() {
    CountDownLatch never = new CountDownLatch(1);
    Dataset stuck =
        new Numbers(10) {
          @Override
          public void read(int index, ByteBuffer[] out) {
            try {
              never.await();
            } catch (InterruptedException e) {
              Thread.currentThread().interrupt();
            }
            super.read(index, out);
          }
        };
    BatchIterator it = DataLoader.builder(stuck).build().iterator();
    Thread.currentThread().interrupt();
    try {
      assertThat(DataTests.failure(it::next))
          .hasMessage("[data loader] interrupted while waiting for batch 0 of epoch 0");
    } finally {
      assertThat(Thread.interrupted()).isTrue();
      never.countDown();
    }
  }

  @Test
  void refusesBadSettings() {
    assertThat(DataTests.failure(() -> loader(5, 0))).hasMessageContaining("batch size 0");
    assertThat(DataTests.failure(() -> loader(5, 1).prefetch(-1)))
        .hasMessageContaining("prefetch -1");
    assertThat(DataTests.failure(() -> loader(5, 1).workers(0))).hasMessageContaining("workers 0");
    Dataset big =
        new Numbers(Integer.MAX_VALUE) {
          @Override
          public List<Field> fields() {
            return List.of(new Field("big", DType.FLOAT32, Shape.of(1 << 20)));
          }
        };
    assertThat(DataTests.failure(() -> DataLoader.builder(big).batchSize(1 << 20).build()))
        .hasMessageContaining("field big");
  }
}
