package dev.kiln.cuda;

import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Convolutions for which cuDNN's choice of an algorithm failed with a status that was lost. Each is
 * asked for some times more, since what failed may pass; then it counts as one that cuDNN does not
 * do. The log says so, once at the first failure and once at the last.
 */
final class LostChoices {
  /** How often a choice may fail. */
  static final int TRIES = 8;

  private static final Logger LOG = LoggerFactory.getLogger(LostChoices.class);

  private final Map<ConvKey, Integer> failures = new HashMap<>();
  private final Consumer<String> log;

  LostChoices() {
    this(LOG::warn);
  }

  /**
   * Keeps books.
   *
   * @param log where warnings go
   */
  LostChoices(Consumer<String> log) {
    this.log = log;
  }

  /** Whether a convolution has failed so often that cuDNN is not asked again. */
  boolean isHopeless(ConvKey key) {
    return failures.getOrDefault(key, 0) >= TRIES;
  }

  /** Notes a failure. */
  void failed(ConvKey key) {
    int count = failures.merge(key, 1, Integer::sum);
    if (count == 1 || count == TRIES) {
      log.accept(text(key, count));
    }
  }

  /** Forgets the failures of a convolution that has a plan now. */
  void succeeded(ConvKey key) {
    failures.remove(key);
  }

  private static String text(ConvKey key, int count) {
    return "[cuda] cuDNN failed to choose an algorithm for "
        + key.describe()
        + ", and why was lost on the way; it is computed as a matrix product"
        + (count < TRIES
            ? ", and asked for again when it comes next, up to " + TRIES + " times"
            : " from now on, after " + TRIES + " failures")
        + ". "
        + StatusMends.CUDNN_LOG;
  }
}
