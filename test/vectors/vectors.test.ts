/**
 * docs/vectors.json, computed anew from docs/protocol.md and the key logs. Neither this file nor what it imports knows the
 * library: two of its ends agree on a mistake that both make.
 */
import { readdirSync, readFileSync } from "node:fs";
import { assert, suite } from "../suite.ts";
import { canonical, recompute, type RecordedTunnel } from "./recompute.ts";
import { parseElement } from "./xml.ts";

interface Vectors {
  readonly canonical: readonly { readonly hex: string; readonly writings: readonly string[] }[];
  readonly tunnels: readonly RecordedTunnel[];
}

const test = suite("vectors");
const { tunnels, canonical: forms } = JSON.parse(readFileSync(new URL("../../docs/vectors.json", import.meta.url), "utf8")) as Vectors;

/** What goes wrong; undefined: nothing. */
function complaint(tunnel: RecordedTunnel): string | undefined {
  try {
    recompute(tunnel);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

test("there is a tunnel for each method that says something", () => {
  assert.equal(tunnels.map(({ method }) => method), ["srp", "sas", "openpgp"]);
});

for (const tunnel of tunnels) {
  test(`offers, bind and messages of the tunnel with ${tunnel.method} follow from the page, and every value on the way is as it is written down`, () => {
    assert.equal(recompute(tunnel), tunnel.values);
  });

  test(`whatever is another in the tunnel with ${tunnel.method} is noticed`, () => {
    const { jids, iqs } = tunnel;
    const changed: Readonly<Record<string, RecordedTunnel>> = {
      "a full JID": { ...tunnel, jids: { ...jids, responder: `${jids.responder}2` } },
      "the roles": { ...tunnel, jids: { initiator: jids.responder, responder: jids.initiator } },
      "an offer": { ...tunnel, iqs: iqs.map((iq) => iq.replace("max-bytes=\"184320\"", "max-bytes=\"184319\"")) },
      "the method": { ...tunnel, method: "x509" },
      "the connection": { ...tunnel, keyLog: tunnels.find((other) => other !== tunnel)?.keyLog ?? [] },
    };
    for (const [what, each] of Object.entries(changed)) assert.ok(complaint(each), what);
  });
}

test("the canonical form is the same for everything that servers may do to XML, and no other element's", () => {
  for (const { hex, writings } of forms) for (const xml of writings) assert.is(canonical(parseElement(xml)).toString("hex"), hex, xml);
  assert.is(new Set(forms.map(({ hex }) => hex)).size, forms.length);
});

test("nothing of this is computed by the library", () => {
  for (const name of readdirSync(new URL(".", import.meta.url)).filter((each) => each !== "fresh.test.ts")) {
    const text = readFileSync(new URL(name, import.meta.url), "utf8");
    const imported = [...text.matchAll(/\bfrom "([^"]+)"|\bimport\(|\brequire\(/g)].map(([all, from]) => from ?? all);
    for (const from of imported) assert.match(from, /^(node:.*|\.\/[a-z0-9-]+\.ts|\.\.\/suite\.ts)$/, `${name}: ${from}`);
  }
});

test.run();
