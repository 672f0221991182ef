/** Small, well-known models, ready to train. */
package dev.kiln.models;
