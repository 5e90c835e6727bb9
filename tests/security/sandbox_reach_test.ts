/** Attempts of a hostile app to leave the sandbox, one on each line. */
import assert from "node:assert/strict";
import { homedir, tmpdir } from "node:os";
import manifest from "../../deno.json" with { type: "json" };
import { repositoryPath } from "../support/repository.ts";
import { EvilApp } from "./sandbox_fixture.ts";
import { addonPath, systemLibrary } from "./sandbox_targets.ts";

const MAIN = new URL("../../main.ts", import.meta.url).href;
const ORT_PACKAGE = manifest.imports["onnxruntime-node"];
const ADDON = await addonPath();
const LIBRARY = await systemLibrary();
const HOME = homedir();
const TEMPORARY = tmpdir();
const PROGRAM = Deno.execPath();

const NOT_CAPABLE = /NotCapable|Requires \w+ access/;

/**
 * Code of an app, and its expected result. FOLDER is the folder around the app's own. This process listens at PORT and
 * at FOLDER/node.sock.
 */
const REFUSED: Readonly<Record<string, readonly [code: string, comesTo?: RegExp]>> = {
  "read a file beside its folder": [`return Deno.readTextFileSync("FOLDER/secret.txt")`],
  "read it by a way around": [`return Deno.readTextFileSync("FOLDER/app/../secret.txt")`],
  "read it asynchronously": [`return await Deno.readTextFile("FOLDER/secret.txt")`],
  "open it": [`return (await Deno.open("FOLDER/secret.txt")).size`],
  "fetch it": [`return await (await fetch("file://FOLDER/secret.txt")).text()`],
  "ask whether it is there": [`return Deno.statSync("FOLDER/secret.txt").size`],
  "list the folder around its own": [`return [...Deno.readDirSync("FOLDER")].length`],
  "watch the folder around its own": [`return Deno.watchFs("FOLDER")`],
  "read /etc/passwd": [`return Deno.readTextFileSync("/etc/passwd")`],
  "read the home folder": [`return [...Deno.readDirSync(${JSON.stringify(HOME)})].length`],
  "read its process' environment as a file": [`return Deno.readTextFileSync("/proc/self/environ")`],
  "read its process' memory": [`return Deno.openSync("/proc/self/mem")`],
  "read this project's own files": [`return Deno.readTextFileSync(new URL("${MAIN}"))`],
  "read with node:fs": [
    `return (await import("node:fs")).readFileSync("FOLDER/secret.txt", "utf8")`,
  ],
  "read with node:fs/promises": [
    `return await (await import("node:fs/promises")).readFile("/etc/passwd", "utf8")`,
  ],
  "read with process.binding": [
    `return process.binding("fs").internalModuleReadJSON("/etc/passwd")`,
    /is not a function/,
  ],
  "open a database file": [
    `return new (await import("node:sqlite")).DatabaseSync("FOLDER/a.db")`,
  ],
  "attach a database file": [
    `return new (await import("node:sqlite")).DatabaseSync(":memory:").exec("ATTACH 'FOLDER/a' AS a")`,
    /too many attached databases/,
  ],
  "load an extension of SQLite": [
    `return new (await import("node:sqlite")).DatabaseSync(":memory:", { allowExtension: true })`,
  ],
  "import a module beside its folder": [`return (await import("file://FOLDER/secret.ts")).secret`],
  "import a text beside its folder": [
    `return (await import("file://FOLDER/secret.txt", { with: { type: "text" } })).default`,
  ],
  "import /etc/passwd": [`return await import("file:///etc/passwd")`],
  "import a module of this project": [
    `return await import(new URL("roles/cli/keys/command.ts", "${MAIN}").href)`,
  ],
  "import over the network": [`return await import("https://example.com/a.ts")`],
  "ask the registry for a package, whose name may tell anything": [
    `return Object.keys(await import("npm:flwr-node-1-has-3-cats"))`,
    /npm package not found in cache/,
  ],
  "ask another registry": [`return Object.keys(await import("jsr:@std/fs"))`],
  "require a module beside its folder": [
    `return (await import("node:module")).createRequire("file://FOLDER/app/x.js")("../secret.ts")`,
  ],
  "write into its folder": [`return Deno.writeTextFileSync("FOLDER/app/a.txt", "a")`],
  "write elsewhere": [
    `return Deno.writeTextFileSync(${JSON.stringify(`${TEMPORARY}/evil.txt`)}, "a")`,
  ],
  "make a temporary file": [`return Deno.makeTempFileSync()`],
  "write with node:fs": [
    `return (await import("node:fs")).writeFileSync("FOLDER/app/a.txt", "a")`,
  ],
  "remove its own code": [`return Deno.removeSync("FOLDER/app/client.ts")`],
  "make a link in its folder": [`return Deno.symlinkSync("/etc/passwd", "FOLDER/app/link")`],
  "make its folder writable": [`return Deno.chmodSync("FOLDER/app", 0o777)`],
  "keep web pages on the disk": [`return await caches.open("a")`, /cache storage directory/],
  "write a heap snapshot": [
    `return (await import("node:v8")).writeHeapSnapshot(${
      JSON.stringify(`${TEMPORARY}/evil.heapsnapshot`)
    })`,
  ],
  "read an environment variable": [`return Deno.env.get("HOME")`],
  "read all of them": [`return Object.keys(Deno.env.toObject())`],
  "read one as process.env": [`return process.env.HOME`],
  "set one": [`return Deno.env.set("A", "1")`],
  "connect": [`return await Deno.connect({ hostname: "127.0.0.1", port: PORT })`],
  "connect to a socket in the file system": [
    `return await Deno.connect({ transport: "unix", path: "FOLDER/node.sock" })`,
  ],
  "listen": [`return Deno.listen({ port: 0 })`],
  "serve": [`return Deno.serve({ port: 0 }, () => new Response())`],
  "send datagrams": [
    `return Deno.listenDatagram({ transport: "udp", port: 0 })`,
  ],
  "fetch from this machine": [`return await fetch("http://127.0.0.1:PORT/")`],
  "fetch from the network": [`return await fetch("https://example.com/")`],
  "open a web socket": [
    `return await new Promise((resolve, reject) => {
      const socket = new WebSocket("ws://127.0.0.1:PORT");
      socket.onopen = () => resolve("open");
      socket.onerror = (event) => reject(new Error(event.message));
    })`,
  ],
  "connect with node:net": [
    `const net = await import("node:net");
    return await new Promise((resolve, reject) => {
      net.connect(PORT, "127.0.0.1").on("connect", resolve).on("error", reject);
    })`,
    /NotCapable|EPERM|EACCES|Requires net access/,
  ],
  "ask for a host's address": [`return await Deno.resolveDns("example.com", "A")`],
  "start a program": [
    `return new Deno.Command(${
      JSON.stringify(PROGRAM)
    }, { args: ["--version"] }).outputSync().code`,
  ],
  "start a program with node:child_process": [
    `return (await import("node:child_process")).execFileSync(${
      JSON.stringify(PROGRAM)
    }, ["--version"])`,
  ],
  "fork": [`return (await import("node:child_process")).fork("FOLDER/app/client.ts")`],
  "send a signal to the node": [`return Deno.kill(Deno.ppid, "SIGTERM")`],
  "send a signal to its group": [`return Deno.kill(0, "SIGTERM")`],
  "send a signal to the node with process.kill": [`return process.kill(Deno.ppid, 0)`],
  "open a library": [`return Deno.dlopen(${JSON.stringify(LIBRARY)}, {})`],
  "make a pointer": [`return Deno.UnsafePointer.of(new Uint8Array(8))`],
  "import ONNX Runtime": [`return Object.keys(await import("${ORT_PACKAGE}"))`],
  "require ONNX Runtime's addon": [
    `return (await import("node:module")).createRequire("${MAIN}")("${ADDON}")`,
  ],
  "open the addon with process.dlopen": [`return process.dlopen({ exports: {} }, "${ADDON}")`],
  "ask for the host's name": [`return Deno.hostname()`],
  "ask for the user": [`return Deno.uid()`],
  "ask for the network's interfaces": [`return Deno.networkInterfaces()`],
  "attach a debugger": [`return new ((await import("node:inspector")).Session)().connect()`],
  "start a thread that may more": [
    `return await new Promise((resolve, reject) => {
      const code = "self.postMessage(Deno.readTextFileSync('/etc/passwd'))";
      const deno = { permissions: { read: true } };
      const thread = new Worker("data:text/javascript," + code, { type: "module", deno });
      thread.onmessage = ({ data }) => resolve(data);
      thread.onerror = (event) => { event.preventDefault(); reject(new Error(event.message)); };
    })`,
    /Can't escalate/,
  ],
  "start a thread that may as much": [
    `return await new Promise((resolve, reject) => {
      const code = "self.postMessage(Deno.readTextFileSync('/etc/passwd'))";
      const thread = new Worker("data:text/javascript," + code, { type: "module" });
      thread.onmessage = ({ data }) => resolve(data);
      thread.onerror = (event) => { event.preventDefault(); reject(new Error(event.message)); };
    })`,
  ],
  "start a thread of node's kind": [
    `const { Worker } = await import("node:worker_threads");
    return await new Promise((resolve, reject) => {
      new Worker(
        "const { parentPort } = require('worker_threads');" +
          "parentPort.postMessage(require('fs').readFileSync('/etc/passwd', 'utf8'))",
        { eval: true },
      ).on("message", resolve).on("error", reject);
    })`,
  ],
  "run code in a WASI that reads": [
    `const { WASI } = await import("node:wasi");
    return new WASI({ version: "preview1", preopens: { "/": "/" } })`,
    /failed to open preopen/,
  ],
};

