/** The Kiln library: tensors, autograd, layers, optimizers, data and training. */
module dev.kiln {
  requires org.slf4j;
  requires com.google.gson;
  requires java.desktop;
  requires de.siegmar.fastcsv;
  requires java.net.http;
  requires static org.junit.jupiter.api;
  requires static org.junit.platform.commons;

  exports dev.kiln;
  exports dev.kiln.io;
  exports dev.kiln.ops;
  exports dev.kiln.optim;
  exports dev.kiln.autograd;
  exports dev.kiln.backend;
  exports dev.kiln.data;
  exports dev.kiln.data.augment;
  exports dev.kiln.ensemble;
  exports dev.kiln.junit;
  exports dev.kiln.models;
  exports dev.kiln.nn;
  exports dev.kiln.parity;
  exports dev.kiln.random;
  exports dev.kiln.train;
  exports dev.kiln.transfer;

  uses dev.kiln.backend.BackendProvider;
}
