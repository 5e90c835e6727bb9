import assert from "node:assert/strict";
import { join } from "node:path";
import { FlwrError } from "../base/error.ts";
import {
  type Attachment,
  ATTACHMENT_PIECE_BYTES,
  ATTACHMENTS_PATH,
  describeAttachment,
  isAttachmentFile,
  MAX_ATTACHED_BYTES,
  MAX_ATTACHMENT_BYTES,
  MAX_ATTACHMENTS,
  readAttachmentList,
  readPiece,
  writeAttachment,
  writeAttachmentList,
} from "./attachments.ts";
import { sha256Hex } from "../base/platform.ts";
import { installFab } from "./install.ts";
import { readFab } from "./read.ts";
import { appFiles, withApp } from "./testing/app_files.ts";
import { archive } from "./testing/archives.ts";

const BYTES = Uint8Array.from(
  { length: 2 * ATTACHMENT_PIECE_BYTES + 5 },
  (_, place) => place ^ (place >> 8) ^ (place >> 20),
);
const PIECES = [0, 1, 2].map((index) =>
  BYTES.subarray(index * ATTACHMENT_PIECE_BYTES, (index + 1) * ATTACHMENT_PIECE_BYTES)
);
const MODEL: Attachment = {
  path: "models/net.onnx",
  sha256: sha256Hex(BYTES),
  size: BYTES.length,
  pieces: PIECES.map((piece) => sha256Hex(piece)),
};
const byHash = new Map(PIECES.map((piece) => [sha256Hex(piece), piece]));
const get = (hash: string) => Promise.resolve(byHash.get(hash)!);
const HASH = "ab".repeat(32);

/** A list of attachments with one line. */
const list = (line: string) => new TextEncoder().encode(line);

Deno.test("attachments: a file is described and restored from its pieces", () =>
  withApp({}, async (folder) => {
    const [from, to] = [join(folder, "from"), join(folder, "to")];
    await Deno.writeFile(from, BYTES);
    assert.deepEqual(await describeAttachment(MODEL.path, from), MODEL);
    for (const [index, piece] of PIECES.entries()) {
      assert.equal(sha256Hex(await readPiece(from, index)), sha256Hex(piece));
    }
    await writeAttachment(MODEL, to, get);
    assert.equal(sha256Hex(await Deno.readFile(to)), MODEL.sha256);
    assert.ok(await isAttachmentFile(MODEL, to));
    assert.deepEqual(readAttachmentList(writeAttachmentList([MODEL])), [MODEL]);
    await Deno.symlink(from, join(folder, "link"));
    assert.equal(await isAttachmentFile(MODEL, join(folder, "link")), false);
    await Deno.truncate(to, 10);
    assert.equal(await isAttachmentFile(MODEL, to), false);
  }));

Deno.test("attachments: a file whose size is a multiple of the piece size has no empty piece", () =>
  withApp({}, async (folder) => {
    const file = join(folder, "file");
    await Deno.writeFile(file, BYTES.subarray(0, ATTACHMENT_PIECE_BYTES));
    const described = await describeAttachment("a.npy", file);
    assert.deepEqual([described.size, described.pieces.length], [ATTACHMENT_PIECE_BYTES, 1]);
    assert.deepEqual(readAttachmentList(writeAttachmentList([described])), [described]);
  }));

Deno.test("attachments: bytes that do not match the FAB leave no file", async (t) => {
  const hostile: Record<string, [Attachment, typeof get]> = {
    "a wrong piece": [MODEL, () => Promise.resolve(PIECES[0]!)],
    "a piece that is too short": [MODEL, (hash) => get(hash).then((piece) => piece.subarray(1))],
    "a piece that is too long": [
      { ...MODEL, size: 3, pieces: [sha256Hex(BYTES)] },
      () => Promise.resolve(BYTES),
    ],
    "a wrong hash of the whole": [{ ...MODEL, sha256: HASH }, get],
    "pieces in another order": [{ ...MODEL, pieces: MODEL.pieces.toReversed() }, get],
    "a size that is a lie": [{ ...MODEL, size: MODEL.size + 1 }, get],
  };
  for (const [title, [attachment, pieces]] of Object.entries(hostile)) {
    await t.step(title, () =>
      withApp({}, async (folder) => {
        const file = join(folder, "file");
        await assert.rejects(writeAttachment(attachment, file, pieces), { code: "data-loss" });
        assert.deepEqual([...Deno.readDirSync(folder)], []);
      }));
  }
});

Deno.test("attachments: no piece is loaded after the first wrong one", () =>
  withApp({}, async (folder) => {
    const asked: string[] = [];
    const wrong = (hash: string) => {
      asked.push(hash);
      return get(hash === MODEL.pieces[1] ? MODEL.pieces[0]! : hash);
    };
    await assert.rejects(writeAttachment(MODEL, join(folder, "file"), wrong), {
      code: "data-loss",
    });
    assert.deepEqual(asked, MODEL.pieces.slice(0, 2));
  }));

