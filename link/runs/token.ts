import { sha256Hex } from "../../base/platform.ts";
import type { Random } from "../../base/random.ts";

/** 64 bits at a time, 16 hexadecimal digits each: 256 digits, as Flower's. */
const TOKEN_WORDS = 16;

/** Creates a token for a run's ServerApp. */
export function newToken(random: Random): string {
  return Array.from(
    { length: TOKEN_WORDS },
    () => random.uint64().toString(16).padStart(16, "0"),
  ).join("");
}

/** SHA-256 of a token. Only the hash is stored: a reader of the store cannot act as the ServerApp. */
export function hashToken(token: string): string {
  return sha256Hex(token);
}
