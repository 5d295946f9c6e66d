/**
 * The peer's signature over a statement: one packet, detached, binary, made just now.
 *
 * The exporter in the statement is what keeps a signature from being used twice; the clock only
 * keeps expired keys from signing as if it were yesterday. RFC 9580 §5.2.
 */
import type { Signature, SignaturePacket } from "openpgp";
import { XtlsError } from "../../errors.ts";
import { SKEW_AT_MOST, timeFor } from "./clocks.ts";
import { signerOf, type KnownKey } from "./known-key.ts";
import { strictRules, type Library } from "./library.ts";

/**
 * Returns when the known key has signed `statement`.
 * @throws XtlsError `method-violation` when the bytes are not one signature; `not-authorized` when it is not
 *   that key's over that statement, now, with a strong hash; `key-refused` when the key may not sign
 */
export async function verify(
  library: Library,
  known: KnownKey,
  bytes: Uint8Array,
  statement: Uint8Array,
): Promise<void> {
  const { signature, packet } = await read(library, bytes);
  const date = timeFor(known.key, plausibleTime(library, packet));
  await signerOf(library, known, packet.issuerKeyID, date);
  const message = await library.createMessage({ binary: statement });
  const config = strictRules(library);
  try {
    const { signatures } = await library.verify({
      message,
      signature,
      verificationKeys: known.asPackage,
      date,
      format: "binary",
      config,
    });
    if ((await signatures[0]?.verified) !== true) throw new Error("Nothing was verified");
  } catch (cause) {
    throw new XtlsError("not-authorized", "The peer's signature is not over this tunnel", { cause });
  }
}

async function read(library: Library, bytes: Uint8Array): Promise<{ signature: Signature; packet: SignaturePacket }> {
  const signature = await library
    .readSignature({ binarySignature: bytes, config: strictRules(library) })
    .catch((cause: unknown) => {
      throw new XtlsError("method-violation", "The peer's proof is not an OpenPGP signature", { cause });
    });
  const [packet, ...more] = signature.packets;
  if (packet instanceof library.SignaturePacket && more.length === 0) return { signature, packet };
  throw new XtlsError("method-violation", "The peer's proof is not one OpenPGP signature");
}

/** When the signature was made, by a clock that may be a little wrong. */
function plausibleTime({ enums }: Library, { signatureType, created }: SignaturePacket): number {
  // A signature over text would hold for other bytes as well: line ends are not signed.
  if (signatureType !== enums.signature.binary)
    throw new XtlsError("not-authorized", "The peer's signature is not over binary data");
  const now = Date.now();
  const made = created?.getTime() ?? 0;
  if (Math.abs(made - now) > SKEW_AT_MOST)
    throw new XtlsError("not-authorized", "The peer's signature was not made now, or a clock is wrong");
  return made;
}
