import { type ApiError, apiErrorOf } from "../api_error.ts";

/**
 * The details of a gRPC status for an error with one of Flower's numbers: JSON with the number and the message
 * (Flower 1.38's own servers and clients; over HTTP the same is sent as `{"code", "detail"}`).
 */
export function refusalDetails({ number, message }: ApiError): string {
  return JSON.stringify({ code: number, public_message: message, public_details: null });
}

/** The numbered error in a status's details; undefined for plain text, and for an unknown number. */
export function readRefusal(details: string): ApiError | undefined {
  if (!details.startsWith("{")) return undefined;
  try {
    const { code, public_message: message, public_details: more } = JSON.parse(details);
    if (typeof code !== "number" || typeof message !== "string") return undefined;
    return apiErrorOf(code, typeof more === "string" ? `${message} ${more}` : message);
  } catch {
    return undefined; // plain text that begins with a brace
  }
}
