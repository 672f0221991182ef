package dev.kiln.data;

import dev.kiln.data.IdxFamily.Published;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Finds one of the MNIST-like data sets: in folders, on the network, or in the library. */
final class IdxFinder {
  private static final Logger LOG = LoggerFactory.getLogger(IdxFinder.class);

  private final IdxFamily family;
  private final DataSearch search;

  /** What was tried in vain, for the sentence that says where the data came from. */
  private final List<String> failures = new ArrayList<>();

  IdxFinder(IdxFamily family, DataSearch search) {
    this.family = family;
    this.search = search;
  }

  TrainTest find() {
    if (search.folder().isPresent()) {
      Path folder = search.folder().get();
      return load(locate(folder).orElseThrow(() -> lacking(folder)), Origin.FOLDER, "given folder");
    }
    Optional<TrainTest> found = fromDataHome();
    if (found.isEmpty()) {
      found = fromCache();
    }
    if (found.isEmpty()) {
      found = fromSystem();
    }
    if (found.isEmpty()) {
      found = fromNetwork();
    }
    return found.or(this::fromSample).orElseThrow(this::nowhere);
  }

  private Optional<TrainTest> fromDataHome() {
    if (search.dataHome().isEmpty()) {
      return Optional.empty();
    }
    Path home = search.dataHome().get();
    Optional<List<Path>> files = locate(home);
    if (files.isEmpty()) {
      String note = "KILN_DATA=" + home + " lacks its files";
      LOG.warn("[{}] {}; looking elsewhere", family.name(), note);
      failures.add(note);
    }
    return files.map(f -> load(f, Origin.ENVIRONMENT, "KILN_DATA"));
  }

  private Path cacheFolder() {
    return search.cache().resolve(family.name());
  }

  private Optional<TrainTest> fromCache() {
    Optional<List<Path>> files = filesIn(cacheFolder());
    if (files.isEmpty()) {
      return Optional.empty();
    }
    List<Content> contents = new ArrayList<>();
    for (int i = 0; i < files.get().size(); i++) {
      Optional<Content> content = published(files.get().get(i), family.files().get(i));
      if (content.isEmpty()) {
        remove(files.get().get(i));
        return Optional.empty();
      }
      contents.add(content.get());
    }
    return Optional.of(compose(files.get(), contents, Origin.CACHE, "cache"));
  }

  /** Reads a file if it is whole and has the published content. */
  private static Optional<Content> published(Path file, Published published) {
    try {
      return Optional.of(Content.of(file)).filter(c -> c.sha256.equals(published.contentSha256()));
    } catch (DataException e) {
      if (isIntact(file, published)) {
        throw e;
      }
      return Optional.empty();
    }
  }

  /** Tells a good file that could not be loaded (no memory, say) from a damaged one. */
  private static boolean isIntact(Path file, Published published) {
    try {
      return Download.sha256(file).equals(published.sha256());
    } catch (IOException e) {
      throw new DataException("[data] %s: cannot be read: %s".formatted(file, e), e);
    }
  }

