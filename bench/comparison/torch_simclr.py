"""SimCLR in PyTorch: the twin of ours.ts, step by step the same recipe on the same pictures.

    python3 torch_simclr.py TASK

TASK is JSON as task.ts describes it. Progress goes to stderr; the last line of stdout is the result as JSON.
"""
import copy
import json
import math
import os
import sys
import time

import numpy as np
import torch
import torchvision
from torch import nn
from torch.nn import functional

sys.dont_write_bytecode = True
from augmentations import augment  # noqa: E402

os.environ.setdefault("LIGHTLY_DID_VERSION_CHECK", "True")  # it would ask a server
try:
    import lightly
    from lightly.loss import NTXentLoss
except ImportError:
    lightly = None


def read_pictures(path, count=None):
    """uint8 [N, 32, 32, 3] of a file that holds all labels, then all pictures."""
    data = np.fromfile(path, dtype=np.uint8)
    total = len(data) // (32 * 32 * 3 + 1)
    return torch.from_numpy(data[total:].reshape(total, 32, 32, 3)[:count])


def to_float(pictures):
    """[N, 3, 32, 32] in [0, 1]."""
    return pictures.permute(0, 3, 1, 2).contiguous().float() / 255


def normalize(images, recipe):
    mean, std = (torch.tensor(recipe[name]).view(1, 3, 1, 1) for name in ("mean", "std"))
    return ((images - mean) / std).contiguous(memory_format=torch.channels_last)


def build(recipe):
    encoder = torchvision.models.resnet18()
    encoder.fc = nn.Identity()
    widths = [512, *recipe["headHidden"], recipe["headOutput"]]
    layers = []
    for inputs, outputs in zip(widths, widths[1:]):
        layers += [nn.Linear(inputs, outputs), nn.ReLU()]
    return encoder.to(memory_format=torch.channels_last), nn.Sequential(*layers[:-1])


def nt_xent(z, temperature):
    z = functional.normalize(z, dim=1)
    pairs = z.shape[0] // 2
    logits = z @ z.T / temperature
    logits.fill_diagonal_(float("-inf"))
    positives = torch.cat([torch.arange(pairs, 2 * pairs), torch.arange(pairs)])
    return functional.cross_entropy(logits, positives)


def make_loss(temperature):
    if lightly is None:
        return lambda z: nt_xent(z, temperature)
    criterion = NTXentLoss(temperature=temperature)
    return lambda z: criterion(*z.chunk(2))


def framework():
    used = f"PyTorch {torch.__version__}, torchvision {torchvision.__version__}"
    return used if lightly is None else f"{used}, NTXentLoss of lightly {lightly.__version__}"


def learning_rate(recipe, share):
    """Linear warm-up, then half a cosine to 0; `share` of the training that is done."""
    share = min(share, 1)
    peak, warmup = recipe["learningRate"], recipe["warmupShare"]
    if share < warmup:
        return peak * max(share / warmup, 0.02)
    return peak / 2 * (1 + math.cos(math.pi * (share - warmup) / (1 - warmup)))


def make_optimizer(recipe, encoder, head):
    parameters = [*encoder.parameters(), *head.parameters()]
    return torch.optim.AdamW(parameters, lr=recipe["learningRate"], weight_decay=recipe["weightDecay"])


def step(views, recipe, encoder, head, loss_of, optimizer, rate):
    """One step on normalized views, [view 1; view 2]; the loss before it."""
    for group in optimizer.param_groups:
        group["lr"] = rate
    optimizer.zero_grad(set_to_none=True)
    loss = loss_of(head(encoder(views)))
    loss.backward()
    optimizer.step()
    return loss.item()


def batches(count, size, generator):
    """Rows of one batch after the other, in a new order each pass; what does not fill a batch is left out."""
    while True:
        order = torch.randperm(count, generator=generator)
        for start in range(0, count - size + 1, size):
            yield order[start : start + size]


def load_weights(models, folder):
    """Weights that the other side has handed over, a file for each."""
    with torch.no_grad():
        for prefix, model in models.items():
            for name, value in model.state_dict().items():
                if name.endswith("num_batches_tracked"):
                    continue
                data = np.fromfile(f"{folder}/{prefix}.{name}.f32", dtype=np.float32)
                value.copy_(torch.from_numpy(data).view(value.shape))


