package dev.kiln.backend;

/**
 * The settings of a cross-entropy loss.
 *
 * @param labelSmoothing the share of the target spread evenly over all classes, 0 .. 1
 * @param ignoreIndex the label whose rows count nothing
 */
public record CrossEntropySpec(double labelSmoothing, long ignoreIndex) {}
