package dev.kiln.cli;

import dev.kiln.data.Cifar;
import dev.kiln.data.DataException;
import dev.kiln.data.DataSearch;
import dev.kiln.data.Dataset;
import dev.kiln.data.FashionMnist;
import dev.kiln.data.Fit;
import dev.kiln.data.ImageFolder;
import dev.kiln.data.Mnist;
import dev.kiln.data.TrainTest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** The data sets that the commands know. */
enum DatasetChoice {
  /** Clothes, 28 x 28, grey. */
  FASHION_MNIST("fashion-mnist"),
  /** Digits, 28 x 28, grey. */
  MNIST("mnist"),
  /** Photographs, 32 x 32, in colour. */
  CIFAR10("cifar10"),
  /** The user's own pictures, one folder per class. */
  IMAGES("images");

  private static final float[] CIFAR_MEAN = {0.4914f, 0.4822f, 0.4465f};
  private static final float[] CIFAR_STD = {0.2470f, 0.2435f, 0.2616f};
  private static final float[] PHOTO_MEAN = {0.485f, 0.456f, 0.406f};
  private static final float[] PHOTO_STD = {0.229f, 0.224f, 0.225f};

  private final String label;

  DatasetChoice(String label) {
    this.label = label;
  }

  /** Returns the name as the command line has it. */
  @Override
  public String toString() {
    return label;
  }

  /**
   * Reads the data.
   *
   * @param folder where they are, if the user says
   * @param offline whether the network is forbidden
   * @param imageSize rows and columns of the user's own pictures
   * @param seed of the split, where the user's own pictures are not split yet
   * @throws DataException if they are missing or broken
   */
  Corpus load(Optional<Path> folder, boolean offline, int imageSize, long seed) {
    DataSearch search = DataSearch.standard();
    if (offline) {
      search = search.offline(true);
    }
    if (folder.isPresent()) {
      search = search.folder(folder.get());
    }
    return switch (this) {
      case FASHION_MNIST -> grey(FashionMnist.load(search), FashionMnist.MEAN, FashionMnist.STD);
      case MNIST -> grey(Mnist.load(search), Mnist.MEAN, Mnist.STD);
      case CIFAR10 -> cifar(given(folder));
      case IMAGES -> images(given(folder), imageSize, seed);
    };
  }

  private static Corpus grey(TrainTest data, float mean, float std) {
    return new Corpus(
        data.train(), data.test(), data.source(), new float[] {mean}, new float[] {std});
  }

  private Path given(Optional<Path> folder) {
    return folder.orElseThrow(
        () -> new DataException("[data] say where " + this + " is: --data DIR"));
  }

  private static Corpus cifar(Path folder) {
    Dataset train = Cifar.train10(folder);
    Dataset test = Cifar.test10(folder);
    String source = "CIFAR-10: %,d and %,d pictures from %s";
    return new Corpus(
        train, test, source.formatted(train.size(), test.size(), folder), CIFAR_MEAN, CIFAR_STD);
  }

  /** A folder of classes, or one with such folders called train and test (or val). */
  private static Corpus images(Path folder, int size, long seed) {
    Path own = folder.resolve("train");
    if (!Files.isDirectory(own)) {
      Dataset all = pictures(folder, size, Optional.empty());
      List<Dataset> parts = all.randomSplit(seed, 0.8, 0.2);
      return photos(parts.get(0), parts.get(1), folder + ", split at random by the seed");
    }
    Path test = folder.resolve("test");
    Path held = Files.isDirectory(test) ? test : folder.resolve("val");
    Dataset train = pictures(own, size, Optional.empty());
    return photos(train, pictures(held, size, train.classNames()), own + " and " + held);
  }

  private static Dataset pictures(Path folder, int size, Optional<List<String>> classes) {
    ImageFolder.Builder builder = ImageFolder.builder(folder).size(size, size).fit(Fit.CROP);
    classes.ifPresent(builder::classes);
    return builder.build();
  }

  private static Corpus photos(Dataset train, Dataset test, String where) {
    String source = "%,d and %,d pictures from %s".formatted(train.size(), test.size(), where);
    return new Corpus(train, test, source, PHOTO_MEAN, PHOTO_STD);
  }
}