def read_views(folder, number):
    """Views of a step that the other side has handed over, [view 1; view 2], as they are."""
    data = np.fromfile(f"{folder}/views{number}.f32", dtype=np.float32)
    return torch.from_numpy(data).view(-1, 32, 32, 3).permute(0, 3, 1, 2)


def views_of_steps(pictures, recipe, draws):
    """The normalized views of one step after the other, [view 1; view 2]."""
    for rows in batches(len(pictures), recipe["batchSize"], draws):
        images = to_float(pictures[rows])
        yield normalize(augment(torch.cat([images, images]), recipe, draws), recipe)


def begin(task):
    """Pictures, the generator of draws, and networks with random weights, by the seed of a task."""
    torch.manual_seed(task["seed"])
    draws = torch.Generator().manual_seed(task["seed"] + 1)
    return read_pictures(task["train"]), draws, *build(task["recipe"])


def run_steps(task, pictures, draws, encoder, head, optimizer):
    """Steps until the budget is used up; the loss of each, and the seconds that they took."""
    recipe, budget = task["recipe"], task["budget"]
    loss_of = make_loss(recipe["temperature"])
    steps = budget["pairs"] // recipe["batchSize"] if "pairs" in budget else None
    losses = []
    began = time.perf_counter()

    def elapsed():
        return time.perf_counter() - began

    def share():
        return elapsed() / (60 * budget["minutes"]) if steps is None else len(losses) / steps

    for views in views_of_steps(pictures, recipe, draws):
        losses.append(step(views, recipe, encoder, head, loss_of, optimizer, learning_rate(recipe, share())))
        if not math.isfinite(losses[-1]):
            raise ValueError(f"the loss is {losses[-1]} at step {len(losses)}")
        if len(losses) % 50 == 0:
            print(f"step {len(losses)}, loss {losses[-1]:.3f}, {elapsed():.0f} s", file=sys.stderr, flush=True)
        if share() >= 1:
            break
    return losses, elapsed()


def train(task):
    recipe = task["recipe"]
    pictures, draws, encoder, head = begin(task)
    encoder.train()
    optimizer = make_optimizer(recipe, encoder, head)
    losses, seconds = run_steps(task, pictures, draws, encoder, head, optimizer)
    pairs = len(losses) * recipe["batchSize"]

    write_embeddings(encoder, recipe, pictures[: task["references"]], task["out"] + "/references.f32")
    test = read_pictures(task["test"], task["testImages"])
    write_embeddings(encoder, recipe, test, task["out"] + "/test.f32")
    return {
        "framework": framework(),
        "pairsPerSecond": pairs / seconds,
        "pairsSeen": pairs,
        "loss": losses,
        "dim": 512,
    }


class EarlyStages(nn.Module):
    """A ResNet as far as its first residual stage, averaged on a grid, in the order of channels-last maps."""

    def __init__(self, encoder, grid):
        super().__init__()
        self.encoder, self.grid = encoder, grid

    def forward(self, images):
        encoder = self.encoder
        maps = encoder.layer1(encoder.maxpool(encoder.relu(encoder.bn1(encoder.conv1(images)))))
        return functional.adaptive_avg_pool2d(maps, self.grid).permute(0, 2, 3, 1).flatten(1)


def build_head(inputs, recipe):
    """Dense layers without bias, with batch normalization and ReLU after each hidden one."""
    widths = [inputs, *recipe["headHidden"]]
    layers = []
    for before, after in zip(widths, widths[1:]):
        layers += [nn.Linear(before, after, bias=False), nn.BatchNorm1d(after), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(widths[-1], recipe["headOutput"], bias=False))


