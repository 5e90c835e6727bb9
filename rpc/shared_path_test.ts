import assert from "node:assert/strict";
import { toBinary } from "@bufbuild/protobuf";
import { create } from "@bufbuild/protobuf";
import { FlwrError } from "../base/error.ts";
import { Fleet as Fleet19 } from "../proto/gen/flwr-1.9/fleet_pb.ts";
import { Fleet } from "../proto/gen/current/fleet_pb.ts";
import { type Channel, openChannel } from "./channel.ts";
import { NO_RETRY } from "./retry.ts";
import { startServer } from "./server.ts";
import { bindService, type Handlers, type ServiceBinding, type ServiceOptions } from "./service.ts";
import { methodFor } from "./shared_path.ts";
import { SILENT } from "./testing/control.ts";

type Partly<S extends typeof Fleet | typeof Fleet19> =
  & Partial<Omit<ServiceOptions<S, string>, "handlers">>
  & { readonly handlers?: Partial<Handlers<S, string>> };

/** A Fleet service that answers GetRun with the name of its generation. */
function bindFleet<S extends typeof Fleet | typeof Fleet19>(
  desc: S,
  fabId: string,
  { handlers, ...options }: Partly<S> = {},
): ServiceBinding {
  const all = { getRun: () => Promise.resolve({ run: { fabId } }), ...handlers };
  return bindService<S, string>(desc, {
    authenticate: () => Promise.resolve(fabId),
    ...options,
    handlers: all as unknown as Handlers<S, string>,
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

Deno.test("the request's first byte tells the generations apart", () => {
  const [old] = bindFleet(Fleet19, "old").methods.filter(({ desc }) => desc.name === "GetRun");
  const [today] = bindFleet(Fleet, "today").methods.filter(({ desc }) => desc.name === "GetRun");
  const methods = [old!, today!];
  const request = Fleet.method.getRun.input;
  assert.equal(methodFor(methods, new Uint8Array()), old);
  assert.equal(methodFor(methods, Uint8Array.of(0x08, 0x05)), old);
  const both = toBinary(request, create(request, { node: { nodeId: 1n }, runId: 2n }));
  assert.equal(methodFor(methods, both), today);
  assert.equal(methodFor(methods, toBinary(request, create(request, { runId: 2n }))), today);
  assert.equal(methodFor(methods, Uint8Array.of(0x7a, 0)), old, "what fits none goes to the first");
});

Deno.test("two Fleet services on one server each get their own GetRun", async () => {
  await withServer([bindFleet(Fleet19, "old"), bindFleet(Fleet, "today")], async (channel) => {
    const old = await channel.call(Fleet19.method.getRun, { runId: 5n });
    assert.equal(old.response.run?.fabId, "old");
    const today = await channel.call(Fleet.method.getRun, { node: { nodeId: 1n }, runId: 5n });
    assert.equal(today.response.run?.fabId, "today");
  });
});

Deno.test("only the service that a call's headers are for decides whether it is let in", async () => {
  const asked: string[] = [];
  const services = [
    bindFleet(Fleet19, "old", { admit: refuse("old", asked), knownBy: "public-key" }),
    bindFleet(Fleet, "today", { admit: () => void asked.push("today"), knownBy: "flwr-key" }),
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
    // A call that is for neither by its headers is put before both.
    assert.equal((await call({})).response.run?.fabId, "today");
    assert.deepEqual(asked.splice(0), ["old", "today"]);
  });
});

Deno.test("what a service's admit found is handed to its own authenticate, and each is asked once", async () => {
  const told: string[] = [];
  const service = <S extends typeof Fleet | typeof Fleet19>(desc: S, word: string) =>
    bindFleet(desc, word, {
      knownBy: word,
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
    // Let in by the headers of the one, the request is the other's: that is asked, too.
    await call("old", "today");
    assert.deepEqual(told.splice(0), ["old admits", "today admits", "today sees found by today"]);
    await assert.rejects(call("old"), { message: "Refused by today" });
    assert.deepEqual(told.splice(0), ["old admits", "today admits"]);
  });
});
