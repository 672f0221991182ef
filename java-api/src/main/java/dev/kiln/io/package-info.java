/** Saving and loading: safetensors files, checkpoints and atomic writes. */
package dev.kiln.io;
