import assert from "node:assert/strict";
import { join } from "node:path";
import { FlwrError } from "../../base/error.ts";
import { generateKeys } from "../keys/generate.ts";
import { readSuperLinkConfig, type SuperLinkFlags } from "./config.ts";

const INSECURE: SuperLinkFlags = {
  insecure: true,
  fleetApiAddress: "127.0.0.1:9092",
  driverApiAddress: "127.0.0.1:9091",
  driverApiAllowRemote: false,
  database: ":memory:",
};

async function refusal(flags: Partial<SuperLinkFlags>): Promise<FlwrError> {
  const error = await readSuperLinkConfig({ ...INSECURE, ...flags }).then(
    () => undefined,
    (error) => error,
  );
  assert.ok(error instanceof FlwrError, String(error));
  return error;
}

Deno.test("without TLS and keys, the defaults are memory and the given addresses", async () => {
  const config = await readSuperLinkConfig(INSECURE);
  assert.equal(config.tls, undefined);
  assert.equal(config.authentication, undefined);
  assert.equal(config.database, undefined);
  assert.equal((await readSuperLinkConfig({ ...INSECURE, database: "a.db" })).database, "a.db");
});

Deno.test("missing TLS and authentication files are asked for by their flags", async () => {
  const tls = await refusal({ insecure: false, sslCertfile: "x" });
  assert.match(tls.message, /--ssl-ca-certfile and --ssl-keyfile/);
  assert.match(tls.hints.join(" "), /keys generate.*--insecure/);
  const auth = await refusal({ authListPublicKeys: "x" });
  assert.match(auth.message, /--auth-superlink-private-key and --auth-superlink-public-key/);
});

Deno.test("authentication without TLS is refused", async () => {
  const error = await refusal({
    authListPublicKeys: "a",
    authSuperlinkPrivateKey: "b",
    authSuperlinkPublicKey: "c",
  });
  assert.match(error.message, /needs TLS/);
});

Deno.test("the driver API stays on this machine unless the user says otherwise", async () => {
  for (const address of ["0.0.0.0:9091", "[::]:9091", "superlink.example:9091"]) {
    const error = await refusal({ driverApiAddress: address });
    assert.match(error.message, /no authentication/, address);
    assert.ok(error.message.includes(address));
    const allowed = { ...INSECURE, driverApiAddress: address, driverApiAllowRemote: true };
    assert.equal((await readSuperLinkConfig(allowed)).driverAddress, address);
  }
  for (const address of ["127.0.0.1:0", "localhost:9091", "[::1]:9091"]) {
    await readSuperLinkConfig({ ...INSECURE, driverApiAddress: address });
  }
});

Deno.test("a malformed address is named with its flag", async () => {
  assert.match((await refusal({ fleetApiAddress: "nonsense" })).message, /^--fleet-api-address: /);
  assert.match((await refusal({ driverApiAddress: "a:99999" })).message, /^--driver-api-address: /);
});

Deno.test("generated files make a configuration with TLS and authentication", async () => {
  const dir = await Deno.makeTempDir();
  try {
    await generateKeys({ folder: dir, clients: 1 });
    const config = await readSuperLinkConfig({
      ...INSECURE,
      insecure: false,
      sslCaCertfile: join(dir, "certificates/ca.crt"),
      sslCertfile: join(dir, "certificates/server.pem"),
      sslKeyfile: join(dir, "certificates/server.key"),
      authListPublicKeys: join(dir, "keys/client_public_keys.csv"),
      authSuperlinkPrivateKey: join(dir, "keys/server_credentials"),
      authSuperlinkPublicKey: join(dir, "keys/server_credentials.pub"),
    });
    assert.match(config.tls!.certificate, /BEGIN CERTIFICATE/);
    assert.equal(config.authentication!.privateKey, join(dir, "keys/server_credentials"));
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
