import assert from "node:assert/strict";
import { Connections, MAX_REQUESTS_PER_CONNECTION } from "./connections.ts";

function isOpen({ closed }: { readonly closed: boolean }): boolean {
  return !closed;
}

Deno.test("connections: an address at its limit loses its longest unused one", () => {
  using connections = new Connections({ perAddress: 3 });
  const open = (host: string, port: number) => connections.open(host, `${host}:${port}`)!;
  const [first, second, third] = [open("10.0.0.1", 1), open("10.0.0.1", 2), open("10.0.0.1", 3)];
  const other = open("10.0.0.2", 1);
  first.begin();
  first.end(); // used last of the three
  const fourth = open("10.0.0.1", 4);
  assert.deepEqual([first, second, third, fourth, other].map(isOpen), [
    true,
    false,
    true,
    true,
    true,
  ]);
  assert.equal(connections.count, 4);
});

Deno.test("connections: the limit of one address does not count for a trusted proxy", () => {
  using connections = new Connections({ perAddress: 2, connections: 5 });
  const open = (port: number) => connections.open("10.0.0.1", `10.0.0.1:${port}`, true);
  const all = [1, 2, 3, 4, 5].map((port) => open(port)!);
  assert.deepEqual(all.map(isOpen), [true, true, true, true, true]);
  for (const connection of all) connection.begin();
  assert.equal(open(6), undefined, "the limit of all callers does");
});

Deno.test("connections: one with a request in progress keeps its place", () => {
  using connections = new Connections({ perAddress: 2 });
  const [first, second] = [connections.open("10.0.0.1", "a")!, connections.open("10.0.0.1", "b")!];
  first.begin();
  second.begin();
  assert.equal(connections.open("10.0.0.1", "c"), undefined);
  second.end();
  assert.notEqual(connections.open("10.0.0.1", "c"), undefined);
  assert.deepEqual([first, second].map(isOpen), [true, false]);
});

Deno.test("connections: if no place is left, the address with the most connections loses one", () => {
  using connections = new Connections({ connections: 4 });
  const one = connections.open("10.0.0.1", "a")!;
  const many = ["b", "c", "d"].map((peer) => connections.open("10.0.0.2", peer)!);
  const late = connections.open("10.0.0.3", "e")!;
  assert.deepEqual([one, ...many, late].map(isOpen), [true, false, true, true, true]);
  assert.equal(connections.count, 4);
});

Deno.test("connections: addresses of one IPv6 network count together", () => {
  using connections = new Connections({ perAddress: 1 });
  const first = connections.open("2001:db8::1", "a")!;
  connections.open("2001:db8:0:1::1", "b");
  assert.equal(isOpen(first), true);
  connections.open("2001:db8:0:0:ffff::1", "c");
  assert.equal(isOpen(first), false);
  const [mapped, plain] = [connections.open("::ffff:10.0.0.1", "d")!, "10.0.0.1"];
  connections.open(plain, "e");
  assert.equal(isOpen(mapped), false);
});

Deno.test("connections: unused ones are closed, sooner before their first request", async () => {
  using connections = new Connections({ headTimeoutMs: 20, keepAliveMs: 60_000 });
  const [silent, used, busy] = ["a", "b", "c"].map((peer) => connections.open("10.0.0.1", peer)!);
  used!.begin();
  used!.end();
  busy!.begin();
  await new Promise<void>((resolve) => void silent!.onClose(resolve));
  assert.deepEqual([used!, busy!].map(isOpen), [true, true]);
  assert.equal(connections.count, 2);
});

Deno.test("connections: one is closed after a response if no request follows", async () => {
  using connections = new Connections({ headTimeoutMs: 60_000, keepAliveMs: 20 });
  const [silent, used] = ["a", "b"].map((peer) => connections.open("10.0.0.1", peer)!);
  used!.begin();
  used!.end();
  await new Promise<void>((resolve) => void used!.onClose(resolve));
  assert.equal(isOpen(silent!), true);
});

Deno.test("connections: the number of requests in progress on one is limited", () => {
  using connections = new Connections();
  const connection = connections.open("10.0.0.1", "a")!;
  for (let i = 0; i < MAX_REQUESTS_PER_CONNECTION; i++) assert.equal(connection.begin(), true);
  assert.equal(connection.begin(), false);
});

Deno.test("connections: a closed one is not counted, and reports its end once", () => {
  using connections = new Connections({ perAddress: 1 });
  const first = connections.open("10.0.0.1", "a")!;
  let heard = 0;
  first.onClose(() => heard++);
  first.onClose(() => heard++)(); // unregistered
  let closes = 0;
  first.attach(() => closes++);
  connections.open("10.0.0.1", "b"); // the first makes room
  first.close();
  assert.equal(connections.count, 1);
  assert.deepEqual([heard, closes], [1, 1]);
  first.onClose(() => heard++);
  first.attach(() => closes++);
  assert.deepEqual([heard, closes], [2, 2]);
  first.begin();
  first.end();
  assert.equal(connections.count, 1);
});

Deno.test("connections: a closing server gives recently used ones a short time", () => {
  using connections = new Connections();
  const [silent, used, busy] = ["a", "b", "c"].map((peer) => connections.open("10.0.0.1", peer)!);
  used!.begin();
  used!.end();
  busy!.begin();
  connections.closeIdle(60_000);
  assert.deepEqual([silent!, used!, busy!].map(isOpen), [false, true, true]);
  connections.closeIdle(0);
  assert.deepEqual([silent!, used!, busy!].map(isOpen), [false, false, true]);
  connections.closeAll();
  assert.equal(isOpen(busy!), false);
});
