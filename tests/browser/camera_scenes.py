"""Pictures as a door's camera takes them: our own codes, held badly; drawn alike for a seed."""

import math
from io import BytesIO
from random import Random

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from app.presenters.qr_codes import PIXELS, picture

LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
SIZES = ((640, 480), (1280, 720))


def ticket_text(rng, signed=False):
    """A seat's code; a signed one has 26 letters more, as a signature would."""
    letters = "".join(rng.choices(LETTERS, k=12 + 26 * signed))
    return f"{letters}-{rng.randint(1, 12)}"


def code(text):
    return Image.open(BytesIO(picture(text))).convert("L")


def posed(flat, frame, share=0.55, yaw=0.0, pitch=0.0, roll=0.0, at=(0.5, 0.5)):
    """Lay a flat picture and its outline into a frame, seen by a camera: degrees, `share` of the
    frame's height, `at` in shares of the frame. Returns the picture on black, and the outline."""
    width, height = frame
    (cx, sx), (cy, sy), (cz, sz) = (
        (math.cos(a), math.sin(a)) for a in map(math.radians, (pitch, yaw, roll))
    )
    turn = (  # the first two columns of Ry · Rx · Rz
        (cy * cz + sy * sx * sz, -cy * sz + sy * sx * cz),
        (cx * sz, cx * cz),
        (-sy * cz + cy * sx * sz, sy * sz + cy * sx * cz),
    )
    far, scale = 1.5 * width, share * height / flat.width
    x0, y0 = width * at[0], height * at[1]
    (a, b), (c, d), (e, f) = (tuple(scale * value for value in row) for row in turn)
    back = _inverse(
        [
            (far * a + x0 * e, far * b + x0 * f, x0 * far),
            (far * c + y0 * e, far * d + y0 * f, y0 * far),
            (e, f, far),
        ]
    )
    half = flat.width / 2
    rows = [[row[i] + half * back[2][i] for i in range(3)] for row in back[:2]]
    numbers = [value / back[2][2] for row in (*rows, back[2]) for value in row][:8]

    def laid(image):
        # Pillow takes single pixels, so a code that is drawn too large would lose lines.
        return image.transform(
            frame, Image.Transform.PERSPECTIVE, numbers, Image.Resampling.BICUBIC
        )

    soft = max(flat.width / (share * height) - 1, 0) / 2
    return laid(flat.filter(ImageFilter.GaussianBlur(soft))), laid(Image.new("L", flat.size, 255))


def _inverse(m):
    def minor(r, c):
        (a, b), (d, e) = (
            [v for j, v in enumerate(row) if j != c] for i, row in enumerate(m) if i != r
        )
        return (a * e - b * d) * (-1) ** (r + c)

    return [[minor(c, r) for c in range(3)] for r in range(3)]  # up to a factor, which divides out


