/**
 * Rounds of SecAgg+ between flwr 1.42's SecAggPlusWorkflow and its secaggplus_mod, with all secrets
 * (tests/vectors/flwr-1.42/secaggplus.json).
 */
import { type Tensor, tensor } from "../../tensor/tensor.ts";
import { repositoryPath } from "../../tests/support/repository.ts";
import type { PemKeyPair } from "../key_agreement.ts";
import { Mt19937 } from "./mt19937.ts";
import type { NodeRandomness } from "../plus/node.ts";
import type { RandomFractions } from "../quantize.ts";

const text = Deno.readTextFileSync(repositoryPath("tests/vectors/flwr-1.42/secaggplus.json"));
const file: { readonly exchanges: readonly GoldenExchange[] } = JSON.parse(text);

export interface GoldenArray {
  readonly shape: readonly number[];
  readonly dtype?: string;
  readonly data: readonly number[];
}

export type GoldenValue =
  | { readonly bytes: string }
  | { readonly int: string }
  | { readonly float: number }
  | { readonly str: string }
  | { readonly list: readonly GoldenValue[] };

export interface GoldenRecord {
  readonly config?: { readonly [key: string]: GoldenValue };
  readonly metrics?: { readonly [key: string]: GoldenValue };
  readonly arrays?: {
    readonly [key: string]: {
      readonly stype: string;
      readonly dtype: string;
      readonly shape: readonly number[];
      readonly data: string;
    };
  };
}

export interface GoldenMessage {
  readonly stage: string;
  readonly node: string;
  readonly message_type: string;
  readonly group_id: string;
  readonly instruction: { readonly [name: string]: GoldenRecord };
  readonly reply: string | { readonly [name: string]: GoldenRecord };
}

export interface GoldenSecrets {
  readonly sk1: string;
  readonly sk2: string;
  readonly rd_seed: string;
  readonly ss2: { readonly [node: string]: string };
  readonly shares: readonly {
    readonly secret: string;
    readonly threshold: number;
    readonly num: number;
    readonly shares: readonly string[];
  }[];
  readonly scaled: readonly (readonly number[])[];
  readonly quantized: readonly GoldenArray[];
}

export interface GoldenExchange {
  readonly name: string;
  readonly options: { readonly [option: string]: number };
  readonly drops: { readonly [node: string]: string };
  readonly models: {
    readonly [node: string]: {
      readonly num_examples: number;
      readonly arrays: readonly GoldenArray[];
    };
  };
  readonly result: readonly GoldenArray[] | null;
  readonly messages: readonly GoldenMessage[];
  readonly secrets: { readonly [node: string]: GoldenSecrets };
  readonly masks: readonly {
    readonly by: string;
    readonly seed: string;
    readonly shapes: readonly (readonly number[])[];
    readonly mask: readonly GoldenArray[];
  }[];
}

/** The exchanges that were recorded whole. */
export const WHOLE = file.exchanges.filter(({ messages }) => messages !== undefined);

/**
 * The nodes of each share_keys instruction, in order. Objects put keys that are numbers into another order, so the text
 * tells it: each message has a line.
 */
const KEY_ORDERS = text.split("\n")
  .filter((line) => line.startsWith('{"stage":"share_keys"'))
  .map((line) => [...line.matchAll(/"(\d+)":\{"list"/g)].map(([, node]) => node!));
const KEY_MESSAGES = WHOLE.flatMap(({ messages }) =>
  messages.filter(({ stage }) => stage === "share_keys")
);

/** The nodes whose keys a node was sent, in order. */
export function keyOrderOf(exchange: GoldenExchange, node: string): string[] {
  const message = messageOf(exchange, "share_keys", node);
  return KEY_ORDERS[KEY_MESSAGES.indexOf(message)]!;
}

/** The message of a stage to a node. */
export function messageOf(exchange: GoldenExchange, stage: string, node: string): GoldenMessage {
  const found = exchange.messages.find((message) =>
    message.stage === stage && message.node === node
  );
  if (found === undefined) throw new Error(`No message "${stage}" for node ${node}`);
  return found;
}

/** Bytes of base64. */
export function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.fromBase64(text);
}

/** A model's arrays as tensors. */
export function tensorsOf(arrays: readonly GoldenArray[]): Tensor[] {
  return arrays.map(({ shape, data }) => tensor("float32", shape, Float32Array.from(data)));
}

/** The record "secaggplus_configs" of a reply. */
export function replyOf(exchange: GoldenExchange, stage: string, node: string): GoldenRecord {
  const { reply } = messageOf(exchange, stage, node);
  if (typeof reply === "string") throw new Error(`Node ${node} did not answer "${stage}"`);
  return reply["secaggplus_configs"]!;
}

/** The bytes of a list in a record. */
export function byteListOf(record: GoldenRecord, key: string): Uint8Array<ArrayBuffer>[] {
  const value = record.config![key]!;
  if (!("list" in value)) throw new Error(`${key} is not a list`);
  return value.list.map((item) => bytesOf((item as { bytes: string }).bytes));
}

/** The bytes in a record. */
export function byteValueOf(record: GoldenRecord, key: string): Uint8Array<ArrayBuffer> {
  return bytesOf((record.config![key] as { bytes: string }).bytes);
}

/** Rounding decisions of numpy's global generator, seeded with 99 when an exchange began. One for all its nodes. */
export function goldenFractions(): RandomFractions {
  const generator = new Mt19937(99);
  return (fractions) => {
    for (let i = 0; i < fractions.length; i++) fractions[i] = generator.double();
  };
}

/** What a node of an exchange drew: both key pairs, then all bytes in the order in which our node asks for them. */
export function goldenRandomness(
  exchange: GoldenExchange,
  node: string,
  fractions: RandomFractions,
): NodeRandomness {
  const secrets = exchange.secrets[node]!;
  const published = replyOf(exchange, "setup", node);
  const pairs: PemKeyPair[] = (["1", "2"] as const).map((which) => ({
    publicKey: byteValueOf(published, `pk${which}`),
    privateKey: bytesOf(secrets[`sk${which}`]),
  }));
  const bytes: Uint8Array[] = [bytesOf(secrets.rd_seed)];
  for (const { secret, threshold, shares } of secrets.shares) {
    if (threshold !== 2) throw new Error("only lines can be drawn through one share");
    const share = bytesOf(shares[0]!);
    for (let at = 4; at < share.length; at += 16) bytes.push(slope(bytesOf(secret), share, at));
  }
  const ciphertexts = byteListOf(replyOf(exchange, "share_keys", node), "ctxts");
  for (const receiver of keyOrderOf(exchange, node)) {
    bytes.push(receiver === node ? new Uint8Array(16) : fernetIv(ciphertexts.shift()!));
  }
  return {
    keyPair: () => Promise.resolve(pairs.shift()!),
    bytes: (count) => {
      const next = bytes.shift()!;
      if (next.length !== count) throw new Error(`asked for ${count} bytes, has ${next.length}`);
      return next;
    },
    fractions,
    time: 1_750_000_000,
  };
}

function fernetIv(token: Uint8Array): Uint8Array {
  const text = new TextDecoder().decode(token);
  return Uint8Array.fromBase64(text, { alphabet: "base64url" }).subarray(9, 25);
}

/** The slope of the line through a secret's chunk, at 0, and the share at 1. */
function slope(secret: Uint8Array, share: Uint8Array, at: number): Uint8Array {
  const missing = 16 - secret.length % 16;
  const padded = new Uint8Array(secret.length + missing).fill(missing);
  padded.set(secret);
  return share.slice(at, at + 16).map((byte, i) => byte ^ padded[at - 4 + i]!);
}
