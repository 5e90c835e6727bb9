import { isMediaType, JSON_TYPE } from "./media_type.ts";
import { readLimited } from "./read_limited.ts";

/** Bytes of an error's body that are read. */
const MAX_ERROR_BYTES = 64 * 1024;

/** JSON body of a Flower server's error; the number is missing if HTTP itself refused. */
export interface ErrorBody {
  readonly code?: unknown;
  readonly detail: string;
  readonly extra?: unknown;
}

/** Reads the JSON body of an error response. @returns undefined for a body that is not a Flower server's */
export async function readErrorBody(answer: Response): Promise<ErrorBody | undefined> {
  if (answer.ok || !isMediaType(answer.headers.get("content-type"), JSON_TYPE)) {
    await answer.body?.cancel();
    return undefined;
  }
  try {
    const bytes = await readLimited(answer, MAX_ERROR_BYTES);
    const body: Partial<ErrorBody> | null = JSON.parse(new TextDecoder().decode(bytes));
    return typeof body?.detail === "string" ? body as ErrorBody : undefined;
  } catch {
    return undefined;
  }
}
