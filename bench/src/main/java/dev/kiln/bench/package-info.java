/**
 * Times the work W1 to W6, each defined in a file of its own, on one device; {@code
 * bench/gpu/peers.py} does the same work in PyTorch.
 */
package dev.kiln.bench;
