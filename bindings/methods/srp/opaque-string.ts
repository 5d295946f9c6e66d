/**
 * Passwords as bytes: PRECIS OpaqueString (RFC 8265 §4.2), so that one password typed on two keyboards comes out as the same
 * bytes, and what cannot be typed reliably is refused. bindings/base/precis.ts has the rules.
 */
import { prepareOpaqueString } from "../../base/precis.ts";

/** More than a person types, in UTF-16 code units: bounds what is normalized and hashed. */
const LONGEST = 1024;

/** The password in UTF-8, for its owner to zero; undefined when it is empty, too long or holds what no password may. */
export function opaqueString(password: string): Uint8Array | undefined {
  const text = typeof password !== "string" || password.length > LONGEST ? undefined : prepareOpaqueString(password);
  return text === undefined ? undefined : new TextEncoder().encode(text);
}
