package dev.kiln.cuda;

import dev.kiln.DeviceException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Unpacks native files from jars into folders that only this user can read or write, named by the
 * SHA-256 of what is in them: {@code KILN_CACHE}, or {@code kiln} in {@code XDG_CACHE_HOME}, or
 * {@code ~/.cache/kiln}, or, where that cannot be written, {@code kiln-USER} in the temporary
 * folder. Any number of processes may do so at once.
 */
final class NativeCache {
  private static final Set<PosixFilePermission> PRIVATE =
      PosixFilePermissions.fromString("rwx------");

  // Read once: JCuda is shown another folder under this name while it loads.
  private static final String TEMPORARY = System.getProperty("java.io.tmpdir");

  private final List<Path> roots;

  /**
   * Makes a cache.
   *
   * @param roots its folder, and others for when that cannot be written
   */
  NativeCache(List<Path> roots) {
    this.roots = roots;
  }

  /** The cache of this user. */
  static NativeCache ofUser() {
    Optional<Path> own = variable("KILN_CACHE").map(Path::of);
    if (own.isPresent()) {
      return new NativeCache(List.of(own.get()));
    }
    Path usual =
        variable("XDG_CACHE_HOME")
            .map(p -> Path.of(p, "kiln"))
            .orElseGet(() -> Path.of(System.getProperty("user.home"), ".cache", "kiln"));
    return new NativeCache(List.of(usual, temporary()));
  }

  private static Path temporary() {
    String user = System.getProperty("user.name").replaceAll("[^A-Za-z0-9_.-]", "_");
    return Path.of(TEMPORARY, "kiln-" + user);
  }

  private static Optional<String> variable(String name) {
    return Optional.ofNullable(System.getenv(name)).filter(v -> !v.isBlank());
  }

  /**
   * Unpacks some resources into one folder.
   *
   * @param label the start of the folder's name
   * @param resources their full names; the files are called like their last parts
   * @return the folder
   * @throws DeviceException if one is not on the class path, or the folder cannot be written or is
   *     not this user's own
   */
  Path unpack(String label, List<String> resources) {
    Map<String, byte[]> files = new LinkedHashMap<>();
    for (String resource : resources) {
      files.put(resource.substring(resource.lastIndexOf('/') + 1), read(resource));
    }
    return inFirst(
        label + "-" + hash(files),
        folder -> {
          for (Map.Entry<String, byte[]> file : files.entrySet()) {
            write(folder.resolve(file.getKey()), file.getValue());
          }
        });
  }

  /** Something done in a folder. */
  private interface Filling {
    void into(Path folder) throws IOException;
  }

  private Path inFirst(String name, Filling filling) {
    List<String> reasons = new ArrayList<>();
    for (Path root : roots) {
      Path folder = root.resolve(name);
      try {
        makePrivate(root);
        makePrivate(folder);
        filling.into(folder);
        return folder;
      } catch (IOException e) {
        reasons.add(root + ": " + reason(e));
      }
    }
    throw new DeviceException(
        "[cuda] cannot unpack native code to "
            + String.join(", nor to ", reasons)
            + "; set KILN_CACHE to a folder of your own that can be written and has room");
  }

  /**
   * Makes a folder of the cache.
   *
   * @param name its name
   * @throws DeviceException if that cannot be done
   */
  Path folder(String name) {
    return inFirst(name, folder -> {});
  }

  private static String reason(IOException e) {
    if (e instanceof AccessDeniedException) {
      return "it may not be written";
    }
    return e instanceof FileSystemException f && f.getReason() != null
        ? f.getReason()
        : String.valueOf(e.getMessage());
  }

  /** Whether a resource is on the class path. */
  static boolean exists(String resource) {
    return NativeCache.class.getClassLoader().getResource(resource) != null;
  }

  /** The content of a resource. */
  static byte[] read(String resource) {
    try (InputStream in = NativeCache.class.getClassLoader().getResourceAsStream(resource)) {
      if (in == null) {
        throw new DeviceException(
            "[cuda] " + resource + " is missing from the class path: " + mendOf(resource));
      }
      return in.readAllBytes();
    } catch (IOException e) {
      throw new DeviceException("[cuda] cannot read " + resource + " from the class path: " + e);
    }
  }

  private static String mendOf(String resource) {
    if (resource.contains("libJ")) {
      return "add JCuda's natives for linux-x86_64 (org.jcuda:*-natives)";
    }
    return "this kiln-cuda was built on a machine without g++; build it where g++ is installed";
  }

  private static String hash(Map<String, byte[]> files) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      files.forEach(
          (name, content) -> {
            digest.update(name.getBytes(java.nio.charset.StandardCharsets.UTF_8));
            digest.update((byte) 0);
            digest.update(content);
          });
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e); // every Java has SHA-256
    }
  }

  private static void makePrivate(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      Files.createDirectories(folder.toAbsolutePath().getParent());
      try {
        Files.createDirectory(folder, PosixFilePermissions.asFileAttribute(PRIVATE));
      } catch (java.nio.file.FileAlreadyExistsException e) {
        // another process was faster
      }
    }
    if (!Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
      throw new IOException("it is no folder");
    }
    // Asked of the system, since a container's user may have no name.
    if (!Files.getAttribute(folder, "unix:uid").equals(uid())) {
      throw new IOException("it belongs to " + Files.getOwner(folder).getName());
    }
    if (!Files.getPosixFilePermissions(folder).equals(PRIVATE)) {
      Files.setPosixFilePermissions(folder, PRIVATE);
    }
  }

  private static Object uid() throws IOException {
    return Files.getAttribute(Path.of("/proc/self"), "unix:uid");
  }

  private static void write(Path file, byte[] content) throws IOException {
    if (Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)
        && Files.size(file) == content.length
        && Arrays.equals(Files.readAllBytes(file), content)) {
      return;
    }
    Path part = Files.createTempFile(file.getParent(), file.getFileName().toString(), ".part");
    try {
      Files.write(part, content);
      Files.move(part, file, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(part);
    }
  }
}
