"""The Python half of round-trips.ts: `round_trips.py FOLDER SNIPPET` reads what that wrote there, and answers.

SNIPPET is the program of docs/interop.md that turns a .pth file into a safetensors file.
"""
import json
import runpy
import sys
import traceback
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file

sys.path.insert(0, str(Path(__file__).resolve().parent))
from networks import CASES, build, outputs  # noqa: E402


def difference(actual, expected):
    """Largest difference, as a part of the largest value."""
    return float((actual - expected).abs().max() / expected.abs().max())


def classifier(name):
    return name.split(".")[0] in ("fc", "linear", "classifier")


def to_nchw(pictures):
    return pictures.permute(0, 3, 1, 2).contiguous()


def check_safetensors(case, folder, pictures, expected):
    """Their network takes our file, all of it, and gives our outputs."""
    model = build(case)
    ours = load_file(folder / f"{case['name']}.ours.safetensors")
    missing, unexpected = model.load_state_dict(ours, strict=False)
    missing = [name for name in missing if not classifier(name)]
    if missing or unexpected:
        raise ValueError(f"missing {missing}, unexpected {unexpected}")
    with torch.no_grad():
        return {name: difference(value, expected[name]) for name, value in outputs(case, model, pictures).items()}


def check_onnx(case, folder, pictures, expected):
    import onnx
    import onnxruntime

    result = {}
    for layout, images in [("NCHW", to_nchw(pictures)), ("NHWC", pictures)]:
        path = str(folder / f"{case['name']}.{layout}.onnx")
        onnx.checker.check_model(path, full_check=True)
        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        names = [output.name for output in session.get_outputs()]
        for name, value in zip(names, session.run(names, {"images": np.asarray(images)})):
            result[f"{layout} {name}"] = difference(torch.from_numpy(value), expected[name])
    return result


def write_theirs(case, folder, snippet, pictures):
    """Their weights as a .pth file, made a safetensors file by the documented program, and their outputs."""
    model = build(case)
    checkpoint = model.state_dict()
    if case["package"] == "solo-learn":
        checkpoint = {"state_dict": checkpoint, "epoch": 3}
    path = folder / f"{case['name']}.pth"
    torch.save(checkpoint, path)
    sys.argv = [str(snippet), str(path), str(folder / f"{case['name']}.theirs.safetensors")]
    runpy.run_path(str(snippet), run_name="__main__")
    path.unlink()
    with torch.no_grad():
        expected = outputs(case, model, to_nchw(pictures))
    save_file({name: value.contiguous() for name, value in expected.items()}, folder / f"{case['name']}.theirs.outputs")


def answer(case, folder, snippet):
    try:
        build(case)
    except ImportError as error:
        return {"skipped": f"{case['package']}: {error}"}
    file = load_file(folder / f"{case['name']}.outputs")
    pictures = file.pop("pictures")
    try:
        result = {"torch": check_safetensors(case, folder, to_nchw(pictures), file)}
        write_theirs(case, folder, snippet, pictures)
    except Exception:
        return {"failed": traceback.format_exc()}
    try:
        result["onnx"] = check_onnx(case, folder, pictures, file)
    except ImportError as error:
        result["skipped"] = str(error)
    except Exception:
        return {"failed": traceback.format_exc()}
    return result


def stock_onnx(name, folder):
    """An encoder of layers of tfjs-layers."""
    case = {"name": name}
    file = load_file(folder / f"{name}.outputs")
    try:
        return {"onnx": check_onnx(case, folder, file.pop("pictures"), file)}
    except ImportError as error:
        return {"skipped": str(error)}
    except Exception:
        return {"failed": traceback.format_exc()}


def main():
    folder, snippet = Path(sys.argv[1]), Path(sys.argv[2])
    if sys.argv[2] == "--cases":
        (folder / "cases.json").write_text(json.dumps(CASES))
        return
    names = json.loads((folder / "names.json").read_text())
    answers = {case["name"]: answer(case, folder, snippet) for case in CASES if case["name"] in names["cases"]}
    answers |= {name: stock_onnx(name, folder) for name in names["stock"]}
    (folder / "answers.json").write_text(json.dumps(answers))


main()