def room(rng, frame):
    """What else the camera sees: light from one side, edges, and lines of text."""
    width, height = frame
    image = Image.linear_gradient("L").resize(frame).point(lambda v: 60 + v // 3)
    draw = ImageDraw.Draw(image)
    for _ in range(12):
        x, y = rng.randrange(width), rng.randrange(height)
        box = (x, y, x + rng.randrange(20, width // 3), y + rng.randrange(20, height // 3))
        draw.rectangle(box, fill=rng.randrange(30, 230))
    for _ in range(60):
        x, y = rng.randrange(width), rng.randrange(height)
        draw.text((x, y), ticket_text(rng), fill=rng.choice((0, 255)))
    return image.filter(ImageFilter.GaussianBlur(1))


def crumpled(flat, rng, folds=6):
    """Paper that was in a pocket: each point of a net is moved, each field has its own light."""
    step = flat.width / folds
    shift = step * rng.uniform(0.04, 0.13)
    moved = {
        (i, j): (
            i * step + rng.uniform(-shift, shift) * (0 < i < folds),
            j * step + rng.uniform(-shift, shift) * (0 < j < folds),
        )
        for i in range(folds + 1)
        for j in range(folds + 1)
    }
    fields, light = [], Image.new("L", (folds, folds))
    for i in range(folds):
        for j in range(folds):
            box = tuple(round(v * step) for v in (i, j, i + 1, j + 1))
            corners = (moved[i, j], moved[i, j + 1], moved[i + 1, j + 1], moved[i + 1, j])
            fields.append((box, [value for corner in corners for value in corner]))
            light.putpixel((i, j), rng.randrange(140, 256))
    bent = flat.transform(flat.size, Image.Transform.MESH, fields, Image.Resampling.BILINEAR)
    return ImageChops.multiply(bent, light.resize(flat.size, Image.Resampling.BICUBIC))


def covered(flat, rng):
    """A thumb on the margin and a twelfth of the code, and a spot of light."""
    image, size = flat.copy(), flat.width
    draw = ImageDraw.Draw(image)
    x, y = size * rng.uniform(0.72, 0.8), size * rng.uniform(0.68, 0.8)
    draw.ellipse((x, y, x + size * 0.5, y + size * 0.3), fill=150)
    x, y = size * rng.uniform(0.4, 0.5), size * rng.uniform(0.4, 0.5)
    draw.ellipse((x, y, x + size * 0.09, y + size * 0.09), fill=255)
    return image


def on_a_screen(flat, rng, inverted=False):
    """A phone's screen: dark around the code, a grid of pixels, a band that rolls."""
    shown = ImageChops.invert(flat) if inverted else flat
    image = Image.new("L", (flat.width * 5 // 4,) * 2, 25)
    image.paste(shown.point(lambda v: 20 + v * 9 // 10), (flat.width // 8,) * 2)
    grid, band = (Image.new("L", image.size, 255) for _ in range(2))
    for at in range(0, image.width, 4):
        ImageDraw.Draw(grid).line((at, 0, at, image.width), fill=150)
    top = rng.randrange(image.width // 2)
    ImageDraw.Draw(band).rectangle((0, top, image.width, top + image.width // 5), fill=150)
    band = band.filter(ImageFilter.GaussianBlur(12))
    return ImageChops.multiply(ImageChops.multiply(image, grid), band)


def half_in_shadow(image, rng):
    width, height = image.size
    dark = Image.new("L", image.size, 255)
    edge = width * rng.uniform(0.42, 0.58)
    ImageDraw.Draw(dark).polygon(
        ((0, 0), (edge, 0), (edge + width * 0.1, height), (0, height)), fill=70
    )
    return ImageChops.multiply(image, dark.filter(ImageFilter.GaussianBlur(3)))


def noisy(image, rng, sigma):
    """Noise of a sensor. Pillow's own can't be repeated, so a drawn tile is laid at random."""
    tile = Image.new("L", (128, 128))
    tile.putdata([min(max(round(rng.gauss(128, sigma)), 0), 255) for _ in range(128 * 128)])
    noise = Image.new("L", image.size)
    for x in range(0, image.width, 128):
        for y in range(0, image.height, 128):
            noise.paste(tile.rotate(rng.choice((0, 90, 180, 270))), (x, y))
    return ImageChops.add(image, noise, offset=-128)


def faded(image, rng):
    contrast = rng.uniform(0.1, 0.3)
    return image.point(lambda v: round(110 + v * contrast))


def darkened(image, rng):
    light = rng.uniform(0.1, 0.2)
    return noisy(image.point(lambda v: round(v * light)), rng, 4)


HELD = {
    "small": lambda rng: {"share": rng.uniform(0.17, 0.25)},
    "tilted": lambda rng: {rng.choice(("yaw", "pitch")): rng.choice((-1, 1)) * rng.uniform(20, 40)},
    "steep": lambda rng: {rng.choice(("yaw", "pitch")): rng.choice((-1, 1)) * rng.uniform(40, 60)},
    "turned": lambda rng: {"roll": rng.uniform(0, 360)},
}
"""How a kind is held, unless as all others."""
SHOWN = {
    "crumpled": crumpled,
    "covered": covered,
    "screen": on_a_screen,
    "inverted": lambda flat, rng: on_a_screen(flat, rng, inverted=True),
}
"""What became of the code itself."""
SEEN = {
    "dark": lambda image, rng, module: darkened(image, rng),
    "pale": lambda image, rng, module: faded(image, rng),
    "shadow": lambda image, rng, module: half_in_shadow(image, rng),
    "blurred": lambda image, rng, module: image.filter(
        ImageFilter.GaussianBlur(module * rng.uniform(0.3, 0.55))
    ),
    "moved": lambda image, rng, module: image.filter(
        ImageFilter.BoxBlur((module * rng.uniform(0.5, 0.75), 0))
    ),
}
"""What becomes of the whole frame; a module is that many pixels wide."""
KINDS = ["plain", *HELD, *SEEN, *SHOWN, "nothing"]


def scene(kind, number, frame, seed=0):
    """A picture of one kind as JPEG, and the text in it, which is None for `nothing`."""
    rng = Random(f"{seed} {kind} {number} {frame}")
    image = room(rng, frame)
    text = None if kind == "nothing" else ticket_text(rng, signed=number % 2 == 1)
    if text:
        flat = code(text)
        pose = {
            "share": rng.uniform(0.4, 0.65),
            **{turn: rng.uniform(-10, 10) for turn in ("yaw", "pitch", "roll")},
            "at": (rng.uniform(0.42, 0.58), rng.uniform(0.42, 0.58)),
        }
        pose |= HELD[kind](rng) if kind in HELD else {}
        module = pose["share"] * frame[1] / (flat.width / PIXELS)
        flat = SHOWN[kind](flat, rng) if kind in SHOWN else flat
        shown, outline = posed(flat, frame, **pose)
        image.paste(shown.point(lambda v: 15 + v * 8 // 10), mask=outline)
        image = SEEN[kind](image, rng, module) if kind in SEEN else image
    file = BytesIO()
    noisy(image, rng, 3).save(file, "JPEG", quality=85)
    return file.getvalue(), text
