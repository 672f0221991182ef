/** The pure-Java CPU backend. */
module dev.kiln.cpu {
  requires transitive dev.kiln;
  requires org.slf4j;
  requires static jdk.incubator.vector;
}
