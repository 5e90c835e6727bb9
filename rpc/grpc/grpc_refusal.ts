import { type ApiError, apiErrorOf } from "../api_error.ts";

/**
 * What stands in a gRPC status's details when Flower has a number for the error: JSON with the number and the words
 * (Flower 1.38's own servers and clients; over HTTP the same travels as `{"code", "detail"}`).
 */
export function refusalDetails({ number, message }: ApiError): string {
  return JSON.stringify({ code: number, public_message: message, public_details: null });
}

/** The numbered error that a status's details tell of; undefined for plain words, and for a number unknown here. */
export function readRefusal(details: string): ApiError | undefined {
  if (!details.startsWith("{")) return undefined;
  try {
    const { code, public_message: message, public_details: more } = JSON.parse(details);
    if (typeof code !== "number" || typeof message !== "string") return undefined;
    return apiErrorOf(code, typeof more === "string" ? `${message} ${more}` : message);
  } catch {
    return undefined; // words that begin with a brace
  }
}
