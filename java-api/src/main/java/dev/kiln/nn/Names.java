package dev.kiln.nn;

import dev.kiln.KilnException;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** The names of modules and tensors: what is legal, what matches, what was probably meant. */
final class Names {
  private static final Pattern LEGAL = Pattern.compile("[A-Za-z0-9_\\-]+");
  private static final int SUGGESTIONS = 5;

  private Names() {}

  /** Demands a name that dotted paths and globs can hold. */
  static void requireLegal(String owner, String name) {
    if (!LEGAL.matcher(name).matches()) {
      throw new KilnException(
          "[module] "
              + owner
              + " cannot register \""
              + name
              + "\"; names are made of letters, digits, _ and -, and dots only join them");
    }
  }

  /** Joins a prefix, which may be empty, and a name. */
  static String join(String prefix, String name) {
    return prefix.isEmpty() ? name : prefix + "." + name;
  }

  /** Turns a glob, in which {@code *} stands for any characters, dots too, into a pattern. */
  static Pattern glob(String glob) {
    StringBuilder regex = new StringBuilder();
    for (String literal : glob.split("\\*", -1)) {
      regex.append(regex.length() == 0 ? "" : ".*").append(Pattern.quote(literal));
    }
    return Pattern.compile(regex.toString());
  }

  /** Returns the few names that are most like a glob that matched nothing. */
  static List<String> closest(String glob, Collection<String> names) {
    boolean anyStart = glob.startsWith("*");
    String plain = glob.replace("*", "");
    return names.stream()
        .distinct()
        .sorted(
            Comparator.comparingInt((String n) -> distance(plain, n, anyStart))
                .thenComparing(Comparator.naturalOrder()))
        .limit(SUGGESTIONS)
        .collect(Collectors.toList());
  }

  /** Edits that make a the beginning of b, or any part of it; Levenshtein 1966, Sellers 1980. */
  private static int distance(String a, String b, boolean anyStart) {
    int[] row = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      row[j] = anyStart ? 0 : j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int change = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(change, Math.min(row[j], row[j - 1]) + 1);
      }
    }
    return Arrays.stream(row).min().getAsInt();
  }
}
