/**
 * Data sets, readers of common file formats, and the loader that makes batches of tensors.
 *
 * <p>A {@link dev.kiln.data.Dataset} gives examples as bytes; a {@link dev.kiln.data.DataLoader}
 * shuffles them, assembles batches on a background thread and hands out tensors.
 */
package dev.kiln.data;
