import { FlwrError } from "../../../../base/error.ts";
import { UsageError } from "../../../flags/values.ts";
import { isLocalAddress } from "../../config/connection.ts";

/** Names the variable with the token of a Ray cluster that asks for one, as in Ray. */
export const RAY_TOKEN_VARIABLE = "RAY_AUTH_TOKEN";

/** Seconds that a call may take. */
const CALL_SECONDS = 30;

/** Most bytes of an answer that are read: a job's whole log comes in one. */
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

/** Characters of Ray's texts that are shown: of a reason, and of the end of a job's log. */
const SHOWN_CHARS = 2000;

/** A job to submit. */
export interface RayJob {
  /** Its submission id. */
  readonly id: string;
  /** A line of a shell. Ray shows it to everyone who reaches its dashboard. */
  readonly entrypoint: string;
  readonly cpus: number;
  readonly gpus: number;
}

/** State of a job. */
export interface RayJobState {
  /** PENDING, RUNNING, SUCCEEDED, FAILED or STOPPED. */
  readonly status: string;
  /** Why, in Ray's words; may be empty. */
  readonly message: string;
}

/** Options of {@link RayJobs}. */
export interface RayJobsOptions {
  /** The address of the cluster's dashboard, "http://head:8265". */
  readonly address: string;
  /** Sent as a bearer token (default: none). */
  readonly token?: string | undefined;
}

/** The calls of Ray's Jobs REST API that workers need (seen with 2.60). */
export class RayJobs {
  /** The address, without anything behind the port. */
  readonly address: string;
  readonly #headers: Record<string, string>;

  /** @throws UsageError for an invalid address, or one to which the token would go unencrypted */
  constructor({ address, token }: RayJobsOptions) {
    const url = URL.parse(address);
    const isPlain = url?.protocol === "http:";
    const hasMore = url?.username || url?.password || url?.search || url?.hash ||
      url?.pathname !== "/";
    if (url === null || !(isPlain || url.protocol === "https:") || hasMore) {
      throw new UsageError(
        "invalid-argument",
        `--engine-address: "${address}" is not the address of a Ray dashboard`,
        { hints: ["Give its scheme, host and port, for example http://127.0.0.1:8265"] },
      );
    }
    if (token !== undefined && isPlain && !isLocalAddress(`${url.hostname}:${url.port || 80}`)) {
      throw new UsageError(
        "invalid-argument",
        `--engine-address: "${address}" is not encrypted, so anyone on the way could read ${RAY_TOKEN_VARIABLE}`,
        { hints: ["Use https, or a tunnel: ssh -L 8265:127.0.0.1:8265 head"] },
      );
    }
    this.address = url.origin;
    this.#headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  }

  /** Asks for Ray's version. @throws FlwrError "unavailable" if Ray cannot be reached, or is not Ray */
  async version(): Promise<string> {
    const { status, text } = await this.#call("GET", "version");
    if (status === 401 || status === 403) {
      throw refused("the question for its version", status, text);
    }
    const { ray_version: version } = status < 300 ? fields(text) : {};
    if (typeof version === "string") return version;
    throw new FlwrError("unavailable", `--engine-address: ${this.address} is not Ray's dashboard`, {
      hints: ["Give the address that ray start --head prints, usually with port 8265"],
    });
  }

  /**
   * Submits a job. It may be repeated: a job with the id that is there already counts as submitted.
   *
   * @throws FlwrError with Ray's reason for refusing it
   */
  async submit({ id, entrypoint, cpus, gpus }: RayJob): Promise<void> {
    const { status, text } = await this.#call("POST", "jobs/", {
      submission_id: id,
      entrypoint,
      entrypoint_num_cpus: cpus,
      ...(gpus > 0 && { entrypoint_num_gpus: gpus }),
    });
    if (status < 300) return;
    // Ray answers with 500 to an id that is there (seen with 2.60).
    if (status === 500 && await this.status(id) !== undefined) return;
    throw refused("a worker", status, text);
  }

  /** @returns undefined for a job that Ray does not know */
  async status(id: string): Promise<RayJobState | undefined> {
    const { status, text } = await this.#call("GET", `jobs/${id}`);
    if (status === 404) return undefined;
    if (status >= 300) throw refused("the question for a job", status, text);
    const { status: state, message } = fields(text);
    return {
      status: typeof state === "string" ? state : "",
      message: typeof message === "string" ? message.slice(0, SHOWN_CHARS) : "",
    };
  }

  /** Asks Ray to stop a job. One that has ended, or is not known, stays as it is. */
  async stop(id: string): Promise<void> {
    const { status, text } = await this.#call("POST", `jobs/${id}/stop`);
    if (status >= 300 && status !== 404) throw refused("to stop a job", status, text);
  }

  /** The end of what a job printed; may be empty. */
  async logs(id: string): Promise<string> {
    const { status, text } = await this.#call("GET", `jobs/${id}/logs`);
    const { logs } = status < 300 ? fields(text) : {};
    return typeof logs === "string" ? logs.slice(-SHOWN_CHARS).trim() : "";
  }

  async #call(method: string, path: string, body?: unknown): Promise<Answer> {
    try {
      const response = await fetch(`${this.address}/api/${path}`, {
        method,
        headers: { ...this.#headers, "content-type": "application/json" },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        // A redirect could lead the token elsewhere.
        redirect: "error",
        signal: AbortSignal.timeout(1000 * CALL_SECONDS),
      });
      return { status: response.status, text: await textOf(response) };
    } catch (cause) {
      throw new FlwrError(
        "unavailable",
        `--engine-address: Ray cannot be reached at ${this.address}`,
        {
          hints: ["Check that its dashboard runs there: it needs pip install 'ray[default]'"],
          cause,
        },
      );
    }
  }
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

async function textOf({ body }: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const piece of body ?? []) {
    bytes += piece.length;
    if (bytes > MAX_ANSWER_BYTES) break;
    text += decoder.decode(piece, { stream: true });
  }
  return text;
}

/** The fields of an answer in JSON. None for another one. */
function fields(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

function refused(what: string, status: number, text: string): FlwrError {
  const last = text.trim().split("\n").at(-1)?.slice(0, 500) ?? "";
  const hints = status === 401 || status === 403
    ? [`Set ${RAY_TOKEN_VARIABLE} to the cluster's token`]
    : [];
  return new FlwrError(
    "failed-precondition",
    `Ray refused ${what} (HTTP ${status})${last === "" ? "" : `: ${last}`}`,
    { hints },
  );
}
