import assert from "node:assert/strict";
import { testWithAllRights } from "../../base/testing/all_rights.ts";

const RUNTIME = new URL("./runtime.ts", import.meta.url).href;

/** Loads ONNX Runtime and runs a model, which would start its telemetry. */
const SCRIPT = `
const { loadRuntime } = await import(${JSON.stringify(RUNTIME)});
const { InferenceSession } = await loadRuntime();
await InferenceSession.create(new Uint8Array(1)).catch(() => {});
console.log("loaded");
`;

testWithAllRights(
  "ONNX Runtime stores no id for this machine, and sends no telemetry",
  async () => {
    const home = await Deno.makeTempDir();
    try {
      const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: ["eval", "--quiet", SCRIPT],
        // Without the caller's CI variable, which would disable telemetry anyway.
        clearEnv: true,
        env: { HOME: home, NO_COLOR: "1", DENO_DIR: `${home}/deno`, PATH: Deno.env.get("PATH")! },
        cwd: new URL("../..", import.meta.url),
      }).output();
      assert.equal(new TextDecoder().decode(stdout), "loaded\n", new TextDecoder().decode(stderr));
      const made = (await Array.fromAsync(Deno.readDir(home))).map(({ name }) => name);
      assert.deepEqual(made, ["deno"]);
    } finally {
      await Deno.remove(home, { recursive: true });
    }
  },
);
