/// <reference lib="dom" />
/** A refusal of the server. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  constructor(
    /** Status of HTTP; 0 if the server did not answer. */
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** Gets data. @throws ApiError */
export function get<T>(path: string): Promise<T> {
  return request<T>(path, { method: "GET" });
}

/** Makes the server do something. @throws ApiError */
export function post<T>(path: string, body: unknown): Promise<T> {
  return request<T>(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
}

async function request<T>(path: string, init: RequestInit): Promise<T> {
  let response: Response;
  try {
    response = await fetch(path, { ...init, credentials: "same-origin" });
  } catch {
    throw new ApiError(0, "The SuperLink does not answer");
  }
  if (response.status === 204) return undefined as T;
  const value = await response.json().catch(() => undefined);
  if (response.ok) return value as T;
  const detail = (value as { detail?: unknown } | undefined)?.detail;
  throw new ApiError(response.status, typeof detail === "string" ? detail : response.statusText);
}
