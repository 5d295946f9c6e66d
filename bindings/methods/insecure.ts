/**
 * The method `insecure` (XEP-0250): nothing is proved, the other end is believed on its word.
 *
 * Safe against those who only listen, against nobody who sits between the ends at the first meeting.
 * It never has the last word: the trust policy's `learn` takes a leap for a JID of which no key
 * is known, remembers it as `first-use`, and refuses it on a changed key. No messages.
 */
import type { Method } from "./method.ts";

/** For those who would rather talk to somebody unknown than not at all. List it last. */
export function insecure(): Method {
  return { name: "insecure", run: () => ({ trusted: true, state: "first-use" }) };
}
