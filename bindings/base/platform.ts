/**
 * What is used of the platform beyond the language and may be missing: randomness, and WebCrypto on pages without HTTPS.
 *
 * Whatever it throws comes out as an error of ours. Knows no use.
 */

import { XtlsError } from "../errors.ts";

/**
 * Bytes that nobody can guess.
 *
 * @throws XtlsError `randomness-missing`
 */
export function randomBytes(length: number): Uint8Array<ArrayBuffer> {
  try {
    return crypto.getRandomValues(new Uint8Array(length));
  } catch (cause) {
    throw new XtlsError("randomness-missing", undefined, { cause });
  }
}

/**
 * Something that takes WebCrypto.
 *
 * @param what for whoever has none
 * @throws XtlsError `platform-unsupported` where there is none; `internal-error` when it fails; what `use` throws of ours
 */
export async function withSubtle<Result>(what: string, use: (subtle: SubtleCrypto) => Promise<Result>): Promise<Result> {
  // Typed as always there, but pages without HTTPS do not have it.
  const { subtle } = (globalThis.crypto ?? {}) as { subtle?: SubtleCrypto };
  if (subtle === undefined) throw new XtlsError("platform-unsupported", `${what} needs crypto.subtle`);
  try {
    return await use(subtle);
  } catch (cause) {
    throw cause instanceof XtlsError ? cause : new XtlsError("internal-error", `${what}: crypto.subtle failed`, { cause });
  }
}

/**
 * A part that is loaded when it is first needed.
 *
 * @throws XtlsError `dependency-missing`
 */
export async function loadPart<Part>(what: string, part: Promise<Part>): Promise<Part> {
  try {
    return await part;
  } catch (cause) {
    throw new XtlsError("dependency-missing", `${what} could not be loaded`, { cause });
  }
}
