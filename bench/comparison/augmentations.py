"""SimCLR's augmentation in PyTorch, for a whole batch at once: torchvision's RandomResizedCrop, RandomHorizontalFlip,
RandomApply(ColorJitter) and RandomGrayscale, each picture with draws of its own.

torchvision draws once for a whole batch of tensors, and picture by picture it is slower than the network's step.
"""
import math

import torch
from torch.nn import functional

ATTEMPTS = 10
GRAY = (0.2989, 0.587, 0.114)


def draw_boxes(count, size, scale, ratio, generator):
    """Top, left, height and width of each crop, in whole pixels, float32."""
    uniform = torch.rand(2, count, ATTEMPTS, generator=generator, dtype=torch.float64)
    area = size * size * (scale[0] + (scale[1] - scale[0]) * uniform[0])
    low, high = math.log(ratio[0]), math.log(ratio[1])
    aspect = torch.exp(low + (high - low) * uniform[1])
    widths, heights = torch.round(torch.sqrt(area * aspect)), torch.round(torch.sqrt(area / aspect))
    fits = (widths > 0) & (widths <= size) & (heights > 0) & (heights <= size)
    first = fits.to(torch.uint8).argmax(1, keepdim=True)
    # Without a box that fits, the largest that may be: of a square picture all of it.
    any_fits = fits.any(1)
    whole = torch.full((count,), float(size), dtype=torch.float64)
    width = torch.where(any_fits, widths.gather(1, first).squeeze(1), whole)
    height = torch.where(any_fits, heights.gather(1, first).squeeze(1), whole)
    place = torch.rand(2, count, generator=generator, dtype=torch.float64)
    top, left = torch.floor(place[0] * (size - height + 1)), torch.floor(place[1] * (size - width + 1))
    return torch.stack([top, left, height, width], 1).float()


def crop_and_flip(images, boxes, flipped):
    """Bilinear, looking at nothing beyond the box; `images` [N, 3, S, S], `flipped` bool [N]."""
    size = images.shape[-1]
    steps = (torch.arange(size, dtype=torch.float32) + 0.5) / size

    def coordinates(start, length):
        place = start[:, None] + length[:, None] * steps - 0.5
        inside = torch.minimum(torch.maximum(place, start[:, None]), (start + length - 1)[:, None])
        return 2 * inside / (size - 1) - 1

    top, left, height, width = boxes.unbind(1)
    x, y = coordinates(left, width), coordinates(top, height)
    x = torch.where(flipped[:, None], x.flip(1), x)
    grid = torch.stack([x[:, None, :].expand(-1, size, -1), y[:, :, None].expand(-1, -1, size)], 3)
    return functional.grid_sample(images, grid, mode="bilinear", padding_mode="border", align_corners=True)


def grayscale(images):
    red, green, blue = images.unbind(1)
    return (GRAY[0] * red + GRAY[1] * green + GRAY[2] * blue).unsqueeze(1)


def adjust_brightness(images, factor):
    return (images * factor).clamp(0, 1)


def adjust_contrast(images, factor):
    mean = grayscale(images).mean((1, 2, 3), keepdim=True)
    return (factor * images + (1 - factor) * mean).clamp(0, 1)


def adjust_saturation(images, factor):
    return (factor * images + (1 - factor) * grayscale(images)).clamp(0, 1)


def adjust_hue(images, turn):
    """Through HSV; `turn` in full turns."""
    value, chroma, hue = to_hsv(images)
    hue = 6 * ((hue + turn.squeeze(1)) % 1)
    channels = []
    for offset in (5, 3, 1):
        k = (offset + hue) % 6
        channels.append(value - chroma * torch.minimum(k, 4 - k).clamp(0, 1))
    return torch.stack(channels, 1)


def to_hsv(images):
    """Value, chroma (value times saturation) and hue in [0, 1), each [N, H, W]."""
    red, green, blue = images.unbind(1)
    value, smallest = images.amax(1), images.amin(1)
    chroma = value - smallest
    safe = torch.where(chroma > 0, chroma, torch.ones_like(chroma))
    sixths = torch.where(
        value == red,
        (green - blue) / safe,
        torch.where(value == green, 2 + (blue - red) / safe, 4 + (red - green) / safe),
    )
    return value, chroma, torch.where(chroma > 0, sixths / 6 % 1, torch.zeros_like(chroma))


OPERATIONS = (adjust_brightness, adjust_contrast, adjust_saturation, adjust_hue)


def jitter(images, recipe, generator):
    """Four operations in a random order for each picture that is chosen."""
    count, strength = images.shape[0], recipe["jitterStrength"]
    chosen = torch.rand(count, generator=generator) < recipe["jitterProbability"]
    order = torch.rand(count, 4, generator=generator).argsort(1)
    amounts = 2 * torch.rand(count, 4, generator=generator) - 1
    width = torch.tensor([0.8, 0.8, 0.8, 0.2]) * strength
    amounts = amounts * width + torch.tensor([1.0, 1.0, 1.0, 0.0])
    images = images.clone()
    for place in range(4):
        for number, operation in enumerate(OPERATIONS):
            rows = (chosen & (order[:, place] == number)).nonzero().squeeze(1)
            if len(rows) == 0:
                continue
            amount = amounts[rows, number].view(-1, 1, 1, 1)
            images[rows] = operation(images[rows], amount)
    return images


def augment(images, recipe, generator):
    """One view of each picture. `images` float32 [N, 3, S, S] in [0, 1]; so is the result, not normalized."""
    count, size = images.shape[0], images.shape[-1]
    boxes = draw_boxes(count, size, recipe["cropScale"], recipe["cropRatio"], generator)
    flipped = torch.rand(count, generator=generator) < recipe["flipProbability"]
    views = jitter(crop_and_flip(images, boxes, flipped), recipe, generator)
    gray = torch.rand(count, generator=generator) < recipe["grayscaleProbability"]
    return torch.where(gray.view(-1, 1, 1, 1), grayscale(views), views)
