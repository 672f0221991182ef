package dev.kiln.cpu.kernels;

import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;

/** The kernel sets under test: plain loops and the Vector API at every width, in one JVM. */
public final class KernelSets {
  private static final List<Kernels> ALL = load();

  private KernelSets() {}

  /** All of them. */
  public static List<Kernels> all() {
    return ALL;
  }

  private static List<Kernels> load() {
    List<Kernels> sets = new ArrayList<>();
    sets.add(Kernels.loops());
    for (int bits : new int[] {128, 256, 512}) {
      sets.add(atWidth(bits));
    }
    return sets;
  }

  /** The width is fixed when the classes load, so every width gets its own copy of them. */
  private static Kernels atWidth(int bits) {
    String before = System.getProperty("kiln.vectorBits");
    System.setProperty("kiln.vectorBits", Integer.toString(bits));
    try {
      return (Kernels)
          new Copy().loadClass("dev.kiln.cpu.simd.VectorKernels").getMethod("create").invoke(null);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("cannot load the kernels at " + bits + " bits", e);
    } finally {
      if (before == null) {
        System.clearProperty("kiln.vectorBits");
      } else {
        System.setProperty("kiln.vectorBits", before);
      }
    }
  }

  private static final class Copy extends ClassLoader {
    Copy() {
      super(KernelSets.class.getClassLoader());
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
      if (!name.startsWith("dev.kiln.cpu.simd.")) {
        return super.loadClass(name, resolve);
      }
      Class<?> loaded = findLoadedClass(name);
      if (loaded != null) {
        return loaded;
      }
      String file = "/" + name.replace('.', '/') + ".class";
      try (InputStream in = Kernels.class.getResourceAsStream(file)) {
        byte[] code = in.readAllBytes();
        return defineClass(name, code, 0, code.length);
      } catch (IOException e) {
        throw new ClassNotFoundException(name, e);
      }
    }
  }
}
