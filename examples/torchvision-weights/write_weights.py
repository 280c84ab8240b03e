"""Writes a ResNet-18 of torchvision for main.js, and what it answers:

    python3 write_weights.py                random weights, nothing is downloaded
    python3 write_weights.py model.pth      the state dict of a file of yours

weights.safetensors holds the network, reference.safetensors a few pictures and torchvision's h of each. Needs torch and
torchvision: `apt-get install python3-torch python3-torchvision` on Debian, `pip install torch torchvision` elsewhere.
"""

import json
import struct
import sys

import torch
from torchvision.models import resnet18


def write_safetensors(path, tensors):
    """The format is a header in JSON, preceded by its length, and the numbers; the package safetensors does it too."""
    types = {torch.float32: "F32", torch.int64: "I64"}
    header, blocks, end = {}, [], 0
    for name, tensor in tensors.items():
        block = tensor.detach().contiguous().numpy().tobytes()
        offsets = [end, end + len(block)]
        header[name] = {"dtype": types[tensor.dtype], "shape": list(tensor.shape), "data_offsets": offsets}
        blocks.append(block)
        end += len(block)
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"".join(blocks))


torch.manual_seed(1)
model = resnet18()
if len(sys.argv) > 1:
    model.load_state_dict(torch.load(sys.argv[1], map_location="cpu"))
else:
    model(torch.randn(32, 3, 64, 64))  # in training mode: the running statistics are no longer 0 and 1
write_safetensors("weights.safetensors", model.state_dict())

model.fc = torch.nn.Identity()  # h is what the classifier gets
model.eval()
pictures = torch.rand(16, 3, 64, 64)
mean = torch.tensor([0.485, 0.456, 0.406]).reshape(3, 1, 1)
std = torch.tensor([0.229, 0.224, 0.225]).reshape(3, 1, 1)
with torch.no_grad():
    h = model((pictures - mean) / std)
write_safetensors("reference.safetensors", {"pictures": pictures.permute(0, 2, 3, 1), "h": h})
print("wrote weights.safetensors and reference.safetensors")
