import assert from "node:assert/strict";
import fc from "fast-check";
import vectors from "../tests/vectors/fab/bundles.json" with { type: "json" };
import { contentsLine } from "./contents.ts";
import { MAX_FAB_BYTES, MAX_FAB_FILES } from "./limits.ts";
import { readFab } from "./read.ts";
import { appFiles } from "./testing/app_files.ts";
import { archive, deflated, encode, type Files, tampered } from "./testing/archives.ts";
import { CENTRAL, CentralField, EndField, Field, LOCAL, Method } from "../base/zip/layout.ts";
import { writeZip } from "../base/zip/write.ts";
import { NIGHTLY } from "../tests/support/nightly.ts";

const good: Files = appFiles("typescript");
const withFile = (path: string, text = "x") => archive({ ...good, [path]: text });

/** A list of contents of Flower up to 1.26.1: without the manifest, and with a line break at its end. */
const olderList = (files: Files) =>
  Object.entries(files)
    .filter(([path]) => path !== "pyproject.toml")
    .map(([path, text]) => `${contentsLine(path, encode(text))}\n`)
    .join("");

const HOSTILE: Record<string, { bytes: () => Uint8Array; says: RegExp; code?: string }> = {
  "a path that climbs out": { bytes: () => withFile("../evil.ts"), says: /goes through "\.\."/ },
  "a path that climbs out further down": {
    bytes: () => withFile("a/../../evil.ts"),
    says: /goes through/,
  },
  "a path through the folder itself": {
    bytes: () => withFile("a/./b.ts"),
    says: /goes through "\."/,
  },
  "an absolute path": { bytes: () => withFile("/etc/evil.ts"), says: /is absolute/ },
  "a drive": { bytes: () => withFile("C:evil.ts"), says: /one of the characters/ },
  "a stream of a file": { bytes: () => withFile("client.ts:evil"), says: /one of the characters/ },
  "backslashes": { bytes: () => withFile("..\\evil.ts"), says: /backslash/ },
  "a NUL in a name": { bytes: () => withFile("client.ts\0.md"), says: /control character/ },
  "a line end in a name": { bytes: () => withFile("a\nb.ts"), says: /control character/ },
  "a name that ends in a point": { bytes: () => withFile("client.ts."), says: /ends with a dot/ },
  "a device": { bytes: () => withFile("aux.json"), says: /name of a Windows device/ },
  "a folder": { bytes: () => withFile("folder/", ""), says: /is empty, or is a folder/ },
  "an empty name": { bytes: () => withFile("", ""), says: /is empty/ },
  "a very long name": { bytes: () => withFile("a".repeat(256)), says: /longer than 255 bytes/ },
  "a very long path": {
    bytes: () => withFile("ab/".repeat(400) + "x"),
    says: /longer than 1024 bytes/,
  },
  "a very deep path": {
    bytes: () => withFile("a/".repeat(11) + "x"),
    says: /nested in more than 10 folders/,
  },
  "a file twice": {
    bytes: () => archive([...Object.entries(good), ["client.ts", "evil"]]),
    says: /contains "client\.ts" twice/,
  },
  "two files by case alone": {
    bytes: () => withFile("Client.ts"),
    says: /the same file on some systems/,
  },
  "two files by the form of an accent alone": {
    bytes: () => archive({ ...good, "\u00e9.ts": "a", "e\u0301.ts": "b" }),
    says: /the same file on some systems/,
  },
  "two folders by case alone": {
    bytes: () => archive({ ...good, "Lib/a.ts": "a", "lib/b.ts": "b" }),
    says: /the same folder on some systems/,
  },
  "a file where a folder is needed": {
    bytes: () => archive({ ...good, "lib": "a", "lib/b.ts": "b" }),
    says: /"lib" is a file/,
  },
  "a symbolic link": {
    bytes: () => tampered(archive(good), (at) => at.setMode(1, 0o120777)),
    says: /not a regular file/,
  },
  "a device node": {
    bytes: () => tampered(archive(good), (at) => at.setMode(1, 0o060600)),
    says: /not a regular file/,
  },
  "a set-user-id file": {
    bytes: () => tampered(archive(good), (at) => at.setMode(1, 0o104755)),
    says: /special mode/,
  },
  "a file not in the list": {
    bytes: () =>
      archive(
        { ...good, "evil.ts": "" },
        Object.entries(good).map(([path, text]) => contentsLine(path, encode(text))).join("\n"),
      ),
    says: /"evil\.ts" is not listed in its \.info\/CONTENT/,
  },
  "a file not in the list of an older Flower": {
    bytes: () => archive({ ...good, "evil.ts": "" }, olderList(good)),
    says: /"evil\.ts" is not listed in its \.info\/CONTENT/,
  },
  "a manifest not in the list of today's Flower": {
    bytes: () => archive(good, olderList(good).trimEnd()),
    says: /"pyproject\.toml" is not listed in its \.info\/CONTENT/,
  },
  "a manifest further down not in the list": {
    bytes: () => archive({ ...good, "lib/pyproject.toml": "" }, olderList(good)),
    says: /"lib\/pyproject\.toml" is not listed in its \.info\/CONTENT/,
  },
  "a manifest with another hash than an older list's": {
    bytes: () =>
      archive(good, `${olderList(good)}${contentsLine("pyproject.toml", encode("x"))}\n`),
    says: /"pyproject\.toml" does not have the size/,
  },
  "a file of the list that is missing": {
    bytes: () =>
      archive(
        good,
        [...Object.entries(good), ["gone.ts", ""]].map(([path, text]) =>
          contentsLine(path!, encode(text!))
        ).join("\n"),
      ),
    says: /"gone\.ts", listed in its \.info\/CONTENT, is missing/,
  },
  "a file twice in the list": {
    bytes: () =>
      archive(
        good,
        [...Object.entries(good), ["client.ts", "app"]].map(([path, text]) =>
          contentsLine(path!, encode(text!))
        ).join("\n"),
      ),
    says: /lists "client\.ts" twice/,
  },
  "another hash than the list's": {
    bytes: () =>
      archive(
        good,
        Object.keys(good).map((path) => contentsLine(path, encode(good[path]!.replace(/p$/, "q"))))
          .join("\n"),
      ),
    says: /does not match the hash/,
  },
  "another size than the list's": {
    bytes: () =>
      archive(
        good,
        Object.entries(good).map(([path, text]) =>
          contentsLine(path, encode(text)).replace(/\d+$/, "1")
        ).join("\n"),
      ),
    says: /does not have the size/,
  },
  "a malformed list": { bytes: () => archive(good, "pyproject.toml"), says: /a line that is not/ },
  "no list": {
    bytes: () => writeZip(Object.entries(good).map(([path, text]) => [path, encode(text)])),
    says: /has no \.info\/CONTENT/,
  },
  "no manifest": {
    bytes: () => archive({ "client.ts": "", "server.ts": "" }),
    says: /no pyproject\.toml/,
  },
  "a manifest that is no TOML": {
    bytes: () => archive({ ...good, "pyproject.toml": "[" }),
    says: /not valid TOML/,
  },
  "a manifest that is no app's": {
    bytes: () => archive({ ...good, "pyproject.toml": "" }),
    says: /does not describe an app/,
  },
  "a publisher that leads elsewhere": {
    bytes: () =>
      archive({
        ...good,
        "pyproject.toml": good["pyproject.toml"]!.replace('"tester"', '"../../x"'),
      }),
    says: /"publisher" in \[tool\.flwr\.app\] has something other/,
  },
  "a version that leads elsewhere": {
    bytes: () =>
      archive({ ...good, "pyproject.toml": good["pyproject.toml"]!.replace("1.0.0", "../x") }),
    says: /"version" in \[project\] has something other/,
  },
  "a component that leads elsewhere": {
    bytes: () =>
      archive({
        ...good,
        "pyproject.toml": good["pyproject.toml"]!.replace("client:app", "/etc/x:app"),
      }),
    says: /"clientapp" .* is not of the form/,
  },
  "a component that is not there": {
    bytes: () =>
      archive({
        ...good,
        "pyproject.toml": good["pyproject.toml"]!.replace("client:app", "gone:app"),
      }),
    says: /"clientapp" .* has neither "gone\.ts" nor "gone\.py"/,
  },
  "a bomb that says its size": {
    bytes: () => deflated(good, new Uint8Array(64 * 1024 * 1024)),
    says: /unpacks to more than/,
    code: "resource-exhausted",
  },
  "a bomb that hides its size": {
    bytes: () => deflated(good, new Uint8Array(64 * 1024 * 1024), 100),
    says: /cannot be decompressed to 100 bytes/,
  },
  "bytes that are no deflate stream": {
    bytes: () =>
      tampered(archive(good), (at) => {
        at.set16(0, Field.method, Method.deflated);
      }),
    says: /cannot be decompressed/,
  },
  "an unknown method of compression": {
    bytes: () => tampered(archive(good), (at) => at.set16(1, Field.method, 14)),
    says: /compression method 14/,
  },
  "a wrong checksum": {
    bytes: () => tampered(archive(good), (at) => at.set32(1, Field.crc, 1)),
    says: /does not match its size or checksum/,
  },
  "an encrypted file": {
    bytes: () => tampered(archive(good), (at) => at.set16(1, Field.flags, 1)),
    says: /is encrypted/,
  },
  "a size that follows the file": {
    bytes: () => tampered(archive(good), (at) => at.set16(1, Field.flags, 8)),
    says: /unsupported flags/,
  },
  "zip64 sizes": {
    bytes: () =>
      tampered(
        archive(good),
        (at) => at.view.setUint32(at.central(1) + Field.packed + CENTRAL.shift, 0xffffffff, true),
      ),
    says: /needs the zip64 format/,
  },
  "zip64 counts": {
    bytes: () =>
      tampered(archive(good), (at) => {
        at.view.setUint16(at.end + EndField.count, 0xffff, true);
        at.view.setUint16(at.end + EndField.countHere, 0xffff, true);
      }),
    says: /needs the zip64 format/,
  },
  "an extra field": {
    bytes: () =>
      tampered(
        archive(good),
        (at) => at.view.setUint16(at.central(1) + Field.extraLength + CENTRAL.shift, 4, true),
      ),
    says: /has an extra field/,
  },
  "another name before the file than in the directory": {
    bytes: () =>
      tampered(archive(good), (at) => at.bytes.set(encode("clxent.ts"), at.local(1) + LOCAL.bytes)),
    says: /two different headers/,
  },
  "another size before the file than in the directory": {
    bytes: () =>
      tampered(archive(good), (at) => at.view.setUint32(at.local(1) + Field.size, 1, true)),
    says: /two different headers/,
  },
  "two files at one place": {
    bytes: () =>
      tampered(
        archive(good),
        (at) => at.view.setUint32(at.central(2) + CentralField.offset, at.local(1), true),
      ),
    says: /overlaps/,
  },
  "a file that reaches into the next": {
    bytes: () =>
      tampered(archive(good), (at) => {
        at.set32(1, Field.packed, 10);
        at.set32(1, Field.size, 10);
      }),
    says: /overlaps/,
  },
  "bytes in front": {
    bytes: () => concat(encode("#!/bin/sh\n"), archive(good)),
    says: /directory is not at the position in its end record/,
  },
  "bytes behind": { bytes: () => concat(archive(good), encode("x")), says: /bytes after its end/ },
  "an archive behind an archive": {
    bytes: () => concat(archive(good), archive(good)),
    says: /directory is not at the position/,
  },
  "a file that the directory does not count": {
    bytes: () =>
      tampered(archive(good), (at) => {
        const count = at.view.getUint16(at.end + EndField.count, true) - 1;
        at.view.setUint16(at.end + EndField.count, count, true);
        at.view.setUint16(at.end + EndField.countHere, count, true);
      }),
    says: /more entries than it counts/,
  },
  "a comment": {
    bytes: () =>
      tampered(archive(good), (at) => at.view.setUint16(at.end + EndField.commentLength, 1, true)),
    says: /comment at its end/,
  },
  "a divided archive": {
    bytes: () =>
      tampered(archive(good), (at) => at.view.setUint16(at.end + EndField.disk, 1, true)),
    says: /split archive/,
  },
  "an empty archive": { bytes: () => writeZip([]), says: /has no \.info\/CONTENT/ },
  "no bytes at all": { bytes: () => new Uint8Array(), says: /not a zip archive/ },
  "a huge number of files": {
    bytes: () =>
      archive(Object.fromEntries(Array.from({ length: MAX_FAB_FILES }, (_, n) => [`${n}.md`, ""]))),
    says: /10001 files; the limit is 10000/,
    code: "resource-exhausted",
  },
  "more bytes than a bundle may have": {
    bytes: () => new Uint8Array(MAX_FAB_BYTES + 1),
    says: /10485761 bytes; the limit is 10485760/,
    code: "resource-exhausted",
  },
  "a name in an old encoding": {
    bytes: () =>
      tampered(archive(good), (at) => {
        at.bytes[at.local(1) + LOCAL.bytes] = 0xe9;
        at.bytes[at.central(1) + CENTRAL.bytes] = 0xe9;
      }),
    says: /neither ASCII nor flagged as UTF-8/,
  },
};

