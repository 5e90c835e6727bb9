import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { FlwrError } from "../../base/error.ts";
import { loadCifar10 } from "../../ml/data/cifar10/load.ts";
import { generateKeys } from "../../roles/cli/keys/generate.ts";
import { Child, type LogLine } from "./child.ts";

/** Values of the demo's flags. */
export interface DemoOptions {
  readonly clients: number;
  readonly rounds: number;
  /** Number of training images per node (default: all). */
  readonly images?: number;
  readonly dataDir?: string;
}

const EXAMPLE = fileURLToPath(new URL("../../examples/flower-authentication", import.meta.url));

/** CIFAR-10 has one test image per five training images. */
const TRAIN_PER_TEST = 5;

/**
 * Runs the example from the beginning to the metrics of its last round, each role in a process of its own.
 *
 * @param signal stops the demo; all started processes are stopped in order in any case
 * @throws FlwrError when a step fails; "cancelled" when stopped
 */
export async function runDemo(options: DemoOptions, signal: AbortSignal): Promise<void> {
  await using cleanup = new AsyncDisposableStack();
  const folder = await Deno.makeTempDir({ prefix: "flwr-demo-" });
  cleanup.defer(() => Deno.remove(folder, { recursive: true }));

  step(`Certificates and keys for ${options.clients} SuperNodes`, "in a temporary folder");
  await generateKeys({ folder, clients: options.clients });

  step("CIFAR-10", "60,000 images, downloaded once, verified at every start");
  const { dataDir } = options;
  await loadCifar10({ dataDir, trainLimit: 1, testLimit: 1, onProgress: detail });
  throwIfStopped(signal);

  step("SuperLink", "TLS; admits only the SuperNodes whose keys it knows");
  const superLink = await startSuperLink(folder, cleanup);
  throwIfStopped(signal);

  const nodes = options.clients === 1 ? "1 SuperNode" : `${options.clients} SuperNodes`;
  step(nodes, "each with its own key, each in its own process");
  await Promise.all(
    Array.from(
      { length: options.clients },
      (_, index) => startSuperNode(index, folder, superLink.fleet, options, cleanup),
    ),
  );
  throwIfStopped(signal);

  step("ServerApp", `FedAvg, ${options.rounds} rounds, one local epoch each\n`);
  await runServerApp(folder, superLink.driver, options, signal, cleanup);
}

async function startSuperLink(
  folder: string,
  cleanup: AsyncDisposableStack,
): Promise<{ driver: string; fleet: string }> {
  const addresses = { driver: "", fleet: "" };
  const ready = Promise.withResolvers<void>();
  const child = cleanup.use(
    new Child({
      name: "The SuperLink",
      args: [
        "superlink",
        ...["--ssl-ca-certfile", join(folder, "certificates/ca.crt")],
        ...["--ssl-certfile", join(folder, "certificates/server.pem")],
        ...["--ssl-keyfile", join(folder, "certificates/server.key")],
        ...["--auth-list-public-keys", join(folder, "keys/client_public_keys.csv")],
        ...["--auth-superlink-private-key", join(folder, "keys/server_credentials")],
        ...["--auth-superlink-public-key", join(folder, "keys/server_credentials.pub")],
        ...["--driver-api-address", "127.0.0.1:0", "--fleet-api-address", "127.0.0.1:0"],
        ...["--port", "none", "--control-api-address", "none"],
        ...["--database", ":memory:", "--log-format", "json"],
      ],
      onLog(line) {
        const { event, api, address } = line.properties;
        if (event === "listening" && api === "driver") addresses.driver = String(address);
        if (event === "listening" && api === "fleet") addresses.fleet = String(address);
        if (event === "superlink-ready") ready.resolve();
        showTrouble("SuperLink", line);
      },
    }),
  );
  await child.before(ready.promise);
  detail(`SuperNodes connect to ${addresses.fleet}, ServerApps to ${addresses.driver}`);
  return addresses;
}

async function startSuperNode(
  index: number,
  folder: string,
  address: string,
  { images, dataDir }: DemoOptions,
  cleanup: AsyncDisposableStack,
): Promise<void> {
  const name = `SuperNode ${index + 1}`;
  const key = join(folder, `keys/client_credentials_${index + 1}`);
  const joined = Promise.withResolvers<void>();
  const child = cleanup.use(
    new Child({
      name,
      args: [
        "supernode",
        "client:app",
        ...["--dir", EXAMPLE],
        ...["--root-certificates", join(folder, "certificates/ca.crt")],
        ...["--server", address],
        ...["--auth-supernode-private-key", key],
        ...["--auth-supernode-public-key", `${key}.pub`],
        ...["--auth-superlink-public-key", join(folder, "keys/server_credentials.pub")],
        ...["--node-config", nodeConfig(images, dataDir)],
        ...["--log-format", "json"],
      ],
      onLog(line) {
        if (line.properties.event === "joined") joined.resolve();
        showTrouble(name, line);
      },
    }),
  );
  await child.before(joined.promise);
  detail(`${name} joined`);
}

function nodeConfig(images: number | undefined, dataDir: string | undefined): string {
  const pairs: string[] = [];
  if (images !== undefined) {
    pairs.push(`train-limit=${images}`, `test-limit=${Math.ceil(images / TRAIN_PER_TEST)}`);
  }
  if (dataDir !== undefined) pairs.push(`data-dir=${JSON.stringify(dataDir)}`);
  return pairs.join(" ");
}

async function runServerApp(
  folder: string,
  address: string,
  { clients, rounds }: DemoOptions,
  signal: AbortSignal,
  cleanup: AsyncDisposableStack,
): Promise<void> {
  const child = cleanup.use(
    new Child({
      name: "The ServerApp",
      args: [
        "run",
        "server:app",
        ...["--dir", EXAMPLE],
        ...["--root-certificates", join(folder, "certificates/ca.crt")],
        ...["--server", address],
        ...["--run-config", `num-rounds=${rounds} min-nodes=${clients}`],
        ...["--log-format", "json"],
      ],
      onLog: (line) => showTrouble("ServerApp", line),
      showOutput: true,
    }),
  );
  const stopped = Promise.withResolvers<never>();
  signal.addEventListener("abort", () => stopped.reject(stoppedError()), { once: true });
  const { success } = await Promise.race([child.ended, stopped.promise]);
  throwIfStopped(signal);
  if (!success) throw new FlwrError("internal", "The ServerApp failed: see its output above");
}

function throwIfStopped(signal: AbortSignal): void {
  if (signal.aborted) throw stoppedError();
}

function stoppedError(): FlwrError {
  return new FlwrError("cancelled", "The demo was stopped");
}

function step(what: string, how: string): void {
  console.log(`\n▸ ${what}: ${how}`);
}

function detail(line: string): void {
  console.log(`  ${line}`);
}

/** Shows a role's warnings and errors, and lines that are not in the log's format. */
function showTrouble(name: string, { level, message }: LogLine): void {
  if (["WARN", "WARNING", "ERROR", "FATAL", "OUTPUT"].includes(level)) {
    console.error(`  ${name}: ${message}`);
  }
}
