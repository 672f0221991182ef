package dev.kiln.data.augment;

import dev.kiln.Tensor;

/**
 * What a step trains on.
 *
 * @param input the images [n, channels, h, w]
 * @param target as given, or probabilities [n, classes] where samples were mixed
 */
public record AugmentedBatch(Tensor input, Tensor target) {}
