/**
 * The CUDA backend's future home. Nothing is implemented here yet, and no CUDA device is offered.
 *
 * <p>What will live here: a {@code BackendProvider} over the CUDA driver (contexts, memory,
 * streams, graph capture through JCuda), matrix products through cuBLAS, convolutions through
 * cuDNN, and the launchers of the kernels in {@code cuda-kernels}.
 */
package dev.kiln.cuda;
