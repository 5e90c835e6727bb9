import assert from "node:assert/strict";
import { FlwrError } from "../../base/error.ts";
import { inTemporaryFolder } from "../../base/testing/temporary_folder.ts";
import {
  DEFAULT_OBJECT_STORE_FLAGS,
  type ObjectStoreFlags,
  openObjectStore,
  readLargeObjects,
  readObjectStore,
} from "./object_store_flags.ts";

const KEYS = { AWS_ACCESS_KEY_ID: "id", AWS_SECRET_ACCESS_KEY: "hidden" };

const read = (
  objectStore: string,
  flags: ObjectStoreFlags = {},
  variables: Readonly<Record<string, string>> = KEYS,
) => readObjectStore({ objectStore, ...flags }, (name) => variables[name]);

/** Asserts that reading is refused with a code, and that no text of the error has the secret. */
async function refused(
  text: string,
  code: string,
  flags: ObjectStoreFlags = {},
  variables: Readonly<Record<string, string>> = KEYS,
): Promise<FlwrError> {
  const error = await read(text, flags, variables).then(() => undefined, (error) => error);
  assert.ok(error instanceof FlwrError, `${text} was accepted`);
  assert.equal(error.code, code, text);
  assert.match(error.message, /^--object-store/);
  assert.doesNotMatch(Deno.inspect(error), /hidden/, text);
  return error;
}

async function target(text: string) {
  const config = await read(text);
  assert.ok(config?.kind === "s3");
  return config.target;
}

Deno.test("an object store is a folder or a bucket", async () => {
  assert.deepEqual(await read("/srv/models"), { kind: "folder", folder: "/srv/models" });
  assert.equal(await readObjectStore({}, () => undefined), undefined);
  const config = await read(
    "s3://models/federation/1?endpoint=https://s3.example.org:9000&region=x",
  );
  assert.deepEqual(config, {
    kind: "s3",
    target: {
      address: "s3://models/federation/1",
      bucketUrl: "https://s3.example.org:9000/models",
      prefix: "federation/1/",
      region: "x",
      credentials: { accessKeyId: "id", secretAccessKey: "hidden" },
    },
  });
});

Deno.test("without an endpoint, the bucket is Amazon's", async () => {
  const urls: Readonly<Record<string, string>> = {
    "s3://models": "https://models.s3.us-east-1.amazonaws.com",
    "s3://models/?region=eu-north-1": "https://models.s3.eu-north-1.amazonaws.com",
    "s3://my.models?region=cn-north-1": "https://s3.cn-north-1.amazonaws.com.cn/my.models",
  };
  for (const [text, url] of Object.entries(urls)) {
    const { bucketUrl, prefix } = await target(text);
    assert.deepEqual([bucketUrl, prefix], [url, ""]);
  }
});

Deno.test("a malformed object store is refused", async () => {
  for (
    const text of [
      "",
      "s3://",
      "s3:///prefix",
      "s3://M_odels",
      "s3://a",
      "s3://id:hidden@models",
      "s3://models:9000",
      "s3://models/a b",
      "s3://models/a//b",
      "s3://models#a",
      "s3://models?profile=hidden",
      "s3://models?region=a&region=b",
      "s3://models?region=../x",
      "s3://models?endpoint=nothing",
      "s3://models?endpoint=ftp://host",
      "s3://models?endpoint=https://a:hidden@host",
      "s3://models?endpoint=https://host/?x=y",
    ]
  ) await refused(text, "invalid-argument");
  await refused("gs://models", "unimplemented");
});

Deno.test("requests to other machines are encrypted", async () => {
  await refused("s3://models?endpoint=http://s3.example.org", "failed-precondition");
  for (const host of ["127.0.0.1:9000", "localhost", "[::1]:9000"]) {
    const { bucketUrl } = await target(`s3://models?endpoint=http://${host}`);
    assert.equal(bucketUrl, `http://${host}/models`);
  }
});

Deno.test("credentials come from a file that others cannot read, or from variables", async () => {
  await refused("s3://models", "invalid-argument", {}, {});
  await refused("s3://models", "invalid-argument", {}, { AWS_ACCESS_KEY_ID: "id" });
  await inTemporaryFolder(async (folder) => {
    const file = `${folder}/keys`;
    const flags = { objectStoreCredentialsFile: file };
    await assert.rejects(read("s3://models", flags), { code: "not-found" });
    await Deno.writeTextFile(
      file,
      "# a comment\n[other]\naws_access_key_id = wrong\n[default]\r\n" +
        "aws_access_key_id=from file\naws_secret_access_key = hid=den+/ \naws_session_token = t\n",
    );
    if (Deno.build.os !== "windows") {
      await Deno.chmod(file, 0o644);
      await refused("s3://models", "failed-precondition", flags);
    }
    await Deno.chmod(file, 0o640);
    const config = await read("s3://models", flags, {});
    assert.ok(config?.kind === "s3");
    assert.deepEqual(config.target.credentials, {
      accessKeyId: "from file",
      secretAccessKey: "hid=den+/",
      sessionToken: "t",
    });
    await Deno.writeTextFile(file, "aws_access_key_id = id\n");
    await refused("s3://models", "invalid-argument", flags);
  });
});

Deno.test("flags of S3 are refused with a folder, or without an object store", async () => {
  for (const flag of ["objectStoreCredentialsFile", "objectStoreCaFile"]) {
    await refused("/srv/models", "invalid-argument", { [flag]: "file" });
    await assert.rejects(readObjectStore({ [flag]: "file" }, () => undefined), {
      code: "invalid-argument",
    });
  }
});

Deno.test("an object store needs a database that lasts, and its limit needs an object store", async () => {
  const flags = { ...DEFAULT_OBJECT_STORE_FLAGS, objectStore: "/srv/models" };
  const none = () => undefined;
  await assert.rejects(readLargeObjects(flags, false, none), { code: "invalid-argument" });
  const config = await readLargeObjects({ ...flags, objectStoreFrom: 5 }, true, none);
  assert.deepEqual(config, { store: { kind: "folder", folder: "/srv/models" }, from: 5 });
  await assert.rejects(readLargeObjects({ objectStoreFrom: 5 }, true, none), {
    code: "invalid-argument",
  });
  assert.equal(await readLargeObjects(DEFAULT_OBJECT_STORE_FLAGS, false, none), undefined);
});

Deno.test("a folder must exist", async () => {
  await inTemporaryFolder(async (folder) => {
    const absent = { kind: "folder", folder: `${folder}/absent` } as const;
    await assert.rejects(openObjectStore(absent), { code: "failed-precondition" });
    assert.equal((await openObjectStore({ kind: "folder", folder })).address, folder);
  });
});
