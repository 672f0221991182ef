/**
 * Times the work W1 to W6, each defined in a file of its own: {@link dev.kiln.bench.Bench} on one
 * device in one process, {@link dev.kiln.bench.Compare} side by side with other devices and
 * frameworks, {@link dev.kiln.bench.Check} against a baseline. The modules under {@code
 * bench/peers} and {@code bench/gpu/peers.py} do the same work elsewhere.
 */
package dev.kiln.bench;
