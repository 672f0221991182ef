package dev.kiln.data;

/** How a picture of any size becomes one of a given size. */
public enum Fit {
  /** Scales both axes on their own; the whole picture is kept, its proportions are not. */
  STRETCH,
  /** Scales until the target is covered and cuts the middle out; proportions are kept. */
  CROP,
  /**
   * Scales until the picture fits inside and fills the borders with black; proportions are kept.
   */
  PAD
}
