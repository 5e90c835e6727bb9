import { parsePublicKey } from "../../../../auth/parse_public_key.ts";
import { FlwrError } from "../../../../base/error.ts";
import type { RegisterNodeRequest } from "../../../../proto/gen/current/control_pb.ts";
import { ApiError } from "../../../api_error.ts";
import { readNodeName } from "../../node_name.ts";

/** Longest "latitude,longitude", in UTF-16 code units. */
const MAX_LOCATION_LENGTH = 128;

/** A node to be registered. */
export interface Registration {
  /** SPKI in DER. */
  readonly publicKey: Uint8Array;
  readonly name?: string;
  /** "latitude,longitude". */
  readonly location?: string;
}

/** Checks a registration request. @throws ApiError "public-key-invalid" or "location-invalid" */
export async function readRegistration(request: RegisterNodeRequest): Promise<Registration> {
  const { location } = request;
  const publicKey = await readPublicKey(request.publicKey);
  const naming = readNodeName(request.name ?? "");
  if (location !== undefined) checkLocation(location);
  return {
    publicKey,
    ...naming,
    ...(location !== undefined && { location }),
  };
}

async function readPublicKey(pem: Uint8Array): Promise<Uint8Array> {
  try {
    return (await parsePublicKey(new TextDecoder().decode(pem), "of the node")).spki;
  } catch (error) {
    if (!(error instanceof FlwrError)) throw error;
    throw new ApiError("public-key-invalid", error.message, { cause: error });
  }
}

/** A decimal number that Python's float() and JavaScript's Number() read alike. */
const DECIMAL = /^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i;

function checkLocation(location: string): void {
  const parts = location.length > MAX_LOCATION_LENGTH ? [] : location.split(",");
  const [latitude, longitude] = parts.map((part) => DECIMAL.test(part) ? Number(part) : NaN);
  const valid = parts.length === 2 && Math.abs(latitude!) <= 90 && Math.abs(longitude!) <= 180;
  if (valid) return;
  throw new ApiError(
    "location-invalid",
    `Location "${
      location.slice(0, MAX_LOCATION_LENGTH)
    }" is not "latitude,longitude" in degrees, for example "52.52,13.40"`,
  );
}
