package dev.kiln.cuda;

import java.nio.file.Path;
import java.util.Optional;

/**
 * Where a backend's native libraries and kernels are.
 *
 * @param libcuda the CUDA driver
 * @param libcublas a library with the name libcublas.so.12: cuBLAS 12, or what stands in for it
 * @param libcudnn cuDNN 9; without it convolutions are matrix products
 * @param kernels the folder with kernel images; nothing for those of Kiln's jar
 * @param extension the images' file name extension: ptx, or so for the simulated device; machine
 *     code beside PTX (fatbin) is tried first where the driver is of CUDA 13 or newer
 * @param pooled whether freed memory is kept for reuse; not where every access is to be checked
 *     against what is allocated
 */
public record Libraries(
    Path libcuda,
    Path libcublas,
    Optional<Path> libcudnn,
    Optional<Path> kernels,
    String extension,
    boolean pooled) {}
