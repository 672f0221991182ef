package dev.kiln.backend;

/**
 * How the scale of a loss follows the overflows of its gradients.
 *
 * @param growthFactor what the scale is multiplied by after enough good steps
 * @param backoffFactor what it is multiplied by after a step that overflowed
 * @param growthInterval how many good steps in a row are enough
 * @param largest the scale that it does not grow beyond
 */
public record LossScaleSpec(
    double growthFactor, double backoffFactor, int growthInterval, double largest) {}
