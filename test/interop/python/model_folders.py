"""The Python half of model-folders.ts: `model_folders.py FOLDER` loads the folders that folders.json there lists."""
import json
import sys
import traceback
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors import safe_open
from safetensors.torch import load_file, save_file


def difference(actual, expected):
    """Largest difference, as a part of the largest value."""
    actual, expected = torch.as_tensor(actual), torch.as_tensor(expected)
    if actual.shape != expected.shape:
        raise ValueError(f"shape {tuple(actual.shape)} instead of {tuple(expected.shape)}")
    return float((actual - expected).abs().max() / expected.abs().max())


def worst(case, embed):
    with torch.no_grad():
        return {
            "h": max(
                difference(embed(Image.open(path).convert("RGB")), torch.tensor(h))
                for path, h in case["expected"].items()
            )
        }


def with_timm(case):
    import timm

    model = timm.create_model(f"local-dir:{case['folder']}", pretrained=True).eval()
    transform = timm.data.create_transform(**timm.data.resolve_model_data_config(model))
    # For a classifier of one's own.
    if timm.create_model(f"local-dir:{case['folder']}", pretrained=True, num_classes=7).num_classes != 7:
        raise ValueError("no classifier")
    return worst(case, lambda picture: model(transform(picture)[None])[0])


def with_transformers(case):
    from transformers import AutoImageProcessor, AutoModel

    model = AutoModel.from_pretrained(case["folder"]).eval().float()
    processor = AutoImageProcessor.from_pretrained(case["folder"])
    embed = lambda picture: model(**processor(picture, return_tensors="pt")).pooler_output[0]  # noqa: E731
    return worst(case, embed)


def with_onnxruntime(case, folder):
    import onnx
    import onnxruntime

    half = case["precision"] == "float16"
    path = str(Path(case["folder"]) / "onnx" / ("model_fp16.onnx" if half else "model.onnx"))
    onnx.checker.check_model(path, full_check=True)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    metadata = session.get_modelmeta().custom_metadata_map
    if metadata["library"] != "simclr-ts" or metadata["precision"] != case["precision"]:
        raise ValueError(f"metadata {metadata}")
    with safe_open(Path(case["folder"]) / "model.safetensors", "pt") as file:
        for key, value in file.metadata().items():
            if key not in ("format", "names") and metadata[key] != value:
                raise ValueError(f"{key}: {metadata[key]} in ONNX, {value} in safetensors")
    file = load_file(folder / f"{case['name']}.larger")
    pictures = np.ascontiguousarray(file["pictures"].permute(0, 3, 1, 2).numpy())
    [one] = session.run(["image_embeds"], {"pixel_values": pictures})
    [three] = session.run(["image_embeds"], {"pixel_values": np.repeat(pictures, 3, 0)})
    return {"another size": difference(one, file["h"]), "three of it": difference(three[2:], file["h"])}


def answer(case, folder):
    result = {}
    checks = {"onnxruntime": lambda: with_onnxruntime(case, folder)}
    if case["timm"]:
        checks |= {"timm": lambda: with_timm(case), "transformers": lambda: with_transformers(case)}
    for name, check in checks.items():
        try:
            result[name] = check()
        except ImportError as error:
            result["skipped"] = f"{name}: {error}"
        except Exception:
            return {"failed": traceback.format_exc()}
    return result


def write_theirs(case, folder):
    """A model that timm saves, and what it makes of the first picture."""
    try:
        import timm
    except ImportError as error:
        return {"skipped": str(error)}
    try:
        torch.manual_seed(3)
        overlay = {"mean": [0.1, 0.2, 0.3], "std": [0.3, 0.2, 0.1], "input_size": [3, 64, 64], "crop_pct": 1.0}
        model = timm.create_model("resnet18", pretrained_cfg_overlay=overlay).eval()
        timm.models.save_for_hf(model, folder / "theirs", safe_serialization=True)
        transform = timm.data.create_transform(**timm.data.resolve_model_data_config(model))
        picture = transform(Image.open(next(iter(case["expected"]))).convert("RGB"))[None]
        with torch.no_grad():
            h = model.forward_head(model.forward_features(picture), pre_logits=True)[0]
        save_file({"h": h.contiguous()}, folder / "theirs.h")
        return {}
    except Exception:
        return {"failed": traceback.format_exc()}


def main():
    folder = Path(sys.argv[1])
    cases = json.loads((folder / "folders.json").read_text())
    answers = {case["name"]: answer(case, folder) for case in cases}
    for case in cases:
        if case["name"] == "resnet18":
            answers["theirs"] = write_theirs(case, folder)
    (folder / "answers.json").write_text(json.dumps(answers))


main()
