/** Experiments that anyone can run again: {@code kiln experiment NAME}. */
package dev.kiln.cli.experiment;
