// `flwr` as a command line: what it prints where, with which exit status, and what it loads for that.
import assert from "node:assert/strict";
import manifest from "../../deno.json" with { type: "json" };
import { type Outcome, runScript } from "./command.ts";
import { loadedWith } from "./imports.ts";

const flwr = (...args: string[]): Promise<Outcome> => runScript("main.ts", args);

const LOG_FLAGS = { "--log-format": '"text"', "--verbose": "false" };

/** Flags of the commands that connect to a SuperLink, with their defaults. */
function connectionFlags(address: string): Record<string, string> {
  return {
    "--insecure": "false",
    "--root-certificates": "the system's CAs",
    "--superlink": `"${address}"`,
    "--server": "the value of --superlink",
    "--max-retries": "no limit",
    "--max-wait-time": "no limit",
    "--dir": '"."',
    ...LOG_FLAGS,
  };
}

/** Flags of the commands that ask a SuperLink, with their defaults. */
const CONTROL_FLAGS = { "--insecure": "false", "--root-certificates": "the system's CAs" };
const FORMAT_FLAG = { "--format": '"default"' };

/** Every flag of every command, with its default. */
const FLAGS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "superlink": {
    "--config": "none",
    "--insecure": "false",
    "--ssl-ca-certfile": "none",
    "--ssl-certfile": "none",
    "--ssl-keyfile": "none",
    "--enable-supernode-auth": "false",
    "--auth-list-public-keys": "none",
    "--auth-superlink-private-key": "a new one at each start",
    "--auth-superlink-public-key": "none",
    "--host": '"127.0.0.1"',
    "--port": '"8000"',
    "--allowed-host": "none",
    "--fleet-api-address": '"127.0.0.1:9092"',
    "--control-api-address": '"127.0.0.1:9093"',
    "--driver-api-address": '"127.0.0.1:9091"',
    "--health-server-address": "none",
    "--dashboard": "none",
    "--control-api-allow-remote": "false",
    "--runtime-api-allow-remote": "false",
    "--driver-api-allow-remote": "false",
    "--database": "superlink.db in $FLWR_HOME or ~/.flwr",
    "--database-password-file": "the variable PGPASSWORD, or the file that PGPASSFILE names",
    "--database-ca-file": "the CAs of Deno",
    "--object-store": "in the database",
    "--object-store-credentials-file": "the variables AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
    "--object-store-ca-file": "the CAs of Deno",
    "--object-store-from": "262144",
    "--isolation": '"subprocess"',
    "--simulation": "false",
    "--metrics-address": "none",
    "--metrics-token-file": "none",
    "--metrics-node-names": "false",
    "--idle-exit": "never",
    "--accounts-file": "none",
    "--default-role": "none, such accounts may do nothing",
    "--drain-timeout": "10",
    "--oidc-audience": "the client id",
    "--oidc-ca-file": "the CAs of Deno",
    "--oidc-client-id": "none",
    "--oidc-client-secret-file": "none",
    "--oidc-issuer": "no accounts",
    "--oidc-name-claim": "preferred_username, username, a verified email or sub",
    "--oidc-role-claim": "none",
    "--oidc-scope": '"openid profile offline_access"',
    "--processes": "1",
    "--trusted-proxy": "none",
    "--trusted-proxy-header": '"x-forwarded-for"',
    "--superexec-auth-secret-file": "none",
    "--python": "flwr-serverapp on PATH",
    "--allow-runtime-dependency-installation": "false",
    "--allow-read": "none",
    "--concurrent-runs": "4",
    "--finished-run-retention-count": "10000",
    "--run-log-retention-mib": "512",
    "--run-artifact-retention-mib": "10240",
    "--absent-node-retention-hours": "168",
    "--log-file": "none",
    "--log-rotation-interval-hours": "24",
    "--log-rotation-max-mib": "100",
    "--log-rotation-backup-count": "7",
    "--audit-log": "none",
    "--audit-log-fleet-calls": "false",
    "--audit-log-max-mib": "100",
    ...LOG_FLAGS,
  },
  "audit verify": {
    "--expect-last": "none",
    "--expect-first": "the log begins with its first record",
    "--allow-restarts": "false",
    ...FORMAT_FLAG,
  },
  ...Object.fromEntries(
    ["migrate", "check", "backup", "restore"].map((name) => [`database ${name}`, {
      "--database-password-file": "the variable PGPASSWORD, or the file that PGPASSFILE names",
      "--database-ca-file": "the CAs of Deno",
      ...(name === "check" && {
        "--object-store": "in the database",
        "--object-store-credentials-file":
          "the variables AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
        "--object-store-ca-file": "the CAs of Deno",
      }),
    }]),
  ),
  "supernode": {
    "--config": "none",
    ...connectionFlags("127.0.0.1:8000"),
    "--auth-supernode-private-key": "a new one at each start",
    "--auth-supernode-public-key": "none",
    "--auth-superlink-public-key": "any",
    "--node-config": "none",
    "--device": '"cpu"',
    "--threads": "this SuperNode's share of the machine's cores",
    "--allow-read": "none",
    "--send-error-details": "false",
    "--name": "its id",
    "--trusted-entities": "every app",
    "--trusted-node-keys": "none",
    "--python": "flwr-clientapp on PATH",
    "--isolation": '"subprocess"',
    "--host": '"127.0.0.1"',
    "--port": "9094, or a free one if that is taken",
    "--ssl-certfile": "no TLS",
    "--ssl-keyfile": "none",
    "--ssl-ca-certfile": "none",
    "--superexec-auth-secret-file": "none",
    "--allow-runtime-dependency-installation": "false",
    "--metrics-address": "none",
    "--metrics-token-file": "none",
    "--health-server-address": "none",
  },
  "simulation-worker": {
    "--superlink": '"127.0.0.1:8000"',
    "--token-file": "none; required unless you give --print-manifest",
    "--workers": "the number of cores",
    "--print-manifest": "false",
    "--image": "none; required with --print-manifest",
    "--pods": "1",
    "--allow-read": "none",
    ...CONTROL_FLAGS,
    ...LOG_FLAGS,
  },
  "supernode register": {
    "--name": "none",
    "--location": "none",
    ...CONTROL_FLAGS,
    ...FORMAT_FLAG,
  },
  "supernode unregister": { ...CONTROL_FLAGS, ...FORMAT_FLAG },
  "supernode list": { "--verbose": "false", ...CONTROL_FLAGS, ...FORMAT_FLAG },
  "federation simulation-config": {
    ...Object.fromEntries(
      [
        ...["num-supernodes", "client-resources-num-cpus", "client-resources-num-gpus"],
        ...["init-args-num-cpus", "init-args-num-gpus", "init-args-logging-level"],
        ...["init-args-log-to-driver", "backend-name", "verbose"],
        ...["dropout", "slow", "slow-seconds", "lie"],
      ].map((name) => [`--${name}`, "unchanged"]),
    ),
    ...CONTROL_FLAGS,
    ...FORMAT_FLAG,
  },
  "federation list": {
    "--federation": "list all",
    "--verbose": "false",
    ...CONTROL_FLAGS,
    ...FORMAT_FLAG,
  },
  "run": {
    ...connectionFlags("127.0.0.1:9091"),
    "--run-config": "none",
    "--stream": "only with simulated nodes on this machine",
    "--no-stream": "see --stream",
    "--nodes": "the federation's number, initially 2",
    "--federation-config": "the federation's",
    "--node-table": "none",
    "--tensorboard": "none",
    "--engine": "local",
    "--token-file": "in ~/.flwr/workers",
    "--workers": "1",
    "--nodes-per-worker": "1",
    "--worker-superlink": "that of the connection",
    "--engine-address": "none; required with --engine ray",
    "--engine-option": "none",
    "--engine-wait": "600",
    "--federation": "the SuperLink's own",
    "--json": "none",
    "--no-check": "check them",
    "--artifacts": "run-<id>",
    "--resume": "start from the beginning",
    ...FORMAT_FLAG,
  },
  "sweep": {
    "--run-config": "none",
    "--seeds": "the seeds in --run-config",
    "--average-over": '"seed", if it has a list',
    "--parallel": "as many as this machine's cores allow if it simulates the nodes, otherwise 1",
    "--metric": "none",
    "--mode": "depends on the metric's name",
    "--output": "none",
    "--resume": "start a new one",
    "--fail-fast": "false",
    "--max-runs": "256",
    "--no-check": "check them",
    "--federation": "the SuperLink's own",
    "--nodes": "that of the federation, initially 2",
    "--federation-config": "the federation's",
    "--node-table": "none",
    ...CONTROL_FLAGS,
    ...FORMAT_FLAG,
  },
  "list": {
    "--run-id": "list all runs",
    "--limit": "the SuperLink decides, usually 20",
    ...CONTROL_FLAGS,
    ...FORMAT_FLAG,
  },
  "log": { "--stream": "on, unless --show", "--show": "false", ...CONTROL_FLAGS },
  "metrics": { "--nodes": "false", "--tensorboard": "none", ...CONTROL_FLAGS, ...FORMAT_FLAG },
  "stop": { ...CONTROL_FLAGS, ...FORMAT_FLAG },
  "pull": {
    "--output": "run-<id>",
    "--force": "false",
    "--url-only": "false",
    ...CONTROL_FLAGS,
    ...FORMAT_FLAG,
  },
  "config list": FORMAT_FLAG,
  "login": { "--api-token-file": "none", ...CONTROL_FLAGS, ...FORMAT_FLAG },
  "logout": { ...CONTROL_FLAGS, ...FORMAT_FLAG },
  "whoami": { ...CONTROL_FLAGS, ...FORMAT_FLAG },
  "token create": {
    "--name": '"token"',
    "--expires": "90d",
    "--role": "all of them",
    ...CONTROL_FLAGS,
    ...FORMAT_FLAG,
  },
  "token list": { "--all": "false", ...CONTROL_FLAGS, ...FORMAT_FLAG },
  "token revoke": { ...CONTROL_FLAGS, ...FORMAT_FLAG },
  "completion": { "--install": "false" },
  "new": {
    "--template": '"minimal"',
    "--publisher": "your user name",
    "--format": '"default"',
  },
  "build": { "--app": '"."', "--format": '"default"' },
  "install": { "--flwr-dir": "$FLWR_HOME or ~/.flwr", "--format": '"default"' },
  "keys generate": {
    "--dir": '"."',
    "--curve": `the curve of the SuperLink's key, or "p384"`,
    "--host": "none",
    "--days": "365",
    "--force": "false",
  },
  "keys list": {},
  "keys show": {},
};

