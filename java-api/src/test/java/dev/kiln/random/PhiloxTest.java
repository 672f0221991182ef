package dev.kiln.random;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Philox4x32-10 against the known-answer vectors published with the Random123 library. */
class PhiloxTest {
  private static String hex(int[] w) {
    return String.format("%08x %08x %08x %08x", w[0], w[1], w[2], w[3]);
  }

  @Test
  void publishedVectors() {
    int[] out = new int[4];
    Philox.block(0, 0, 0, 0, 0, 0, out);
    assertThat(hex(out)).isEqualTo("6627e8d5 e169c58d bc57ac4c 9b00dbd8");
    Philox.block(-1, -1, -1, -1, -1, -1, out);
    assertThat(hex(out)).isEqualTo("408f276d 41c83b0e a20bc7c6 6d5451fd");
    Philox.block(0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0, out);
    assertThat(hex(out)).isEqualTo("d16cfe09 94fdcceb 5001e420 24126ea1");
  }

  @Test
  void longsAreSplitLowWordFirst() {
    int[] out = new int[4];
    Philox.block(0x299f31d0a4093822L, 0x0370734413198a2eL, 0x85a308d3243f6a88L, out);
    assertThat(hex(out)).isEqualTo("d16cfe09 94fdcceb 5001e420 24126ea1");
  }
}