Deno.test("attachments: a FAB with an invalid list is refused", async (t) => {
  const refused: Record<string, string> = {
    "a path out of the app": `../net.onnx,${HASH},5,${HASH}`,
    "an absolute path": `/etc/net.onnx,${HASH},5,${HASH}`,
    "a backslash": `..\\net.onnx,${HASH},5,${HASH}`,
    "a bundle's own folder": `.info/net.onnx,${HASH},5,${HASH}`,
    "a character that turns the line around": `a\u202eb.onnx,${HASH},5,${HASH}`,
    "code": `client.ts,${HASH},5,${HASH}`,
    "another kind": `pyproject.toml,${HASH},5,${HASH}`,
    "no line": "",
    "a line too many": `a.onnx,${HASH},5,${HASH}\n`,
    "no hash": `a.onnx,,5,${HASH}`,
    "a hash in capitals": `a.onnx,${HASH.toUpperCase()},5,${HASH}`,
    "no size": `a.onnx,${HASH},,${HASH}`,
    "no bytes": `a.onnx,${HASH},0,${HASH}`,
    "a negative size": `a.onnx,${HASH},-5,${HASH}`,
    "a size that is no integer": `a.onnx,${HASH},1e3,${HASH}`,
    "too few pieces": `a.onnx,${HASH},${ATTACHMENT_PIECE_BYTES + 1},${HASH}`,
    "too many pieces": `a.onnx,${HASH},5,${HASH} ${HASH}`,
    "a piece that is no hash": `a.onnx,${HASH},5,../x`,
    "a column too many": `a.onnx,${HASH},5,${HASH},`,
  };
  for (const [title, line] of Object.entries(refused)) {
    await t.step(title, () => {
      assert.throws(() => readAttachmentList(list(line)), { code: "invalid-argument" });
    });
  }
  assert.throws(() => readAttachmentList(new Uint8Array([0xff])), { code: "invalid-argument" });
  const pieces = (bytes: number) =>
    Array.from({ length: Math.ceil(bytes / ATTACHMENT_PIECE_BYTES) }, () => HASH).join(" ");
  const line = (path: string, size: number) => `${path},${HASH},${size},${pieces(size)}`;
  const tooMuch = {
    "a file": [line("a.onnx", MAX_ATTACHMENT_BYTES + 1)],
    "files together": [0, 1, 2].map((n) => line(`${n}.npz`, MAX_ATTACHED_BYTES / 2 - 1)),
    "their number": Array.from({ length: MAX_ATTACHMENTS + 1 }, (_, n) => line(`${n}.npy`, 5)),
  };
  for (const [title, lines] of Object.entries(tooMuch)) {
    await t.step(title, () => {
      assert.throws(() => readAttachmentList(list(lines.join("\n"))), {
        code: "resource-exhausted",
      });
    });
  }
});

Deno.test("attachments: an attachment with the path of a file is refused in a TypeScript app", () => {
  const files = (path: string, language: "typescript" | "python") =>
    archive({
      ...appFiles(language),
      "net.ONNX/readme.md": "",
      [ATTACHMENTS_PATH]: `${path},${HASH},5,${HASH}`,
    });
  assert.equal(readFab(files("net2.onnx", "typescript")).attachments.length, 1);
  for (const path of ["net.onnx", "NET.onnx", "../x.onnx"]) {
    assert.throws(() => readFab(files(path, "typescript")), { code: "invalid-argument" });
  }
  assert.deepEqual(readFab(files("net2.onnx", "python")).attachments, []);
});

Deno.test("attachments: an app is installed with attachments, and damaged ones are repaired", () =>
  withApp({}, async (home) => {
    const fab = readFab(
      archive({
        ...appFiles("typescript"),
        [ATTACHMENTS_PATH]: new TextDecoder().decode(writeAttachmentList([MODEL])),
      }),
    );
    const place = (attachment: Attachment, file: string) => writeAttachment(attachment, file, get);
    const without = await installFab(fab, home);
    const file = join(without.folder, ...MODEL.path.split("/"));
    await assert.rejects(Deno.stat(file), Deno.errors.NotFound);
    assert.equal((await installFab(fab, home, place)).wasThere, false);
    assert.ok(await isAttachmentFile(MODEL, file));
    assert.equal((await installFab(fab, home, place)).wasThere, true);
    await Deno.writeFile(file, new Uint8Array(MODEL.size));
    assert.equal((await installFab(fab, home, place)).wasThere, false);
    assert.ok(await isAttachmentFile(MODEL, file));
    await Deno.remove(file);
    await assert.rejects(
      installFab(fab, home, () => Promise.reject(new FlwrError("unavailable", "gone"))),
      { code: "unavailable" },
    );
    const apps = await Array.fromAsync(Deno.readDir(join(home, "apps")), ({ name }) => name);
    assert.equal(apps.length, 1, "half an installation is cleared away");
  }));
