package dev.kiln.backend;

/**
 * How a pooling window moves over its input. Output sizes are the caller's, so that rounding up
 * (ceil mode) needs no flag here.
 *
 * @param kernelH window rows
 * @param kernelW window columns
 * @param strideH rows between two windows
 * @param strideW columns between two windows
 * @param paddingH rows of padding above and below
 * @param paddingW columns of padding left and right
 * @param dilationH rows between two window elements (max pooling only)
 * @param dilationW columns between two window elements (max pooling only)
 * @param countIncludePad whether an average divides by padding elements too
 */
public record Pool2dSpec(
    int kernelH,
    int kernelW,
    int strideH,
    int strideW,
    int paddingH,
    int paddingW,
    int dilationH,
    int dilationW,
    boolean countIncludePad) {}
