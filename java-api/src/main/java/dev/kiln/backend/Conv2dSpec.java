package dev.kiln.backend;

/**
 * How a 2-d convolution moves over its input.
 *
 * @param strideH rows between two outputs
 * @param strideW columns between two outputs
 * @param paddingH rows of zeros above and below
 * @param paddingW columns of zeros left and right
 * @param dilationH rows between two taps
 * @param dilationW columns between two taps
 * @param groups independent groups of channels
 */
public record Conv2dSpec(
    int strideH,
    int strideW,
    int paddingH,
    int paddingW,
    int dilationH,
    int dilationW,
    int groups) {}
