/** Peers that say whatever messages of methods there are, in any order: nobody is believed, every run ends, every error is typed. */

import xml, { type Element } from "@xmpp/xml";
import fc from "fast-check";

import { XtlsError } from "../../bindings/errors.ts";
import type { Method } from "../../bindings/methods/method.ts";
import { sas } from "../../bindings/methods/sas.ts";
import { NS_XTLS_EXT } from "../../bindings/xtls/namespaces.ts";
import { knowing } from "../methods/srp-ends.ts";
import { converse } from "../methods/stage.ts";
import { assert, suite } from "../suite.ts";

const test = suite("babble");
const base64 = (length: number) => Buffer.alloc(length, 7).toString("base64");

const messages = fc.array(
  fc.record({
    name: fc.constantFrom("commit", "nonce", "reveal", "confirmed", "srp-challenge", "srp-response", "srp-proof", "openpgp", "bind", "x"),
    text: fc.constantFrom(base64(32), base64(384), base64(1), "", "!!!", "A".repeat(44)),
    attributes: fc.constantFrom<Record<string, string>>({}, { salt: base64(16), rounds: "600000" }, { salt: base64(16), rounds: "2000001" }, { proof: base64(32) }),
    children: fc.constantFrom(0, 0, 0, 1),
  }),
  { maxLength: 12 },
);

/** Says all of it without listening, and leaves. */
function babbler(name: string, said: readonly Element[]): Method {
  return {
    name,
    run: async (conversation) => {
      for (const message of said) {
        conversation.say(message);
        await Promise.resolve();
      }
      await new Promise((resolve) => setImmediate(resolve));
      throw new XtlsError("stream-lost");
    },
  };
}

for (const [name, method] of [
  ["sas", () => sas({ confirm: () => true })],
  ["srp", () => knowing("rose")],
] as const) {
  test(`${name} believes nobody who says its messages, and others', in any order, in neither role`, async () => {
    const unhandled: unknown[] = [];
    const note = (error: unknown) => unhandled.push(error);
    process.on("unhandledRejection", note);
    await fc.assert(
      fc.asyncProperty(messages, async (list) => {
        const said = () =>
          list.map(({ name, text, attributes, children }) =>
            xml(name, { xmlns: NS_XTLS_EXT, ...attributes }, text, ...Array.from({ length: children }, () => xml("y"))),
          );
        const { initiator } = await converse(method(), babbler(name, said()));
        const { responder } = await converse(babbler(name, said()), method());
        for (const outcome of [initiator, responder]) assert.instance(outcome, XtlsError);
      }),
      { numRuns: 40 },
    );
    process.off("unhandledRejection", note);
    assert.equal(unhandled, []);
  });
}

test.run();
