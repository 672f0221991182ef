/** Training: the loop, what it measures, how it stops, saves and resumes. */
package dev.kiln.train;
