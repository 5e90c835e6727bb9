import assert from "node:assert/strict";
import { sha256Hex } from "../../base/platform.ts";
import { inTemporaryFolder } from "../../base/testing/temporary_folder.ts";
import { AuditFile } from "./audit_file.ts";
import { readRecord } from "./record.ts";
import { someLines } from "./testing/chain_lines.ts";

const MIB = 2 ** 20;
const LINES = someLines(3);
const END = { sequence: 3, hash: readRecord(LINES[2]!)!.hash };
const TEXT = LINES.map((line) => `${line}\n`).join("");

function tailOf(path: string) {
  const file = new AuditFile(path, MIB);
  file.close();
  return file.tail;
}

Deno.test("a new audit log is a file that only its owner can read", async () => {
  await inTemporaryFolder(async (folder) => {
    assert.deepEqual(tailOf(`${folder}/a`), { lacksLineEnd: false });
    if (Deno.build.os !== "windows") {
      assert.equal((await Deno.stat(`${folder}/a`)).mode! & 0o777, 0o600);
    }
  });
});

Deno.test("the end of an audit log is found, whole or torn anywhere", async () => {
  await inTemporaryFolder(async (folder) => {
    const path = `${folder}/a`;
    const before = { sequence: 2, hash: readRecord(LINES[1]!)!.hash };
    const whole = `${LINES[0]}\n${LINES[1]}\n`;
    for (let cut = 1; cut < LINES[2]!.length; cut += 5) {
      const torn = LINES[2]!.slice(0, cut);
      for (const end of ["", "\n"]) {
        await Deno.writeTextFile(path, whole + torn + end);
        assert.deepEqual(tailOf(path), {
          end: before,
          torn: { bytes: cut, sha256: sha256Hex(torn) },
          lacksLineEnd: end === "",
        });
      }
    }
    await Deno.writeTextFile(path, TEXT);
    assert.deepEqual(tailOf(path), { end: END, lacksLineEnd: false });
    await Deno.writeTextFile(path, TEXT.slice(0, -1));
    assert.deepEqual(tailOf(path), { end: END, lacksLineEnd: true });
    await Deno.writeTextFile(path, LINES[0]!.slice(0, 50));
    assert.equal(tailOf(path).torn?.bytes, 50);
  });
});

Deno.test("a file that is no audit log, or whose end was changed, is refused and kept", async () => {
  await inTemporaryFolder(async (folder) => {
    const path = `${folder}/a`;
    const texts = [
      "[federation]\nname = 1\n",
      "\n",
      '{"a": 1}\n',
      "x".repeat(MIB),
      TEXT.replace(/SuperLink(?=[^\n]*\n$)/, "Superlink"),
      TEXT + "more\n",
    ];
    for (const text of texts) {
      await Deno.writeTextFile(path, text);
      assert.throws(() => new AuditFile(path, MIB), { code: "failed-precondition" }, text);
      assert.equal(await Deno.readTextFile(path), text);
    }
    assert.throws(() => new AuditFile(folder, MIB), { code: "invalid-argument" });
    assert.throws(() => new AuditFile(`${folder}/none/a`, MIB), { code: "failed-precondition" });
  });
});

Deno.test("a second process cannot write the same audit log", async () => {
  await inTemporaryFolder((folder) => {
    const first = new AuditFile(`${folder}/a`, MIB);
    assert.throws(() => new AuditFile(`${folder}/a`, MIB), { code: "failed-precondition" });
    first.close();
    tailOf(`${folder}/a`);
    return Promise.resolve();
  });
});

Deno.test("an audit log goes on in new files, and nothing is overwritten", async () => {
  await inTemporaryFolder(async (folder) => {
    const path = `${folder}/a`;
    await Deno.writeTextFile(`${path}.000007`, TEXT);
    await Deno.writeTextFile(`${path}-1.000009`, "of another process");
    const file = new AuditFile(path, TEXT.length + 10);
    assert.deepEqual(file.tail.end, END);
    const bytes = new TextEncoder().encode(TEXT);
    for (let i = 0; i < 3; i++) {
      await file.prepare(bytes.length);
      assert.equal(await file.write(bytes), bytes.length);
    }
    file.close();
    const names = [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
    assert.deepEqual(names, ["a", "a-1.000009", "a.000007", "a.000008", "a.000009"]);
    // Killed between renaming and creating: the chain goes on from the newest older file.
    await Deno.remove(path);
    assert.deepEqual(tailOf(path).end, END);
  });
});

Deno.test("an audit log that was moved away goes on in a new file, another file there is kept", {
  ignore: Deno.build.os === "windows",
}, async () => {
  await inTemporaryFolder(async (folder) => {
    const path = `${folder}/a`;
    const file = new AuditFile(path, MIB);
    const bytes = new TextEncoder().encode(TEXT);
    await file.write(bytes);
    assert.equal(await file.reopenIfMoved(), false);
    await Deno.rename(path, `${folder}/old`);
    await Deno.writeTextFile(path, "another's");
    await assert.rejects(file.reopenIfMoved(), { code: "failed-precondition" });
    assert.equal(await Deno.readTextFile(path), "another's");
    await Deno.remove(path);
    assert.equal(await file.reopenIfMoved(), true);
    await file.write(bytes);
    file.close();
    assert.deepEqual([await Deno.readTextFile(path), await Deno.readTextFile(`${folder}/old`)], [
      TEXT,
      TEXT,
    ]);
  });
});