Deno.test("security: a sandboxed app cannot reach", async (test) => {
  await using app = await EvilApp.start();
  assert.equal(await app.run("return own"), "own module", "it runs what it is told");
  for (const path of [ADDON, LIBRARY, HOME, TEMPORARY, PROGRAM]) assert.ok(await Deno.stat(path));
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  using _socket = Deno.listen({ transport: "unix", path: `${app.folder.path}/node.sock` });
  const { port } = listener.addr;
  for (const [what, [code, comesTo = NOT_CAPABLE]] of Object.entries(REFUSED)) {
    await test.step(what, async () => {
      const { reply } = await app.handle(code.replaceAll("PORT", String(port)));
      assert.equal(
        reply.hasContent,
        false,
        `it answered: ${
          reply.hasContent
            ? reply.content.configRecord("config").string("result").slice(0, 200)
            : ""
        }`,
      );
      assert.match(reply.error!.reason, comesTo);
    });
  }
});

Deno.test("security: an app cannot install a package from Deno's cache", async () => {
  const lock = await Deno.readTextFile(repositoryPath("deno.lock"));
  await using app = await EvilApp.start();
  const answer = await app.run(`return Object.keys(await import("npm:typescript"))`);
  assert.match(answer, /lockfile is out of date|not found in cache/);
  assert.equal(await Deno.readTextFile(repositoryPath("deno.lock")), lock);
});
