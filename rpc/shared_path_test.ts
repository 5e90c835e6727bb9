import assert from "node:assert/strict";
import { create, toBinary } from "@bufbuild/protobuf";
import { FlwrError } from "../base/error.ts";
import { Fleet as Fleet19 } from "../proto/gen/flwr-1.9/fleet_pb.ts";
import { Fleet } from "../proto/gen/current/fleet_pb.ts";
import { Fleet as OlderFleet } from "../proto/gen/flwr-1.15/fleet_pb.ts";
import type { CallHead } from "./call.ts";
import type { Channel } from "./channel.ts";
import { openChannel } from "./grpc/channel.ts";
import { NO_RETRY } from "./retry.ts";
import { startServer } from "./grpc/server.ts";
import {
  bindService,
  joinServices,
  type ServiceBinding,
  type ServiceHandlers,
  type ServiceOptions,
} from "./service.ts";
import { methodFor } from "./shared_path.ts";
import { SILENT } from "./testing/control.ts";

type AnyFleet = typeof Fleet | typeof OlderFleet | typeof Fleet19;

type Partly<S extends AnyFleet> =
  & Partial<Omit<ServiceOptions<S, string>, "handlers">>
  & { readonly handlers?: Partial<ServiceHandlers<S, string>> };

/** Binds a Fleet service whose GetRun returns the name of its Flower version. */
function bindFleet<S extends AnyFleet>(
  desc: S,
  fabId: string,
  { handlers, ...options }: Partly<S> = {},
): ServiceBinding {
  const all = { getRun: () => Promise.resolve({ run: { fabId } }), ...handlers };
  return bindService<S, string>(desc, {
    authenticate: () => Promise.resolve(fabId),
    ...options,
    handlers: all as unknown as ServiceHandlers<S, string>,
  });
}

const refuse = (word: string, asked: string[] = []) => () => {
  asked.push(word);
  throw new FlwrError("unauthenticated", `Refused by ${word}`);
};

async function withServer(
  services: readonly ServiceBinding[],
  run: (channel: Channel) => Promise<void>,
): Promise<void> {
  const server = await startServer({ address: "127.0.0.1:0", services, log: SILENT });
  const channel = openChannel({ address: server.address, tls: "insecure", retry: NO_RETRY });
  await run(channel);
  channel.close();
  await server.close(1);
}

/** Creates a call with these headers. */
function callWith(...names: string[]): CallHead {
  return {
    transport: "grpc",
    method: "/flwr.proto.Fleet/GetRun",
    peer: "127.0.0.1:50000",
    header: (name) => names.includes(name) ? "x" : undefined,
    headerBytes: () => undefined,
  };
}

Deno.test("shared path: the request's first byte selects the Flower version", () => {
  const [old] = bindFleet(Fleet19, "old").methods.filter(({ desc }) => desc.name === "GetRun");
  const [today] = bindFleet(Fleet, "today").methods.filter(({ desc }) => desc.name === "GetRun");
  const methods = [old!, today!];
  const request = Fleet.method.getRun.input;
  const call = callWith();
  assert.equal(methodFor(methods, new Uint8Array(), call), old);
  assert.equal(methodFor(methods, Uint8Array.of(0x08, 0x05), call), old);
  const both = toBinary(request, create(request, { node: { nodeId: 1n }, runId: 2n }));
  assert.equal(methodFor(methods, both, call), today);
  assert.equal(methodFor(methods, toBinary(request, create(request, { runId: 2n })), call), today);
  const strange = Uint8Array.of(0x7a, 0);
  assert.equal(methodFor(methods, strange, call), old, "what fits none goes to the first");
});

