import assert from "node:assert/strict";
import { join } from "node:path";
import { FlwrError } from "../../base/error.ts";
import { S3Store, type S3Target } from "../../link/store/objects/s3_store.ts";
import { hasCode, objectStoreSuite, someObject } from "../../link/store/objects/testing/suite.ts";
import { hasS3, S3_BUCKET, S3_CREDENTIALS, S3Server } from "../support/s3_server.ts";

/** The server of all tests of this file, each with another prefix. */
let server: Promise<S3Server> | undefined;

function targetOf({ endpoint }: S3Server, changes: Partial<S3Target> = {}): S3Target {
  return {
    address: "s3://models/…",
    bucketUrl: `${endpoint}/${S3_BUCKET}`,
    prefix: `${crypto.randomUUID()}/`,
    region: "us-east-1",
    credentials: S3_CREDENTIALS,
    ...changes,
  };
}

function s3Test(name: string, body: (server: S3Server) => Promise<void>): void {
  Deno.test({
    name,
    ignore: !hasS3(),
    // The server outlives the test.
    sanitizeResources: false,
    sanitizeOps: false,
    fn: async () => await body(await (server ??= S3Server.start())),
  });
}

Deno.test.afterAll(async () => await (await server)?.[Symbol.asyncDispose]());

objectStoreSuite("S3", (name, body) =>
  s3Test(name, async (server) => {
    const target = targetOf(server);
    const [store, twin] = [new S3Store(target), new S3Store(target)];
    const folder = join(server.folder, target.prefix);
    try {
      await body({
        store,
        twin,
        overwrite: (location, bytes) => Deno.writeFile(join(folder, location), bytes),
        async addForeign(name) {
          await Deno.mkdir(folder, { recursive: true });
          await Deno.writeTextFile(join(folder, name), "");
        },
      });
    } finally {
      store.close();
      twin.close();
    }
  }));

/** Whether the error tells the operator all of this, and callers nothing of it. */
function tellsOperator(...words: string[]): (error: unknown) => boolean {
  return (error) =>
    error instanceof FlwrError && error.code === "unavailable" &&
    words.every((word) => error.hints.join("\n").includes(word) && !error.message.includes(word));
}

s3Test("what is wrong with the bucket or the credentials is said", async (server) => {
  const { bytes, location } = someObject(10);
  const cases: [Partial<S3Target>, string][] = [
    [{ bucketUrl: `${server.endpoint}/other` }, "bucket does not exist"],
    [{ credentials: { ...S3_CREDENTIALS, secretAccessKey: "wrong" } }, "credentials"],
  ];
  for (const [changes, words] of cases) {
    const store = new S3Store(targetOf(server, changes));
    const said = tellsOperator("s3://models/…", words);
    await assert.rejects(() => store.owner("a database"), said);
    await assert.rejects(() => store.put(location, bytes), said);
    // A bucket that is not there has lost nothing.
    await assert.rejects(() => store.get(location, 10), said);
    await assert.rejects(() => store.remove([location]), said);
    store.close();
  }
});

s3Test("while the service is away, calls end, and afterwards they succeed", async () => {
  await using server = await S3Server.start();
  const store = new S3Store(targetOf(server));
  const { bytes, location } = someObject(1000);
  await store.put(location, bytes);
  await server.stop();
  await assert.rejects(() => store.get(location, 1000), tellsOperator("cannot be reached"));
  const reading = store.get(location, 1000);
  await server.restart();
  assert.deepEqual(await reading.catch(() => store.get(location, 1000)), bytes);
  store.close();
  await assert.rejects(() => store.get(location, 1000), hasCode("unavailable"));
});

/** Registers a test of a service that answers with what the test says. */
function answerTest(
  name: string,
  answer: (request: Request, nth: number) => Response | Promise<Response>,
  body: (store: S3Store, requests: () => number) => Promise<void>,
): void {
  Deno.test(name, async () => {
    let requests = 0;
    await using service = Deno.serve(
      { port: 0, hostname: "127.0.0.1", onListen: () => {} },
      async (request) => {
        await request.body?.cancel();
        return await answer(request, ++requests);
      },
    );
    const store = new S3Store({
      address: "s3://models",
      bucketUrl: `http://127.0.0.1:${service.addr.port}/models`,
      prefix: "",
      region: "us-east-1",
      credentials: S3_CREDENTIALS,
    });
    try {
      await body(store, () => requests);
    } finally {
      store.close();
    }
  });
}

const OBJECT = someObject(100_000);

/** The beginning of the object's bytes, after which the connection is closed. */
function brokenBody(): ReadableStream<Uint8Array> {
  let isBegun = false;
  return new ReadableStream({
    pull(controller) {
      if (isBegun) controller.error(new Error("closed"));
      else controller.enqueue(OBJECT.bytes.slice(0, 5000));
      isBegun = true;
    },
  });
}

answerTest(
  "S3: a busy service and a lost connection are tried again",
  (_request, nth) =>
    nth === 1
      ? new Response("<Error><Code>SlowDown</Code></Error>", { status: 503 })
      : new Response(nth === 2 ? brokenBody() : OBJECT.bytes.slice()),
  async (store, requests) => {
    assert.deepEqual(await store.get(OBJECT.location, 100_000), OBJECT.bytes);
    assert.equal(requests(), 3);
  },
);

answerTest(
  "S3: a service that stays busy is given up",
  () => new Response("<Error><Code>SlowDown</Code></Error>", { status: 503 }),
  async (store, requests) => {
    await assert.rejects(
      () => store.put(OBJECT.location, OBJECT.bytes),
      tellsOperator("503", "SlowDown"),
    );
    assert.equal(requests(), 4);
  },
);

answerTest(
  "S3: bytes that were damaged on their way to the service are not stored",
  () => new Response("<Error><Code>XAmzContentSHA256Mismatch</Code></Error>", { status: 400 }),
  async (store) => {
    await assert.rejects(() => store.put(OBJECT.location, OBJECT.bytes), hasCode("data-loss"));
  },
);

answerTest(
  "S3: a bucket in another region is named, and redirections are not followed",
  () =>
    new Response(null, {
      status: 301,
      headers: { "x-amz-bucket-region": "eu-north-1", location: "http://127.0.0.1:9/" },
    }),
  async (store, requests) => {
    await assert.rejects(() => store.owner(), tellsOperator("region=eu-north-1"));
    assert.equal(requests(), 1);
  },
);

answerTest(
  "S3: an answer of another service is refused",
  () => new Response("<html>login</html>"),
  async (store) => {
    await assert.rejects(() => store.list(""), hasCode("unavailable"));
    await assert.rejects(() => store.get(OBJECT.location, 100_000), hasCode("data-loss"));
  },
);

answerTest(
  "S3: the service's words are shown on one line",
  () =>
    new Response("<Error><Code>Odd\u001b[31m</Code><Message>a\nb</Message></Error>", {
      status: 418,
    }),
  async (store) => {
    const error = await store.list("").catch((error) => error);
    assert.ok(error instanceof FlwrError);
    // deno-lint-ignore no-control-regex -- they must not be there
    assert.doesNotMatch(error.hints.join(""), /[\x00-\x1f]/);
  },
);
