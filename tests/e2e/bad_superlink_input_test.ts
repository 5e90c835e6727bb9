/** What a user can get wrong when starting a SuperLink: each ends with a sentence, never with a stack trace. */
import { type Credentials, makeCredentials } from "../support/credentials.ts";
import { assertRefusals, type Refusal } from "../support/command_refusal.ts";
import { scenario } from "../support/stage.ts";

scenario("bad input: a SuperLink that cannot start says why", async (stage) => {
  const credentials = await makeCredentials(stage.folder.path);
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const malformed = stage.path("malformed.csv");
  const good = (await Deno.readTextFile(credentials.keyList)).trim();
  await Deno.writeTextFile(malformed, `${good}\n${good.split(",")[0]},not-a-key\n`);
  await Deno.writeTextFile(stage.path("garbage"), "garbage");
  await assertRefusals(
    stage,
    refusals(credentials, {
      takenPort: taken.addr.port,
      malformed,
      garbage: stage.path("garbage"),
      missing: stage.path("missing"),
    }),
  );
});

function refusals(
  credentials: Credentials,
  { takenPort, malformed, garbage, missing }: {
    takenPort: number;
    malformed: string;
    garbage: string;
    missing: string;
  },
): Refusal[] {
  const addresses = [
    ...["--driver-api-address", "127.0.0.1:0", "--fleet-api-address", "127.0.0.1:0"],
    ...["--port", "0", "--control-api-address", "127.0.0.1:0"],
  ];
  const right = [...addresses, ...credentials.superlinkFlags()];
  const refusal = (what: string, says: RegExp, args: readonly string[]): Refusal => ({
    what,
    says,
    args: ["superlink", ...args],
  });
  /** All is right but the value of one flag; the last one given counts. */
  const wrong = (what: string, says: RegExp, flag: string, value: string) =>
    refusal(what, says, [...right, flag, value]);
  const without = (flag: string) => right.toSpliced(right.indexOf(flag), 2);
  return [
    refusal("no TLS and no --insecure", /--ssl-ca-certfile/, addresses),
    refusal("one TLS file missing", /--ssl-keyfile/, without("--ssl-keyfile")),
    wrong(
      "certificate not found",
      /missing.*--ssl-certfile|--ssl-certfile.*missing/,
      "--ssl-certfile",
      missing,
    ),
    wrong(
      "CA not found",
      /missing.*--ssl-ca-certfile|--ssl-ca-certfile.*missing/,
      "--ssl-ca-certfile",
      missing,
    ),
    wrong("certificate is garbage", /garbage/, "--ssl-certfile", garbage),
    wrong("key is garbage", /garbage/, "--ssl-keyfile", garbage),
    wrong(
      "key of another certificate",
      /server\.pem.*ca\.key|ca\.key.*server\.pem/,
      "--ssl-keyfile",
      `${credentials.folder}/certificates/ca.key`,
    ),
    refusal(
      "authentication without its list",
      /--auth-list-public-keys/,
      without("--auth-list-public-keys"),
    ),
    refusal(
      "authentication without TLS",
      /TLS/,
      [...addresses, "--insecure", ...credentials.superlinkFlags()],
    ),
    wrong("key list not found", /missing/, "--auth-list-public-keys", missing),
    wrong("malformed key list", /cell 2 of line 2/, "--auth-list-public-keys", malformed),
    wrong(
      "public key of another pair",
      /client_credentials_1/,
      "--auth-superlink-public-key",
      credentials.nodePublicKey(1),
    ),
    wrong("private key is garbage", /garbage/, "--auth-superlink-private-key", garbage),
    wrong(
      "port in use",
      new RegExp(`${takenPort}.*in use`),
      "--fleet-api-address",
      `127.0.0.1:${takenPort}`,
    ),
    wrong("address without a port", /nonsense/, "--driver-api-address", "nonsense"),
    wrong("driver API open to the network", /0\.0\.0\.0:0/, "--driver-api-address", "0.0.0.0:0"),
    wrong("database is no database", /garbage/, "--database", garbage),
    refusal("a flag that does not exist", /--no-such-flag/, ["--no-such-flag"]),
  ];
}
