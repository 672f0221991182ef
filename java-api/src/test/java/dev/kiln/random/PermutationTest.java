package dev.kiln.random;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class PermutationTest {
  @Test
  void holdsEachNumberOnce() {
    for (int n : new int[] {0, 1, 2, 31, 1000}) {
      int[] p = Permutation.of(n, 42, 7);
      int[] sorted = p.clone();
      Arrays.sort(sorted);
      for (int i = 0; i < n; i++) {
        assertThat(sorted[i]).isEqualTo(i);
      }
    }
  }

  @Test
  void followsFromSeedAndStreamAlone() {
    assertThat(Permutation.of(100, 1, 2)).containsExactly(Permutation.of(100, 1, 2));
    assertThat(Permutation.of(100, 1, 2)).isNotEqualTo(Permutation.of(100, 1, 3));
    assertThat(Permutation.of(100, 1, 2)).isNotEqualTo(Permutation.of(100, 2, 2));
  }

  @Test
  void firstChoicesComeFromTheFirstWords() {
    // Words of the zero vector: 6627e8d5, e169c58d, bc57ac4c. For three: 0.399 * 3 = 1, 0.88 * 2 =
    // 1.
    assertThat(Permutation.of(3, 0, 0)).containsExactly(0, 2, 1);
  }

  @Test
  void isUnbiased() {
    Map<String, Integer> counts = new HashMap<>();
    int trials = 24_000;
    for (int i = 0; i < trials; i++) {
      counts.merge(Arrays.toString(Permutation.of(4, 5, i)), 1, Integer::sum);
    }
    assertThat(counts).hasSize(24);
    double chi2 = 0;
    for (int c : counts.values()) {
      chi2 += (c - 1000.0) * (c - 1000.0) / 1000.0;
    }
    assertThat(chi2).isLessThan(49.7); // 0.1 % of chi-squared with 23 degrees of freedom
  }
}
