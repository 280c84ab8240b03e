"""Networks of the real packages, as their own examples build them, and the same for simclr-ts as plain data."""
import importlib
import sys
import types

import torch
import torchvision
from torch import nn

# kernelSize, strides, pool, padding: solo-learn's networks for CIFAR.
SOLO_LEARN_STEM = {"kernelSize": 3, "strides": 1, "pool": False, "padding": 2}

# lightly's own network as its examples take it: an nn.Sequential of its children, without the ReLU behind the stem.
LIGHTLY_STEM = {"kernelSize": 3, "strides": 1, "pool": False, "activation": "none"}


def case(name, package, format, architecture, stem="imagenet", size=64, head=None, prefix=None):
    return {
        "name": name,
        "package": package,
        "format": format,
        "architecture": architecture,
        "stem": stem,
        "size": size,
        **({"head": head} if head else {}),
        **({"prefix": prefix} if prefix else {}),
    }


LIGHTLY_HEAD = {"hidden": [32], "outputDim": 16, "batchNormalization": {"hidden": True, "output": "full"}}
LIGHTLY_PLAIN_HEAD = {"hidden": [32, 32], "outputDim": 16}
SOLO_LEARN_HEAD = {"hidden": [24], "outputDim": 16}

CASES = [
    case("torchvision-resnet18", "torchvision", "torchvision", "resnet18", size=65),
    case("torchvision-resnet34", "torchvision", "torchvision", "resnet34"),
    case("torchvision-resnet50", "torchvision", "torchvision", "resnet50"),
    case("torchvision-resnet18-small", "torchvision", "torchvision", "resnet18", stem="small", size=32),
    case("torchvision-mobilenet-v2", "torchvision", "torchvision", "mobilenet_v2", size=65),
    case("timm-resnet18", "timm", "timm", "resnet18"),
    case("timm-resnet50", "timm", "timm", "resnet50"),
    case("lightly-torchvision-resnet18", "lightly", "lightly", "resnet18", head=LIGHTLY_HEAD),
    case("lightly-torchvision-resnet50", "lightly", "lightly", "resnet50", head=LIGHTLY_HEAD),
    case("lightly-resnet18", "lightly", "lightly-resnet", "resnet18", LIGHTLY_STEM, 32, LIGHTLY_PLAIN_HEAD),
    case("lightly-resnet50", "lightly", "lightly-resnet", "resnet50", LIGHTLY_STEM, 32, LIGHTLY_HEAD),
    case("solo-learn-resnet18-cifar", "solo-learn", "solo-learn", "resnet18", SOLO_LEARN_STEM, 32, SOLO_LEARN_HEAD, "encoder."),
    case("solo-learn-resnet50", "solo-learn", "solo-learn", "resnet50", "imagenet", 64, SOLO_LEARN_HEAD, "encoder."),
]


def build(case):
    """The network of a case, with random weights and running statistics that depend on its name alone."""
    torch.manual_seed(sum(case["name"].encode()))
    model = {
        "torchvision": build_torchvision,
        "timm": build_timm,
        "lightly": build_lightly,
        "solo-learn": build_solo_learn,
    }[case["package"]](case)
    for module in model.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias, std=0.1)
            nn.init.normal_(module.running_mean, std=0.1)
            nn.init.uniform_(module.running_var, 0.5, 1.5)
    return model.eval()


def outputs(case, model, pictures):
    """h, and z where there is a head."""
    package = case["package"]
    if package in ("torchvision", "timm"):
        return {"h": features(case, model, pictures)}
    if package == "lightly":
        h = model.backbone(pictures).flatten(start_dim=1)
        return {"h": h, "z": model.projection_head(h)}
    h = model.encoder(pictures)
    return {"h": h, "z": model.projector(h)}


def features(case, model, pictures):
    if case["package"] == "timm":
        return model.forward_head(model.forward_features(pictures), pre_logits=True)
    last = "classifier" if case["architecture"] == "mobilenet_v2" else "fc"
    classifier = getattr(model, last)
    setattr(model, last, nn.Identity())
    try:
        return model(pictures)
    finally:
        setattr(model, last, classifier)


def build_torchvision(case):
    model = getattr(torchvision.models, case["architecture"])()
    if case["stem"] == "small":
        model.conv1 = nn.Conv2d(3, 64, 3, 1, 1, bias=False)
        model.maxpool = nn.Identity()
    return model


def build_timm(case):
    return importlib.import_module("timm").create_model(case["architecture"], pretrained=False)


def build_lightly(case):
    heads = importlib.import_module("lightly.models.modules.heads")
    head = case["head"]
    if case["format"] == "lightly":
        resnet = getattr(torchvision.models, case["architecture"])()
        dim = resnet.fc.in_features
        backbone = nn.Sequential(*list(resnet.children())[:-1])
    else:
        lightly = importlib.import_module("lightly.models.resnet")
        resnet = lightly.ResNetGenerator(case["architecture"].replace("resnet", "resnet-"))
        dim = resnet.linear.in_features
        backbone = nn.Sequential(*list(resnet.children())[:-1], nn.AdaptiveAvgPool2d(1))
    model = nn.Module()
    model.backbone = backbone
    model.projection_head = heads.SimCLRProjectionHead(
        dim, head["hidden"][0], head["outputDim"], len(head["hidden"]) + 1, head.get("batchNormalization", {}).get("hidden", False)
    )
    return model


class StandIn(types.ModuleType):
    """A module of which every member is an empty class."""

    __path__ = []

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return nn.Module if name == "LightningModule" else type(name, (), {})


def import_solo_learn():
    """solo-learn's `SimCLR`, which is a LightningModule and needs of that what nn.Module has.

    Empty classes stand in for what is not there of the packages that train, log and plot: the releases of
    pytorch-lightning that it asks for do not import under newer Pythons and PyTorches.
    """
    stand_in = ("pytorch_lightning", "pl_bolts", "wandb", "umap", "seaborn", "matplotlib", "pandas", "omegaconf")
    for name in list(sys.modules):
        if name.split(".")[0] in stand_in[:2]:
            del sys.modules[name]
    while True:
        try:
            if "pytorch_lightning" not in sys.modules:
                sys.modules["pytorch_lightning"] = StandIn("pytorch_lightning")
            return importlib.import_module("solo.methods").SimCLR
        except ModuleNotFoundError as error:
            if error.name.split(".")[0] not in stand_in or error.name in sys.modules:
                raise
            sys.modules[error.name] = StandIn(error.name)


def build_solo_learn(case):
    head = case["head"]
    return import_solo_learn()(
        encoder=case["architecture"],
        backbone_args={"cifar": case["stem"] != "imagenet", "zero_init_residual": False},
        proj_output_dim=head["outputDim"],
        proj_hidden_dim=head["hidden"][0],
        temperature=0.1,
        num_classes=10,
        max_epochs=1,
        batch_size=2,
        optimizer="sgd",
        lars=False,
        lr=0.1,
        weight_decay=0,
        classifier_lr=0.1,
        exclude_bias_n_norm=False,
        accumulate_grad_batches=1,
        extra_optimizer_args={},
        scheduler="none",
        min_lr=0,
        warmup_start_lr=0,
        warmup_epochs=0,
        num_large_crops=2,
        num_small_crops=0,
        eta_lars=0.02,
        grad_clip_lars=False,
        knn_eval=False,
        knn_k=20,
        no_channel_last=False,
    )
