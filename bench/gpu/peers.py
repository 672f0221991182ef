#!/usr/bin/env python3
"""Times the work W1 to W6 in PyTorch, as dev.kiln.bench does in Kiln: the same definitions, the
same way of timing, the same JSON.

    peers.py [--device cuda] [--seconds 2] [--precision float32,tf32,bf16]
             [--mode eager,graph,compile] [--json FILE] [--until SECONDS] [W1 W2 ...]

Modes: eager; graph, the same step replayed from a CUDA graph; compile, torch.compile. --until is
how long all may take: what is not begun by then is left out and says so.
"""

import argparse
import contextlib
import json
import sys
import time

try:
    import torch
    from torch import nn
except ImportError as e:
    sys.exit(f"peers: no PyTorch: {e}")


class Flat(nn.Module):
    def forward(self, x):
        return x.flatten(1)


def mlp():
    return nn.Sequential(
        nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 10)
    )


def lenet():
    return nn.Sequential(
        nn.Conv2d(1, 32, 5, padding="same"), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 5, padding="same"), nn.ReLU(), nn.MaxPool2d(2),
        Flat(), nn.Linear(3136, 1024), nn.ReLU(), nn.Dropout(0.4), nn.Linear(1024, 10),
    )  # fmt: skip


class Block(nn.Module):
    def __init__(self, channels, out, stride):
        super().__init__()
        self.path = nn.Sequential(
            nn.Conv2d(channels, out, 3, stride, 1, bias=False), nn.BatchNorm2d(out), nn.ReLU(),
            nn.Conv2d(out, out, 3, 1, 1, bias=False), nn.BatchNorm2d(out),
        )  # fmt: skip
        self.short = nn.Identity()
        if stride != 1 or channels != out:
            self.short = nn.Sequential(
                nn.Conv2d(channels, out, 1, stride, bias=False), nn.BatchNorm2d(out)
            )

    def forward(self, x):
        return torch.relu(self.path(x) + self.short(x))


def resnet():
    parts = [nn.Conv2d(3, 64, 3, 1, 1, bias=False), nn.BatchNorm2d(64), nn.ReLU()]
    channels = 64
    for out, stride in ((64, 1), (128, 2), (256, 2), (512, 2)):
        parts += [Block(channels, out, stride), Block(out, out, 1)]
        channels = out
    return nn.Sequential(*parts, nn.AdaptiveAvgPool2d(1), Flat(), nn.Linear(512, 10))


class Transformer(nn.Module):
    def __init__(self):
        super().__init__()
        layer = nn.TransformerEncoderLayer(
            256, 4, 1024, dropout=0.0, activation="gelu", batch_first=True
        )
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.head = nn.Linear(256, 10)

    def forward(self, x):
        return self.head(self.encoder(x).mean(1))


# Counted as dev.kiln.bench counts them.
RESNET = 5.554e8
MLP = 784 * 512 + 512 * 512 + 512 * 10
LENET_FIRST = 28 * 28 * 32 * 25
LENET_REST = 14 * 14 * 64 * 32 * 25 + 3136 * 1024 + 1024 * 10
ENCODER = 16 * 128 * 2 * (4 * 256 * 256 + 2 * 256 * 1024 + 2 * 128 * 256)
CONV = 2.0 * 32 * 64 * 32 * 32 * 64 * 9
MANY = 1 << 24


