package dev.kiln.train;

import java.util.ArrayList;
import java.util.List;

/** How far training has come; saved with every checkpoint. */
final class Progress {
  /** Finished epochs. */
  final List<EpochRecord> records = new ArrayList<>();

  /** Steps done in the epoch under way. */
  int step;

  /** Examples done in the epoch under way. */
  long samples;

  /** Time that the epoch under way has taken before this run, and has taken in it. */
  double seconds;

  /** Steps done in all epochs. */
  long globalStep;

  /** The number of the epoch under way, from 1. */
  int epoch() {
    return records.size() + 1;
  }

  /** Closes the epoch under way. */
  void finish(EpochRecord record) {
    records.add(record);
    step = 0;
    samples = 0;
    seconds = 0;
  }
}
