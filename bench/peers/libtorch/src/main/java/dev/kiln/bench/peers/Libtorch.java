package dev.kiln.bench.peers;

import dev.kiln.bench.worker.Framework;
import dev.kiln.bench.worker.Operation;
import dev.kiln.bench.worker.Unsupported;
import dev.kiln.bench.worker.Worker;
import java.util.function.Function;
import java.util.function.Supplier;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Adam;
import org.bytedeco.pytorch.AdamOptions;
import org.bytedeco.pytorch.AdamW;
import org.bytedeco.pytorch.AdamWOptions;
import org.bytedeco.pytorch.AutoGradMode;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.Optimizer;
import org.bytedeco.pytorch.SGD;
import org.bytedeco.pytorch.SGDOptions;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorArrayRefOptional;
import org.bytedeco.pytorch.global.torch;

/** The work in libtorch, through JavaCPP's binding. */
final class Libtorch implements Framework {
  private static final long MANY = 1L << 24;

  private final Networks networks = new Networks();

  private Libtorch() {
    torch.set_num_threads(Worker.threads());
    torch.manual_seed(1);
  }

  public static void main(String[] args) {
    Worker.measure(Libtorch::new, args);
  }

  @Override
  public String description() {
    return "libtorch with OpenBLAS, org.bytedeco:pytorch "
        + torch.class.getPackage().getImplementationVersion();
  }

  @Override
  public Runnable make(String work) {
    if (Operation.isOne(work)) {
      Operation op = Operation.of(work);
      return run(new Operations().make(op), op.backward());
    }
    return switch (work) {
      case "W1" -> training(networks.mlp(), torch.randn(128, 784), this::adam);
      case "W2" -> training(networks.lenet(), torch.randn(64, 1, 28, 28), () -> sgd(0));
      case "W3" -> training(networks.resnet(), torch.randn(32, 3, 32, 32), () -> sgd(5e-4));
      case "W4" -> training(networks.transformer(), torch.randn(16, 128, 256), this::adamW);
      case "W5.b1" -> inference(1);
      case "W5.b32" -> inference(32);
      case "W6.matmul512" -> matmul(512);
      case "W6.matmul1024" -> matmul(1024);
      case "W6.matmul2048" -> matmul(2048);
      case "W6.add" -> {
        Tensor a = torch.randn(MANY);
        Tensor b = torch.randn(MANY);
        Tensor out = torch.randn(MANY);
        yield run(() -> torch.add_out(out, a, b));
      }
      case "W6.add.inPlace" -> {
        Tensor a = torch.randn(MANY);
        Tensor b = torch.randn(MANY);
        yield run(() -> a.add_(b));
      }
      case "W6.relu" -> {
        Tensor x = torch.randn(MANY);
        Tensor out = torch.randn(MANY);
        Scalar zero = new Scalar(0f);
        yield run(() -> torch.clamp_min_out(out, x, zero));
      }
      case "W6.exp" -> {
        Tensor x = torch.randn(MANY);
        Tensor out = torch.randn(MANY);
        yield run(() -> torch.exp_out(out, x));
      }
      case "W6.softmax" -> {
        Tensor x = torch.randn(4096, 1024);
        yield run(() -> torch.softmax(x, 1));
      }
      case "W6.conv" -> {
        Function<Tensor, Tensor> layer = networks.conv(64, 64, 3, 1, true);
        Tensor x = torch.randn(32, 64, 32, 32);
        yield run(() -> layer.apply(x));
      }
      case "W6.conv.backward" -> convolutionBackward();
      default -> throw new Unsupported("no such work");
    };
  }

  private Optimizer adam() {
    return new Adam(networks.parameters(), new AdamOptions(1e-3));
  }

  private Optimizer adamW() {
    return new AdamW(networks.parameters(), new AdamWOptions(1e-3));
  }

  private Optimizer sgd(double decay) {
    SGDOptions options = new SGDOptions(0.01);
    options.momentum().put(0.9);
    options.weight_decay().put(decay);
    return new SGD(networks.parameters(), options);
  }

  private Runnable training(
      Function<Tensor, Tensor> model, Tensor x, Supplier<Optimizer> optimizer) {
    Optimizer o = optimizer.get();
    long[] labels = new long[(int) x.size(0)];
    for (int i = 0; i < labels.length; i++) {
      labels[i] = i * 7L % 10;
    }
    Tensor y = Tensor.create(labels);
    return () -> {
      try (PointerScope step = new PointerScope()) {
        o.zero_grad();
        torch.cross_entropy(model.apply(x), y).backward();
        o.step();
      }
    };
  }

  private Runnable inference(int batch) {
    networks.eval();
    Function<Tensor, Tensor> model = networks.resnet();
    Tensor x = torch.randn(batch, 3, 32, 32);
    return run(() -> model.apply(x));
  }

  private static Runnable matmul(int n) {
    Tensor a = torch.randn(n, n);
    Tensor b = torch.randn(n, n);
    return run(() -> torch.matmul(a, b));
  }

  private Runnable convolutionBackward() {
    Function<Tensor, Tensor> layer = networks.conv(64, 64, 3, 1, true);
    Tensor x = torch.randn(32, 64, 32, 32).set_requires_grad(true);
    Tensor dy = torch.randn(32, 64, 32, 32);
    return () -> {
      try (PointerScope step = new PointerScope()) {
        x.mutable_grad().reset();
        for (Tensor p : networks.parameters().get()) {
          p.mutable_grad().reset();
        }
        layer.apply(x).backward(dy, new BoolOptional(), false, new TensorArrayRefOptional());
      }
    };
  }

  private static Runnable run(Supplier<Tensor> body) {
    return run(body, false);
  }

  @SuppressWarnings("ReturnValueIgnored") // the scope releases it
  private static Runnable run(Supplier<Tensor> body, boolean gradients) {
    return () -> {
      try (PointerScope step = new PointerScope();
          AutoGradMode mode = new AutoGradMode(gradients)) {
        body.get();
      }
    };
  }
}
