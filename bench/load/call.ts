import type { DescMethod, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import { FlwrError } from "../../base/error.ts";
import { decode, encode } from "../../rpc/codec.ts";
import { httpPath } from "../../rpc/http/path.ts";
import type { HttpLine } from "./http_line.ts";
import { ServerFailure } from "./persist.ts";

/**
 * Makes a call on a line. The answer holds its own bytes.
 *
 * @param headers header lines, each with its line end
 * @throws ServerFailure for status 500, FlwrError "internal" for any other answer but a message
 */
export async function callOn<M extends DescMethod>(
  line: HttpLine,
  method: M,
  request: MessageInitShape<M["input"]>,
  headers: string,
): Promise<MessageShape<M["output"]>> {
  const path = httpPath(method);
  const { status, body } = await line.post(path, headers, encode(method.input, request));
  if (status === 200) return decode(method.output, body.slice()) as MessageShape<M["output"]>;
  const words = `${path} was answered with ${status}: ${new TextDecoder().decode(body)}`;
  throw status === 500 ? new ServerFailure(words) : new FlwrError("internal", words);
}
