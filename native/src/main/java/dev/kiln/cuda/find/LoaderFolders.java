package dev.kiln.cuda.find;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Where the system's dynamic loader finds a library: {@code LD_LIBRARY_PATH}, its cache, its own
 * folders.
 *
 * <p>Source: ld.so(8); the cache's layout is glibc's {@code struct cache_file_new}.
 */
final class LoaderFolders {
  private static final String CACHE = "/etc/ld.so.cache";
  private static final byte[] MAGIC = "glibc-ld.so.cache1.1".getBytes(StandardCharsets.US_ASCII);
  private static final int HEADER = 48;
  private static final int ENTRY = 24;
  private static final List<String> DEFAULTS = List.of("/lib64", "/usr/lib64", "/lib", "/usr/lib");

  private LoaderFolders() {}

  /** Files it would try for a name, in its order. */
  static List<Path> files(Surroundings machine, String name) {
    List<Path> files = new ArrayList<>();
    machine.folders("LD_LIBRARY_PATH").forEach(f -> files.add(f.resolve(name)));
    cached(machine, name).forEach(p -> files.add(machine.path(p)));
    DEFAULTS.forEach(f -> files.add(machine.path(f).resolve(name)));
    return files;
  }

  private static List<String> cached(Surroundings machine, String name) {
    try {
      byte[] bytes = Files.readAllBytes(machine.path(CACHE));
      int start = indexOf(bytes, MAGIC);
      return start < 0 ? List.of() : entries(bytes, start, name);
    } catch (IOException | RuntimeException e) {
      return List.of(); // without a cache, or with one of another layout, the folders remain
    }
  }

  private static int indexOf(byte[] bytes, byte[] part) {
    // The older layout, if present, comes first.
    for (int at = 0; at + part.length <= bytes.length; at++) {
      int n = 0;
      while (n < part.length && bytes[at + n] == part[n]) {
        n++;
      }
      if (n == part.length) {
        return at;
      }
    }
    return -1;
  }

  private static List<String> entries(byte[] bytes, int start, String name) {
    ByteBuffer cache = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    int count = cache.getInt(start + MAGIC.length);
    List<String> found = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int at = start + HEADER + i * ENTRY;
      if (text(bytes, start + cache.getInt(at + 4)).equals(name)) {
        found.add(text(bytes, start + cache.getInt(at + 8)));
      }
    }
    return found;
  }

  private static String text(byte[] bytes, int at) {
    int end = at;
    while (bytes[end] != 0) {
      end++;
    }
    return new String(bytes, at, end - at, StandardCharsets.UTF_8);
  }
}
