package dev.kiln.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.kiln.DType;
import dev.kiln.Shape;
import dev.kiln.data.IdxFamily.Published;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FashionMnistTest {
  /** SHA-256 of the unpacked sample, as in its README. */
  private static final Map<String, String> SAMPLE =
      Map.of(
          "train-images-idx3-ubyte",
          "444ed5f7ce17397f236f5eba17dd507d3f6912f04edd3e4f1701cdf82f2cc0c5",
          "train-labels-idx1-ubyte",
          "35d691216f65485d010cc635af5574a9dc04aa5060de9be64ab6e5cb5ead38e9",
          "t10k-images-idx3-ubyte",
          "7cee33c3c6414b1b86c25e665a6c4f41584269de3b7cc9768b1d351922845eef",
          "t10k-labels-idx1-ubyte",
          "3128d790775889812b73c4f13923559c8b9e281d112c6ea7862acf60a206a909");

  @TempDir Path temp;

  /** A small set of the same form, whose checksums the tests can know. */
  private IdxFamily small;

  private final List<byte[]> packed = new ArrayList<>();
  private DataSearch search;

  @BeforeEach
  void makeASmallSet() throws IOException {
    List<Published> files = new ArrayList<>();
    for (Published real : IdxFamily.FASHION_MNIST.files()) {
      byte[] plain = real.name().contains("images") ? images(6) : labels(6);
      byte[] gz = DataTests.gzip(plain);
      packed.add(gz);
      files.add(new Published(real.name(), gz.length, sha256(gz), sha256(plain)));
    }
    small =
        new IdxFamily(
            "small",
            "Small",
            "Small/raw",
            files,
            URI.create("http://127.0.0.1:9/"),
            List.of(),
            "make it",
            List.of("0", "1", "2", "3", "4", "5"),
            Optional.empty());
    search =
        DataSearch.of(Map.of(), "Linux", temp.toString())
            .systemFolders(List.of())
            .offline(true)
            .timeouts(Duration.ofSeconds(2), Duration.ofSeconds(2));
  }

  private static byte[] images(int n) {
    ByteBuffer b = ByteBuffer.allocate(16 + 4 * n);
    b.putInt(0x803).putInt(n).putInt(2).putInt(2);
    while (b.hasRemaining()) {
      b.put((byte) b.position());
    }
    return b.array();
  }

  private static byte[] labels(int n) {
    ByteBuffer b = ByteBuffer.allocate(8 + n);
    b.putInt(0x801).putInt(n);
    for (int i = 0; i < n; i++) {
      b.put((byte) i);
    }
    return b.array();
  }

  private static String sha256(byte[] bytes) {
    MessageDigest digest = Download.newSha256();
    return HexFormat.of().formatHex(digest.digest(bytes));
  }

  private Path fill(Path folder) throws IOException {
    Files.createDirectories(folder);
    for (int i = 0; i < 4; i++) {
      Files.write(folder.resolve(small.files().get(i).name()), packed.get(i));
    }
    return folder;
  }

  private TrainTest find(DataSearch s) {
    return new IdxFinder(small, s).find();
  }

  @Test
  void fallsBackToTheEmbeddedSampleAndSaysSo() {
    TrainTest data = FashionMnist.load(search);
    assertThat(data.origin()).isEqualTo(Origin.SAMPLE);
    assertThat(data.source())
        .contains("Fashion-MNIST, embedded sample of 5,000 training and 1,000 test images")
        .contains("the network is switched off")
        .contains("apt-get install dataset-fashion-mnist");
    assertThat(data.train().size()).isEqualTo(5000);
    assertThat(data.test().size()).isEqualTo(1000);
    assertThat(data.train().fields())
        .containsExactly(
            new Field("image", DType.UINT8, Shape.of(1, 28, 28)),
            new Field("label", DType.INT64, Shape.of()));
    assertThat(data.train().classNames()).contains(FashionMnist.classNames());
    int[] perClass = new int[10];
    for (int i = 0; i < data.train().size(); i++) {
      perClass[(int) DataTests.label(data.train(), i)]++;
    }
    assertThat(perClass).containsOnly(500);
    assertThat(FashionMnist.sample().source())
        .isEqualTo(
            "Fashion-MNIST, embedded sample of 5,000 training and 1,000 test images; for the full"
                + " set: apt-get install dataset-fashion-mnist, or name its folder");
  }

  @Test
  void shipsTheSampleThatItsReadmeDescribes() throws IOException {
    for (Map.Entry<String, String> file : SAMPLE.entrySet()) {
      try (InputStream in =
          FashionMnist.class.getResourceAsStream("fashion-mnist-sample/" + file.getKey() + ".gz")) {
        assertThat(sha256(new GZIPInputStream(in).readAllBytes())).isEqualTo(file.getValue());
      }
    }
    for (String name : List.of("LICENSE", "README.md")) {
      assertThat(FashionMnist.class.getResource("fashion-mnist-sample/" + name)).isNotNull();
    }
  }

  @Test
  void readsTheFullSetAndHasTheSampleFromIt() {
    Path debian = Path.of("/usr/share/datasets/fashion-mnist");
    Path folder =
        Optional.ofNullable(System.getProperty("kiln.test.fashionMnist"))
            .map(Path::of)
            .orElse(debian);
    assumeThat(folder).as("Fashion-MNIST is not on this machine").isDirectory();
    TrainTest full = FashionMnist.load(folder);
    assertThat(full.source())
        .isEqualTo(
            "Fashion-MNIST, 60,000 training and 10,000 test images, from %s (given folder)"
                .formatted(folder));
    TrainTest sample = FashionMnist.load(search);
    assertFirstOfEachClass(full.train(), sample.train(), 500);
    assertFirstOfEachClass(full.test(), sample.test(), 100);
    double sum = 0;
    double squares = 0;
    for (int i = 0; i < full.train().size(); i++) {
      for (byte b : DataTests.bytes(DataTests.example(full.train(), i)[0])) {
        double v = (b & 0xFF) / 255.0;
        sum += v;
        squares += v * v;
      }
    }
    double n = 60_000.0 * 784;
    assertThat((float) (Math.round(sum / n * 1e4) / 1e4)).isEqualTo(FashionMnist.MEAN);
    double std = Math.sqrt(squares / n - sum / n * sum / n);
    assertThat((float) (Math.round(std * 1e4) / 1e4)).isEqualTo(FashionMnist.STD);
  }

  private static void assertFirstOfEachClass(Dataset full, Dataset sample, int perClass) {
    int[] taken = new int[10];
    int at = 0;
    for (int i = 0; i < full.size() && at < sample.size(); i++) {
      int label = (int) DataTests.label(full, i);
      if (taken[label]++ < perClass) {
        assertThat(DataTests.example(sample, at)).isEqualTo(DataTests.example(full, i));
        at++;
      }
    }
    assertThat(at).isEqualTo(sample.size());
  }

  @Test
  void readsTheGivenFolderAndNoOther() throws IOException {
    Path folder = fill(temp.resolve("given"));
    TrainTest data = find(search.folder(folder));
    assertThat(data.origin()).isEqualTo(Origin.FOLDER);
    assertThat(data.source())
        .isEqualTo("Small, 6 training and 6 test images, from " + folder + " (given folder)");
    fill(search.cache().resolve("small"));
    Path empty = Files.createDirectory(temp.resolve("empty"));
    assertThat(DataTests.failure(() -> find(search.folder(empty))))
        .hasMessageContaining(empty + " lacks the data")
        .hasMessageContaining("t10k-labels-idx1-ubyte.gz");
  }

  @Test
  void looksIntoTheFoldersThatCustomSuggests() throws IOException {
    fill(temp.resolve("home/small"));
    fill(temp.resolve("torch/Small/raw"));
    TrainTest data = find(search.dataHome(temp.resolve("home")));
    assertThat(data.origin()).isEqualTo(Origin.ENVIRONMENT);
    assertThat(data.source()).contains("(KILN_DATA)");
    assertThat(find(search.dataHome(temp.resolve("torch"))).origin()).isEqualTo(Origin.ENVIRONMENT);
  }

  @Test
  void searchesInOrder() throws IOException {
    DataSearch all =
        search.dataHome(temp.resolve("home")).systemFolders(List.of(temp.resolve("system")));
    assertThat(DataTests.failure(() -> find(all)))
        .hasMessageContaining("not found")
        .hasMessageContaining("KILN_DATA=" + temp.resolve("home") + " lacks its files")
        .hasMessageContaining("make it");
    fill(temp.resolve("system"));
    assertThat(find(all).origin()).isEqualTo(Origin.SYSTEM);
    fill(all.cache().resolve("small"));
    assertThat(find(all).origin()).isEqualTo(Origin.CACHE);
    fill(temp.resolve("home"));
    assertThat(find(all).origin()).isEqualTo(Origin.ENVIRONMENT);
  }

  @Test
  void readsPlainFilesAndSaysWhenTheyAreNotThePublishedOnes() throws IOException {
    Path folder = Files.createDirectory(temp.resolve("plain"));
    Files.write(folder.resolve("train-images-idx3-ubyte"), images(3));
    Files.write(folder.resolve("train-labels.idx1-ubyte"), labels(3));
    Files.write(folder.resolve("t10k-images-idx3-ubyte"), images(2));
    Files.write(folder.resolve("t10k-labels-idx1-ubyte"), labels(2));
    TrainTest data = find(search.folder(folder));
    assertThat(data.source())
        .contains("3 training and 2 test images")
        .endsWith("; the files differ from the published ones");
    Files.write(folder.resolve("t10k-labels-idx1-ubyte"), labels(7));
    Files.write(folder.resolve("t10k-images-idx3-ubyte"), images(7));
    assertThat(DataTests.failure(() -> find(search.folder(folder))))
        .hasMessageContaining("label 6 is 6, expected 0 to 5");
  }

  @Test
  void downloadsIntoTheCache() throws IOException {
    try (HttpFiles server = new HttpFiles()) {
      for (int i = 0; i < 4; i++) {
        server.files.put(small.files().get(i).name(), packed.get(i));
      }
      DataSearch online = search.offline(false).mirror(server.base());
      assertThat(find(online).origin()).isEqualTo(Origin.DOWNLOAD);
      assertThat(find(online).origin()).isEqualTo(Origin.CACHE);
      assertThat(server.requests).hasSize(4);
      Path damaged = search.cache().resolve("small/t10k-labels-idx1-ubyte.gz");
      Files.write(damaged, new byte[] {0x1F, (byte) 0x8B, 8});
      assertThat(find(online).origin()).isEqualTo(Origin.DOWNLOAD);
      assertThat(server.requests).hasSize(5).last().isEqualTo("t10k-labels-idx1-ubyte.gz");
    }
  }

  @Test
  void removesADamagedCacheFileAndSaysSo() throws IOException {
    fill(search.cache().resolve("small"));
    Path damaged = search.cache().resolve("small/train-labels-idx1-ubyte.gz");
    Files.write(damaged, DataTests.gzip(labels(5)));
    assertThat(DataTests.failure(() -> find(search)))
        .hasMessageContaining("the cache's train-labels-idx1-ubyte.gz was damaged and removed");
    assertThat(damaged).doesNotExist();
  }

  @Test
  void saysWhyTheDownloadFailed() {
    DataSearch online = search.offline(false).mirror(URI.create("http://127.0.0.1:9/"));
    assertThat(FashionMnist.load(online).source())
        .contains("the download failed (no connection to 127.0.0.1)");
    assertThat(DataTests.failure(() -> Mnist.load(online)))
        .hasMessageContaining("[mnist] not found")
        .hasMessageContaining("no connection to 127.0.0.1")
        .hasMessageContaining("https://ossci-datasets.s3.amazonaws.com/mnist/");
    assertThat(DataTests.failure(() -> FashionMnist.load(search.sample(false))))
        .hasMessageContaining("[fashion-mnist] not found");
  }

  @Test
  void survivesAFolderInWhichNothingCanBeWritten() throws IOException {
    Path file = Files.write(temp.resolve("file"), new byte[0]);
    DataSearch online = search.offline(false).cache(file);
    assertThat(FashionMnist.load(online).origin()).isEqualTo(Origin.SAMPLE);
  }
}
