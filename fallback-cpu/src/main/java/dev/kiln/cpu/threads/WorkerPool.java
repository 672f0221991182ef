package dev.kiln.cpu.threads;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntConsumer;

/**
 * The one pool of worker threads that all CPU kernels share.
 *
 * <p>Work is handed over as numbered pieces. Which thread runs which piece is not fixed, so a body
 * must compute the same values for a piece whoever runs it; results then do not depend on the
 * number of threads. Nested calls, and calls made while another application thread holds the pool,
 * run on the calling thread: the machine is never oversubscribed and nobody waits for a lock.
 */
public final class WorkerPool {
  /**
   * How often a thread looks for what it waits for before it sleeps: some tenths of a millisecond,
   * longer than most pauses between two kernels. It does not yield, since beside other busy
   * processes, even of the lowest priority, a thread that yields gets its core back after
   * milliseconds, and one that is woken gets it at once.
   */
  private static final int SPINS = 4000;

  /** A sleeping caller looks again after this, whatever happens to the thread it waits for. */
  private static final long LOOK_AGAIN_NANOS = 1_000_000L;

  private static final WorkerPool SHARED = new WorkerPool(configuredThreads());

  private final AtomicBoolean busy = new AtomicBoolean();
  private volatile Job job = Job.NONE;
  private volatile int threads;
  private Worker[] workers = new Worker[0];

  /** Creates a pool that uses {@code threads} threads, the caller included. */
  WorkerPool(int threads) {
    this.threads = Math.max(1, threads);
  }

  /**
   * Returns the shared pool, sized to the cores unless the system property {@code kiln.threads} or
   * the environment variable {@code KILN_THREADS} says otherwise.
   */
  public static WorkerPool shared() {
    return SHARED;
  }

  private static int configuredThreads() {
    String text = System.getProperty("kiln.threads", System.getenv("KILN_THREADS"));
    int cores = Runtime.getRuntime().availableProcessors();
    if (text == null) {
      return cores;
    }
    try {
      int wanted = Integer.parseInt(text.trim());
      return wanted < 1 ? cores : Math.min(wanted, cores);
    } catch (NumberFormatException e) {
      return cores;
    }
  }

  /** Returns the number of threads that take part in a call, the caller included. */
  public int threads() {
    return threads;
  }

  /**
   * Sets the number of threads that take part in later calls.
   *
   * @param count at least 1, the caller included
   * @throws IllegalArgumentException if {@code count} is below 1
   */
  public void setThreads(int count) {
    if (count < 1) {
      throw new IllegalArgumentException(
          "[threads] " + count + " threads asked for, need 1 or more");
    }
    threads = count;
  }

  /**
   * Runs {@code body} once for every piece in {@code 0..pieces-1} and returns when all are done.
   *
   * <p>An exception thrown by a piece reaches the caller after the pieces in flight have ended;
   * pieces not yet begun are then skipped.
   */
  public void parallelFor(int pieces, IntConsumer body) {
    if (pieces <= 0) {
      return;
    }
    int helpers = Math.min(threads, pieces) - 1;
    if (helpers == 0
        || Thread.currentThread() instanceof Worker
        || !busy.compareAndSet(false, true)) {
      for (int i = 0; i < pieces; i++) {
        body.accept(i);
      }
      return;
    }
    try {
      Job mine = new Job(body, pieces, helpers);
      start(helpers);
      job = mine;
      Worker[] all = workers;
      for (int i = 0; i < helpers; i++) {
        if (all[i].parked) {
          LockSupport.unpark(all[i]);
        }
      }
      mine.work();
      mine.await();
      job = Job.NONE;
      mine.rethrow();
    } finally {
      busy.set(false);
    }
  }

  private void start(int count) {
    if (workers.length >= count) {
      return;
    }
    Worker[] more = java.util.Arrays.copyOf(workers, count);
    for (int i = workers.length; i < count; i++) {
      more[i] = new Worker(this, i);
    }
    int first = workers.length;
    workers = more;
    for (int i = first; i < count; i++) {
      more[i].start();
    }
  }

  /** One call of {@link #parallelFor}: the counters live here, so a late worker harms nobody. */
  private static final class Job {
    static final Job NONE = new Job(i -> {}, 0, 0);

    final IntConsumer body;
    final int pieces;
    final int helpers;
    final AtomicInteger next = new AtomicInteger();
    final AtomicInteger done = new AtomicInteger();
    final Thread caller = Thread.currentThread();
    volatile boolean callerSleeps;
    volatile Throwable failure;

    Job(IntConsumer body, int pieces, int helpers) {
      this.body = body;
      this.pieces = pieces;
      this.helpers = helpers;
    }

    void work() {
      while (next.get() < pieces) {
        int piece = next.getAndIncrement();
        if (piece >= pieces) {
          return;
        }
        try {
          if (failure == null) {
            body.accept(piece);
          }
        } catch (Throwable t) {
          failure = t;
        } finally {
          if (done.incrementAndGet() == pieces && callerSleeps) {
            LockSupport.unpark(caller);
          }
        }
      }
    }

    void await() {
      for (int turns = 0; done.get() < pieces; turns++) {
        if (turns < SPINS) {
          Thread.onSpinWait();
        } else {
          callerSleeps = true;
          if (done.get() < pieces) {
            LockSupport.parkNanos(this, LOOK_AGAIN_NANOS);
          }
        }
      }
    }

    void rethrow() {
      Throwable t = failure;
      if (t instanceof RuntimeException) {
        throw (RuntimeException) t;
      }
      if (t instanceof Error) {
        throw (Error) t;
      }
    }
  }

  private static final class Worker extends Thread {
    private final WorkerPool pool;
    private final int index;
    volatile boolean parked;

    Worker(WorkerPool pool, int index) {
      super("kiln-cpu-" + (index + 1));
      this.pool = pool;
      this.index = index;
      setDaemon(true);
    }

    @Override
    public void run() {
      Job last = Job.NONE;
      int turns = 0;
      for (; ; ) {
        Job current = pool.job;
        if (current != last) {
          last = current;
          if (index < current.helpers) {
            current.work();
            turns = 0;
          }
        } else if (turns < SPINS) {
          turns++;
          Thread.onSpinWait();
        } else {
          parked = true;
          if (pool.job == last) {
            LockSupport.park(pool);
          }
          parked = false;
          turns = 0;
        }
      }
    }
  }
}
