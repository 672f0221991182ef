package dev.kiln.data;

import dev.kiln.DType;
import dev.kiln.Shape;

/**
 * The content of an IDX file.
 *
 * @param dtype the element type; signed bytes and 16-bit integers of a file become INT32
 * @param shape the sizes in the file
 * @param data the elements, row-major and little-endian; not copied
 */
public record IdxArray(DType dtype, Shape shape, byte[] data) {}