Deno.test("read: hostile archives are refused with a reason", async (t) => {
  for (const [title, { bytes, says, code }] of Object.entries(HOSTILE)) {
    await t.step(title, () => {
      assert.throws(() => readFab(bytes()), {
        name: "FlwrError",
        code: code ?? "invalid-argument",
        message: says,
      });
    });
  }
});

Deno.test("read: a compressed FAB of another program is read", () => {
  const text = encode("x".repeat(10_000));
  assert.deepEqual(readFab(deflated(good, text)).files.get("big.json"), text);
});

Deno.test("read: a valid FAB gives its files and its configuration", () => {
  const fab = readFab(archive(good));
  assert.deepEqual([...fab.files.keys()], Object.keys(good));
  assert.deepEqual(fab.config, {
    publisher: "tester",
    name: "small",
    version: "1.0.0",
    fabId: "tester/small",
    serverApp: "server:app",
    clientApp: "client:app",
    config: { "num-rounds": 3n },
    language: "typescript",
    clientLanguage: "typescript",
  });
});

Deno.test("read: a FAB of Flower up to 1.26.1, whose list omits the manifest, is read", async () => {
  const older = await Deno.readFile(new URL("../tests/vectors/fab/older.fab", import.meta.url));
  const { config, files } = readFab(older);
  assert.deepEqual([...files.keys()], [
    "pyproject.toml",
    "README.md",
    "pkg/__init__.py",
    "pkg/client.py",
    "pkg/server.py",
  ]);
  assert.deepEqual(config, {
    publisher: "tester",
    name: "app",
    version: "1.0.0",
    fabId: "tester/app",
    serverApp: "pkg.server:app",
    clientApp: "pkg.client:app",
    config: { "num-rounds": 3n },
    language: "python",
    clientLanguage: "python",
  });
});

Deno.test("read: a changed or truncated FAB is read the same or refused", () => {
  const whole = Uint8Array.fromBase64(vectors.find(({ title }) => title === "plain")!.fab!);
  const before = readFab(whole);
  fc.assert(
    fc.property(
      fc.nat(whole.length - 1),
      fc.integer({ min: 1, max: 255 }),
      fc.boolean(),
      (at, change, cut) => {
        const bytes = cut ? whole.slice(0, at) : whole.slice();
        if (!cut) bytes[at]! ^= change;
        try {
          // Dates and permissions are not in the list of contents. Only the FAB's own hash covers them.
          assert.deepEqual(readFab(bytes).files, before.files);
        } catch (error) {
          assert.equal((error as { name?: string }).name, "FlwrError", String(error));
          assert.notEqual((error as { code?: string }).code, "internal");
        }
      },
    ),
    { seed: 20260105, numRuns: NIGHTLY ? 4000 : 1000 },
  );
});

function concat(a: Uint8Array, b: Uint8Array): Uint8Array {
  return new Uint8Array([...a, ...b]);
}
