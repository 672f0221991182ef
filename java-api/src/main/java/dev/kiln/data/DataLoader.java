package dev.kiln.data;

import dev.kiln.Device;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;

/**
 * Cuts a data set into batches of tensors, in order or shuffled, and prepares them in the
 * background.
 *
 * <p>The order depends on the seed and the number of the epoch only: not on prefetching, the number
 * of workers, or what else draws random numbers. At most {@code prefetch + 2} batches are held on
 * the host at a time, in memory that is used again.
 *
 * <pre>{@code
 * DataLoader loader = DataLoader.builder(train).batchSize(128).shuffle(42).dropLast(true).build();
 * for (int e = 0; e < 10; e++) {
 *   for (Batch batch : loader.epoch(e)) {
 *     try (Scope scope = Scope.open()) {
 *       Tensor loss = crossEntropy(model.forward(batch.input()), batch.target());
 *     }
 *   }
 * }
 * }</pre>
 *
 * <p>Thread-safe; each of its iterators is for one thread. There is nothing to close: its threads
 * are daemons and end when idle.
 */
public final class DataLoader implements Iterable<Batch> {
  private static final long IDLE_SECONDS = 2;
  private static final AtomicInteger THREADS = new AtomicInteger();

  private final Dataset dataset;
  private final List<Field> fields;
  private final int batchSize;
  private final OptionalLong seed;
  private final boolean dropLast;
  private final int batchesPerEpoch;
  private final int prefetch;
  private final Optional<Device> device;
  private final ExecutorService workers;
  private final BufferPool pool;
  private final AtomicInteger nextEpoch = new AtomicInteger();

  private DataLoader(Builder b) {
    this.dataset = b.dataset;
    this.fields = List.copyOf(b.dataset.fields());
    this.batchSize = b.batchSize;
    this.seed = b.seed;
    this.dropLast = b.dropLast;
    this.prefetch = b.prefetch;
    this.device = b.device;
    int size = dataset.size();
    boolean partial = !b.dropLast && size % batchSize != 0;
    this.batchesPerEpoch = size / batchSize + (partial ? 1 : 0);
    if (batchesPerEpoch == 0 && size > 0) {
      throw new DataException(
          "[data loader] %d examples in batches of %d with dropLast give no batch; take smaller"
                  .formatted(size, batchSize)
              + " batches or keep the last one");
    }
    int largest = Math.min(batchSize, Math.max(1, size));
    this.pool = new BufferPool(fields, largest, prefetch + 2);
    ThreadPoolExecutor threads =
        new ThreadPoolExecutor(
            b.workers,
            b.workers,
            IDLE_SECONDS,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            DataLoader::daemon);
    threads.allowCoreThreadTimeOut(true);
    this.workers = threads;
  }

  private static Thread daemon(Runnable work) {
    Thread t = new Thread(work, "kiln-data-" + THREADS.incrementAndGet());
    t.setDaemon(true);
    return t;
  }

  /**
   * Starts to describe a loader.
   *
   * @param dataset where the examples come from
   * @return a builder: batches of 1, in order, the last one kept, 2 batches prefetched by 1 worker,
   *     tensors on the default device
   */
  public static Builder builder(Dataset dataset) {
    return new Builder(dataset);
  }

  /**
   * Returns how many batches an epoch has.
   *
   * @return the number of batches, with the last, smaller one unless it is dropped
   */
  public int batchesPerEpoch() {
    return batchesPerEpoch;
  }

  /**
   * Returns the data set.
   *
   * @return where the examples come from
   */
  public Dataset dataset() {
    return dataset;
  }

  /**
   * Returns how many examples a full batch has.
   *
   * @return the batch size
   */
  public int batchSize() {
    return batchSize;
  }

  /**
   * Returns the key by which the examples are shuffled.
   *
   * @return the seed; empty if they come in the order of the data set
   */
  public OptionalLong shuffleSeed() {
    return seed;
  }

  /**
   * Tells whether a last batch that is smaller than the others is left out.
   *
   * @return true if it is
   */
  public boolean dropsLast() {
    return dropLast;
  }

  /**
   * Returns one pass over the data.
   *
   * @param number the epoch's number, 0 for the first
   * @return the epoch; the same number always gives the same order
   * @throws DataException if the number is negative
   */
  public Epoch epoch(int number) {
    if (number < 0) {
      throw new DataException(
          "[data loader] epoch %d; epochs are numbered from 0".formatted(number));
    }
    return new Epoch(this, number, 0);
  }

  /**
   * Starts the next epoch: 0 at the first call, then 1, and so on.
   *
   * @return an iterator; close it, or just leave it, to stop early
   */
  @Override
  public BatchIterator iterator() {
    return epoch(nextEpoch.getAndIncrement()).iterator();
  }

  int prefetch() {
    return prefetch;
  }

  ExecutorService workers() {
    return workers;
  }

  Assembler assembler(int epoch) {
    int n = dataset.size();
    int[] order =
        seed.isPresent()
            ? Shuffle.epoch(n, seed.getAsLong(), epoch)
            : IntStream.range(0, n).toArray();
    return new Assembler(dataset, epoch, order, batchSize, pool);
  }

  Batch batch(HostBatch host) {
    return new Batch(fields, host, device, pool);
  }

  /** Describes a loader. */
  public static final class Builder {
    private final Dataset dataset;
    private int batchSize = 1;
    private OptionalLong seed = OptionalLong.empty();
    private boolean dropLast;
    private int prefetch = 2;
    private int workers = 1;
    private Optional<Device> device = Optional.empty();

    private Builder(Dataset dataset) {
      this.dataset = Objects.requireNonNull(dataset, "dataset");
    }

    /**
     * Sets how many examples a batch has.
     *
     * @param examples at least 1
     * @return this builder
     * @throws DataException if it is less than 1
     */
    public Builder batchSize(int examples) {
      this.batchSize = atLeast(1, examples, "batch size");
      return this;
    }

    /**
     * Shuffles the examples anew in each epoch.
     *
     * @param key the same seed gives the same orders
     * @return this builder
     */
    public Builder shuffle(long key) {
      this.seed = OptionalLong.of(key);
      return this;
    }

    /**
     * Says whether a last batch that is smaller than the others is left out.
     *
     * @param drop true to leave it out
     * @return this builder
     */
    public Builder dropLast(boolean drop) {
      this.dropLast = drop;
      return this;
    }

    /**
     * Sets how many batches are prepared ahead.
     *
     * @param batches 0 reads each batch when it is asked for, on the thread that asks
     * @return this builder
     * @throws DataException if it is negative
     */
    public Builder prefetch(int batches) {
      this.prefetch = atLeast(0, batches, "prefetch");
      return this;
    }

    /**
     * Sets how many threads read batches; more than one helps where examples are decoded.
     *
     * @param threads at least 1; no more than {@code prefetch} are ever busy
     * @return this builder
     * @throws DataException if it is less than 1
     */
    public Builder workers(int threads) {
      this.workers = atLeast(1, threads, "workers");
      return this;
    }

    /**
     * Sets where the tensors live.
     *
     * @param home the device
     * @return this builder
     */
    public Builder device(Device home) {
      this.device = Optional.of(home);
      return this;
    }

    /**
     * Makes the loader.
     *
     * @return the loader
     * @throws DataException if there would be no batch at all, or one would take 2 GiB or more
     */
    public DataLoader build() {
      return new DataLoader(this);
    }

    private static int atLeast(int least, int value, String what) {
      if (value < least) {
        throw new DataException(
            "[data loader] %s %d; it must be at least %d".formatted(what, value, least));
      }
      return value;
    }
  }
}
