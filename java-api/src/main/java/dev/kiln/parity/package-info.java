/** Runs a model on two devices at once and finds the first op on which they disagree. */
package dev.kiln.parity;
