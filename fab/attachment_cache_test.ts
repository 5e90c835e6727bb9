import assert from "node:assert/strict";
import { join } from "node:path";
import { AttachmentCache, STALE_PART_SECONDS } from "./attachment_cache.ts";
import type { Attachment } from "./attachments.ts";
import { sha256Hex } from "../base/platform.ts";
import { withApp } from "./testing/app_files.ts";

/** Attachments of a thousand bytes, and the number of downloads of each. */
class Origin {
  readonly fetched: string[] = [];
  readonly #bytes = new Map<string, Uint8Array>();

  attachment(name: string): Attachment {
    const bytes = new TextEncoder().encode(name.padEnd(1000));
    const hash = sha256Hex(bytes);
    this.#bytes.set(hash, bytes);
    return { path: `${name}.onnx`, sha256: hash, size: bytes.length, pieces: [hash] };
  }

  readonly get = (hash: string): Promise<Uint8Array> => {
    const bytes = this.#bytes.get(hash)!;
    this.fetched.push(new TextDecoder().decode(bytes).trim());
    return Promise.resolve(bytes);
  };
}

const names = (folder: string) => [...Deno.readDirSync(folder)].map(({ name }) => name).sort();

Deno.test("attachment cache: a downloaded attachment is available to every app", () =>
  withApp({}, async (home) => {
    const origin = new Origin();
    const folder = join(home, "cache");
    const model = origin.attachment("model");
    await new AttachmentCache(folder).place(model, join(home, "a"), origin.get);
    await new AttachmentCache(folder).place(model, join(home, "b"), origin.get);
    assert.deepEqual(origin.fetched, ["model"]);
    assert.deepEqual(await Deno.readFile(join(home, "a")), await Deno.readFile(join(home, "b")));
    assert.deepEqual(names(folder), [model.sha256]);
  }));

Deno.test("attachment cache: a cached file that was changed is downloaded again", () =>
  withApp({}, async (home) => {
    const origin = new Origin();
    const folder = join(home, "cache");
    const model = origin.attachment("model");
    const cache = new AttachmentCache(folder);
    await cache.place(model, join(home, "a"), origin.get);
    const other = new TextEncoder().encode("evil".padEnd(1000));
    await Deno.writeFile(join(folder, model.sha256), other);
    await cache.place(model, join(home, "b"), origin.get);
    assert.equal(sha256Hex(await Deno.readFile(join(home, "b"))), model.sha256);
    assert.deepEqual(origin.fetched, ["model", "model"]);
  }));

Deno.test("attachment cache: a failed download leaves nothing, and the next one succeeds", () =>
  withApp({}, async (home) => {
    const origin = new Origin();
    const folder = join(home, "cache");
    const model = origin.attachment("model");
    const cache = new AttachmentCache(folder);
    const lost = () => Promise.reject(new Error("connection closed"));
    await assert.rejects(cache.place(model, join(home, "a"), lost), /connection closed/);
    assert.deepEqual(names(folder), []);
    await cache.place(model, join(home, "a"), origin.get);
  }));

Deno.test("attachment cache: the least recently used files and stale partial files are removed", () =>
  withApp({}, async (home) => {
    const origin = new Origin();
    const folder = join(home, "cache");
    const cache = new AttachmentCache(folder, 2500);
    const [a, b, c] = ["a", "b", "c"].map((name) => origin.attachment(name)) as [
      Attachment,
      Attachment,
      Attachment,
    ];
    const before = (file: string, seconds: number) => {
      const time = new Date(Date.now() - seconds * 1000);
      return Deno.utime(join(folder, file), time, time);
    };
    await cache.place(a, join(home, "1"), origin.get);
    await cache.place(b, join(home, "2"), origin.get);
    await before(a.sha256, 2000);
    await before(b.sha256, 1000);
    for (const [name, age] of [["old.part", STALE_PART_SECONDS + 10], ["new.part", 10]] as const) {
      await Deno.writeTextFile(join(folder, name), "");
      await before(name, age);
    }
    await cache.place(a, join(home, "3"), origin.get);
    await cache.place(c, join(home, "4"), origin.get);
    assert.deepEqual(names(folder), [a.sha256, c.sha256, "new.part"].sort());
    assert.ok((await Deno.stat(join(home, "2"))).isFile, "the app that uses it keeps it");
    assert.deepEqual(origin.fetched, ["a", "b", "c"]);
  }));

Deno.test("attachment cache: several processes can use it at the same time", () =>
  withApp({}, async (home) => {
    const origin = new Origin();
    const models = ["a", "b", "c", "d"].map((name) => origin.attachment(name));
    // So little room that each process removes files that the others have just downloaded.
    const places = Array.from({ length: 8 }, async (_, process) => {
      const cache = new AttachmentCache(join(home, "cache"), 1000);
      for (const [index, model] of models.entries()) {
        await cache.place(model, join(home, `${process}-${index}`), origin.get);
        const bytes = await Deno.readFile(join(home, `${process}-${index}`));
        assert.equal(sha256Hex(bytes), model.sha256);
      }
    });
    await Promise.all(places);
  }));
