import { FakeClock } from "../../../../base/clock.ts";
import { seededRandom } from "../../../../base/random.ts";
import { createLink } from "../../../../link/create_link.ts";
import { DEFAULT_LINK_LIMITS, type LinkLimits } from "../../../../link/limits.ts";
import type { Link } from "../../../../link/link.ts";
import { MemoryStore } from "../../../../link/store/memory.ts";
import { Control, Exec } from "../../../../proto/gen/current/control_pb.ts";
import { Runtime } from "../../../../proto/gen/current/runtime_pb.ts";
import { messageObject } from "../../../objects/message.ts";
import { bindService, type ServiceBinding } from "../../../service.ts";
import { controlAuthentication } from "../server/control_authentication.ts";
import { controlHandlers, execHandlers } from "../server/control_service.ts";
import { linkRuntimeBackend } from "../server/link_runtime.ts";
import { runtimeHandlers } from "../server/runtime_service.ts";
import type { SubmittedApp } from "../server/submission.ts";
import { taskAuthentication } from "../server/task_authentication.ts";

/** The app that every submitted bundle counts as. */
export const FAKE_APP: SubmittedApp = {
  fabId: "me/app",
  version: "1.2.3",
  serverApp: "app:server",
  config: { lr: 0.1, rounds: 3n },
};

/** An in-memory SuperLink with its Control and Runtime API, without a network, on a stopped clock. */
export class FakeSuperLink implements AsyncDisposable {
  readonly control: ServiceBinding;
  /** The Control API under its name up to Flower 1.20. */
  readonly exec: ServiceBinding;
  readonly runtime: ServiceBinding;

  private constructor(readonly link: Link, readonly clock: FakeClock) {
    const backend = linkRuntimeBackend(link, clock);
    const control = controlHandlers({
      link,
      clock,
      readFab: () => ({ config: FAKE_APP }),
      artifactUrl: (runId) => `http://fake/${runId}`,
    });
    this.control = bindService(Control, { ...controlAuthentication(), handlers: control });
    this.exec = bindService(Exec, { ...controlAuthentication(), handlers: execHandlers(control) });
    this.runtime = bindService(Runtime, {
      ...taskAuthentication({ backend, executors: "this-machine" }),
      handlers: runtimeHandlers(backend),
    });
  }

  static async start(limits: Partial<LinkLimits> = {}): Promise<FakeSuperLink> {
    const clock = new FakeClock();
    const random = seededRandom(1);
    const store = new MemoryStore();
    const link = await createLink({
      store,
      clock,
      random,
      messageObject,
      limits: { ...DEFAULT_LINK_LIMITS, ...limits },
    });
    return new FakeSuperLink(link, clock);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.link.close();
  }
}
