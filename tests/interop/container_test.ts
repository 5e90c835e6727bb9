/** The container and the compose file of docs/operations. */
import assert from "node:assert/strict";
import { dirname } from "node:path";
import { executable, HAS_EXECUTABLE } from "../packaging/made_executable.ts";
import { eventually } from "../support/deadline.ts";
import { NIGHTLY } from "../support/nightly.ts";
import { freePorts } from "../support/ports.ts";
import { findPython, NO_PYTHON, pinnedEnvironment } from "../support/python.ts";
import { repositoryPath } from "../support/repository.ts";
import { scenario } from "../support/stage.ts";

const CONTAINERFILE = repositoryPath("docs/operations/Containerfile");
const COMPOSE = repositoryPath("docs/operations/compose.yaml");

/** Checks the compose file, and then the same one with a misspelt key. */
const CHECK = `
import json, sys, yaml
from compose_spec.compose_spec import PyCompose
compose = yaml.safe_load(open(sys.argv[1]))
read = PyCompose.from_json(json.dumps(compose))
read.validate()
print(sorted(read.services))
compose["services"]["proxy"]["restrat"] = "no"
try:
    PyCompose.from_json(json.dumps(compose))
except ValueError as error:
    print("refused:", error)
`;

const python = await findPython();
if (python === undefined) console.log(NO_PYTHON);

/** Runs a command. @returns what it prints on stdout */
async function output(command: string, args: readonly string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command, { args: [...args] }).output();
  const [text, errors] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  assert.ok(success, `${command} ${args.join(" ")}: ${text}${errors}`);
  return text!;
}

Deno.test({
  name: "container: the compose file and the Containerfile have no fault that checkers find",
  ignore: !NIGHTLY || python === undefined,
  async fn() {
    const environment = await pinnedEnvironment(python!, {
      name: "containers-2026",
      requirements: repositoryPath("tests/interop/requirements/containers-2026.txt"),
      probe: "import compose_spec",
    }, console.log);
    const checked = await output(environment, ["-I", "-c", CHECK, COMPOSE]);
    assert.match(
      checked,
      /^\['postgres', 'proxy', 'superlink-a', 'superlink-b'\]\nrefused: .*restrat/,
    );
    assert.equal(await output(`${dirname(environment)}/hadolint`, [CONTAINERFILE]), "");
  },
});

const HAS_BUILDAH = Deno.build.os === "linux" && Deno.uid() === 0 &&
  await hasBuildah();

async function hasBuildah(): Promise<boolean> {
  try {
    const command = new Deno.Command("buildah", { args: ["--version"], stdout: "null" });
    return (await command.output()).success;
  } catch {
    return false; // not installed
  }
}

scenario(
  "container: the image is built, and its SuperLink serves without writing to it",
  async (stage) => {
    const root = stage.path("root");
    await output("sh", [repositoryPath("tests/support/base_image.sh"), root, Deno.execPath()]);
    const context = stage.path("context");
    await Deno.mkdir(context);
    await Deno.copyFile(await executable(), `${context}/flwr`);
    const store = ["--storage-driver", "vfs", "--root", stage.path("store"), "--runroot"];
    const buildah = async (...args: string[]) =>
      (await output("buildah", [...store, stage.path("run"), ...args])).trim().split("\n").at(-1)!;
    const scratch = await buildah("from", "--quiet", "scratch");
    await buildah("copy", "--quiet", scratch, root, "/");
    await buildah("commit", "--quiet", scratch, "localhost/base");
    await buildah(
      ...["build", "--isolation", "chroot", "--format", "docker", "--pull-never"],
      ...["--build-arg", "BASE=localhost/base", "--tag", "localhost/flwr"],
      ...["--file", CONTAINERFILE, context],
    );
    const container = await buildah("from", "--quiet", "--pull-never", "localhost/flwr");
    const unpacked = `${await buildah("mount", container)}/opt/flwr`;
    const [port] = freePorts(1);
    const inside = (...args: string[]) => [
      ...[...store, stage.path("run"), "run", "--isolation", "chroot"],
      ...[
        "--volume",
        `${unpacked}:/opt/flwr:ro`,
        "--env",
        `HEALTH_URL=http://127.0.0.1:${port}/health`,
      ],
      ...[container, "--", ...args],
    ];
    const superlink = stage.start({
      name: "container",
      command: "buildah",
      args: inside(
        ...["flwr", "superlink", "--insecure", "--port", `${port}`],
        ...["--fleet-api-address", "none", "--control-api-address", "none"],
        ...["--driver-api-address", "none"],
      ),
    });
    await superlink.waitForLine(/stored in \/var\/lib\/flwr\/superlink\.db/);
    await superlink.waitForLine(/SuperLink ready/);
    const [, check] = /HEALTHCHECK [^[]*CMD (\[.*\])/.exec(await Deno.readTextFile(CONTAINERFILE))!;
    const health = () =>
      new Deno.Command("buildah", { args: inside(...JSON.parse(check!)), stderr: "null" }).output();
    assert.equal((await health()).code, 0);
    const response = await fetch(`http://127.0.0.1:${port}/health`);
    assert.equal(response.status, 200);
    superlink.signal("SIGTERM");
    await eventually(async () => (await health()).code !== 0, 30, "the health check to fail");
  },
  { ignore: !NIGHTLY || !HAS_BUILDAH || !HAS_EXECUTABLE },
);
