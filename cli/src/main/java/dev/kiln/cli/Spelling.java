package dev.kiln.cli;

import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/** Finds names that a misspelt one may have meant. */
final class Spelling {
  private Spelling() {}

  /** Returns up to three names that are near, the nearest first. */
  static List<String> near(String word, Collection<String> names) {
    String w = word.toLowerCase(Locale.ROOT);
    int limit = Math.max(1, w.length() / 3);
    Comparator<String> byDistance =
        Comparator.comparingInt((String n) -> distance(w, n)).thenComparing(n -> n);
    return names.stream()
        .filter(n -> distance(w, n) <= limit || squeezed(w).equals(squeezed(n)))
        .sorted(byDistance)
        .limit(3)
        .toList();
  }

  private static String squeezed(String s) {
    return s.toLowerCase(Locale.ROOT).replaceAll("[-_.]", "");
  }

  /** How many letters must be inserted, removed or changed. Levenshtein 1966. */
  private static int distance(String a, String b) {
    int[] row = new int[b.length() + 1];
    for (int j = 0; j < row.length; j++) {
      row[j] = j;
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
    return row[b.length()];
  }
}
