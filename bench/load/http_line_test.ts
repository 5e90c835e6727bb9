import assert from "node:assert/strict";
import { startHttpServer } from "../../rpc/http/server.ts";
import { makeCredentials } from "../../tests/support/credentials.ts";
import { TempDir } from "../../tests/support/tempdir.ts";
import { HttpLine } from "./http_line.ts";
import { testWithAllRights } from "../../base/testing/all_rights.ts";

testWithAllRights(
  "HttpLine: an answer is read whole, and the next call has the same connection",
  async () => {
    await using folder = await TempDir.make();
    const { caCertificate, serverCertificate, serverKey } = await makeCredentials(folder.path, 1);
    const [authority, cert, key] = await Promise.all(
      [caCertificate, serverCertificate, serverKey].map((file) => Deno.readTextFile(file)),
    );
    const server = await startHttpServer({
      address: "127.0.0.1:0",
      tls: { ca: authority!, cert: cert!, key: key! },
      services: [],
    });
    try {
      using line = new HttpLine({ http: server.address, authority: authority! });
      for (let call = 0; call < 2; call++) {
        const { status, body } = await line.post("/nowhere", "", new Uint8Array([1, 2, 3]));
        assert.equal(status, 404);
        assert.equal(JSON.parse(new TextDecoder().decode(body)).detail, "Not Found");
      }
    } finally {
      await server.close(0);
    }
  },
);
