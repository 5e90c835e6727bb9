import assert from "node:assert/strict";
import type { Process } from "./process.ts";

/** A line of base64 within a PEM block. */
const PEM_LINE = /^[A-Za-z0-9+/=]{40,}$/;

/** No key file is larger, in bytes. */
const MAX_KEY_BYTES = 64 * 1024;

/** Names of the audit logs of tests. */
const AUDIT_LOG = /audit\.log[^/]*$/;

/**
 * Asserts that no process printed a line of any private key that lies in the folder, and that no audit log there
 * contains one.
 */
export async function assertNoSecrets(
  folder: string,
  processes: readonly Process[],
): Promise<void> {
  const audits: { file: string; text: string }[] = [];
  for await (const file of walk(folder)) {
    if (AUDIT_LOG.test(file)) audits.push({ file, text: await Deno.readTextFile(file) });
  }
  for await (const file of walk(folder)) {
    const text = await Deno.readTextFile(file).catch(() => "");
    if (!text.includes("PRIVATE KEY-----")) continue;
    const secrets = text.split(/\r?\n/).filter((line) => PEM_LINE.test(line));
    for (const process of processes) {
      const leaked = process.lines.some((line) => secrets.some((secret) => line.includes(secret)));
      assert.ok(!leaked, `${process.name} prints no part of the private key ${file}`);
    }
    for (const audit of audits) {
      const leaked = secrets.some((secret) => audit.text.includes(secret));
      assert.ok(!leaked, `The audit log ${audit.file} has no part of the private key ${file}`);
    }
  }
}

async function* walk(folder: string): AsyncGenerator<string> {
  for await (const { name, isFile, isDirectory } of Deno.readDir(folder)) {
    const path = `${folder}/${name}`;
    if (isDirectory) yield* walk(path);
    else if (isFile && (await Deno.stat(path)).size < MAX_KEY_BYTES) yield path;
  }
}
