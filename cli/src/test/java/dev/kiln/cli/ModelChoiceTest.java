package dev.kiln.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.Device;
import dev.kiln.Scope;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.autograd.NoGrad;
import dev.kiln.nn.Module;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ModelChoiceTest {
  /** WRN-28-10 is left out for its 10 billion multiply-adds. */
  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "WRN28X10")
  void eachTakesSmallGreyImages(ModelChoice choice) {
    Device before = Device.defaultDevice();
    Device.setDefault(Device.of("cpu"));
    try (Scope scope = Scope.open();
        NoGrad off = NoGrad.open()) {
      Module net = choice.build(1, 28, 5).eval();
      assertThat(net.call(Tensor.zeros(1, 1, 28, 28)).shape()).isEqualTo(Shape.of(1, 5));
    } finally {
      Device.setDefault(before);
    }
  }
}
