import { FlwrError } from "../../base/error.ts";
import type { NodeTableValue } from "../node_table.ts";
import type { NodeRows } from "./csv_nodes.ts";

/**
 * Reads a JSON table of settings: an array with an object for each node. A node may lack a setting.
 *
 * @throws FlwrError "invalid-argument" that names the row, from 1, and the setting
 */
export function readJsonNodes(bytes: Uint8Array): NodeRows {
  const nodes = parse(bytes);
  const columns = new Map<string, number>();
  nodes.forEach((node, i) => {
    if (typeof node !== "object" || node === null || Array.isArray(node)) {
      throw invalid(`Row ${i + 1} must be an object with settings`);
    }
    for (const [name, value] of Object.entries(node)) {
      requireSetting(value, `Row ${i + 1}: "${name}"`);
      if (!columns.has(name)) columns.set(name, columns.size);
    }
  });
  const names = [...columns.keys()];
  const rows = nodes.map((node) =>
    names.map((name) => Object.hasOwn(node as object, name) ? (node as Settings)[name]! : null)
  );
  return { names, rows };
}

type Settings = Readonly<Record<string, NodeTableValue>>;

function parse(bytes: Uint8Array): readonly unknown[] {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    // The parser's message says where, and the file is the user's own.
    throw invalid(`It is not JSON: ${(cause as Error).message}`, cause);
  }
  if (Array.isArray(value)) return value;
  throw invalid("It must be an array with an object for each node");
}

function requireSetting(value: unknown, where: string): void {
  if (typeof value === "string" || typeof value === "boolean") return;
  if (typeof value !== "number") {
    throw invalid(
      `${where} must be a number, a text, true or false. Leave it out if the node lacks it`,
    );
  }
  // JSON.parse has already rounded it.
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) {
    throw invalid(`${where} is too large for a whole number: write it as a text`);
  }
}

function invalid(problem: string, cause?: unknown): FlwrError {
  return new FlwrError("invalid-argument", problem, cause === undefined ? {} : { cause });
}