  private void remove(Path file) {
    LOG.warn("[{}] {} is damaged; removing it", family.name(), file);
    failures.add("the cache's " + file.getFileName() + " was damaged and removed");
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      LOG.warn("[{}] {} cannot be removed: {}", family.name(), file, e.toString());
    }
  }

  private Optional<TrainTest> fromSystem() {
    for (Path folder : search.systemFolders().orElse(family.systemFolders())) {
      Optional<List<Path>> files = filesIn(folder);
      if (files.isPresent()) {
        return Optional.of(load(files.get(), Origin.SYSTEM, "system package"));
      }
    }
    return Optional.empty();
  }

  private Optional<TrainTest> fromNetwork() {
    if (search.offline()) {
      failures.add("the network is switched off");
      return Optional.empty();
    }
    try {
      Download download = new Download(search.connectTimeout(), search.stallTimeout());
      List<Path> files = new ArrayList<>();
      for (Published file : family.files()) {
        Optional<Path> whole =
            variant(cacheFolder(), file).filter(f -> published(f, file).isPresent());
        files.add(
            whole.isPresent()
                ? whole.get()
                : download.fetch(search.mirror().orElse(family.site()), file, cacheFolder()));
      }
      return Optional.of(load(files, Origin.DOWNLOAD, "downloaded"));
    } catch (InterruptedIOException e) {
      throw new DataException(
          "[%s] interrupted while downloading to %s; what has arrived is kept for the next time"
              .formatted(family.name(), cacheFolder()),
          e);
    } catch (IOException e) {
      LOG.warn("[{}] the download failed: {}", family.name(), e.getMessage());
      failures.add("the download failed (" + e.getMessage() + ")");
      return Optional.empty();
    }
  }

  private Optional<TrainTest> fromSample() {
    return search.sample() && family.sample().isPresent()
        ? Optional.of(sample())
        : Optional.empty();
  }

  /** Reads the embedded sample of a family that has one. */
  TrainTest sample() {
    String folder = family.sample().orElseThrow();
    List<IdxArray> arrays = new ArrayList<>();
    for (Published file : family.files()) {
      String name = folder + "/" + file.name();
      try (InputStream in = IdxFinder.class.getResourceAsStream(name)) {
        if (in == null) {
          throw new DataException(
              "[%s] the embedded sample %s is not in this jar; the build left resources out"
                  .formatted(family.name(), name));
        }
        arrays.add(Idx.read(in, name, OptionalLong.empty(), Optional.empty()));
      } catch (IOException e) {
        throw new DataException(
            "[%s] the embedded sample %s cannot be read: %s".formatted(family.name(), name, e), e);
      }
    }
    Dataset train = dataset(arrays.get(0), "sample", arrays.get(1));
    Dataset test = dataset(arrays.get(2), "sample", arrays.get(3));
    String why = failures.isEmpty() ? "" : ", because " + String.join(" and ", failures);
    String source =
        "%s, embedded sample of %s%s; for the full set: %s, or name its folder"
            .formatted(family.title(), counts(train, test), why, family.hint());
    return new TrainTest(train, test, Origin.SAMPLE, source);
  }

  private DataException nowhere() {
    return new DataException(
        "[%s] not found: looked in %s and %s, and %s; %s, or name the folder of the four files"
            .formatted(
                family.name(),
                cacheFolder(),
                search.systemFolders().orElse(family.systemFolders()),
                String.join(" and ", failures),
                family.hint()));
  }

  private DataException lacking(Path folder) {
    List<String> names = family.files().stream().map(Published::name).toList();
    return new DataException(
        "[%s] %s lacks the data: looked for %s (or the same without .gz) there and in its folders %s"
                .formatted(
                    family.name(), folder, names, List.of(family.name(), family.torchFolder()))
            + "; name the folder that has all four, or name none to search the usual places");
  }

  /** Finds the four files in a folder, or in the folders below it that custom suggests. */
  private Optional<List<Path>> locate(Path root) {
    return filesIn(root.resolve(family.name()))
        .or(() -> filesIn(root.resolve(family.torchFolder())))
        .or(() -> filesIn(root));
  }

  private Optional<List<Path>> filesIn(Path folder) {
    List<Path> files = new ArrayList<>();
    for (Published published : family.files()) {
      variant(folder, published).ifPresent(files::add);
    }
    return files.size() == family.files().size() ? Optional.of(files) : Optional.empty();
  }

  private static Optional<Path> variant(Path folder, Published published) {
    String plain = published.name().replace(".gz", "");
    return Stream.of(published.name(), plain, plain.replace("-idx", ".idx"))
        .map(folder::resolve)
        .filter(Files::isRegularFile)
        .findFirst();
  }

  private TrainTest load(List<Path> files, Origin origin, String place) {
    return compose(files, files.stream().map(Content::of).toList(), origin, place);
  }

  private TrainTest compose(List<Path> files, List<Content> contents, Origin origin, String place) {
    boolean published = true;
    for (int i = 0; i < files.size(); i++) {
      Published expected = family.files().get(i);
      String sha256 = contents.get(i).sha256;
      if (!expected.contentSha256().equals(sha256)) {
        published = false;
        Optional<String> other = IdxFamily.whose(sha256);
        if (other.isPresent()) {
          throw new DataException(
              "[%s] %s holds %s, expected %s's %s; name the right folder"
                  .formatted(
                      family.name(), files.get(i), other.get(), family.title(), expected.name()));
        }
      }
    }
    List<IdxArray> arrays = contents.stream().map(Content::array).toList();
    Dataset train = dataset(arrays.get(0), files.get(0).toString(), arrays.get(1));
    Dataset test = dataset(arrays.get(2), files.get(2).toString(), arrays.get(3));
    if (!train.fields().equals(test.fields())) {
      throw new DataException(
          "[%s] %s has training examples %s but test examples %s; take all files from one set"
              .formatted(family.name(), files.get(0).getParent(), train.fields(), test.fields()));
    }
    String source =
        "%s, %s, from %s (%s)%s"
            .formatted(
                family.title(),
                counts(train, test),
                files.get(0).getParent(),
                place,
                published ? "" : "; the files differ from the published ones");
    return new TrainTest(train, test, origin, source);
  }

  private Dataset dataset(IdxArray images, String name, IdxArray labels) {
    return Idx.dataset(
        images, name, labels, "the labels of " + name, Optional.of(family.classNames()));
  }

  private static String counts(Dataset train, Dataset test) {
    return String.format(
        Locale.ROOT, "%,d training and %,d test images", train.size(), test.size());
  }

  /** What a file holds, and the checksum of it unpacked. */
  private record Content(IdxArray array, String sha256) {
    static Content of(Path file) {
      MessageDigest digest = Download.newSha256();
      IdxArray array = Idx.read(file, Optional.of(digest));
      return new Content(array, HexFormat.of().formatHex(digest.digest()));
    }
  }
}
