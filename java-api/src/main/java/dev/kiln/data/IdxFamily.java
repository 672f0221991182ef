package dev.kiln.data;

import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * A published set of four IDX files: training images, training labels, test images, test labels.
 *
 * @param name the folder's name
 * @param title how people call it
 * @param torchFolder the folder that torchvision makes for it
 * @param files the four files in the order above
 * @param site the official site
 * @param systemFolders where packages of operating systems put it
 * @param hint a way to get it, for messages
 * @param classNames what the labels mean
 * @param sample the folder of the embedded sample among the resources, if there is one
 */
record IdxFamily(
    String name,
    String title,
    String torchFolder,
    List<Published> files,
    URI site,
    List<Path> systemFolders,
    String hint,
    List<String> classNames,
    Optional<String> sample) {

  /**
   * A file as its authors published it.
   *
   * @param name the file's name, ending in .gz
   * @param bytes its length
   * @param sha256 the checksum of the gzipped file
   * @param contentSha256 the checksum of what is in it, the same however it was packed
   */
  record Published(String name, long bytes, String sha256, String contentSha256) {}

  static final IdxFamily FASHION_MNIST =
      new IdxFamily(
          "fashion-mnist",
          "Fashion-MNIST",
          "FashionMNIST/raw",
          List.of(
              new Published(
                  "train-images-idx3-ubyte.gz",
                  26_421_880,
                  "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
                  "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888"),
              new Published(
                  "train-labels-idx1-ubyte.gz",
                  29_515,
                  "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
                  "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9"),
              new Published(
                  "t10k-images-idx3-ubyte.gz",
                  4_422_102,
                  "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
                  "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b"),
              new Published(
                  "t10k-labels-idx1-ubyte.gz",
                  5_148,
                  "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
                  "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34")),
          URI.create("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"),
          List.of(Path.of("/usr/share/datasets/fashion-mnist")),
          "apt-get install dataset-fashion-mnist",
          List.of(
              "T-shirt/top",
              "Trouser",
              "Pullover",
              "Dress",
              "Coat",
              "Sandal",
              "Shirt",
              "Sneaker",
              "Bag",
              "Ankle boot"),
          Optional.of("fashion-mnist-sample"));

  static final IdxFamily MNIST =
      new IdxFamily(
          "mnist",
          "MNIST",
          "MNIST/raw",
          List.of(
              new Published(
                  "train-images-idx3-ubyte.gz",
                  9_912_422,
                  "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
                  "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"),
              new Published(
                  "train-labels-idx1-ubyte.gz",
                  28_881,
                  "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
                  "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"),
              new Published(
                  "t10k-images-idx3-ubyte.gz",
                  1_648_877,
                  "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
                  "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"),
              new Published(
                  "t10k-labels-idx1-ubyte.gz",
                  4_542,
                  "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
                  "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2")),
          URI.create("https://ossci-datasets.s3.amazonaws.com/mnist/"),
          List.of(),
          "download the four files from https://ossci-datasets.s3.amazonaws.com/mnist/",
          List.of("0", "1", "2", "3", "4", "5", "6", "7", "8", "9"),
          Optional.empty());

  /** Says whose published file has this content: of this set or of a look-alike. */
  static Optional<String> whose(String contentSha256) {
    for (IdxFamily family : List.of(FASHION_MNIST, MNIST)) {
      for (Published file : family.files) {
        if (file.contentSha256.equals(contentSha256)) {
          return Optional.of(family.title + "'s " + file.name);
        }
      }
    }
    return Optional.empty();
  }
}
