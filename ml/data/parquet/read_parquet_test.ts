import assert from "node:assert/strict";
import { join } from "node:path";
import { FlwrError } from "../../../base/error.ts";
import { seededRandom } from "../../../base/random.ts";
import { testWithAllRights } from "../../../base/testing/all_rights.ts";
import { readCsv } from "../csv/read_csv.ts";
import { readParquet, readParquetInputs } from "./read_parquet.ts";
import { NIGHTLY } from "../../../tests/support/nightly.ts";

const FOLDER = "tests/vectors/parquet";
const OPTIONS = {
  target: "outcome",
  missing: { age: "median", weight: "mean" },
  categories: { ward: "one-hot" },
  standardize: ["age", "weight", "count"],
  split: { testFraction: 0.25, stratify: true },
} as const;

const path = (name: string) => join(FOLDER, `${name}.parquet`);

for (
  const name of [
    ...["none", "snappy", "gzip", "zstd", "brotli", "groups", "pages", "second", "second_plain"],
    "encodings",
  ]
) {
  Deno.test(`Parquet: ${name}: the same data set as from the CSV file`, async () => {
    // "NA" is a text in a file that can say what is missing.
    const missingCells = [""];
    const expected = await readCsv(join(FOLDER, "table.csv"), { ...OPTIONS, missingCells });
    assert.deepEqual(await readParquet(path(name), OPTIONS), expected);
  });
}

const refused = (code: string, ...words: string[]) => (error: unknown) => {
  assert(error instanceof FlwrError, String(error));
  assert.equal(error.code, code, error.message);
  for (const word of words) assert(error.message.includes(word), error.message);
  return true;
};

Deno.test("Parquet: a schema of one reader serves the other", async () => {
  const { train } = await readCsv(join(FOLDER, "table.csv"), { ...OPTIONS, missingCells: [""] });
  const { schema } = train;
  const all = await readParquet(path("snappy"), { target: "outcome", schema });
  const inputs = await readParquetInputs(path("groups"), { schema });
  assert.deepEqual(all.schema, schema);
  assert.deepEqual(inputs.x, all.x);
});

Deno.test("Parquet: kinds of columns", async () => {
  const read = (inputs: string[]) => readParquetInputs(path("kinds"), { inputs });
  const { x } = await read(["x", "half", "price", "large"]);
  assert.deepEqual([...x.data], [1, 0.5, 1.25, 2 ** 63, 2, 1.5, -3.5, 1]);
  for (const column of ["day", "time", "bytes", "list", "parts"]) {
    await assert.rejects(read([column]), refused("unimplemented", path("kinds"), `"${column}"`));
  }
  await assert.rejects(read(["y"]), refused("invalid-argument", `Row 1, column "y"`));
  await assert.rejects(read(["z"]), refused("invalid-argument", `no column "z"`));
  const categories = {
    smoker: "codes",
    score: "codes",
    ward: { encoding: "codes", values: ["A", "Bü", "C, D", "NA"] },
  } as const;
  const codes = await readParquetInputs(path("none"), {
    inputs: ["smoker", "score", "ward"],
    categories,
  });
  assert.deepEqual(codes.schema.inputs[0]!.categories, ["false", "true"]);
  assert.deepEqual(codes.schema.inputs[1]!.categories!.slice(0, 3), ["0", "0.125", "0.25"]);
  const single = await readParquet(path("constant_second"), { target: "y" });
  assert.deepEqual([...new Set(single.x.data)], [2.5]);
});

