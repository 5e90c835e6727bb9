import assert from "node:assert/strict";
import type { FleetConnection } from "../../../app/connection.ts";
import { type ErrorCode, FlwrError } from "../../../base/error.ts";
import { ApiError } from "../../../rpc/api_error.ts";
import type { Retry } from "../../../rpc/retry.ts";
import { type Dialect, NegotiatedConnection } from "./negotiated_connection.ts";

/** A SuperLink that understands some dialects and refuses others. */
class FakeSuperLink {
  readonly calls: string[] = [];
  readonly open = new Set<string>();
  readonly retries: string[] = [];
  understood: readonly string[];
  refusal: ErrorCode = "unimplemented";
  /** Special refusals, by dialect. */
  refusals: Record<string, ErrorCode> = {};
  /** Error codes after which a dialect may be tried, by its name. */
  after: Record<string, ReadonlySet<ErrorCode>> = {};
  heartbeatError: FlwrError | undefined;
  #onRetry: (retry: Retry) => void = () => {};

  constructor(...understood: string[]) {
    this.understood = understood;
  }

  connection(): NegotiatedConnection {
    const dialects = ["http", "grpc", "1.9"].map((name) => this.#dialect(name));
    return new NegotiatedConnection({
      superLink: "here",
      dialects: () => Promise.resolve(dialects),
      onRetry: ({ error }) => this.retries.push(error.message),
    });
  }

  /** A call of the open connection fails and is repeated. */
  failOnce(): void {
    this.#onRetry({
      attempt: 1,
      waitSeconds: 0,
      error: new FlwrError("unavailable", "gone for a moment"),
    });
  }

  #dialect(name: string): Dialect {
    const call = <T>(what: string, answer: T): Promise<T> => {
      this.calls.push(`${name} ${what}`);
      return this.understood.includes(name) ? Promise.resolve(answer) : Promise.reject(
        new FlwrError(this.refusals[name] ?? this.refusal, `${name} is not understood`),
      );
    };
    const refuse = () => Promise.reject(new Error("not called here"));
    const after = this.after[name];
    return {
      name,
      wire: name,
      ...(after && { after }),
      open: (onRetry) => {
        this.#onRetry = onRetry;
        this.open.add(name);
        const connection: FleetConnection = {
          join: () => call("join", 7n),
          heartbeat: () =>
            this.heartbeatError === undefined
              ? call("heartbeat", true)
              : Promise.reject(this.heartbeatError),
          leave: () => call("leave", undefined),
          pull: refuse,
          push: refuse,
          run: refuse,
          fab: refuse,
          piece: refuse,
          close: () => void this.open.delete(name),
        };
        return connection;
      },
    };
  }
}

Deno.test("the newest dialect that is understood is used, and the others are closed", async () => {
  for (const refusal of ["unimplemented", "internal"] as const) {
    const link = new FakeSuperLink("1.9");
    link.refusal = refusal;
    const connection = link.connection();
    assert.equal(await connection.join(30), 7n);
    assert.equal(await connection.heartbeat(30), true);
    assert.deepEqual(link.calls, ["http join", "grpc join", "1.9 join", "1.9 heartbeat"]);
    assert.deepEqual([...link.open], ["1.9"]);
    connection.close();
    assert.deepEqual([...link.open], []);
  }
});

Deno.test("a refusal for other reasons than the dialect is final; otherwise the newest dialect's error counts", async () => {
  const refused = new FakeSuperLink();
  refused.refusal = "unauthenticated";
  await assert.rejects(refused.connection().join(30), { message: "http is not understood" });
  assert.deepEqual(refused.calls, ["http join"]);
  const none = new FakeSuperLink();
  await assert.rejects(none.connection().join(30), { message: "http is not understood" });
  assert.equal(none.calls.length, 3);
  assert.deepEqual([...none.open], []);
});

Deno.test("a dialect with codes of its own is tried only after those", async () => {
  const made = (...understood: string[]) => {
    const link = new FakeSuperLink(...understood);
    link.refusal = "unauthenticated";
    link.after = { grpc: new Set(["unauthenticated"]) };
    return link;
  };
  const older = made("grpc");
  assert.equal(await older.connection().join(30), 7n);
  assert.deepEqual(older.calls, ["http join", "grpc join"]);
  const stranger = made();
  await assert.rejects(stranger.connection().join(30), { message: "grpc is not understood" });
  assert.deepEqual(stranger.calls, ["http join", "grpc join"], "its refusal is final");
  const today = made();
  today.refusals = { grpc: "unimplemented" };
  await assert.rejects(today.connection().join(30), { message: "http is not understood" });
  assert.deepEqual(today.calls, ["http join", "grpc join"]);
  const oldest = made("1.9");
  oldest.refusal = "unimplemented";
  await oldest.connection().join(30);
  assert.deepEqual(oldest.calls, ["http join", "1.9 join"]);
});

Deno.test("the negotiated dialect is kept for the next join, until the SuperLink was unreachable", async () => {
  const link = new FakeSuperLink("1.9");
  const connection = link.connection();
  await connection.join(30);
  link.calls.length = 0;
  await connection.join(30);
  assert.deepEqual(link.calls, ["1.9 join"]);
  link.failOnce();
  assert.deepEqual(link.retries, ["gone for a moment"]);
  link.understood = ["http", "1.9"];
  link.calls.length = 0;
  await connection.heartbeat(30);
  await connection.join(30);
  assert.deepEqual(link.calls, ["1.9 heartbeat", "http join"]);
  connection.close();
});

Deno.test("a node joins again if the SuperLink no longer understands the dialect", async () => {
  const link = new FakeSuperLink("1.9");
  const connection = link.connection();
  await assert.rejects(connection.heartbeat(30), { code: "not-found" }, "it has not joined");
  await connection.join(30);
  link.understood = ["grpc"];
  await assert.rejects(connection.heartbeat(30), { code: "not-found" });
  await connection.join(30);
  assert.deepEqual([...link.open], ["grpc"]);
  for (const error of [new FlwrError("internal", "no"), new ApiError("task-not-started", "no")]) {
    link.heartbeatError = error;
    await assert.rejects(connection.heartbeat(30), { code: error.code }, "that was understood");
  }
  await connection.leave();
  assert.equal(link.calls.at(-1), "grpc leave");
  connection.close();
});
