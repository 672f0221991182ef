package dev.kiln.cuda.find;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a shared library says of itself, read without loading it: a library that is broken, or for
 * another machine, can end a process that loads it.
 *
 * <p>Source: System V Application Binary Interface, gABI 4.1, chapters 4 and 5.
 */
public final class Elf {
  /** A file that is no shared library for this machine; the message says why. */
  public static final class Unfit extends Exception {
    private static final long serialVersionUID = 1L;

    Unfit(String message) {
      super(message);
    }
  }

  private static final int HEADER = 64;
  private static final int X86_64 = 62;
  private static final int SHARED = 3;
  private static final int SECTION = 64;
  private static final int SYMBOL = 24;
  private static final int DYNAMIC_SYMBOLS = 11;
  private static final int LOADABLE = 1;
  private static final int MOST = 1 << 26;
  private static final Pattern GLIBC = Pattern.compile("GLIBC_2\\.(\\d+)");

  private final Path file;
  private final ByteBuffer symbols;
  private final ByteBuffer names;

  private Elf(Path file, ByteBuffer symbols, ByteBuffer names) {
    this.file = file;
    this.symbols = symbols;
    this.names = names;
  }

  /**
   * Reads a library for x86-64.
   *
   * @throws Unfit if it cannot be read, is none, is cut short or is for another processor
   */
  public static Elf read(Path file) throws Unfit {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      return read(file, channel);
    } catch (IOException e) {
      throw new Unfit(
          Files.isReadable(file) ? "cannot be read: " + e.getMessage() : "may not be read by you");
    }
  }

  private static Elf read(Path file, FileChannel channel) throws IOException, Unfit {
    long size = channel.size();
    ByteBuffer header = part(channel, 0, (int) Math.min(HEADER, size));
    if (size < HEADER || header.getInt(0) != 0x464c457f) {
      throw new Unfit("is no shared library");
    }
    int machine = header.getShort(18);
    if (header.get(4) != 2 || machine != X86_64) {
      throw new Unfit("is for another processor (" + processor(header.get(4), machine) + ")");
    }
    if (header.getShort(16) != SHARED) {
      throw new Unfit("is no shared library");
    }
    ByteBuffer segments =
        part(channel, header.getLong(32), header.getShort(54) * header.getShort(56));
    for (int at = 0; at < segments.limit(); at += header.getShort(54)) {
      if (segments.getInt(at) == LOADABLE
          && segments.getLong(at + 8) + segments.getLong(at + 32) > size) {
        throw new Unfit("is cut short: it has " + size + " bytes and should have more");
      }
    }
    ByteBuffer sections = part(channel, header.getLong(40), header.getShort(60) * SECTION);
    for (int at = 0; at < sections.limit(); at += SECTION) {
      if (sections.getInt(at + 4) == DYNAMIC_SYMBOLS) {
        int strings = sections.getInt(at + 40) * SECTION;
        return new Elf(file, content(channel, sections, at), content(channel, sections, strings));
      }
    }
    throw new Unfit("exports nothing");
  }

  private static ByteBuffer content(FileChannel channel, ByteBuffer sections, int at)
      throws IOException, Unfit {
    long length = sections.getLong(at + 32);
    if (length > MOST) {
      throw new Unfit("has a table of " + length + " bytes, which is not believable");
    }
    return part(channel, sections.getLong(at + 24), (int) length);
  }

  private static ByteBuffer part(FileChannel channel, long position, int length)
      throws IOException, Unfit {
    ByteBuffer bytes = ByteBuffer.allocate(Math.max(0, length)).order(ByteOrder.LITTLE_ENDIAN);
    while (bytes.hasRemaining()) {
      if (position < 0 || channel.read(bytes, position + bytes.position()) < 0) {
        throw new Unfit("is cut short");
      }
    }
    return bytes.flip();
  }

  private static String processor(int words, int machine) {
    return switch (machine) {
      case 3 -> "32-bit x86";
      case 40 -> "32-bit ARM";
      case 183 -> "64-bit ARM";
      case X86_64 -> "x86-64 with 32-bit pointers";
      case 21 -> "PowerPC";
      case 243 -> "RISC-V";
      default -> (words == 1 ? "32" : "64") + "-bit, ELF number " + machine;
    };
  }

  /** The names of what it offers. */
  public Set<String> exports() {
    return symbols(true);
  }

  /** The names of what it takes from other libraries. */
  public Set<String> imports() {
    return symbols(false);
  }

  private Set<String> symbols(boolean defined) {
    Set<String> found = new HashSet<>();
    for (int at = SYMBOL; at + SYMBOL <= symbols.limit(); at += SYMBOL) {
      if ((symbols.getShort(at + 6) != 0) == defined) {
        found.add(name(symbols.getInt(at)));
      }
    }
    return found;
  }

  private String name(int at) {
    int end = at;
    while (end < names.limit() && names.get(end) != 0) {
      end++;
    }
    return new String(names.array(), at, end - at, StandardCharsets.US_ASCII);
  }

  /** The newest minor version of glibc 2 that it names; 0 for none. */
  public int glibc() {
    Set<Integer> minors = new TreeSet<>(Set.of(0));
    Matcher version = GLIBC.matcher(new String(names.array(), StandardCharsets.ISO_8859_1));
    while (version.find()) {
      minors.add(Integer.parseInt(version.group(1)));
    }
    return minors.stream().max(Integer::compare).orElseThrow();
  }

  @Override
  public String toString() {
    return file.toString();
  }
}
