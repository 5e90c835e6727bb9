import assert from "node:assert/strict";
import { FlwrError } from "../../base/error.ts";
import { inTemporaryFolder } from "../../base/testing/temporary_folder.ts";
import { metricsAddressOf, readSuperLinkMetrics } from "./metrics_config.ts";

const OPTIONS = { hasTls: false, listeners: { http: "127.0.0.1:8000" }, processes: 1 };

async function refusal(
  flags: { metricsAddress?: string; metricsTokenFile?: string; metricsNodeNames?: boolean },
  options: Partial<typeof OPTIONS> = {},
): Promise<FlwrError> {
  const error = await readSuperLinkMetrics(
    { metricsNodeNames: false, ...flags },
    { ...OPTIONS, ...options },
  ).then(() => undefined, (error) => error);
  assert.ok(error instanceof FlwrError, String(error));
  return error;
}

Deno.test("metrics are off without an address, and on loopback they need neither TLS nor a token", async () => {
  const read = (metricsAddress?: string) =>
    readSuperLinkMetrics({
      metricsNodeNames: false,
      ...(metricsAddress !== undefined && { metricsAddress }),
    }, OPTIONS);
  assert.equal(await read(), undefined);
  assert.equal(await read("none"), undefined);
  assert.deepEqual(await read("127.0.0.1:9464"), {
    address: "127.0.0.1:9464",
    usesTls: false,
    namesNodes: false,
  });
  assert.equal((await read("[::1]:0"))?.usesTls, false);
});

Deno.test("beyond loopback, metrics need TLS and a token", async () => {
  await inTemporaryFolder(async (folder) => {
    const metricsTokenFile = `${folder}/token`;
    await Deno.writeTextFile(metricsTokenFile, "0123456789abcdef\n");
    const open = { metricsAddress: "0.0.0.0:9464" };
    for (
      const error of [
        await refusal(open),
        await refusal(open, { hasTls: true }),
        await refusal({ ...open, metricsTokenFile }),
        await refusal({ metricsAddress: "[::]:0", metricsTokenFile }),
        await refusal({ metricsAddress: "example.org:9464", metricsTokenFile }),
      ]
    ) {
      assert.equal(error.code, "failed-precondition");
      assert.match(error.message, /--metrics-address/);
    }
    const options = { ...OPTIONS, hasTls: true };
    const config = await readSuperLinkMetrics(
      { ...open, metricsTokenFile, metricsNodeNames: true },
      options,
    );
    assert.deepEqual(config, {
      address: "0.0.0.0:9464",
      token: "0123456789abcdef",
      usesTls: true,
      namesNodes: true,
    });
  });
});

Deno.test("a token file holds one token, long enough", async () => {
  await inTemporaryFolder(async (folder) => {
    for (
      const text of ["", "short", "0123456789abcdef 0", "0123456789abcde\u00e4", "x".repeat(1025)]
    ) {
      await Deno.writeTextFile(`${folder}/token`, text);
      const error = await refusal({
        metricsAddress: "127.0.0.1:9464",
        metricsTokenFile: `${folder}/token`,
      });
      assert.match(error.message, /^--metrics-token-file/);
      if (text !== "") assert.ok(!error.message.includes(text));
    }
    const flags = { metricsAddress: "127.0.0.1:9464", metricsTokenFile: `${folder}/none` };
    assert.equal((await refusal(flags)).code, "not-found");
  });
});

Deno.test("flags that need an address, and ports that others have, are refused", async () => {
  for (
    const error of [
      await refusal({ metricsTokenFile: "x" }),
      await refusal({ metricsNodeNames: true }),
      await refusal({ metricsAddress: "9464" }),
      await refusal({ metricsAddress: "127.0.0.1:8000" }),
      await refusal({ metricsAddress: "127.0.0.1:7998" }, { processes: 3 }),
      await refusal({ metricsAddress: "127.0.0.1:65534" }, { processes: 3 }),
    ]
  ) assert.equal(error.code, "invalid-argument", error.message);
  const flags = { metricsAddress: "127.0.0.1:7998", metricsNodeNames: false };
  assert.ok(await readSuperLinkMetrics(flags, { ...OPTIONS, processes: 2 }));
});

Deno.test("each of several processes has the next port", () => {
  assert.deepEqual(
    [1, 2, 3].map((number) => metricsAddressOf("127.0.0.1:9464", number)),
    ["127.0.0.1:9464", "127.0.0.1:9465", "127.0.0.1:9466"],
  );
  assert.equal(metricsAddressOf("[::1]:0", 3), "[::1]:0");
});