class Bench:
    def __init__(self, options):
        self.options = options
        self.device = torch.device(options.device)
        self.cuda = self.device.type == "cuda"
        self.started = time.perf_counter()

    def sync(self):
        if self.cuda:
            torch.cuda.synchronize()

    def random(self, *shape):
        return torch.randn(*shape, device=self.device)

    def labels(self, n):
        return torch.tensor([i * 7 % 10 for i in range(n)], device=self.device)

    def cast(self, precision):
        if precision == "bf16":
            return torch.autocast(self.device.type, torch.bfloat16)
        return contextlib.nullcontext()

    def training(self, model, optimizer, shape, precision, mode):
        model = model.to(self.device)
        parameters = list(model.parameters())
        # A graph needs the step count on the device.
        capturable = mode == "graph"
        if optimizer == "adam":
            optimizer = torch.optim.Adam(parameters, 1e-3, capturable=capturable)
        elif optimizer == "adamw":
            optimizer = torch.optim.AdamW(parameters, 1e-3, capturable=capturable)
        else:
            decay = 5e-4 if optimizer == "sgd+decay" else 0
            optimizer = torch.optim.SGD(parameters, 0.01, momentum=0.9, weight_decay=decay)
        x, y = self.random(*shape), self.labels(shape[0])
        loss = nn.CrossEntropyLoss()
        forward = torch.compile(model) if mode == "compile" else model

        def step():
            optimizer.zero_grad(set_to_none=True)
            with self.cast(precision):
                value = loss(forward(x), y)
            value.backward()
            optimizer.step()

        return step

    def inference(self, batch, precision, mode):
        model = resnet().to(self.device).eval()
        x = self.random(batch, 3, 32, 32)
        forward = torch.compile(model) if mode == "compile" else model

        def step():
            with torch.no_grad(), self.cast(precision):
                forward(x)

        return step

    def single(self, function, precision, mode):
        function = torch.compile(function) if mode == "compile" else function

        def step():
            with torch.no_grad(), self.cast(precision):
                function()

        return step

    def matmul(self, n, precision, mode):
        a, b = self.random(n, n), self.random(n, n)
        return self.single(lambda: torch.matmul(a, b), precision, mode)

    def into(self, function, inputs, precision, mode):
        arguments = [self.random(MANY) for _ in range(inputs)]
        out = self.random(MANY)
        return self.single(lambda: function(*arguments, out=out), precision, mode)

    def softmax(self, precision, mode):
        x = self.random(4096, 1024)
        return self.single(lambda: torch.softmax(x, 1), precision, mode)

    def conv(self, backward, precision, mode):
        layer = nn.Conv2d(64, 64, 3, padding=1).to(self.device)
        x = self.random(32, 64, 32, 32).requires_grad_(backward)
        if not backward:
            return self.single(lambda: layer(x), precision, mode)
        dy = self.random(32, 64, 32, 32)
        forward = torch.compile(layer) if mode == "compile" else layer

        def step():
            x.grad = None
            layer.zero_grad(set_to_none=True)
            with self.cast(precision):
                y = forward(x)
            y.backward(dy.to(y.dtype))

        return step

    def tasks(self):
        """Name, floating-point operations, bytes, and what prepares a step."""
        t = self.training
        tasks = [
            ("W1", 2 * 128 * (3 * MLP - 784 * 512), 0,
             lambda p, m: t(mlp(), "adam", (128, 784), p, m)),
            ("W2", 2 * 64 * (2 * LENET_FIRST + 3 * LENET_REST), 0,
             lambda p, m: t(lenet(), "sgd", (64, 1, 28, 28), p, m)),
            ("W3", 6 * 32 * RESNET, 0,
             lambda p, m: t(resnet(), "sgd+decay", (32, 3, 32, 32), p, m)),
            ("W4", 6 * ENCODER, 0, lambda p, m: t(Transformer(), "adamw", (16, 128, 256), p, m)),
            ("W5.b1", 2 * RESNET, 0, lambda p, m: self.inference(1, p, m)),
            ("W5.b32", 64 * RESNET, 0, lambda p, m: self.inference(32, p, m)),
        ]  # fmt: skip
        for n in (512, 1024, 2048):
            tasks.append((f"W6.matmul{n}", 2 * n**3, 0, lambda p, m, n=n: self.matmul(n, p, m)))
        relu = lambda x, out: torch.clamp_min(x, 0, out=out)
        tasks += [
            ("W6.add", 0, 12 * MANY, lambda p, m: self.into(torch.add, 2, p, m)),
            ("W6.relu", 0, 8 * MANY, lambda p, m: self.into(relu, 1, p, m)),
            ("W6.exp", 0, 8 * MANY, lambda p, m: self.into(torch.exp, 1, p, m)),
            ("W6.softmax", 0, 8 * 4096 * 1024, lambda p, m: self.softmax(p, m)),
            ("W6.conv", CONV, 0, lambda p, m: self.conv(False, p, m)),
            ("W6.conv.backward", 3 * CONV, 0, lambda p, m: self.conv(True, p, m)),
        ]
        return tasks

    def recorded(self, step):
        """The step in a CUDA graph, after the warm-up on a side stream that PyTorch asks for."""
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(3):
                step()
        torch.cuda.current_stream().wait_stream(side)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            step()
        return graph.replay

    def sample(self, step, runs):
        start = time.perf_counter()
        for _ in range(runs):
            step()
        self.sync()
        return (time.perf_counter() - start) / runs

    def time(self, step):
        seconds = self.options.seconds
        first, one, runs = self.sample(step, 1), self.sample(step, 1), 1
        start = time.perf_counter()
        while time.perf_counter() - start < seconds / 2:
            one = self.sample(step, runs)
            runs = int(max(1, min(10_000, 0.02 / one)))
        samples = []
        start = time.perf_counter()
        while len(samples) < 5 or time.perf_counter() - start < seconds:
            samples.append(self.sample(step, runs))
        samples.sort()
        n = len(samples)
        median = samples[n // 2]
        return {
            "median_ms": median * 1e3,
            "best_ms": samples[0] * 1e3,
            "spread": (samples[3 * n // 4] - samples[n // 4]) / median,
            "first_ms": first * 1e3,
            "samples": n,
        }

    def line(self, name, flops, moved, make, precision, mode):
        line = {"work": name, "precision": precision, "mode": mode}
        if time.perf_counter() - self.started > self.options.until:
            return line | {"error": "left out: the time was up"}
        torch.manual_seed(1)
        torch.backends.cuda.matmul.allow_tf32 = precision == "tf32"
        torch.backends.cudnn.allow_tf32 = precision == "tf32"
        try:
            if mode == "graph" and not self.cuda:
                raise RuntimeError("graphs need a GPU")
            if self.cuda:
                torch.cuda.reset_peak_memory_stats()
            step = make(precision, mode)
            line |= self.time(self.recorded(step) if mode == "graph" else step)
            if self.cuda:
                line["peak_bytes"] = torch.cuda.max_memory_allocated()
            rate = (flops or moved) / line["median_ms"] / 1e6
            line["gflops" if flops else "gbytes_per_s"] = rate
        except Exception as e:  # one line that fails does not stop the others
            line["error"] = (str(e) or repr(e)).splitlines()[0][:200]
        finally:
            if self.cuda:
                torch.cuda.empty_cache()
            if mode == "compile":
                torch._dynamo.reset()
        return line

    def run(self):
        results = []
        # Compiling takes longest, so all of another mode comes before it.
        for mode in self.options.mode.split(","):
            for name, flops, moved, make in self.tasks():
                wanted = self.options.works
                if wanted and not any(name.startswith(w) for w in wanted):
                    continue
                for precision in self.options.precision.split(","):
                    if precision != "float32" and not flops:
                        continue
                    line = self.line(name, flops, moved, make, precision, mode)
                    results.append(line)
                    text = line.get("error") or f"{line['median_ms']:.4f} ms"
                    print(f"{name:18} {precision:8} {mode:9} {text}", flush=True)
                    self.write(results)

    def write(self, results):
        """After each line, so that a stage that is cut short leaves what it has."""
        if not self.options.json:
            return
        name = torch.cuda.get_device_name() if self.cuda else "CPU"
        everything = {
            "framework": "pytorch",
            "version": torch.__version__,
            "device": name,
            "results": results,
        }
        with open(self.options.json, "w") as file:
            json.dump(everything, file, indent=1)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--precision", default="float32")
    parser.add_argument("--mode", default="eager")
    parser.add_argument("--json")
    parser.add_argument("--until", type=float, default=1e9)
    parser.add_argument("works", nargs="*")
    Bench(parser.parse_args()).run()


if __name__ == "__main__":
    main()
