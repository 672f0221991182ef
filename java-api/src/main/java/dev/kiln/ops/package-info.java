/**
 * The ops: each with its shape rule, its forward call into the backend and, right under it, its
 * gradient. One file per family.
 */
package dev.kiln.ops;
