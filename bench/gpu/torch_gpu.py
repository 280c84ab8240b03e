"""The step of bench/gpu/run.ts in PyTorch on CUDA, fp32 without TF32: pairs per second and peak memory as JSON."""
import argparse
import json
import sys
import time

import torch
import torch.nn.functional as F
import torchvision

parser = argparse.ArgumentParser()
parser.add_argument("--batch", type=int, default=256)
parser.add_argument("--size", type=int, default=96)
parser.add_argument("--steps", type=int, default=20)
options = parser.parse_args()
if not torch.cuda.is_available():
    sys.exit("PyTorch finds no CUDA GPU")
torch.backends.cuda.matmul.allow_tf32 = False
torch.backends.cudnn.allow_tf32 = False
torch.backends.cudnn.benchmark = True

encoder = torchvision.models.resnet18()
encoder.fc = torch.nn.Identity()
head = torch.nn.Sequential(
    torch.nn.Linear(512, 512), torch.nn.ReLU(), torch.nn.Linear(512, 512), torch.nn.ReLU(), torch.nn.Linear(512, 64)
)
model = torch.nn.Sequential(encoder, head).cuda().train().to(memory_format=torch.channels_last)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
views = torch.rand(2 * options.batch, 3, options.size, options.size).cuda().to(memory_format=torch.channels_last)
positives = torch.arange(2 * options.batch, device="cuda").roll(options.batch)


def step():
    optimizer.zero_grad(set_to_none=True)
    z = F.normalize(model(views), dim=1)
    logits = (z @ z.T / 0.5).fill_diagonal_(-1e4)
    F.cross_entropy(logits, positives).backward()
    optimizer.step()


for _ in range(5):
    step()
torch.cuda.synchronize()
began = time.perf_counter()
for _ in range(options.steps):
    step()
torch.cuda.synchronize()
seconds = (time.perf_counter() - began) / options.steps
print(
    json.dumps(
        {
            "device": torch.cuda.get_device_name(),
            "pairsPerSecond": options.batch / seconds,
            "peakMegabytes": torch.cuda.max_memory_allocated() / 2**20,
        }
    )
)
