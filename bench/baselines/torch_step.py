"""PyTorch, channels-last: the worker of the benchmarks' runner, which speaks JSON lines (worker-process.ts).

The command line holds {"work": ..., "threads": ...}, as work.ts describes it.
"""
import json
import math
import sys
import time

import torch
import torchvision
from torch import nn
from torch.nn import functional


def build_encoder(stem):
    if stem is None:
        encoder = torchvision.models.mobilenet_v2()
        encoder.classifier = nn.Identity()
        return encoder.to(memory_format=torch.channels_last)
    encoder = torchvision.models.resnet18()
    encoder.fc = nn.Identity()
    size, strides = stem["kernelSize"], stem["strides"]
    encoder.conv1 = nn.Conv2d(3, 64, size, strides, size // 2, bias=False)
    if not stem["pool"]:
        encoder.maxpool = nn.Identity()
    return encoder.to(memory_format=torch.channels_last)


def pictures(count, size):
    return torch.rand(count, 3, size, size).to(memory_format=torch.channels_last)


def nt_xent(z, temperature=0.5):
    z = functional.normalize(z, dim=1)
    pairs = z.shape[0] // 2
    similarity = z @ z.T / temperature
    similarity.fill_diagonal_(float("-inf"))
    positives = torch.cat([torch.arange(pairs, 2 * pairs), torch.arange(pairs)])
    return functional.cross_entropy(similarity, positives)


def prepare_step(work):
    encoder = build_encoder(work.get("stem"))
    dim = 512 if "stem" in work else encoder.last_channel
    head = nn.Sequential(
        nn.Linear(dim, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 64)
    )
    parameters = [*encoder.parameters(), *head.parameters()]
    optimizer = torch.optim.SGD(parameters, lr=0.1, momentum=0.9)
    views = pictures(2 * work["batch"], work["size"])

    def run():
        optimizer.zero_grad(set_to_none=True)
        loss = nt_xent(head(encoder(views)))
        loss.backward()
        optimizer.step()
        return loss.item()

    return run


def prepare_embed(work):
    encoder = build_encoder(work["stem"]).eval()
    images = pictures(work["images"], work["size"])

    def run():
        with torch.inference_mode():
            encoder(images)
        return 0.0

    return run


def say(reply):
    print(json.dumps(reply), flush=True)


def main():
    task = json.loads(sys.argv[1])
    work, threads = task["work"], task["threads"]
    torch.set_num_threads(threads)
    run = {"step": prepare_step, "embed": prepare_embed}[work["kind"]](work)
    plural = "" if threads == 1 else "s"
    say({"ready": f"PyTorch {torch.__version__}, {threads} thread{plural}"})
    for line in sys.stdin:
        repetitions = json.loads(line)["repetitions"]
        began = time.perf_counter()
        for _ in range(repetitions):
            loss = run()
            if not math.isfinite(loss):
                raise ValueError(f"The loss is {loss}.")
        say({"seconds": time.perf_counter() - began})


if __name__ == "__main__":
    try:
        main()
    except Exception as error:
        say({"error": str(error)})
        sys.exit(1)
