"""Makes pictures.json: PNG files of every colour type, depth and interlacing, and JPEG files, with the pixels that Pillow
reads from them. Run with Pillow 13.0.0 and numpy 2.4.6: python make.py"""
import base64, io, json, pathlib, random, struct, zlib
import numpy as np
from PIL import Image

rng = random.Random(20261130)
SIGNATURE = b"\x89PNG\r\n\x1a\n"
PASSES = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
DEPTHS = {0: [1, 2, 4, 8, 16], 2: [8, 16], 3: [1, 2, 4, 8], 4: [8, 16], 6: [8, 16]}


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def paeth(a, b, c):
    p = a + b - c
    distances = [abs(p - a), abs(p - b), abs(p - c)]
    return [a, b, c][distances.index(min(distances))]


def filtered(kind, row, above, step):
    out = bytearray([kind])
    for i, value in enumerate(row):
        a = row[i - step] if i >= step else 0
        b = above[i]
        c = above[i - step] if i >= step else 0
        out.append((value - [0, a, b, (a + b) >> 1, paeth(a, b, c)][kind]) % 256)
    return bytes(out)


def packed(samples, depth):
    bits = "".join(format(sample, f"0{depth}b") for sample in samples)
    bits += "0" * (-len(bits) % 8)
    return bytes(int(bits[i:i + 8], 2) for i in range(0, len(bits), 8))


def png(colour, depth, interlaced, width, height):
    samples = SAMPLES[colour]
    largest = 2 ** depth - 1
    entries = min(2 ** depth, 200)
    top = entries - 1 if colour == 3 else largest
    pixels = [[[rng.randint(0, top) for _ in range(samples)] for _ in range(width)] for _ in range(height)]
    raw = b""
    for x, y, dx, dy in PASSES if interlaced else [(0, 0, 1, 1)]:
        rows = [row[x::dx] for row in pixels[y::dy]]
        above = None
        for row in rows:
            if not row:
                continue
            line = packed([s for pixel in row for s in pixel], depth)
            raw += filtered(rng.randrange(5), line, above or bytes(len(line)), max(1, depth * samples // 8))
            above = line
    data = zlib.compress(raw)
    half = len(data) // 2
    parts = [chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, int(interlaced)))]
    if colour == 3:
        parts.append(chunk(b"PLTE", bytes(rng.randrange(256) for _ in range(3 * entries))))
    parts += [chunk(b"IDAT", data[:half]), chunk(b"IDAT", data[half:]), chunk(b"IEND", b"")]
    return SIGNATURE + b"".join(parts)


def planes(data):
    image = Image.open(io.BytesIO(data))
    image.load()
    if image.mode.startswith("I;16"):
        return (np.asarray(image) >> 8).astype(np.uint8)[None]
    # Of grey with alpha in 16 bits Pillow makes RGBA with three equal colours.
    grey = image.mode in ("1", "L", "LA") or data[25] == 4
    if image.mode == "LA":
        image = image.getchannel("L")
    elif data[25] == 4:
        image = image.getchannel("R")
    elif image.mode == "RGBA":
        image = Image.merge("RGB", image.split()[:3])
    array = np.asarray(image.convert("L" if grey else "RGB"))
    return array[None] if grey else array.transpose(2, 0, 1)


def case(name, data):
    expected = planes(data)
    return {
        "name": name,
        "file": base64.b64encode(data).decode(),
        "shape": list(expected.shape),
        "planes": base64.b64encode(np.ascontiguousarray(expected).tobytes()).decode(),
    }


def jpeg(image, **options):
    out = io.BytesIO()
    image.save(out, "JPEG", **options)
    return out.getvalue()


def smooth(width, height):
    y, x = np.mgrid[0:height, 0:width]
    return np.stack([x * 255 / width, y * 255 / height, (x + y) * 255 / (width + height)], -1).astype(np.uint8)


