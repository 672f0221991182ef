/** The pure-Java CPU backend. */
module dev.kiln.cpu {
  requires transitive dev.kiln;
  requires org.slf4j;
  requires java.management;
  requires jdk.management;
  requires static jdk.incubator.vector;

  exports dev.kiln.cpu;

  provides dev.kiln.backend.BackendProvider with
      dev.kiln.cpu.VectorProvider,
      dev.kiln.cpu.ScalarProvider,
      dev.kiln.cpu.NullProvider;
}
