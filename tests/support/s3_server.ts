import { join } from "node:path";
import { HAS_ALL_RIGHTS } from "../../base/testing/all_rights.ts";
import type { S3Credentials } from "../../link/store/objects/s3_store.ts";
import { freePorts } from "./ports.ts";
import { Process } from "./process.ts";
import { findPython, pinnedEnvironment } from "./python.ts";
import { repositoryPath } from "./repository.ts";

/** Credentials of the tests' servers. */
export const S3_CREDENTIALS: S3Credentials = {
  accessKeyId: "flwr-test-key-0001",
  secretAccessKey: "flwr-test-secret-000000000001",
};

/** Bucket of each server. */
export const S3_BUCKET = "models";

/** The Python that installs rclone; undefined: the tests with S3 do not run. */
const python = HAS_ALL_RIGHTS ? await findPython() : undefined;

/** Whether tests with S3 run. In CI they do even without Python, and fail. */
export function hasS3(): boolean {
  return HAS_ALL_RIGHTS && (python !== undefined || Deno.env.get("CI") !== undefined);
}

/** Installs rclone, the first time. @returns path of its executable */
export async function rclone(say?: (line: string) => void): Promise<string> {
  if (python === undefined) {
    throw new Error("No Python found that installs rclone, which serves S3");
  }
  const environment = await pinnedEnvironment(python, {
    name: "rclone-1.75.0",
    requirements: repositoryPath("tests/interop/requirements/rclone-1.75.0.txt"),
    probe: "import rclone_api",
  }, say);
  const { stdout } = await new Deno.Command(environment, {
    args: [
      "-c",
      "import importlib.util as u; print(u.find_spec('rclone_api').submodule_search_locations[0])",
    ],
  }).output();
  const path = join(new TextDecoder().decode(stdout).trim(), "bin", "rclone");
  await Deno.chmod(path, 0o755);
  return path;
}

/**
 * A service with the protocol of Amazon S3 on loopback: rclone in front of a folder. It checks signatures, and stores
 * for real, but it does not compare bodies with their hashes and knows no conditions.
 */
export class S3Server implements AsyncDisposable {
  readonly port: number;
  /** Folder with the objects of the bucket. */
  readonly folder: string;
  readonly #executable: string;
  readonly #root: string;
  #process: Process | undefined;

  private constructor(executable: string, root: string) {
    this.#executable = executable;
    this.#root = root;
    this.folder = join(root, S3_BUCKET);
    [this.port] = freePorts(1) as [number];
  }

  /** Starts a server with an empty bucket. */
  static async start(): Promise<S3Server> {
    const server = new S3Server(await rclone(), await Deno.makeTempDir({ prefix: "flwr-s3-" }));
    await Deno.mkdir(server.folder);
    await server.restart();
    return server;
  }

  /** URL of the service. */
  get endpoint(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Starts the server after {@link stop}. Its objects are still there. */
  async restart(): Promise<void> {
    const { accessKeyId, secretAccessKey } = S3_CREDENTIALS;
    this.#process = new Process({
      name: "S3 server",
      command: this.#executable,
      args: ["serve", "s3", this.#root, "--addr", `127.0.0.1:${this.port}`]
        // Other writers of the folder, which tests are, show at once.
        .concat(["--config", "/dev/null", "--dir-cache-time", "0s"]),
      env: { RCLONE_AUTH_KEY: `"${accessKeyId},${secretAccessKey}"` },
    });
    await this.#process.waitForLine(/Starting s3 server/);
  }

  async stop(): Promise<void> {
    await this.#process?.end("SIGKILL");
    this.#process = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await Deno.remove(this.#root, { recursive: true });
  }
}
