/**
 * Conformance: runs op cases that another framework computed, and compares outputs and gradients.
 */
package dev.kiln.cli.conform;
