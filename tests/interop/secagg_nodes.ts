import type { Message } from "../../app/message.ts";
import { isArrayRecord, isConfigRecord, type RecordDict } from "../../app/record_dict.ts";
import { contentOf } from "../../app/secagg/testing/golden_content.ts";
import type { TypedConfigValue } from "../../app/typed_value.ts";
import type { GoldenRecord, GoldenValue } from "../../secagg/testing/golden.ts";
import { repositoryPath } from "../support/repository.ts";

/** Nodes with Flower's real secaggplus_mod, all in one Python process: apps/secagg_nodes.py. */
export class PythonNodes implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #lines: AsyncIterator<string>;
  #last: Promise<unknown> = Promise.resolve();

  /** @param python of an environment with Flower */
  constructor(python: string) {
    this.#child = new Deno.Command(python, {
      args: [repositoryPath("tests/interop/apps/secagg_nodes.py")],
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    this.#writer = this.#child.stdin.getWriter();
    this.#lines = linesOf(this.#child.stdout);
  }

  /** The answer of the node that an instruction is for. */
  answer(instruction: Message): Promise<Message> {
    const answer = this.#last.then(() => this.#ask(instruction));
    this.#last = answer.catch(() => {});
    return answer;
  }

  async #ask(instruction: Message): Promise<Message> {
    const line = JSON.stringify({
      node: String(instruction.metadata.dstNodeId),
      records: goldenOf(instruction.content),
    });
    await this.#writer.write(new TextEncoder().encode(line + "\n"));
    const { value, done } = await this.#lines.next();
    if (done) throw new Error("The Python process ended");
    const reply: { records?: { [name: string]: GoldenRecord }; error?: string } = JSON.parse(value);
    return reply.records === undefined
      ? instruction.replyError(2, reply.error!)
      : instruction.reply(contentOf(reply.records));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writer.close();
    await this.#lines.return?.();
    await this.#child.status;
  }
}

async function* linesOf(stream: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<string> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    yield* lines;
  }
}

/** Content as the recorded messages have it. */
function goldenOf(content: RecordDict): { [name: string]: GoldenRecord } {
  return Object.fromEntries(
    [...content].map(([name, record]): [string, GoldenRecord] => {
      if (isArrayRecord(record)) {
        const arrays = [...record].map(([key, { dtype, shape, stype, data }]) =>
          [key, { dtype, shape, stype, data: data.toBase64() }] as const
        );
        return [name, { arrays: Object.fromEntries(arrays) }];
      }
      const entries: readonly (readonly [string, TypedConfigValue])[] = [...record.typedEntries()];
      const values = Object.fromEntries(entries.map(([key, typed]) => [key, valueOf(typed)]));
      return [name, isConfigRecord(record) ? { config: values } : { metrics: values }];
    }),
  );
}

function valueOf({ type, value }: TypedConfigValue): GoldenValue {
  if (Array.isArray(value)) {
    const item = type.slice(0, -2);
    return { list: value.map((one) => valueOf({ type: item, value: one } as TypedConfigValue)) };
  }
  if (value instanceof Uint8Array) return { bytes: value.toBase64() };
  if (typeof value === "bigint") return { int: String(value) };
  return typeof value === "number" ? { float: value } : { str: String(value) };
}