cases = [
    case(f"type {colour}, {depth} bits, {'interlaced' if interlaced else 'plain'}, {width}×{height}",
         png(colour, depth, interlaced, width, height))
    for colour in SAMPLES for depth in DEPTHS[colour] for interlaced in (False, True)
    for width, height in [(1, 1), (3, 2), (9, 10)]
]
colour = Image.fromarray(smooth(37, 29))
grey = colour.convert("L")
exif = Image.Exif()
exif[0x0112] = 6
jpegs = [
    case("grey", jpeg(grey, quality=90)),
    case("grey, progressive", jpeg(grey, quality=90, progressive=True)),
    case("colour 4:4:4", jpeg(colour, quality=90, subsampling=0)),
    case("colour 4:2:2, progressive", jpeg(colour, quality=90, subsampling=1, progressive=True)),
    case("colour 4:2:0", jpeg(colour, quality=90, subsampling=2)),
    case("colour 4:2:0, restarts", jpeg(colour, quality=75, subsampling=2, restart_marker_rows=1)),
    case("red, green, blue without conversion", jpeg(colour, quality=90, keep_rgb=True)),
    case("one pixel", jpeg(Image.new("RGB", (1, 1), (200, 30, 90)), quality=95)),
]
refused = {
    "cmyk": base64.b64encode(jpeg(colour.convert("CMYK"))).decode(),
}
turned = []
for orientation in range(1, 9):
    exif[0x0112] = orientation
    data = jpeg(grey.crop((0, 0, 16, 8)), quality=95, exif=exif)
    from PIL import ImageOps
    shown = np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(data))))
    turned.append({"orientation": orientation, "file": base64.b64encode(data).decode(),
                   "shape": [1, *shown.shape], "planes": base64.b64encode(shown.tobytes()).decode()})
def tiff(order, kind, orientation):
    """Exif data with nothing but an orientation, of type 3 (SHORT) or 4 (LONG)."""
    mark = b"II" if order == "<" else b"MM"
    value = struct.pack(order + {3: "H", 4: "I"}[kind], orientation).ljust(4, b"\0")
    return mark + struct.pack(order + "HIHHHI", 42, 8, 1, 0x0112, kind, 1) + value + bytes(4)


def turned_case(name, data):
    shown = np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(data))))
    return {"name": name, "file": base64.b64encode(data).decode(),
            "shape": [1, *shown.shape], "planes": base64.b64encode(shown.tobytes()).decode()}


def to_png(image, **options):
    out = io.BytesIO()
    image.save(out, "PNG", **options)
    return out.getvalue()


otherwise_turned = [
    turned_case(f"{name}, type {kind}, {order}, {orientation}", save(tiff(order, kind, orientation)))
    for name, save in [
        ("png", lambda exif: to_png(grey.crop((0, 0, 16, 8)), exif=exif)),
        ("jpeg", lambda exif: jpeg(grey.crop((0, 0, 16, 8)), quality=95, exif=b"Exif\0\0" + exif)),
    ]
    for kind, order, orientation in [(3, "<", 6), (3, ">", 3), (4, "<", 8), (4, ">", 5)]
]
# Restart intervals of which the last is shorter than the others.
restarts = [
    case(f"grey, {blocks} blocks", jpeg(grey, quality=90, restart_marker_blocks=blocks)) for blocks in (1, 3, 4, 7, 19, 21, 500)
] + [
    case("grey, progressive", jpeg(grey, quality=90, progressive=True, restart_marker_blocks=7)),
    case("grey, 3 rows", jpeg(grey, quality=90, restart_marker_rows=3)),
    case("colour 4:4:4, progressive", jpeg(colour, quality=90, subsampling=0, progressive=True, restart_marker_blocks=7)),
    case("colour 4:2:0", jpeg(colour, quality=90, subsampling=2, restart_marker_blocks=4)),
    case("colour 4:2:0, progressive", jpeg(colour, quality=90, subsampling=2, progressive=True, restart_marker_blocks=4)),
]
# A component of five rows of blocks, stored in units of two.
odd = Image.fromarray(smooth(40, 40))
progressive_restarts = case("colour 4:2:0, five rows of blocks, progressive", jpeg(odd, subsampling=2, progressive=True, restart_marker_blocks=4))
out = pathlib.Path(__file__).with_name("pictures.json")
out.write_text(json.dumps({"png": cases, "jpeg": jpegs, "refusedJpeg": refused, "turned": turned, "restarts": restarts,
                           "otherwiseTurned": otherwise_turned, "progressiveRestarts": progressive_restarts}, indent=1) + "\n")
