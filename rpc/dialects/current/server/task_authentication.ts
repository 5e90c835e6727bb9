import {
  EXECUTOR_HEADERS,
  type ExecutorSecret,
  type ExecutorSignature,
  isSignedBody,
} from "../../../../auth/executor_secret.ts";
import type { Runtime } from "../../../../proto/gen/current/runtime_pb.ts";
import { hostOfPeer, isLoopback } from "../../../address.ts";
import { ApiError } from "../../../api_error.ts";
import type { CallHead } from "../../../call.ts";
import { methodPath, type ServiceOptions } from "../../../service.ts";
import { TASK_TOKEN_HEADER } from "../headers.ts";
import type { RuntimeBackend, RuntimeTask } from "./runtime_backend.ts";
import { taskAdmissionOf } from "./task_policy.ts";

/** Headers of a Runtime API call that carry a task's token. */
export function taskTokenHeaders(token: string): Readonly<Record<string, string>> {
  return { [TASK_TOKEN_HEADER]: token };
}

/**
 * Who may acquire tasks: "nobody" if the server starts all apps itself, "this-machine" for callers over loopback, or
 * holders of a secret.
 */
export type Executors = "nobody" | "this-machine" | ExecutorSecret;

/** Options of {@link taskAuthentication}. */
export interface TaskAuthenticationOptions {
  readonly backend: Pick<RuntimeBackend, "taskOfToken">;
  readonly executors: Executors;
}

/** Caller of the Runtime API. */
export interface RuntimeCaller {
  /** The caller's task; undefined for a program that acquires tasks. */
  readonly task?: RuntimeTask;
}

const TASK_TOKEN = /^[0-9a-f]{256}$/;

/**
 * Authenticates calls of the Runtime API before any of the body is read: by the task's token or, for acquire-task,
 * according to `executors`. After the request was read, which may take minutes, the token is checked again, and a
 * signed request must be the one that was signed. Flower's processes send their version, and Flower's own server
 * refuses other minor versions. This one accepts all.
 */
export function taskAuthentication(
  { backend, executors }: TaskAuthenticationOptions,
): Pick<ServiceOptions<typeof Runtime, RuntimeCaller>, "admit" | "authenticate"> {
  return {
    async admit(call) {
      if (taskAdmissionOf(call.method) === "task") await taskOf(call, backend);
      else await admitExecutor(call, executors);
    },
    async authenticate(call, method, bytes) {
      if (taskAdmissionOf(methodPath(method)) === "task") {
        return { task: await taskOf(call, backend) };
      }
      if (typeof executors !== "string" && !isSignedBody(bytes, signatureOf(call))) {
        throw executorDenied();
      }
      return {};
    },
  };
}

/** The task whose token a call carries. Two tokens arrive joined, and so are invalid. */
async function taskOf(
  call: CallHead,
  backend: Pick<RuntimeBackend, "taskOfToken">,
): Promise<RuntimeTask> {
  const token = call.header(TASK_TOKEN_HEADER) ?? "";
  const task = TASK_TOKEN.test(token) ? await backend.taskOfToken(token) : undefined;
  if (task === undefined) throw taskDenied();
  return task;
}

/** The error for a token that is invalid or has expired. Flower's processes exit on it. */
export function taskDenied(): ApiError {
  return new ApiError(
    "task-token-invalid",
    "The call carries no valid task token: its run was stopped or has ended, or it never had one",
  );
}

/** Checks a program by its headers; whether it signed this request is checked later. */
async function admitExecutor(call: CallHead, executors: Executors): Promise<void> {
  if (executors === "nobody") {
    throw new ApiError(
      "task-token-invalid",
      "This server starts apps itself: it assigns tasks to other programs only if it was started with " +
        "--isolation process",
    );
  }
  if (executors === "this-machine" && !isFromThisMachine(call)) {
    throw new ApiError(
      "task-token-invalid",
      "This server assigns tasks only to programs on its own machine: others need its " +
        "--superexec-auth-secret-file",
    );
  }
  if (typeof executors !== "string" && !await executors.verify(call.method, signatureOf(call))) {
    throw executorDenied();
  }
}

/** Whether a call came from this machine, and through no proxy on another one. */
function isFromThisMachine({ peer, proxy = peer }: CallHead): boolean {
  return [peer, proxy].every((address) => isLoopback(hostOfPeer(address)));
}

function signatureOf(call: CallHead): ExecutorSignature {
  const header = (name: string) => call.header(name) ?? "";
  return {
    timestamp: header(EXECUTOR_HEADERS.timestamp),
    nonce: header(EXECUTOR_HEADERS.nonce),
    bodySha256: header(EXECUTOR_HEADERS.bodySha256),
    signature: header(EXECUTOR_HEADERS.signature),
  };
}

function executorDenied(): ApiError {
  return new ApiError(
    "task-token-invalid",
    "The call is not signed with the server's secret, or its signature was already used",
  );
}
