/** Finds CUDA's libraries on a machine, and says where it looked and why it took none. */
package dev.kiln.cuda.find;
