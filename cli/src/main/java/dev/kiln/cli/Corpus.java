package dev.kiln.cli;

import dev.kiln.data.Dataset;
import dev.kiln.data.Field;
import java.util.List;
import java.util.stream.IntStream;

/**
 * A data set as the commands use it.
 *
 * @param train the training examples
 * @param test the test examples
 * @param source one sentence: which data, how many, from where
 * @param mean of the pixels, per channel, on the scale 0 to 1
 * @param std their standard deviations
 */
record Corpus(Dataset train, Dataset test, String source, float[] mean, float[] std) {
  /** Returns what one image is. */
  Field image() {
    return train.fields().get(0);
  }

  int channels() {
    return (int) image().shape().dim(0);
  }

  int height() {
    return (int) image().shape().dim(1);
  }

  int width() {
    return (int) image().shape().dim(2);
  }

  /** Returns the names of the classes; numbers where they have none. */
  List<String> classes() {
    return train
        .classNames()
        .or(test::classNames)
        .orElseGet(() -> IntStream.range(0, 10).mapToObj(Integer::toString).toList());
  }

  /** Keeps the first examples of both parts only; 0 keeps all. */
  Corpus limited(int examples) {
    if (examples == 0) {
      return this;
    }
    int n = Math.min(examples, train.size());
    int m = Math.min(examples, test.size());
    return new Corpus(
        train.subset(0, n),
        test.subset(0, m),
        source + "; of these the first " + n + " and " + m,
        mean,
        std);
  }
}
