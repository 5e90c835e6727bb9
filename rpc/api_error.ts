import { type ErrorCode, FlwrError } from "../base/error.ts";

/**
 * Errors of Flower's HTTP APIs by name: Flower's number, the HTTP status, and our nearest error code, which
 * determines the gRPC status (Flower 1.41 contract, section 4.1; recorded answers in tests/vectors).
 */
const API_ERRORS = {
  "federation-management-not-offered": { number: 1, http: 501, code: "unimplemented" },
  "federation-not-found": { number: 2, http: 404, code: "not-found" },
  "nothing-given": { number: 12, http: 412, code: "invalid-argument" },
  "not-entitled": { number: 13, http: 403, code: "permission-denied" },
  "run-not-created": { number: 14, http: 500, code: "internal" },
  "run-config-invalid": { number: 15, http: 412, code: "invalid-argument" },
  "run-not-found": { number: 16, http: 404, code: "not-found" },
  "run-already-finished": { number: 18, http: 412, code: "failed-precondition" },
  "accounts-not-offered": { number: 19, http: 501, code: "unimplemented" },
  "artifacts-not-offered": { number: 20, http: 501, code: "unimplemented" },
  "artifacts-not-there": { number: 21, http: 412, code: "failed-precondition" },
  "public-key-invalid": { number: 22, http: 412, code: "invalid-argument" },
  "public-key-in-use": { number: 23, http: 412, code: "already-exists" },
  "node-not-found": { number: 24, http: 404, code: "not-found" },
  "app-spec-invalid": { number: 33, http: 412, code: "invalid-argument" },
  "not-logged-in": { number: 36, http: 401, code: "unauthenticated" },
  "location-invalid": { number: 45, http: 400, code: "invalid-argument" },
  "version-incompatible": { number: 1001, http: 412, code: "failed-precondition" },
  "media-type-unsupported": { number: 1002, http: 415, code: "invalid-argument" },
  "request-malformed": { number: 1003, http: 400, code: "invalid-argument" },
  "internal": { number: 1004, http: 500, code: "internal" },
  "task-token-invalid": { number: 1008, http: 401, code: "unauthenticated" },
  "registration-by-node-refused": { number: 2001, http: 412, code: "failed-precondition" },
  "unregistration-by-node-refused": { number: 2002, http: 412, code: "failed-precondition" },
  "heartbeat-interval-invalid": { number: 2003, http: 400, code: "invalid-argument" },
  "activation-refused": { number: 2004, http: 412, code: "failed-precondition" },
  "run-not-running": { number: 2007, http: 403, code: "permission-denied" },
  "run-denied": { number: 2008, http: 403, code: "permission-denied" },
  "fab-denied": { number: 2009, http: 403, code: "permission-denied" },
  "task-not-started": { number: 3002, http: 412, code: "failed-precondition" },
  "task-node-id-invalid": { number: 3004, http: 412, code: "invalid-argument" },
  "task-call-not-offered": { number: 3005, http: 403, code: "permission-denied" },
  "message-count-invalid": { number: 3013, http: 400, code: "invalid-argument" },
  "message-run-mismatch": { number: 3014, http: 403, code: "permission-denied" },
  // Our own, above Flower's numbers. Flower's programs show their text.
  "node-superseded": { number: 9001, http: 403, code: "permission-denied" },
  "clock-off": { number: 9002, http: 401, code: "unauthenticated" },
} as const satisfies Readonly<
  Record<string, { readonly number: number; readonly http: number; readonly code: ErrorCode }>
>;

/** Name of an error that has a number on the wire. */
export type ApiErrorName = keyof typeof API_ERRORS;

/**
 * An error that Flower's own clients recognise by its number. Over HTTP it is sent as `{"code": number, "detail":
 * text}`.
 */
export class ApiError extends FlwrError {
  readonly number: number;
  readonly httpStatus: number;

  /** @param detail what Flower's command line shows after "[code: number]" */
  constructor(readonly api: ApiErrorName, detail: string, options: { cause?: unknown } = {}) {
    const { number, http, code } = API_ERRORS[api];
    super(code, detail, options);
    this.number = number;
    this.httpStatus = http;
  }
}

const NAMES = new Map<number, ApiErrorName>(
  Object.entries(API_ERRORS).map(([name, { number }]) => [number, name as ApiErrorName]),
);

/** The error for a number in a server's response; undefined for a number without a name here. */
export function apiErrorOf(number: number, detail: string): ApiError | undefined {
  const name = NAMES.get(number);
  return name === undefined ? undefined : new ApiError(name, detail);
}