/** The options of a help text: each flag with its explanation on one line. */
function describedFlags(help: string): Map<string, string> {
  const section = /^Options:\n([^]*?)\n\n/m.exec(help)?.[1] ?? "";
  const entries = section.split(/\n(?= {2}-)/).map((entry) => entry.replace(/\s+/g, " "));
  return new Map(entries.map((entry) => [/--[\w-]+/.exec(entry)![0], entry]));
}

for (const [command, flags] of Object.entries(FLAGS)) {
  Deno.test(`flwr ${command} --help explains each flag with its default, and has an example`, async () => {
    const { code, stdout, stderr } = await flwr(...command.split(" "), "--help");
    assert.equal(code, 0);
    assert.equal(stderr, "");
    const described = describedFlags(stdout);
    assert.deepEqual(
      [...described.keys()].toSorted(),
      [...Object.keys(flags), "--help"].toSorted(),
    );
    for (const [flag, value] of Object.entries(flags)) {
      const text = described.get(flag)!;
      assert.ok(text.includes(`default: ${value})`), text);
    }
    assert.match(stdout, new RegExp(`^Examples?[^\n]*:\n  flwr ${command}\\b`, "m"));
  });
}

Deno.test("flwr --help names every command, on stdout", async () => {
  for (const flag of ["--help", "-h", "help"]) {
    const { code, stdout, stderr } = await flwr(flag);
    assert.equal(code, 0);
    assert.equal(stderr, "");
    for (const name of Object.keys(FLAGS)) {
      assert.match(stdout, new RegExp(`^  ${name.split(" ")[0]} +\\S`, "m"));
    }
  }
});

