/** CPU devices: the oracle, the counting device and what they share. */
package dev.kiln.cpu;
