/** Takes the files for all platforms apart, because those for other platforms than this one cannot be run here. */
import { NIGHTLY } from "../../../tests/support/nightly.ts";
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { testWithAllRights } from "../../../base/testing/all_rights.ts";
import { parseTar } from "nanotar";
import { DENO_BINARIES } from "./deno_binary.ts";
import { selfExtracting } from "./executable.ts";

const PROJECT = fileURLToPath(new URL("../../..", import.meta.url));

/** A replacement for Deno, which is not available for other platforms. */
const DENO = new TextEncoder().encode("Deno's program");

/** The format of ONNX Runtime's addon and library on a platform. */
interface Native {
  readonly folder: string;
  readonly library: string;
  /** Whether the first bytes of a binary are for it. */
  isFor(bytes: DataView): boolean;
}

const ELF = 0x7f454c46;
const MACH_O = 0xcffaedfe;

/** The processor's number in ELF (e_machine at byte 18) and Mach-O (cputype at byte 4). */
const NATIVE: Readonly<Record<string, Native>> = {
  "x86_64-unknown-linux-gnu": {
    folder: "linux/x64",
    library: "libonnxruntime.so.1",
    isFor: (bytes) => bytes.getUint32(0) === ELF && bytes.getUint16(18, true) === 62,
  },
  "aarch64-unknown-linux-gnu": {
    folder: "linux/arm64",
    library: "libonnxruntime.so.1",
    isFor: (bytes) => bytes.getUint32(0) === ELF && bytes.getUint16(18, true) === 183,
  },
  "aarch64-apple-darwin": {
    folder: "darwin/arm64",
    library: "libonnxruntime.1.dylib",
    isFor: (bytes) => bytes.getUint32(0) === MACH_O && bytes.getUint32(4, true) === 0x0100000c,
  },
};

/** The value of a variable in the start script. */
function variable(script: string, name: string): string {
  return new RegExp(`^${name}='?([^']*?)'?$`, "m").exec(script)![1]!;
}

Deno.test("each platform with a Deno has its own libraries", () => {
  assert.deepEqual(Object.keys(NATIVE).toSorted(), Object.keys(DENO_BINARIES).toSorted());
});

for (const [target, { folder, library, isFor }] of Object.entries(NATIVE)) {
  testWithAllRights(
    `the file for ${target} has the files of that platform, and none of others`,
    async () => {
      const { bytes, sha256 } = await selfExtracting({ project: PROJECT, target, deno: DENO });
      assert.equal(createHash("sha256").update(bytes).digest("hex"), sha256);
      const start = bytes.indexOf(0x1f); // gzip's first byte, which no text has
      const script = new TextDecoder().decode(bytes.subarray(0, start));
      assert.equal(variable(script, "archive_start"), String(start + 1));
      assert.equal(variable(script, "file_bytes"), String(bytes.length));
      const archive = bytes.subarray(start);
      const digest = createHash("sha256").update(archive).digest("hex");
      assert.equal(variable(script, "archive_sha256"), digest);
      assert.doesNotMatch(script, /@[a-z]+@|undefined/);

      const unpacked = parseTar(new Uint8Array(gunzipSync(archive)).buffer);
      const files = new Map(unpacked.map((file) => [file.name, file]));
      const listed = script.slice(script.indexOf("\nfiles='") + 8).split("'")[0]!.split("\n");
      assert.deepEqual(listed, [...files.keys()]);
      const binaries = `node_modules/onnxruntime-node/bin/napi-v6/${folder}`;
      const native = [`${binaries}/${library}`, `${binaries}/onnxruntime_binding.node`];
      assert.deepEqual([...files.keys()].filter((name) => name.includes("/bin/")), native);
      for (const name of native) {
        const { buffer, byteOffset, byteLength } = files.get(name)!.data!;
        assert.ok(isFor(new DataView(buffer, byteOffset, byteLength)), name);
      }
      assert.deepEqual(files.get("deno")!.data, DENO);
      for (const { name, attrs } of unpacked) {
        assert.equal(Number.parseInt(attrs!.mode!, 8), name === "deno" ? 0o500 : 0o400, name);
      }
      const licenses = files.get("LICENSES.txt")!.text;
      for (const part of ["Deno", "ONNX Runtime", "@grpc/grpc-js", "@peculiar/x509"]) {
        assert.ok(licenses.includes(`\n${part} `), part);
      }
      for (const file of ["main.js", "mod.js", "roles/cli/apps/types/public/flwr.d.ts"]) {
        assert.ok(files.has(file), file);
      }
    },
    { ignore: !NIGHTLY && target !== Deno.build.target },
  );
}
