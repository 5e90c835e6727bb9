import { isMediaType, JSON_TYPE } from "./media_type.ts";
import { readLimited } from "./read_limited.ts";

/** Bytes of an error's text that are read. */
const MAX_ERROR_BYTES = 64 * 1024;

/** What a Flower server says of an error; the number is missing where HTTP itself refused. */
export interface Words {
  readonly code?: unknown;
  readonly detail: string;
  readonly extra?: unknown;
}

/** What an answer says of an error. @returns undefined for a body that is not a Flower server's */
export async function wordsOf(answer: Response): Promise<Words | undefined> {
  if (answer.ok || !isMediaType(answer.headers.get("content-type"), JSON_TYPE)) {
    await answer.body?.cancel();
    return undefined;
  }
  try {
    const bytes = await readLimited(answer, MAX_ERROR_BYTES);
    const said: Partial<Words> | null = JSON.parse(new TextDecoder().decode(bytes));
    return typeof said?.detail === "string" ? said as Words : undefined;
  } catch {
    return undefined;
  }
}
