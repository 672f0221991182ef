/** Random numbers that are the same bits on every device: a counter-based generator. */
package dev.kiln.random;
