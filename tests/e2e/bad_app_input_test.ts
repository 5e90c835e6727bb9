/** What a user can get wrong when starting a SuperNode or a ServerApp: each ends with a sentence. */
import { makeCredentials } from "../support/credentials.ts";
import { APPS, startSuperLink } from "../support/flwr.ts";
import { freePorts } from "../support/ports.ts";
import { assertRefusals, type Refusal } from "../support/command_refusal.ts";
import { repositoryPath } from "../support/repository.ts";
import { scenario } from "../support/stage.ts";

const BAD_APPS = repositoryPath("tests/e2e/apps");

scenario("bad input: an app that cannot be loaded is refused with its file", async (stage) => {
  const [port] = freePorts(1);
  const address = ["--insecure", "--server", `127.0.0.1:${port}`];
  const refusals = (["supernode", "run"] as const).flatMap((role): Refusal[] => {
    const refusal = (what: string, says: RegExp, ...args: string[]) => ({
      what: `${role}: ${what}`,
      says,
      args: [role, ...args, ...address],
    });
    return [
      refusal("app not found", /missing:app/, "missing:app", "--dir", APPS),
      refusal("folder not found", /no-such-folder/, "client:app", "--dir", "no-such-folder"),
      refusal("no name of an export", /"client"/, "client", "--dir", APPS),
      refusal("export not found", /exports no "nothing"/, "client:nothing", "--dir", APPS),
      refusal("export not an app", /not_an_app\.ts/, "not_an_app:app", "--dir", BAD_APPS),
      refusal("module throws", /throws\.ts.*does not like/, "throws:app", "--dir", BAD_APPS),
    ];
  });
  const [node, run] = [["supernode", "client:app"], ["run", "server:app"]];
  await assertRefusals(stage, [
    ...refusals,
    {
      what: "supernode: a ServerApp instead of a ClientApp",
      says: /server\.ts.*not a ClientApp/,
      args: ["supernode", "server:app", "--dir", APPS, ...address],
    },
    {
      what: "malformed --node-config",
      says: /--node-config.*partition-id/,
      args: [...node!, "--dir", APPS, ...address, "--node-config", "partition-id"],
    },
    {
      what: "malformed --run-config",
      says: /--run-config.*expected a key/,
      args: [...run!, "--dir", APPS, ...address, "--run-config", "=3"],
    },
    {
      what: "--resume of a folder without checkpoints",
      says: /--resume: found no checkpoint in folder "no-such-run"/,
      args: [...run!, "--dir", APPS, ...address, "--resume", "no-such-run"],
    },
    {
      what: "supernode: an address without a port",
      says: /nonsense/,
      args: [...node!, "--dir", APPS, "--insecure", "--server", "nonsense"],
    },
  ]);
});

scenario("bad input: a connection that cannot be made ends with the reason", async (stage) => {
  const credentials = await makeCredentials(stage.folder.path, 2);
  await Deno.mkdir(stage.path("other"));
  const others = await makeCredentials(stage.path("other"), 1);
  // of the other addresses of this machine's loopback network, none is in the certificate
  const addresses = { driver: "127.0.0.1:0", fleet: "127.0.0.2:0" };
  const tls = await startSuperLink({ stage, credentials, addresses });
  const plain = await startSuperLink({ stage });
  const [unused] = freePorts(1);

  const node = ["supernode", "client:app", "--dir", APPS, "--max-retries", "1"];
  const run = ["run", "server:app", "--dir", APPS, "--max-retries", "1"];
  const roots = ["--root-certificates", credentials.caCertificate];
  const named = await startSuperLink({ stage, credentials });
  await assertRefusals(stage, [
    {
      what: "supernode: unreachable SuperLink",
      says: new RegExp(`127\\.0\\.0\\.1:${unused}`),
      logs: /WARNING.*Attempt 1 failed; retrying (in|now)/,
      args: [...node, "--insecure", "--server", `127.0.0.1:${unused}`],
    },
    {
      what: "run: unreachable SuperLink",
      says: new RegExp(`127\\.0\\.0\\.1:${unused}`),
      logs: /WARNING.*Attempt 1 failed; retrying (in|now)/,
      args: [...run, "--insecure", "--server", `127.0.0.1:${unused}`],
    },
    {
      what: "supernode: TLS to a plain port",
      says: /TLS/,
      args: [...node, ...roots, "--server", plain.fleet],
    },
    {
      what: "supernode: plain text to a TLS port",
      says: /TLS/,
      args: [...node, "--insecure", "--server", named.fleet],
    },
    {
      what: "run: TLS to a plain port",
      says: /TLS/,
      args: [...run, ...roots, "--server", plain.driver],
    },
    {
      what: "run: plain text to a TLS port",
      says: /TLS/,
      args: [...run, "--insecure", "--server", named.driver],
    },
    {
      what: "supernode: a CA that did not sign the certificate",
      says: /certificate/,
      args: [...node, "--root-certificates", others.caCertificate, "--server", named.fleet],
    },
    {
      what: "run: a CA that did not sign the certificate",
      says: /certificate/,
      args: [...run, "--root-certificates", others.caCertificate, "--server", named.driver],
    },
    {
      what: "supernode: a host that is not in the certificate",
      says: /127\.0\.0\.2/,
      args: [...node, ...credentials.supernodeFlags(1), "--server", tls.fleet],
    },
    {
      what: "supernode: an unknown key",
      says: /not admit/,
      args: [
        ...node,
        ...others.supernodeFlags(1),
        ...roots,
        "--server",
        named.fleet,
      ],
    },
    {
      what: "supernode: no key for a SuperLink that wants one",
      says: /only known keys/,
      args: [...node, ...roots, "--server", named.fleet],
    },
    {
      what: "supernode: keys of two pairs",
      says: /client_credentials_2/,
      args: [
        ...node,
        ...credentials.supernodeFlags(1),
        ...["--auth-supernode-public-key", credentials.nodePublicKey(2)],
        ...["--server", named.fleet],
      ],
    },
    {
      what: "supernode: a public key without its private key",
      says: /--auth-supernode-private-key/,
      args: [
        ...node,
        ...roots,
        ...["--auth-supernode-public-key", credentials.nodePublicKey(1)],
        ...["--server", named.fleet],
      ],
    },
    {
      what: "supernode: root certificates not found",
      says: /missing\.crt.*--root-certificates|--root-certificates.*missing\.crt/,
      args: [...node, "--root-certificates", stage.path("missing.crt"), "--server", named.fleet],
    },
    {
      what: "supernode: another SuperLink than the pinned one",
      says: /SuperLink/,
      args: [
        ...node,
        ...credentials.supernodeFlags(1),
        ...["--auth-superlink-public-key", others.superlinkPublicKey],
        ...["--server", named.fleet],
      ],
    },
  ]);
});
