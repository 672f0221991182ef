package dev.kiln.backend;

/**
 * Which examples count as classified right. Of equal scores those of lower classes rank first, and
 * a NaN ranks above every number.
 *
 * @param k how many of the highest scores the right class may be among
 * @param ignoreIndex the label of examples that do not count
 * @param argmax whether the right class must be what argmax finds, with k = 1: then the first NaN
 *     of an example is its highest score, and a label that is no class is just wrong; otherwise a
 *     right class whose own score is NaN is no hit, and such a label an error
 */
public record RankSpec(int k, long ignoreIndex, boolean argmax) {}
