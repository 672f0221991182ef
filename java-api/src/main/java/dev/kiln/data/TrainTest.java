package dev.kiln.data;

/**
 * A training set, a test set, and where they came from.
 *
 * @param train the training examples
 * @param test the test examples
 * @param origin the kind of place they were found in
 * @param source one sentence for the user: which data, how many, from where
 */
public record TrainTest(Dataset train, Dataset test, Origin origin, String source) {}
