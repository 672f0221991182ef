package dev.kiln.cuda;

import dev.kiln.DeviceException;
import java.io.IOException;
import java.io.InputStream;
import java.net.JarURLConnection;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Optional;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;

/**
 * CUDA's libraries from jars on the class path: {@code org.bytedeco:cuda} and its kin with the
 * classifier {@code linux-x86_64-redist}. Unpacked, they take gigabytes; so a library is unpacked
 * with its companions only when it is found nowhere else, and kept under its size and CRC-32.
 */
final class RedistJars {
  private static final List<String> FOLDERS =
      List.of("org/bytedeco/cuda/linux-x86_64/", "org/bytedeco/cuda/");

  private final NativeCache cache;
  private final ClassLoader loader;

  RedistJars(NativeCache cache, ClassLoader loader) {
    this.cache = cache;
    this.loader = loader;
  }

  /**
   * Unpacks a library and those in the same folder of the same jar that it may load by name.
   *
   * @return the file; nothing if no jar has it
   * @throws DeviceException if a jar has it and it cannot be unpacked
   */
  Optional<Path> unpack(String name) {
    for (String folder : FOLDERS) {
      URL url = loader.getResource(folder + name);
      if (url != null && url.getProtocol().equals("jar")) {
        try {
          return Optional.of(unpack(url, folder, name));
        } catch (IOException e) {
          throw new DeviceException("[cuda] cannot unpack " + url + ": " + e.getMessage());
        }
      }
    }
    return Optional.empty();
  }

  private Path unpack(URL url, String folder, String name) throws IOException {
    JarFile jar = ((JarURLConnection) url.openConnection()).getJarFile();
    JarEntry wanted = jar.getJarEntry(folder + name);
    String label = String.format("redist-%x-%x", wanted.getSize(), wanted.getCrc());
    Path target = cache.folder(label);
    String family = name.substring(0, name.indexOf(".so")); // libcudnn has libcudnn_ops and so on
    for (JarEntry entry : (Iterable<JarEntry>) jar.stream()::iterator) {
      String file = entry.getName();
      if (file.startsWith(folder + family) && file.contains(".so")) {
        copy(jar, entry, target.resolve(file.substring(file.lastIndexOf('/') + 1)));
      }
    }
    return target.resolve(name);
  }

  private static void copy(JarFile jar, JarEntry entry, Path file) throws IOException {
    if (Files.isRegularFile(file) && Files.size(file) == entry.getSize()) {
      return;
    }
    Path part = Files.createTempFile(file.getParent(), file.getFileName().toString(), ".part");
    try (InputStream in = jar.getInputStream(entry)) {
      Files.copy(in, part, StandardCopyOption.REPLACE_EXISTING);
      Files.move(part, file, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(part);
    }
  }
}
