/** The backend SPI: what a device implements, and what the ops of Kiln call. */
package dev.kiln.backend;
