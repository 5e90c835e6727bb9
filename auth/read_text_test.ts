import assert from "node:assert/strict";
import { inTemporaryFolder } from "../base/testing/temporary_folder.ts";
import { CREATE_KEYS, readBytes, readText } from "./read_text.ts";

const KIND = { what: "Password", maxBytes: 8 };

Deno.test("a file is read up to its limit, and refused beyond it", () =>
  inTemporaryFolder(async (folder) => {
    const file = `${folder}/password`;
    await Deno.writeTextFile(file, "12345678");
    assert.equal(await readText({ file }, KIND), "12345678");
    await Deno.writeTextFile(file, "123456789");
    await assert.rejects(readText({ file }, KIND), { code: "resource-exhausted" });
  }));

Deno.test("a device without an end is refused instead of filling the memory", {
  ignore: Deno.build.os === "windows",
}, async () => {
  await assert.rejects(readBytes({ file: "/dev/zero" }, KIND), { code: "resource-exhausted" });
});

Deno.test("a folder is refused, and a missing file comes with the hint of its kind only", () =>
  inTemporaryFolder(async (folder) => {
    await assert.rejects(readText({ file: folder }, KIND), { code: "invalid-argument" });
    const file = `${folder}/absent`;
    await assert.rejects(readText({ file }, KIND), { code: "not-found", hints: [] });
    const key = { ...KIND, ifAbsent: CREATE_KEYS };
    await assert.rejects(readText({ file }, key), { code: "not-found", hints: [CREATE_KEYS] });
  }));
