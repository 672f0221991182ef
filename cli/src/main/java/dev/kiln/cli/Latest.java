package dev.kiln.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Keeps a link called {@code latest} beside the folders of runs. */
final class Latest {
  private static final Logger LOG = LoggerFactory.getLogger(Latest.class);

  private Latest() {}

  /** Lets the link beside a folder lead to it; where links cannot be made there is none. */
  static void point(Path folder) {
    Path link = folder.resolveSibling("latest");
    Path fresh = folder.resolveSibling(".latest-" + ProcessHandle.current().pid());
    if (Files.exists(link, LinkOption.NOFOLLOW_LINKS) && !Files.isSymbolicLink(link)) {
      return; // somebody's own file or folder
    }
    try {
      Files.createSymbolicLink(fresh, folder.getFileName());
      Files.move(fresh, link, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException | UnsupportedOperationException e) {
      LOG.debug("no link {}: {}", link, e.toString());
    }
  }
}