Deno.test("flwr --version prints the version and nothing else", async () => {
  for (const flag of ["--version", "-V"]) {
    assert.deepEqual(await flwr(flag), { code: 0, stdout: `${manifest.version}\n`, stderr: "" });
  }
});

Deno.test("a command line that cannot be understood ends with 2, its words on stderr", async () => {
  const misuses: readonly [args: string[], words: RegExp][] = [
    [["frobnicate"], /^Error: Unknown command "frobnicate"\n[^]*Usage: flwr <command>/],
    [["toString"], /^Error: Unknown command "toString"/],
    [["superlink", "--nope"], /unknown option '--nope'\n\(see flwr superlink --help/],
    [["superlink", "stray"], /too many arguments/],
    [["supernode", "client:app", "stray"], /too many arguments/],
    [["supernode", "--port", "70000"], /--port.*'70000' is invalid.*from 0 to 65535/],
    [["stop"], /missing required argument 'run-id'/],
    [["log", "x"], /'x' is invalid.*must be an id/],
    [["list", "--limit", "0"], /--limit.*'0' is invalid.*1 or more/],
    [["ls", "--run-id", "1", "--limit", "1"], /cannot be used with option '--limit/],
    [["completion", "tcsh"], /'tcsh' is invalid.*bash, zsh, fish/],
    [["run", "server:app", "--max-retries", "-1"], /--max-retries.*'-1' is invalid.*whole number/],
    [["superlink", "--log-format", "xml"], /'xml' is invalid.*text, json/],
    [["keys"], /Usage: flwr keys/],
    [["keys", "frobnicate"], /unknown command 'frobnicate'/],
    [["keys", "generate", "none"], /'none' is invalid.*\n\(see flwr keys generate --help/],
    [["supernode", "register"], /argument 'public-key'\n\(see flwr supernode register --help/],
    [["--install-completion", "tcsh"], /'tcsh' is invalid/],
  ];
  for (const [args, words] of misuses) {
    const { code, stdout, stderr } = await flwr(...args);
    assert.equal(code, 2, args.join(" "));
    assert.equal(stdout, "", args.join(" "));
    assert.match(stderr, words);
    assert.doesNotMatch(stderr, /^\s+at /m);
  }
});

Deno.test("a misuse of a command that is to print JSON is told in JSON, too", async () => {
  for (const format of [["--format", "json"], ["--format=json"]]) {
    const { code, stdout, stderr } = await flwr("stop", "x", ...format);
    const sentence = /^error: (.*'x' is invalid for argument 'run-id'.*)$/m.exec(stderr)![1];
    assert.deepEqual(JSON.parse(stdout), { success: false, "error-message": sentence });
    assert.equal(code, 2);
  }
  const { stdout } = await flwr("stop", "x", "--format", "default");
  assert.equal(stdout, "");
});

Deno.test("a command that fails ends with 1, a sentence and hints on stderr", async () => {
  const failures: readonly [args: string[], words: RegExp][] = [
    [["superlink"], /^Error: TLS needs .*\n {2}Hint: /],
    [["superlink", "--insecure", "--fleet-api-type", "rest"], /"rest" is not supported/],
    [["supernode", "client:app", "--insecure", "--rest"], /^Error: --rest is not supported/],
    [["run", "no_such:app", "--insecure"], /^Error: App "no_such:app" was not found/],
    [["run", "server:app", "--fab-id", "a/b"], /^Error: --fab-id "a\/b" is not supported/],
    [["keys", "list", "/no/such.csv"], /^Error: .*\/no\/such\.csv/],
  ];
  for (const [args, words] of failures) {
    const { code, stdout, stderr } = await flwr(...args);
    assert.equal(code, 1, args.join(" "));
    assert.equal(stdout, "", args.join(" "));
    assert.match(stderr, words);
    assert.doesNotMatch(stderr, /^\s+at /m);
  }
});

Deno.test("only what a command needs is loaded for it", async () => {
  const main = await loadedWith("main.ts");
  // reportError tells commander's errors from others
  assert.deepEqual([...main].filter((name) => name.startsWith("npm:")), ["npm:commander"]);
  assert.ok(main.has("roles/report_error.ts"));
  for (const role of ["superlink", "supernode", "cli/run", "cli/keys"]) {
    const module = `roles/${role}/command.ts`;
    assert.ok(!main.has(module), role);
    const loaded = await loadedWith(module);
    assert.ok(!loaded.has("npm:onnxruntime-node"), role);
    // It is loaded for an address that is served, or asked, over gRPC.
    assert.ok(!loaded.has("npm:@grpc/grpc-js"), role);
  }
  const asking = await loadedWith("roles/cli/config/with_control.ts");
  for (const room of ["npm:@grpc/grpc-js", "npm:@logtape/logtape", "mod.ts", "ml/mod.ts"]) {
    assert.ok(!asking.has(room), `a SuperLink is asked over HTTP without ${room}`);
  }
  const shown = await loadedWith("roles/cli/list.ts");
  const packages = [...shown].filter((name) => name.startsWith("npm:"));
  assert.deepEqual(packages, ["npm:commander"], "what explains a command needs nothing else");
});
