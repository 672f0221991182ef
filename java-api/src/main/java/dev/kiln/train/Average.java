package dev.kiln.train;

/** How figures of single classes are made into one. */
public enum Average {
  /** The plain mean over all classes, those without examples included. */
  MACRO,
  /** From all classes' counts together; for one label per example this is the accuracy. */
  MICRO,
  /** The mean weighted by how many examples each class has. */
  WEIGHTED
}