def part(task):
    """
    A part of a run by the recipe `minutes`: weights of the encoder come from a folder, and go back there.

    The part `early` trains the first residual stage with the first filters fixed; `later` trains the stages behind it,
    whose weights stay as they are. Each has a schedule and a new projection head of its own.
    """
    recipe = task["recipe"]
    pictures, draws, encoder, _ = begin(task)
    load_weights({"encoder": encoder}, task["out"])
    is_early = task["part"] == "early"
    held = [encoder.conv1.weight] if is_early else [
        parameter for module in (encoder.conv1, encoder.bn1, encoder.layer1) for parameter in module.parameters()
    ]
    for parameter in held:
        parameter.requires_grad_(False)
    projected = EarlyStages(encoder, recipe["earlyGrid"]) if is_early else encoder
    head = build_head(64 * recipe["earlyGrid"] ** 2 if is_early else 512, recipe)
    encoder.train()
    trained = [p for p in [*projected.parameters(), *head.parameters()] if p.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=recipe["learningRate"], weight_decay=recipe["weightDecay"])
    losses, _ = run_steps(task, pictures, draws, projected, head, optimizer)
    write_weights({"encoder": encoder}, task["out"])
    return {"framework": framework(), "loss": losses}


def write_weights(models, folder):
    for prefix, model in models.items():
        for name, value in model.state_dict().items():
            value.detach().float().contiguous().numpy().tofile(f"{folder}/{prefix}.{name}.f32")


def write_embeddings(encoder, recipe, pictures, path):
    encoder.eval()
    with torch.no_grad(), open(path, "wb") as file:
        for part in pictures.split(250):
            file.write(encoder(normalize(to_float(part), recipe)).contiguous().numpy().tobytes())


def make_views(task):
    """Draws of views of the first training pictures, as raw float32 [draws, N, 3, 32, 32], not normalized."""
    draws = torch.Generator().manual_seed(task["seed"])
    images = to_float(read_pictures(task["train"], task["pictures"]))
    views = [augment(images, task["recipe"], draws) for _ in range(task["draws"])]
    torch.stack(views).numpy().tofile(task["out"] + "/views.f32")
    return {"framework": framework()}


def same_steps(task):
    """Steps from weights and on views that are handed over; the losses."""
    recipe, folder = task["recipe"], task["in"]
    encoder, head = build(recipe)
    load_weights({"encoder": encoder, "head": head}, folder)
    encoder.train()
    optimizer, loss_of = make_optimizer(recipe, encoder, head), make_loss(recipe["temperature"])
    losses, errors = [], {}
    for number, rate in enumerate(task["rates"]):
        views = normalize(read_views(folder, number), recipe)
        if number == 0:
            errors = gradient_errors(views, encoder, head, recipe, task["out"])
        losses.append(step(views, recipe, encoder, head, loss_of, optimizer, rate))
    write_weights({"trained": encoder}, task["out"])
    return {"framework": framework(), "loss": losses, "gradientErrors": errors}


def gradient_errors(views, encoder, head, recipe, folder):
    """Relative errors of float32's gradients against float64's, by weight; writes the latter."""
    gradients = []
    for dtype in (torch.float64, torch.float32):
        model = copy.deepcopy(nn.ModuleDict({"encoder": encoder, "head": head})).to(dtype)
        nt_xent(model["head"](model["encoder"](views.to(dtype))), recipe["temperature"]).backward()
        gradients.append({name: p.grad.double().contiguous() for name, p in model.named_parameters()})
    exact, rounded = gradients
    for name, gradient in exact.items():
        gradient.float().numpy().tofile(f"{folder}/gradient.{name}.f32")
    return {name: ((rounded[name] - exact[name]).norm() / exact[name].norm()).item() for name in exact}


def hand_over(task):
    """What `train` begins with and sees, without training: first weights, and the normalized views of every step."""
    folder = task["out"]
    pictures, draws, encoder, head = begin(task)
    write_weights({"encoder": encoder, "head": head}, folder)
    for number, views in zip(range(task["steps"]), views_of_steps(pictures, task["recipe"], draws)):
        views.permute(0, 2, 3, 1).contiguous().numpy().tofile(f"{folder}/views{number}.f32")
    return {"framework": framework()}


TASKS = {
    "train": train,
    "hand-over": hand_over,
    "part": part,
    "views": make_views,
    "steps": same_steps,
    "rates": lambda task: {"rates": [learning_rate(task["recipe"], share) for share in task["shares"]]},
}

if __name__ == "__main__":
    given = json.loads(sys.argv[1])
    torch.set_num_threads(given["threads"])
    print(json.dumps(TASKS[given["kind"]](given)))
