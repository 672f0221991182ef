package dev.kiln.cli;

import java.io.PrintWriter;
import java.util.List;

/** Prints rows in aligned columns. */
public final class Table {
  private Table() {}

  /** Prints rows; each column is as wide as its widest cell, the last one is not padded. */
  public static void print(PrintWriter out, List<String[]> rows) {
    int columns = rows.get(0).length;
    int[] widths = new int[columns];
    for (String[] row : rows) {
      for (int i = 0; i < columns; i++) {
        widths[i] = Math.max(widths[i], row[i].length());
      }
    }
    for (String[] row : rows) {
      StringBuilder line = new StringBuilder();
      for (int i = 0; i < columns; i++) {
        line.append(row[i]);
        if (i < columns - 1) {
          line.append(" ".repeat(widths[i] - row[i].length() + (widths[i] == 0 ? 0 : 2)));
        }
      }
      out.println(line.toString().stripTrailing());
    }
  }
}
