/**
 * Layers, models and losses, with PyTorch's names and defaults.
 *
 * <p>Import {@code dev.kiln.nn.Module} by its full name: a star import would be ambiguous with
 * {@code java.lang.Module}.
 */
package dev.kiln.nn;
