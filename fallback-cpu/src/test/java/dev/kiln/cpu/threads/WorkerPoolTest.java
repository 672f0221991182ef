package dev.kiln.cpu.threads;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;

class WorkerPoolTest {
  private final WorkerPool pool = new WorkerPool(3);

  @Test
  void runsEveryPieceOnce() {
    for (int pieces : new int[] {0, 1, 2, 3, 100, 1000}) {
      AtomicIntegerArray runs = new AtomicIntegerArray(pieces);
      pool.parallelFor(pieces, runs::incrementAndGet);
      for (int i = 0; i < pieces; i++) {
        assertThat(runs.get(i)).isEqualTo(1);
      }
    }
  }

  @Test
  void runsNestedCallsInline() {
    AtomicInteger sum = new AtomicInteger();
    pool.parallelFor(
        10,
        i -> {
          Thread outer = Thread.currentThread();
          pool.parallelFor(
              10,
              j -> {
                assertThat(Thread.currentThread()).isSameAs(outer);
                sum.incrementAndGet();
              });
        });
    assertThat(sum.get()).isEqualTo(100);
  }

  @Test
  void handsAPieceFailureToTheCallerAndStaysUsable() {
    assertThatThrownBy(
            () ->
                pool.parallelFor(
                    50,
                    i -> {
                      if (i == 17) {
                        throw new IllegalStateException("piece 17");
                      }
                    }))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("piece 17");
    AtomicInteger sum = new AtomicInteger();
    pool.parallelFor(10, sum::addAndGet);
    assertThat(sum.get()).isEqualTo(45);
  }

  @Test
  void servesSeveralApplicationThreads() throws InterruptedException {
    AtomicInteger sum = new AtomicInteger();
    Thread[] callers = new Thread[4];
    for (int t = 0; t < callers.length; t++) {
      callers[t] =
          new Thread(
              () -> {
                for (int r = 0; r < 200; r++) {
                  pool.parallelFor(20, i -> sum.incrementAndGet());
                }
              });
      callers[t].start();
    }
    for (Thread caller : callers) {
      caller.join();
    }
    assertThat(sum.get()).isEqualTo(4 * 200 * 20);
  }

  @Test
  void wakesAfterARest() throws InterruptedException {
    for (int r = 0; r < 3; r++) {
      Thread.sleep(20);
      AtomicInteger sum = new AtomicInteger();
      pool.parallelFor(8, i -> sum.incrementAndGet());
      assertThat(sum.get()).isEqualTo(8);
    }
  }

  @Test
  void refusesZeroThreads() {
    assertThatThrownBy(() -> pool.setThreads(0)).isInstanceOf(IllegalArgumentException.class);
  }
}
