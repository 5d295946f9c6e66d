/** How many XML elements something makes: a measure of memory and work that does not depend on the machine. */
import { Element } from "@xmpp/xml";

/** Counts the elements that are made while `body` runs. */
export function elementsMadeBy(body: () => void): number {
  const prototype = Element.prototype as unknown as { setAttrs(attributes: unknown): void };
  const { setAttrs } = prototype;
  let made = 0;
  // Every constructor of ltx calls it once.
  prototype.setAttrs = function (attributes): void {
    made++;
    setAttrs.call(this, attributes);
  };
  try {
    body();
  } finally {
    prototype.setAttrs = setAttrs;
  }
  return made;
}
