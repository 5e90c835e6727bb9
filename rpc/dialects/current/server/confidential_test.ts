import assert from "node:assert/strict";
import type { CallHead } from "../../../call.ts";
import type { AccountGate } from "./account_gate.ts";
import { controlAuthentication } from "./control_authentication.ts";

/** A call of a login from an address, perhaps through a proxy. */
function loginFrom(peer: string, proxy?: string): CallHead {
  return {
    transport: "http",
    method: "/flwr.proto.Control/GetLoginDetails",
    peer,
    proxy,
    header: () => undefined,
    headerBytes: () => undefined,
  };
}

Deno.test("without TLS, accounts answer only this machine and trusted proxies, even before a login", async () => {
  const accounts = {} as AccountGate;
  const { admit } = controlAuthentication({ accounts, isPlain: true });
  await admit!(loginFrom("127.0.0.1:5"));
  await admit!(loginFrom("[::1]:5"));
  await admit!(loginFrom("192.0.2.1:5", "192.0.2.9:5"));
  await assert.rejects(async () => await admit!(loginFrom("192.0.2.1:5")), {
    code: "failed-precondition",
  });
  const withTls = controlAuthentication({ accounts, isPlain: false });
  await withTls.admit!(loginFrom("192.0.2.1:5"));
});
