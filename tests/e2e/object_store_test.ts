/** SuperLinks whose large objects are in S3: the service is stopped and started in the middle of a run. */
import assert from "node:assert/strict";
import { makeCredentials } from "../support/credentials.ts";
import {
  joined,
  startFlwr,
  startServerApp,
  startSuperLink,
  startSuperNode,
} from "../support/flwr.ts";
import { undisturbedRun } from "../support/flwr_run.ts";
import { NIGHTLY } from "../support/nightly.ts";
import { asOwner, hasPostgres, postgresServer } from "../support/postgres.ts";
import { assertSameRun, runResult } from "../support/result.ts";
import { hasS3, S3_BUCKET, S3_CREDENTIALS, S3Server } from "../support/s3_server.ts";
import { scenario } from "../support/stage.ts";

scenario("S3: two SuperLinks on PostgreSQL, and the service goes away in a run", async (stage) => {
  await using s3 = await S3Server.start();
  const credentials = await makeCredentials(stage.folder.path);
  const expected = undisturbedRun(stage, credentials);
  const target = await postgresServer();
  const database = `e2e_${crypto.randomUUID().replaceAll("-", "")}`;
  await asOwner(target, `CREATE DATABASE ${database}`);
  const keys = stage.path("s3.credentials");
  await Deno.writeTextFile(
    keys,
    `[default]\naws_access_key_id = ${S3_CREDENTIALS.accessKeyId}\n` +
      `aws_secret_access_key = ${S3_CREDENTIALS.secretAccessKey}\n`,
    { mode: 0o600 },
  );
  const url = `postgres://flwr@127.0.0.1:${target.port}/${database}`;
  const objectStore = `s3://${S3_BUCKET}/federation?endpoint=${s3.endpoint}`;
  const store = ["--object-store", objectStore, "--object-store-credentials-file", keys];
  const flags = ["--database", url, ...store, "--object-store-from", "0"];
  const first = await startSuperLink({ stage, credentials, flags });
  const second = await startSuperLink({ stage, credentials, flags });
  const goOn = stage.path("go-on");
  const config = `wait-round=2 wait-file="${goOn}"`;
  const waiting = startSuperNode({ stage, credentials, fleet: second.fleet, node: 1, config });
  await joined(waiting);
  await joined(startSuperNode({ stage, credentials, fleet: first.fleet, node: 2 }));
  const result = stage.path("result.json");
  const run = startServerApp({ stage, credentials, driver: first.driver, result });

  await waiting.waitForLine(/Waiting in round 2/);
  await s3.stop();
  await Deno.writeTextFile(goOn, "");
  await second.process.waitForEvent("object-store-failed");
  await s3.restart();
  await second.process.waitForEvent("object-store-recovered");
  assertSameRun(await runResult(run, result), await expected);

  await Promise.all([first, second].map(({ process }) => process.end("SIGTERM")));
  const check = startFlwr(stage, "check", ["database", "check", url, ...store]);
  assert.equal((await check.ended(30)).code, 0, check.tail());
}, { ignore: !NIGHTLY || !hasPostgres() || !hasS3(), seconds: 180 });
