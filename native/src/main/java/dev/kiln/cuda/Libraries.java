package dev.kiln.cuda;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Where a backend's native libraries and kernels are.
 *
 * @param libcuda the CUDA driver
 * @param libcublas cuBLAS; if its name is not libcublas.so.12, it is reached through the bridge
 * @param libcudnn cuDNN 9; without it convolutions are composed of other ops
 * @param companions libraries that those two load by name, to be loaded before them by path
 * @param kernels the folder with kernel images; nothing for those of Kiln's jar
 * @param extension the images' file name extension: ptx, or so for the simulated device; machine
 *     code beside PTX (fatbin) is tried first where the driver is of CUDA 13 or newer
 */
public record Libraries(
    Path libcuda,
    Path libcublas,
    Optional<Path> libcudnn,
    List<Path> companions,
    Optional<Path> kernels,
    String extension) {}
