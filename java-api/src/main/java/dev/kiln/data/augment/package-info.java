/** Random changes of images on their device: crops, flips, colours, policies, mixing. */
package dev.kiln.data.augment;
