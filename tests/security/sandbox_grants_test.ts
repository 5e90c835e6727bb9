/** Files that a sandboxed app may read, and files that a node's owner cannot grant by mistake. */
import assert from "node:assert/strict";
import { EvilApp } from "./sandbox_fixture.ts";

Deno.test("security: an app can read its own folder and granted paths", async () => {
  await using app = await EvilApp.start({ readable: ["FOLDER/data"] }, async (folder) => {
    await Deno.mkdir(`${folder}/data/deep`, { recursive: true });
    await Deno.writeTextFile(`${folder}/data/deep/x.csv`, "a,b,label\n1,2,0\n4,5,1\n");
    await Deno.writeTextFile(`${folder}/app/labels.txt`, "cat dog");
  });
  assert.equal(await app.run(`return Deno.readTextFileSync("FOLDER/app/labels.txt")`), "cat dog");
  const shapes =
    `const { x, y } = await flwr.readCsv("FOLDER/data/deep/x.csv", { target: "label" });
    return [x.shape, y.shape].join(" ")`;
  assert.equal(await app.run(shapes), "2,2 2");
  assert.match(await app.run(`return Deno.readTextFileSync("FOLDER/secret.txt")`), /NotCapable/);
});

Deno.test("security: a reader says how data is granted, and relative paths begin in the app's folder", async () => {
  await using app = await EvilApp.start({}, async (folder) => {
    await Deno.writeTextFile(`${folder}/data.csv`, "a,label\n1,0\n");
    await Deno.writeTextFile(`${folder}/app/own.csv`, "a,label\n4,1\n");
  });
  const read = (path: string) =>
    app.run(`const read = flwr.readCsv(${JSON.stringify(path)}, { target: "label" });
      return await read.then(({ x }) => String(x.data), ({ code, hints }) => [code, ...hints].join());`);
  assert.equal(await read("own.csv"), "4");
  const refused = await read("FOLDER/data.csv");
  assert.match(refused, /^permission-denied,/);
  assert.ok(refused.includes("--allow-read"), refused);
  assert.match(await read("none.csv"), /^not-found,.*absolute path/);
});

Deno.test("security: granting a file grants only that file", async () => {
  await using app = await EvilApp.start({ readable: ["FOLDER/secret.txt"] });
  assert.match(await app.run(`return Deno.readTextFileSync("FOLDER/secret.txt")`), /secret/);
  assert.match(await app.run(`return Deno.readTextFileSync("FOLDER/secret.ts")`), /NotCapable/);
});

const LINKS: Readonly<Record<string, (folder: string) => Promise<void>>> = {
  "to a file": (folder) => Deno.symlink("/etc/passwd", `${folder}/app/notes.txt`),
  "to a module": (folder) => Deno.symlink(`${folder}/secret.ts`, `${folder}/app/more.ts`),
  "to a folder, in a folder of its own": async (folder) => {
    await Deno.mkdir(`${folder}/app/deep`);
    await Deno.symlink("..", `${folder}/app/deep/up`);
  },
  "to nothing yet": (folder) => Deno.symlink(`${folder}/later`, `${folder}/app/later`),
};

for (const [where, link] of Object.entries(LINKS)) {
  Deno.test(`security: an app with a link ${where} is not started`, async () => {
    await assert.rejects(EvilApp.start({}, link), { code: "permission-denied" });
  });
}

Deno.test("security: a folder that contains the node's key cannot be granted", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${folder}/data`);
    await Deno.writeTextFile(`${folder}/node.key`, "secret");
    await Deno.symlink(folder, `${folder}/data/../alias`);
    for (const granted of [folder, `${folder}/node.key`, `${folder}/alias`, "/"]) {
      await assert.rejects(
        EvilApp.start({ readable: [granted], secret: [`${folder}/node.key`] }),
        { code: "permission-denied", message: new RegExp(`"${folder}.*node\\.key"`) },
        granted,
      );
    }
    await using app = await EvilApp.start({
      readable: [`${folder}/data`],
      secret: [`${folder}/node.key`],
    });
    assert.match(await app.run(`return Deno.readTextFileSync("${folder}/node.key")`), /NotCapable/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("security: a missing granted folder is reported", async () => {
  await assert.rejects(EvilApp.start({ readable: ["/nowhere/data"] }), {
    code: "not-found",
    message: /"\/nowhere\/data"/,
  });
});
