/** Well-known models of images, ready to train or to take published weights. */
package dev.kiln.models;
