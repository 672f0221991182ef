package dev.kiln.models;

import dev.kiln.Device;
import dev.kiln.Scope;
import dev.kiln.Tensor;
import dev.kiln.autograd.NoGrad;
import dev.kiln.nn.Module;
import dev.kiln.testing.LibtorchCase;
import dev.kiln.testing.OnEachDevice;
import java.util.HashMap;
import java.util.Map;

/** The models' blocks, with libtorch's weights, give libtorch's results and gradients. */
class BlocksTest {
  private static void check(String name, Module block, Device device) {
    try (Scope scope = Scope.open()) {
      LibtorchCase c = LibtorchCase.block(name, device);
      c.load(block, BlocksTest::inCase).eval();
      NoGrad.run(
          () -> {
            block
                .namedBuffers()
                .forEach(
                    (of, b) -> {
                      if (!of.endsWith("num_batches_tracked")) {
                        b.copyFrom(c.input(inCase(of)));
                      }
                    });
            return block;
          });
      Tensor x = c.input("x").requiresGrad(true);
      Map<String, Tensor> leaves = new HashMap<>();
      block.namedParameters().forEach((of, p) -> leaves.put(inCase(of), p));
      leaves.put("x", x);
      Tensor y = block.call(x);
      c.expect("y", y);
      c.expectGradients(y, leaves);
    }
  }

  private static String inCase(String parameter) {
    return parameter.replace('.', '_');
  }

  @OnEachDevice
  void bottleneck(Device device) {
    check("bottleneck", new Bottleneck(3, 2, 2), device);
  }

  @OnEachDevice
  void invertedResidual(Device device) {
    check("inverted_residual", new InvertedResidual(2, 2, 1, 6), device);
  }

  @OnEachDevice
  void wideBlock(Device device) {
    check("wide_block", new WideBlock(2, 3, 2, 0.5), device);
  }

  @OnEachDevice
  void vitBlock(Device device) {
    check("vit_block", new ViTBlock(6, 2, 12, 0.5), device);
  }
}
