package dev.kiln.data;

import dev.kiln.DType;
import dev.kiln.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Pictures in one folder per class, decoded when they are read.
 *
 * <p>The classes are the sorted names of the folders, the examples of a class its sorted PNG, JPEG,
 * BMP and GIF files (of a GIF the first frame), including those in folders below. Names that start
 * with a dot are left out; other files are skipped and counted in the log. Transparency and EXIF
 * rotation are ignored. Fields: {@code image} uint8[C,H,W], C = 1 or 3, and {@code label} int64[].
 *
 * <pre>{@code
 * ImageFolder pets = ImageFolder.builder(Path.of("pets")).size(64, 64).fit(Fit.CROP).build();
 * }</pre>
 */
public final class ImageFolder implements Dataset {
  private static final Logger LOG = LoggerFactory.getLogger(ImageFolder.class);
  private static final List<String> ENDINGS = List.of(".png", ".jpg", ".jpeg", ".bmp", ".gif");

  private final List<Path> files;
  private final int[] labels;
  private final List<String> classNames;
  private final List<Field> fields;
  private final int height;
  private final int width;
  private final boolean rgb;
  private final Fit fit;

  private ImageFolder(Builder b) {
    this.height = b.height;
    this.width = b.width;
    this.rgb = b.rgb;
    this.fit = b.fit;
    this.fields =
        List.of(
            new Field("image", DType.UINT8, Shape.of(rgb ? 3 : 1, height, width)),
            new Field("label", DType.INT64, Shape.scalar()));
    this.classNames = b.classNames.orElseGet(() -> classFolders(b.root));
    if (classNames.isEmpty()) {
      throw new DataException(
          "[image folder] %s has no folders in it; put the pictures of each class into one folder"
              .formatted(b.root));
    }
    List<Path> found = new ArrayList<>();
    List<Integer> classes = new ArrayList<>();
    int skipped = 0;
    for (int c = 0; c < classNames.size(); c++) {
      Path folder = b.root.resolve(classNames.get(c));
      List<Path> all = filesBelow(folder);
      List<Path> pictures = all.stream().filter(ImageFolder::isPicture).toList();
      if (pictures.isEmpty()) {
        throw new DataException(
            "[image folder] %s has no pictures %s; remove the folder or fill it"
                .formatted(folder, ENDINGS));
      }
      skipped += all.size() - pictures.size();
      for (Path p : pictures) {
        found.add(p);
        classes.add(c);
      }
    }
    this.files = List.copyOf(found);
    this.labels = classes.stream().mapToInt(Integer::intValue).toArray();
    LOG.info(
        "{}: {} pictures in {} classes, {} other files skipped",
        b.root,
        files.size(),
        classNames.size(),
        skipped);
  }

  /**
   * Starts to describe a folder of pictures.
   *
   * @param root the folder that holds one folder per class
   * @return a builder: 224 x 224, RGB, {@link Fit#CROP}
   */
  public static Builder builder(Path root) {
    return new Builder(root);
  }

  @Override
  public int size() {
    return labels.length;
  }

  @Override
  public List<Field> fields() {
    return fields;
  }

  @Override
  public Optional<List<String>> classNames() {
    return Optional.of(classNames);
  }

  /**
   * Returns the file of one example.
   *
   * @param index which example
   * @return its file
   * @throws DataException if there is no such example
   */
  public Path file(int index) {
    Checks.index("image folder", index, labels.length);
    return files.get(index);
  }

  @Override
  public void read(int index, ByteBuffer[] out) {
    Checks.read("image folder", index, labels.length, fields, out);
    out[0].put(Picture.read(files.get(index), rgb).fitted(height, width, fit).toBytes());
    out[1].putLong(labels[index]);
  }

  private static List<String> classFolders(Path root) {
    try (Stream<Path> s = Files.list(root)) {
      return s.filter(Files::isDirectory)
          .map(p -> p.getFileName().toString())
          .filter(n -> !n.startsWith("."))
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new DataException(
          "[image folder] %s: cannot be listed: %s; give a folder that holds one folder per class"
              .formatted(root, e),
          e);
    }
  }

  private static List<Path> filesBelow(Path folder) {
    try (Stream<Path> s = Files.walk(folder, FileVisitOption.FOLLOW_LINKS)) {
      return s.filter(Files::isRegularFile)
          .filter(p -> !p.getFileName().toString().startsWith("."))
          // Compared as text with one separator, so that every system has the same order.
          .sorted(Comparator.comparing(p -> folder.relativize(p).toString().replace('\\', '/')))
          .toList();
    } catch (IOException | java.io.UncheckedIOException e) {
      throw new DataException("[image folder] %s: cannot be listed: %s".formatted(folder, e), e);
    }
  }

  private static boolean isPicture(Path file) {
    String name = file.getFileName().toString().toLowerCase(Locale.ROOT);
    return ENDINGS.stream().anyMatch(name::endsWith);
  }

  /** Describes a folder of pictures. */
  public static final class Builder {
    private final Path root;
    private int height = 224;
    private int width = 224;
    private boolean rgb = true;
    private Fit fit = Fit.CROP;
    private Optional<List<String>> classNames = Optional.empty();

    private Builder(Path root) {
      this.root = Objects.requireNonNull(root, "root");
    }

    /**
     * Sets the size that every picture gets.
     *
     * @param height rows, at least 1
     * @param width columns, at least 1
     * @return this builder
     * @throws DataException if a size is not positive
     */
    public Builder size(int height, int width) {
      if (height < 1 || width < 1) {
        throw new DataException(
            "[image folder] size %d x %d; both must be at least 1".formatted(height, width));
      }
      this.height = height;
      this.width = width;
      return this;
    }

    /**
     * Asks for one channel of brightness (ITU-R BT.601 luma) in place of three of colour.
     *
     * @return this builder
     */
    public Builder grayscale() {
      this.rgb = false;
      return this;
    }

    /**
     * Sets how pictures of other proportions are fitted.
     *
     * @param fit stretch, crop or pad
     * @return this builder
     */
    public Builder fit(Fit fit) {
      this.fit = Objects.requireNonNull(fit, "fit");
      return this;
    }

    /**
     * Sets the classes and their order, for instance those of the training set for a test set.
     *
     * @param names the names of the folders to take, in the order of their class numbers
     * @return this builder
     */
    public Builder classes(List<String> names) {
      this.classNames = Optional.of(List.copyOf(names));
      return this;
    }

    /**
     * Lists the files; no picture is opened yet.
     *
     * @return the data set
     * @throws DataException if the folder cannot be listed, has no classes, or a class has no
     *     pictures
     */
    public ImageFolder build() {
      return new ImageFolder(this);
    }
  }
}
