/**
 * How one piece of work is measured in a process of its own, whatever framework does it. Nothing
 * here needs Kiln, so that a peer's process loads nothing of it.
 */
package dev.kiln.bench.worker;
