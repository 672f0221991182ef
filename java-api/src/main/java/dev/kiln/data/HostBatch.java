package dev.kiln.data;

import java.nio.ByteBuffer;

/**
 * The bytes of one batch, on the host.
 *
 * @param epoch the epoch it belongs to
 * @param number its place in the epoch, from 0
 * @param indices which examples it holds
 * @param buffers one little-endian buffer per field, from position 0 to the limit
 */
record HostBatch(int epoch, int number, int[] indices, ByteBuffer[] buffers) {}
