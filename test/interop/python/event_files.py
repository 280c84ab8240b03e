"""The Python half of event-files.ts: `event_files.py FOLDER` reads the event files there as TensorBoard does."""
import io
import json
import sys
import traceback
from pathlib import Path


def read(folder):
    import numpy as np
    from google.protobuf import text_format
    from PIL import Image
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from tensorboard.plugins.projector.projector_config_pb2 import ProjectorConfig

    logs = folder / "logs"
    steps = json.loads((folder / "steps.json").read_text())
    # The size guidance 0 keeps every event.
    events = EventAccumulator(str(logs), size_guidance={"scalars": 0, "images": 0}).Reload()
    expected = {"train/loss", "train/learning_rate", "train/pairs_per_second", "epoch/loss", "epoch/pairs_per_second"}
    tags = events.Tags()
    assert set(tags["scalars"]) == expected, tags
    assert tags["images"] == ["views"], tags

    # The steps that were lost are gone, and the axis continues.
    result = {}
    for tag, key in [("train/loss", "loss"), ("train/learning_rate", "learningRate")]:
        found = events.Scalars(tag)
        assert [each.step for each in found] == [each["step"] for each in steps], found
        values = np.array([each.value for each in found])
        wanted = np.array([each[key] for each in steps])
        result[tag] = float(np.abs(values / wanted - 1).max())
        assert all(each.wall_time > 1.7e9 for each in found)
    assert [each.step for each in events.Scalars("epoch/loss")] == [2, 5, 8]
    images = events.Images("views")
    assert [each.step for each in images] == [0, 6], images
    for each in images:
        picture = Image.open(io.BytesIO(each.encoded_image_string))
        assert picture.size == (each.width, each.height) == (34, 34) and picture.mode == "RGB"

    config = text_format.Parse((logs / "projector_config.pbtxt").read_text(), ProjectorConfig())
    [embedding] = config.embeddings
    vectors = np.loadtxt(logs / embedding.tensor_path, delimiter="\t")
    assert vectors.shape == (12, 16), vectors.shape
    assert (logs / embedding.metadata_path).read_text().splitlines()[11] == "picture 11"
    sprite = Image.open(logs / embedding.sprite.image_path)
    assert sprite.size == (4 * embedding.sprite.single_image_dim[0],) * 2
    return result


def main():
    folder = Path(sys.argv[1])
    try:
        answer = {"read": read(folder)}
    except ImportError as error:
        answer = {"skipped": str(error)}
    except Exception:
        answer = {"failed": traceback.format_exc()}
    (folder / "answers.json").write_text(json.dumps(answer))


main()