Deno.test("shared path: a call's headers select between services with equal requests", () => {
  const [today] = bindFleet(OlderFleet, "1.15", { identifyingHeader: "flwr-key" }).methods;
  const open = bindFleet(Fleet19, "1.9").methods[0]!;
  const keyed = bindFleet(Fleet19, "1.9", { identifyingHeader: "public-key" }).methods[0]!;
  assert.deepEqual([today!, open].map(({ desc }) => desc.name), ["CreateNode", "CreateNode"]);
  const request = Uint8Array.of(0x09, 0, 0, 0, 0, 0, 0, 0x3e, 0x40);
  for (const bytes of [request, new Uint8Array()]) {
    for (const methods of [[today!, open], [open, today!]]) {
      assert.equal(methodFor(methods, bytes, callWith("flwr-key")), today);
      assert.equal(methodFor(methods, bytes, callWith()), open, "nobody is authenticated");
    }
    assert.equal(methodFor([today!, keyed], bytes, callWith("public-key")), keyed);
    assert.equal(methodFor([today!, keyed], bytes, callWith("public-key", "flwr-key")), today);
    assert.equal(methodFor([today!, keyed], bytes, callWith()), today, "it will be refused");
  }
});

Deno.test("joined services: the first one's methods take precedence", () => {
  const older = bindFleet(OlderFleet, "1.15");
  const joined = joinServices(older, bindFleet(Fleet, "today"));
  const names = joined.methods.map(({ desc }) => desc.name);
  assert.equal(new Set(names).size, names.length);
  const pull = joined.methods.find(({ desc }) => desc.name === "PullMessages");
  assert.ok(older.methods.includes(pull!));
  assert.ok(names.includes("PullObject"));
});

Deno.test("shared path: two Fleet services on one server each get their own GetRun", async () => {
  await withServer([bindFleet(Fleet19, "old"), bindFleet(Fleet, "today")], async (channel) => {
    const old = await channel.call(Fleet19.method.getRun, { runId: 5n });
    assert.equal(old.response.run?.fabId, "old");
    const today = await channel.call(Fleet.method.getRun, { node: { nodeId: 1n }, runId: 5n });
    assert.equal(today.response.run?.fabId, "today");
  });
});

Deno.test("shared path: only the service that a call's headers are for decides about its admission", async () => {
  const asked: string[] = [];
  const services = [
    bindFleet(Fleet19, "old", { admit: refuse("old", asked), identifyingHeader: "public-key" }),
    bindFleet(Fleet, "today", {
      admit: () => void asked.push("today"),
      identifyingHeader: "flwr-key",
    }),
  ];
  await withServer(services, async (channel) => {
    const call = (headers: Record<string, string | Uint8Array>) =>
      channel.call(Fleet.method.getRun, { runId: 5n }, {
        metadata: () => Promise.resolve(headers),
      });
    const { response } = await call({ "flwr-key": Uint8Array.of(1) });
    assert.equal(response.run?.fabId, "today");
    assert.deepEqual(asked.splice(0), ["today"]);
    await assert.rejects(call({ "public-key": "x" }), { message: "Refused by old" });
    assert.deepEqual(asked.splice(0), ["old"]);
    // A call whose headers fit neither service is checked by both.
    assert.equal((await call({})).response.run?.fabId, "today");
    assert.deepEqual(asked.splice(0), ["old", "today"]);
  });
});

Deno.test("shared path: a service's admit result is passed to its own authenticate, and each is called once", async () => {
  const told: string[] = [];
  const service = <S extends AnyFleet>(desc: S, word: string) =>
    bindFleet(desc, word, {
      identifyingHeader: word,
      admit: (call) => {
        told.push(`${word} admits`);
        if (call.header(word) === undefined) refuse(word)();
        return `found by ${word}`;
      },
      authenticate: (_call, _method, _bytes, _request, found) => {
        told.push(`${word} sees ${found}`);
        return Promise.resolve(word);
      },
    });
  await withServer([service(Fleet19, "old"), service(Fleet, "today")], async (channel) => {
    const call = (...headers: string[]) =>
      channel.call(Fleet.method.getRun, { node: { nodeId: 1n } }, {
        metadata: () => Promise.resolve(Object.fromEntries(headers.map((name) => [name, "x"]))),
      });
    await call("today");
    assert.deepEqual(told.splice(0), ["today admits", "today sees found by today"]);
    // Admitted by one service's headers, the request belongs to the other, which must admit it too.
    await call("old", "today");
    assert.deepEqual(told.splice(0), ["old admits", "today admits", "today sees found by today"]);
    await assert.rejects(call("old"), { message: "Refused by today" });
    assert.deepEqual(told.splice(0), ["old admits", "today admits"]);
  });
});
