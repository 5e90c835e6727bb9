/** The manifest of simulation workers against the published schemas of Kubernetes. No cluster is involved. */
import assert from "node:assert/strict";
import { dirname } from "node:path";
import { jobManifest, type ManifestOptions } from "../../roles/simulation_worker/manifest.ts";
import { NIGHTLY } from "../support/nightly.ts";
import { findPython, NO_PYTHON, pinnedEnvironment } from "../support/python.ts";
import { repositoryPath } from "../support/repository.ts";
import { TempDir } from "../support/tempdir.ts";

const OPTIONS: ManifestOptions = {
  image: 'registry.example/flwr:1"\n- x',
  pods: 8,
  slots: 4,
  address: "superlink.example:8000",
  insecure: false,
  hasAuthority: true,
};

const python = await findPython();
if (python === undefined) console.log(NO_PYTHON);

Deno.test({
  name: "kubernetes: the manifest of workers fits the schema, whatever the image is called",
  ignore: !NIGHTLY || python === undefined,
  async fn() {
    const environment = await pinnedEnvironment(python!, {
      name: "kubernetes-1.37.0",
      requirements: repositoryPath("tests/interop/requirements/kubernetes-1.37.0.txt"),
      probe: "import kubernetes_validate",
    }, console.log);
    await using folder = await TempDir.make();
    const validate = async (text: string) => {
      const file = `${folder.path}/job.yaml`;
      await Deno.writeTextFile(file, text);
      const command = new Deno.Command(`${dirname(environment)}/kubernetes-validate`, {
        args: ["--strict", file],
        stderr: "piped",
        stdout: "piped",
      });
      const { stdout, stderr } = await command.output();
      const decoder = new TextDecoder();
      return decoder.decode(stdout) + decoder.decode(stderr);
    };
    assert.match(await validate(jobManifest(OPTIONS)), /passed for resource job/);
    const insecure = { ...OPTIONS, insecure: true, hasAuthority: false, pods: 1, slots: 1 };
    assert.match(await validate(jobManifest(insecure)), /passed for resource job/);
    // The validation sees a misspelt key.
    const misspelt = jobManifest(OPTIONS).replace("completions:", "completion:");
    assert.match(await validate(misspelt), /did not validate/);
  },
});
