package dev.kiln.data;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Says where well-known data sets are looked for, and whether the network may be used.
 *
 * <p>Immutable; each method that takes a value returns a changed copy.
 *
 * @param folder the caller's folder; if given, no other place is tried
 * @param dataHome a folder for many data sets, from {@code KILN_DATA}
 * @param cache the folder into which data sets are downloaded, each in a folder of its own
 * @param systemFolders folders of packages, in place of those known for the data set
 * @param offline true to forbid the network
 * @param sample false to fail where only the embedded sample would be left
 * @param mirror where to download from, in place of the official site
 * @param connectTimeout how long to wait for a connection
 * @param stallTimeout how long a download may stand still
 */
public record DataSearch(
    Optional<Path> folder,
    Optional<Path> dataHome,
    Path cache,
    Optional<List<Path>> systemFolders,
    boolean offline,
    boolean sample,
    Optional<URI> mirror,
    Duration connectTimeout,
    Duration stallTimeout) {

  /**
   * Returns the usual search: {@code KILN_DATA}, the user's cache, packages, the network (unless
   * {@code KILN_OFFLINE} is 1), the embedded sample.
   *
   * <p>The cache is {@code $XDG_CACHE_HOME/kiln} or {@code ~/.cache/kiln}, on macOS {@code
   * ~/Library/Caches/kiln}, on Windows {@code %LOCALAPPDATA%\kiln\cache}.
   *
   * @return the search that the environment describes
   */
  public static DataSearch standard() {
    return of(
        System.getenv(), System.getProperty("os.name", ""), System.getProperty("user.home", "."));
  }

  static DataSearch of(Map<String, String> env, String os, String home) {
    return new DataSearch(
        Optional.empty(),
        value(env, "KILN_DATA").map(Path::of),
        cache(env, os, Path.of(home)),
        Optional.empty(),
        value(env, "KILN_OFFLINE").filter(v -> !isNo(v)).isPresent(),
        true,
        Optional.empty(),
        Duration.ofSeconds(4),
        Duration.ofSeconds(30));
  }

  private static Optional<String> value(Map<String, String> env, String name) {
    return Optional.ofNullable(env.get(name)).map(String::strip).filter(v -> !v.isEmpty());
  }

  private static boolean isNo(String value) {
    return List.of("0", "false", "no", "off").contains(value.toLowerCase(Locale.ROOT));
  }

  private static Path cache(Map<String, String> env, String os, Path home) {
    // XDG: a relative path there is invalid and to be ignored.
    Optional<Path> xdg = value(env, "XDG_CACHE_HOME").map(Path::of).filter(Path::isAbsolute);
    if (xdg.isPresent()) {
      return xdg.get().resolve("kiln");
    }
    String system = os.toLowerCase(Locale.ROOT);
    if (system.startsWith("windows")) {
      return value(env, "LOCALAPPDATA")
          .map(Path::of)
          .orElse(home.resolve("AppData").resolve("Local"))
          .resolve("kiln")
          .resolve("cache");
    }
    if (system.startsWith("mac")) {
      return home.resolve("Library").resolve("Caches").resolve("kiln");
    }
    return home.resolve(".cache").resolve("kiln");
  }

  /**
   * Looks in one folder only.
   *
   * @param path the folder that has the data set's files
   * @return a changed copy
   */
  public DataSearch folder(Path path) {
    return new DataSearch(
        Optional.of(path),
        dataHome,
        cache,
        systemFolders,
        offline,
        sample,
        mirror,
        connectTimeout,
        stallTimeout);
  }

  /**
   * Sets the folder for many data sets, as {@code KILN_DATA} does.
   *
   * @param path a folder that has the files, or a folder per data set
   * @return a changed copy
   */
  public DataSearch dataHome(Path path) {
    return new DataSearch(
        folder,
        Optional.of(path),
        cache,
        systemFolders,
        offline,
        sample,
        mirror,
        connectTimeout,
        stallTimeout);
  }

  /**
   * Sets the folder into which data sets are downloaded.
   *
   * @param path it is made if it does not exist
   * @return a changed copy
   */
  public DataSearch cache(Path path) {
    return new DataSearch(
        folder,
        dataHome,
        path,
        systemFolders,
        offline,
        sample,
        mirror,
        connectTimeout,
        stallTimeout);
  }

  /**
   * Sets the folders of packages, in place of those known for the data set.
   *
   * @param paths the folders, possibly none
   * @return a changed copy
   */
  public DataSearch systemFolders(List<Path> paths) {
    return new DataSearch(
        folder,
        dataHome,
        cache,
        Optional.of(List.copyOf(paths)),
        offline,
        sample,
        mirror,
        connectTimeout,
        stallTimeout);
  }

  /**
   * Forbids or allows the network.
   *
   * @param forbid true to forbid it
   * @return a changed copy
   */
  public DataSearch offline(boolean forbid) {
    return new DataSearch(
        folder,
        dataHome,
        cache,
        systemFolders,
        forbid,
        sample,
        mirror,
        connectTimeout,
        stallTimeout);
  }

  /**
   * Allows or refuses the embedded sample.
   *
   * @param allow false to fail where nothing but the sample is left
   * @return a changed copy
   */
  public DataSearch sample(boolean allow) {
    return new DataSearch(
        folder,
        dataHome,
        cache,
        systemFolders,
        offline,
        allow,
        mirror,
        connectTimeout,
        stallTimeout);
  }

  /**
   * Downloads from another place than the official site; checksums stay the same.
   *
   * @param base the address of the folder that has the files
   * @return a changed copy
   */
  public DataSearch mirror(URI base) {
    return new DataSearch(
        folder,
        dataHome,
        cache,
        systemFolders,
        offline,
        sample,
        Optional.of(base),
        connectTimeout,
        stallTimeout);
  }

  /**
   * Sets how long the network may take.
   *
   * @param connect how long to wait for a connection; 4 seconds unless set
   * @param stall how long a download may stand still; 30 seconds unless set
   * @return a changed copy
   */
  public DataSearch timeouts(Duration connect, Duration stall) {
    return new DataSearch(
        folder, dataHome, cache, systemFolders, offline, sample, mirror, connect, stall);
  }
}
