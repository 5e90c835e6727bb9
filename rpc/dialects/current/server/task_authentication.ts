import {
  EXECUTOR_HEADERS,
  type ExecutorSecret,
  type ExecutorSignature,
  isSignedBody,
} from "../../../../auth/executor_secret.ts";
import type { Runtime } from "../../../../proto/gen/current/runtime_pb.ts";
import { isLoopback, parseAddress } from "../../../address.ts";
import { ApiError } from "../../../api_error.ts";
import type { CallHead } from "../../../call.ts";
import { methodPath, type ServiceOptions } from "../../../service.ts";
import { TASK_TOKEN_HEADER } from "../headers.ts";
import type { RuntimeBackend, RuntimeTask } from "./runtime_backend.ts";
import { taskAdmissionOf } from "./task_policy.ts";

/** A task's token as the headers of a call of the Runtime API. */
export function taskTokenHeaders(token: string): Readonly<Record<string, string>> {
  return { [TASK_TOKEN_HEADER]: token };
}

/**
 * Who may take on tasks: "nobody" where the server starts all apps itself, "this-machine" for callers by loopback, or
 * whoever signs with a secret.
 */
export type Executors = "nobody" | "this-machine" | ExecutorSecret;

/** What the Runtime API needs to tell its processes from strangers. */
export interface TaskAuthenticationOptions {
  readonly backend: Pick<RuntimeBackend, "taskOfToken">;
  readonly executors: Executors;
}

/** Who makes a call of the Runtime API. */
export interface RuntimeCaller {
  /** What the caller works on; undefined for a program that asks for work. */
  readonly task?: RuntimeTask;
}

const TASK_TOKEN = /^[0-9a-f]{256}$/;

/**
 * Authenticates the calls of the Runtime API: before a byte of the body is read, by the task's token or, for
 * acquire-task, as `executors` says. The token is looked up once more when the request has come, which may take
 * minutes, and a signed question must be the one that was signed. Versions are not compared, though Flower's processes name theirs: Flower's own
 * server refuses another minor version, this one speaks to all.
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

/** The task whose token a call carries. Two tokens arrive joined, and are none. */
async function taskOf(
  call: CallHead,
  backend: Pick<RuntimeBackend, "taskOfToken">,
): Promise<RuntimeTask> {
  const token = call.header(TASK_TOKEN_HEADER) ?? "";
  const task = TASK_TOKEN.test(token) ? await backend.taskOfToken(token) : undefined;
  if (task === undefined) throw taskDenied();
  return task;
}

/** What a caller is told whose token is not, or no longer, good. Flower's processes end themselves then. */
export function taskDenied(): ApiError {
  return new ApiError(
    "task-token-invalid",
    "The call carries no valid task token: its run was stopped or has ended, or it never had one",
  );
}

/** All that is to be said of a program but that its request is the one that it signed. */
async function admitExecutor(call: CallHead, executors: Executors): Promise<void> {
  if (executors === "nobody") {
    throw new ApiError(
      "task-token-invalid",
      "Apps are started here by the server itself: it gives no task to other programs unless it was started with " +
        "--isolation process",
    );
  }
  if (executors === "this-machine" && !isLoopback(parseAddress(call.peer).host)) {
    throw new ApiError(
      "task-token-invalid",
      "Tasks are given to programs on the server's own machine only: others need its " +
        "--superexec-auth-secret-file",
    );
  }
  if (typeof executors !== "string" && !await executors.verify(call.method, signatureOf(call))) {
    throw executorDenied();
  }
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
    "The call is not signed with the server's secret, or it came before",
  );
}
