package dev.kiln.data;

/** Where a well-known data set was found; in the order of the search. */
public enum Origin {
  /** The folder that the caller named. */
  FOLDER,
  /** The folder in the environment variable {@code KILN_DATA}. */
  ENVIRONMENT,
  /** The user's cache, filled by an earlier download. */
  CACHE,
  /** A folder where a package of the operating system puts the data. */
  SYSTEM,
  /** Downloaded just now, into the user's cache. */
  DOWNLOAD,
  /** The small sample that ships with the library. */
  SAMPLE
}
