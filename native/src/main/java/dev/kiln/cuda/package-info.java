/**
 * The CUDA backend: NVIDIA GPUs by Kiln's own kernels (module cuda-kernels), cuBLAS and cuDNN.
 *
 * <p>{@link CudaBackend} runs ops on one device: {@code Driver} is its context and stream, {@code
 * DeviceAllocator} its memory, {@code Launchers} the kernels. Nothing here loads native code before
 * a device is opened.
 */
package dev.kiln.cuda;