Deno.test("Parquet: missing cells, missing columns and other options are refused in words", async () => {
  const read = (name: string, options: object) =>
    readParquet(path(name), { target: "outcome", ...options } as { target: string });
  await assert.rejects(
    read("none", { inputs: ["age"] }),
    refused("invalid-argument", `Row 6, column "age"`),
  );
  const some = await read("none", { inputs: ["age"], missing: "drop", missingCells: ["18"] });
  assert.equal(some.x.shape[0], 38);
  await assert.rejects(read("none", { delimiter: ";" }), refused("invalid-argument", "delimiter"));
  await assert.rejects(read("none", { sep: ";" }), refused("invalid-argument", "readParquet"));
  await assert.rejects(read("empty", { inputs: ["age"] }), refused("invalid-argument", "no rows"));
  await assert.rejects(read("lz4", { inputs: ["count"] }), refused("unimplemented", "LZ4"));
  const indexed = { target: "y" };
  await assert.rejects(
    read("pandas_index", indexed),
    refused("invalid-argument", "__index_level_0__"),
  );
  assert.equal((await read("pandas_index", { ...indexed, inputs: ["x"] })).x.shape[1], 1);
  await assert.rejects(read("absent", {}), refused("not-found", "absent"));
});

Deno.test("Parquet: a small file with very many rows is refused before it fills the memory", async () => {
  await assert.rejects(
    readParquetInputs(path("many_rows")),
    refused("resource-exhausted", "70000000 cells"),
  );
});

testWithAllRights("Parquet: an app that may only read its data reads it", async () => {
  const file = await Deno.realPath(path("zstd"));
  const worker = new Worker(new URL("./worker_fixture.ts", import.meta.url), {
    type: "module",
    deno: {
      permissions: {
        read: [file],
        ...{ write: false, net: false, env: false, run: false, ffi: false, sys: false },
        import: false,
      },
    },
  });
  try {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = (event) => {
      event.preventDefault();
      reject(new Error(event.message));
    };
    worker.postMessage(file);
    assert.deepEqual(await promise, [40, 1]);
  } finally {
    worker.terminate();
  }
});

/** Writes bytes to a file, and reads it. */
async function readBytes(bytes: Uint8Array): Promise<unknown> {
  const file = await Deno.makeTempFile();
  try {
    await Deno.writeFile(file, bytes);
    return await readParquet(file, OPTIONS);
  } finally {
    await Deno.remove(file);
  }
}

Deno.test("Parquet: a file that is cut anywhere is refused", async () => {
  const whole = await Deno.readFile(path("groups"));
  for (let length = 0; length < whole.length; length += 37) {
    await assert.rejects(
      readBytes(whole.subarray(0, length)),
      refused("invalid-argument", "damaged"),
    );
  }
  await assert.rejects(
    readBytes(new TextEncoder().encode("a,b\n1,2\n3,4\n")),
    refused("invalid-argument"),
  );
});

Deno.test("Parquet: a text that is not UTF-8 is refused: a replacement would make different texts equal", async () => {
  const bytes = await Deno.readFile(path("none"));
  const at = bytes.findIndex((_, i) => bytes.subarray(i, i + 3).toHex() === "42c3bc");
  bytes[at + 1] = 0xff;
  await assert.rejects(readBytes(bytes), refused("invalid-argument", "UTF-8"));
});

/** How often bytes of each file are changed. */
const CHANGES = NIGHTLY ? 60 : 15;

Deno.test("Parquet: changed bytes give an error in words or a table, never another failure", async () => {
  const seed = Number(Deno.env.get("SEED") ?? Math.floor(Math.random() * 2 ** 31));
  console.log(`SEED=${seed}`);
  const random = seededRandom(seed);
  const below = (limit: number) => Math.floor(limit * random.uniform());
  for (const name of ["none", "second_plain", "encodings", "second", "groups", "constant_second"]) {
    const whole = await Deno.readFile(path(name));
    for (let i = 0; i < CHANGES; i++) {
      const changed = whole.slice();
      for (let n = below(4) + 1; n > 0; n--) {
        changed[below(changed.length)] = [0, 255, 128, below(256)][below(4)]!;
      }
      try {
        await readBytes(changed);
      } catch (error) {
        assert(error instanceof FlwrError, `${name}: ${error}`);
        assert.notEqual(error.code, "internal");
      }
    }
  }
});
