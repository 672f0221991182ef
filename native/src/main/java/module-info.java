/** The CUDA backend: NVIDIA GPUs by hand-written kernels, cuBLAS and cuDNN. */
module dev.kiln.cuda {
  requires transitive dev.kiln;
  requires org.slf4j;
  requires org.bytedeco.javacpp;
  requires jcuda;
  requires jcublas;
  requires jcudnn;
  requires java.logging; // of JCuda, which does not say so itself

  provides dev.kiln.backend.BackendProvider with
      dev.kiln.cuda.CudaProvider,
      dev.kiln.cuda.sim.SimProvider;
}
