import assert from "node:assert/strict";
import { Control } from "../../proto/gen/current/control_pb.ts";
import type { CallHead } from "../../rpc/call.ts";
import type { ServiceBinding } from "../../rpc/service.ts";
import { guardApi, guardDownload } from "./remote_guard.ts";

const API = {
  name: "control",
  allowRemote: false,
  danger: "it has no authentication",
  flag: "--control-api-allow-remote",
};

function callFrom(peer: string, proxy?: string): CallHead {
  return {
    transport: "http",
    method: "/flwr.proto.Control/StopRun",
    peer,
    proxy,
    header: () => undefined,
    headerBytes: () => undefined,
  };
}

/** Peers whose calls reached the service's own admission. */
function guarded(allowRemote = false) {
  const admitted: string[] = [];
  const binding: ServiceBinding = {
    desc: Control,
    methods: [{
      desc: Control.method.stopRun,
      admit: ({ peer }) => void admitted.push(peer),
      authenticate: () => Promise.resolve(undefined),
      handle: () => Promise.resolve({}),
      maxRequestBytes: () => 1024,
      maxRequestUnits: 1024,
    }],
  };
  const { admit } = guardApi(binding, { ...API, allowRemote }, () => new Set(["192.0.2.7"]))
    .methods[0]!;
  return { admit: admit!, admitted };
}

Deno.test("calls of this machine are accepted from any of its addresses", async () => {
  const { admit, admitted } = guarded();
  const peers = ["127.0.0.1:50000", "[::1]:50000", "[::ffff:127.0.0.1]:5", "192.0.2.7:50000"];
  for (const peer of peers) await admit(callFrom(peer));
  assert.deepEqual(admitted, peers);
});

Deno.test("calls of other machines are refused with an error that names the flag", async () => {
  const { admit, admitted } = guarded();
  for (const peer of ["192.0.2.8:50000", "[2001:db8::1]:50000", "[::ffff:192.0.2.8]:5"]) {
    await assert.rejects(async () => await admit(callFrom(peer)), {
      code: "permission-denied",
      message: /--control-api-allow-remote/,
    });
  }
  assert.deepEqual(admitted, []);
});

Deno.test("a caller that a proxy names is on this machine only if the proxy is, too", async () => {
  const { admit, admitted } = guarded();
  await admit(callFrom("127.0.0.1:0", "127.0.0.1:5"));
  assert.equal(admitted.length, 1);
  const refused = [
    ["192.0.2.8:0", "127.0.0.1:5"],
    ["127.0.0.1:0", "192.0.2.8:5"],
    ["192.0.2.7:0", "192.0.2.8:5"],
  ] as const;
  for (const [peer, proxy] of refused) {
    await assert.rejects(async () => await admit(callFrom(peer, proxy)), {
      code: "permission-denied",
    });
  }
});

Deno.test("calls of other machines are accepted if the owner allows them", async () => {
  const { admit, admitted } = guarded(true);
  await admit(callFrom("192.0.2.8:50000"));
  assert.deepEqual(admitted, ["192.0.2.8:50000"]);
});

Deno.test("downloads are restricted to callers of the API", async () => {
  const opened: string[] = [];
  const files = {
    prefix: "/files/",
    open: (path: string) => {
      opened.push(path);
      return Promise.resolve({ headers: {}, length: 0, content: () => ReadableStream.from([]) });
    },
  };
  const open = (allowRemote: boolean, call: CallHead) =>
    guardDownload(files, { ...API, allowRemote }, () => new Set()).open("file", call);
  await open(false, callFrom("127.0.0.1:50000"));
  await open(true, callFrom("192.0.2.8:50000"));
  assert.equal(opened.length, 2);
  await assert.rejects(open(false, callFrom("192.0.2.8:50000")), {
    code: "permission-denied",
  });
  assert.equal(opened.length, 2);
});
