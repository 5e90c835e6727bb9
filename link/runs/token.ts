import { sha256Hex } from "../../base/platform.ts";
import type { Random } from "../../base/random.ts";

/** 64 bits at a time, 16 hexadecimal digits each: 256 digits, as Flower's. */
const TOKEN_WORDS = 16;

/** A new token, by which a run's ServerApp is known. */
export function newToken(random: Random): string {
  return Array.from(
    { length: TOKEN_WORDS },
    () => random.uint64().toString(16).padStart(16, "0"),
  ).join("");
}

/** What is kept of a token: who reads the store cannot speak for the run. */
export function hashToken(token: string): string {
  return sha256Hex(token);
}
