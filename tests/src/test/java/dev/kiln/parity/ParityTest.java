package dev.kiln.parity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.Scope;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.backend.Backend;
import dev.kiln.backend.UnaryOp;
import dev.kiln.backend.View;
import dev.kiln.nn.BatchNorm1d;
import dev.kiln.nn.Linear;
import dev.kiln.nn.MSELoss;
import dev.kiln.nn.Module;
import dev.kiln.nn.Sequential;
import dev.kiln.nn.Tanh;
import dev.kiln.optim.AdamW;
import dev.kiln.testing.OnEachDevice;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.junit.jupiter.api.Test;

/** Two devices on the same work: that agreement passes, and that a wrong op is found. */
class ParityTest {
  private static void train(Device device) {
    Device before = Device.defaultDevice();
    Device.setDefault(device);
    try (Scope scope = Scope.open()) {
      device.generator().seed(1);
      Module net =
          new Sequential(new Linear(6, 9), new BatchNorm1d(9), new Tanh(), new Linear(9, 2));
      AdamW optimizer = AdamW.of(net.parameters(), 0.01);
      for (int step = 0; step < 2; step++) {
        Tensor x = Tensor.randn(Shape.of(5, 6), DType.FLOAT32, device);
        optimizer.zeroGrad();
        new MSELoss().of(net.call(x), x.narrow(1, 0, 2)).backward();
        optimizer.step();
      }
    } finally {
      Device.setDefault(before);
    }
  }

  @OnEachDevice
  void devicesAgreeOnTraining(Device device) {
    Parity parity = Parity.between(device, Device.of("scalar"));
    train(parity.device());
    assertThat(parity.ops())
        .extracting(OpParity::op)
        .contains("matmul NONE", "unary TANH", "optimizerStep ADAMW", "random NORMAL");
    assertThat(parity.ops()).allSatisfy(op -> assertThat(op.worst()).isLessThan(1));
    assertThat(parity.summary()).contains("agree");
  }

  /** The processor, but its tanh is 0.1 % too large at one place. */
  private static Device wrong() {
    Backend cpu = Device.cpu().backend();
    Backend broken =
        (Backend)
            Proxy.newProxyInstance(
                Backend.class.getClassLoader(),
                new Class<?>[] {Backend.class},
                (self, method, args) -> {
                  try {
                    Object result = method.invoke(cpu, args);
                    if (method.getName().equals("unary") && args[0] == UnaryOp.TANH) {
                      spoil(cpu, (View) args[1]);
                    }
                    return result;
                  } catch (InvocationTargetException e) {
                    throw e.getCause();
                  }
                });
    return Device.on(broken);
  }

  private static void spoil(Backend cpu, View out) {
    View one = View.dense(out.storage(), out.offset() + 12, Shape.of(1));
    ByteBuffer value = ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN);
    cpu.download(value.duplicate().order(ByteOrder.LITTLE_ENDIAN), one);
    value.putFloat(0, value.getFloat(0) * 1.001f);
    cpu.upload(one, value);
  }

  @Test
  void namesTheFirstOpThatIsWrongItsPlaceAndItsLayer() {
    Parity parity = Parity.between(wrong(), Device.of("scalar"));
    assertThatThrownBy(() -> train(parity.device()))
        .isInstanceOf(ParityException.class)
        .hasMessageContaining("[unary TANH]")
        .hasMessageContaining("[1, 3]")
        .hasMessageContaining("1 of 45 elements")
        .hasMessageContaining("(in 2)");
    assertThat(parity.ops()).extracting(OpParity::op).doesNotContain("unary TANH");
  }

  @Test
  void allowsWhatItIsToldToAllow() {
    train(Parity.between(wrong(), Device.of("scalar"), 100).device());
  }
}
