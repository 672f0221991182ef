/** The CUDA backend. Not written yet: this module offers no device. */
module dev.kiln.cuda {
  requires dev.kiln;
}
