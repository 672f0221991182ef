/** The {@code kiln} command. */
module dev.kiln.cli {
  requires dev.kiln;
  requires info.picocli;
  requires org.slf4j;

  opens dev.kiln.cli to
      info.picocli;
}
