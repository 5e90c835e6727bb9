/**
 * Random files of numpy's own `save` and `savez`, and random headers, read by both: every night, with the numpy of the real
 * Flower's environment.
 */
import assert from "node:assert/strict";
import { FlwrError } from "../../base/error.ts";
import { decodeNpy } from "../../tensor/npy.ts";
import { decodeNpz } from "../../tensor/npz.ts";
import { tensorBytes } from "../../tensor/tensor.ts";
import { NIGHTLY } from "../support/nightly.ts";
import { findPython, flowerEnvironment } from "../support/python.ts";

/**
 * Prints a JSON line for each file: its bytes, and what numpy reads from it (the type, the shape and the elements in C order,
 * little endian) or null where it refuses it.
 */
const MAKE = `
import base64, io, json, random, sys, zipfile
import numpy as np
seed = int(sys.argv[1]); rng = random.Random(seed); gen = np.random.default_rng(seed)
b64 = lambda data: base64.b64encode(data).decode()
def seen(array):
    if array.dtype.kind not in "fiub" or array.dtype.itemsize > 8: return "unsupported"
    name = array.dtype.newbyteorder("=").name
    plain = np.ascontiguousarray(array.astype(array.dtype.newbyteorder("<")))
    return {"dtype": name, "shape": list(array.shape), "data": b64(plain.tobytes())}
def load(data):
    try: return seen(np.load(io.BytesIO(data), allow_pickle=False))
    except Exception: return None
descrs = ["<f4", ">f4", "=f4", "|f4", "f4", "float32", "<f8", ">i2", "i4", "<u8", "|u1", "|i1", "?", "|b1", "f2", "e", "d", "<q",
          "|O", "<U3", "|S4", "<c8", "<M8[s]", "<f16", "x9", "", "float", "int", "l", "bool", "half", "uint16"]
for _ in range(400):
    shape = [rng.randint(0, 4) for _ in range(rng.randint(0, 4))]
    if rng.random() < 0.4:
        kind = rng.choice(["f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "?"])
        array = (gen.integers(0, 2, shape) if kind == "?" else gen.standard_normal(shape) * 50).astype(kind)
        if rng.random() < 0.3 and kind != "?": array = array.astype(">" + kind)
        if rng.random() < 0.3: array = np.asfortranarray(array)
        out = io.BytesIO(); np.save(out, array); data = out.getvalue()
    else:
        descr = rng.choice(descrs)
        sizes = ", ".join(str(n) + rng.choice(["", "", "L"]) for n in shape) + ("," if len(shape) == 1 else "")
        quote = rng.choice(["'", '"'])
        fields = ["'descr': " + quote + descr + quote, "'fortran_order': " + rng.choice(["True", "False"]), "'shape': (" + sizes + ")"]
        if rng.random() < 0.2: rng.shuffle(fields)
        text = ("{" + ", ".join(fields) + rng.choice([", }", "}"])).encode() + b" " * rng.randint(0, 30) + b"\\n"
        try: size = np.dtype(descr).itemsize
        except Exception: size = 4
        count = int(np.prod(shape, dtype=np.int64))
        body = bytes(rng.randint(0, 1) for _ in range(count * size))
        if rng.random() < 0.1: body = body[:-1]
        major = rng.choice([1, 1, 2])
        length = len(text).to_bytes(2 if major == 1 else 4, "little")
        data = b"\\x93NUMPY" + bytes([major, 0]) + length + text + body
    print(json.dumps({"kind": "npy", "file": b64(data), "read": load(data)}))
for _ in range(60):
    arrays = {f"a{i}/b" if rng.random() < 0.2 else f"a{i}": (gen.standard_normal(rng.randint(0, 5)) * 9).astype("f4") for i in range(rng.randint(0, 4))}
    out = io.BytesIO()
    (np.savez if rng.random() < 0.5 else np.savez_compressed)(out, **arrays)
    with zipfile.ZipFile(out, "a") as archive:
        if rng.random() < 0.3: archive.writestr("README.txt", "x")
        if rng.random() < 0.3: archive.writestr("__MACOSX/._a.npy", "x")
    data = (b"#!/bin/sh\\n" if rng.random() < 0.3 else b"") + out.getvalue()
    print(json.dumps({"kind": "npz", "file": b64(data), "read": {name: seen(array) for name, array in arrays.items()}}))
`;

interface Seen {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data: string;
}

type Line =
  | { readonly kind: "npy"; readonly file: string; readonly read: Seen | "unsupported" | null }
  | { readonly kind: "npz"; readonly file: string; readonly read: Readonly<Record<string, Seen>> };

/** What numpy reads and we refuse in words: types whose size depends on the system, or that have no array here. */
const REFUSED = /Array type ".*" \((an unknown type|a size that depends|.*)\) is not supported/;

const python = NIGHTLY ? await findPython() : undefined;

Deno.test({
  name: "numpy: random .npy and .npz files give what numpy reads, or a refusal in words",
  ignore: python === undefined,
  fn: async () => {
    const seed = Math.floor(Math.random() * 2 ** 31);
    console.log(`Seed: ${seed}`);
    const command = new Deno.Command(await flowerEnvironment(python!, "1.41.0"), {
      args: ["-c", MAKE, String(seed)],
    });
    const { success, stdout, stderr } = await command.output();
    assert.ok(success, new TextDecoder().decode(stderr));
    let read = 0;
    for (const text of new TextDecoder().decode(stdout).trim().split("\n")) {
      const line = JSON.parse(text) as Line;
      const bytes = Uint8Array.fromBase64(line.file);
      if (line.kind === "npy") read += compareNpy(bytes, line.read);
      else {
        const arrays = decodeNpz(bytes);
        assert.deepEqual([...arrays.keys()], Object.keys(line.read));
        for (const [name, seen] of Object.entries(line.read)) compare(arrays.get(name)!, seen);
      }
    }
    assert.ok(read > 100, `only ${read} were read`);
  },
});

/** 1 where the file was read. */
function compareNpy(bytes: Uint8Array, seen: Seen | "unsupported" | null): 0 | 1 {
  let tensor: ReturnType<typeof decodeNpy>;
  try {
    tensor = decodeNpy(bytes);
  } catch (error) {
    assert.ok(error instanceof FlwrError, String(error));
    const expected = seen === null || seen === "unsupported" || REFUSED.test(error.message);
    assert.ok(expected, `${error.message}: numpy reads ${JSON.stringify(seen)}`);
    return 0;
  }
  assert.ok(seen !== null && seen !== "unsupported", `numpy does not read it: ${tensor.dtype}`);
  compare(tensor, seen);
  return 1;
}

function compare(tensor: ReturnType<typeof decodeNpy>, { dtype, shape, data }: Seen): void {
  assert.deepEqual([tensor.dtype, tensor.shape], [dtype, shape]);
  assert.equal(tensorBytes(tensor).toBase64(), data);
}
