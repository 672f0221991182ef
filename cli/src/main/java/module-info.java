/** The {@code kiln} command. */
module dev.kiln.cli {
  requires dev.kiln;
  requires info.picocli;
  requires org.slf4j;
  requires com.google.gson;
  requires java.desktop;

  exports dev.kiln.cli.conform;

  opens dev.kiln.cli to
      info.picocli;
  opens dev.kiln.cli.experiment to
      info.picocli;
}
