/** The pure-Java CPU backend. */
module dev.kiln.cpu {
  requires transitive dev.kiln;
  requires static jdk.incubator.vector;
}
