/** An authenticated but hostile peer, and an application that answers carelessly: nothing that came from inside, or is said of it, leaves in clear. */

import xml, { type Element } from "@xmpp/xml";

import { XtlsError } from "../../bindings/errors.ts";
import type { Policy } from "../../bindings/xmpp/policy.ts";
import { type Router, startRouter } from "../../scripts/servers/router.ts";
import { assert, suite } from "../suite.ts";
import { type Actor, clearStage, pair } from "../xmpp/stage.ts";

const test = suite("careless answers");
const WORD = "nightingale";
const NS = "urn:example:q";
let router: Router;

test.before(async () => {
  router = await startRouter();
});
test.after.each(async () => {
  router.tamper(undefined);
  await clearStage();
});
test.after(() => router.stop());

/** What middleware may do with a stanza from inside, by the name that the peer chooses. */
const HABITS: Readonly<Record<string, (stanza: Element, actor: Actor) => unknown>> = {
  echo: ({ attrs, children }) => xml("message", { to: attrs.from as string }, ...(children as Element[])),
  quote: ({ attrs }) => xml("message", { to: String(attrs.from).split("/")[0] as string }, xml("body", {}, WORD)),
  same: (stanza) => stanza,
  bounce: (stanza) => {
    Object.assign(stanza.attrs, { type: "error", to: stanza.attrs.from as string });
    delete stanza.attrs.from;
    return stanza;
  },
  send: ({ attrs, children }, { xmpp }) =>
    void xmpp.send(xml("message", { to: attrs.from as string, id: attrs.id as string }, ...(children as Element[]))).catch(() => {}),
  result: ({ attrs }) => xml("iq", { type: "result", id: attrs.id as string, to: attrs.from as string }, xml("q", {}, WORD)),
  nobody: ({ attrs }) => xml("iq", { type: "result", id: attrs.id as string }, xml("q", {}, WORD)),
  late: ({ attrs }) => new Promise((resolve) => setTimeout(resolve, 1, xml("iq", { type: "result", id: attrs.id as string, to: attrs.from as string }, xml("q", {}, WORD)))),
  fail: () => {
    throw new Error(WORD);
  },
};

/** Everything that the peer can say to set off each habit. */
function* sayings(): Generator<Element> {
  for (const habit of [...Object.keys(HABITS), "none"]) {
    const attributes = { id: "1", "xml:lang": habit };
    for (const type of ["chat", "error", "groupchat"]) yield xml("message", { ...attributes, type }, xml("body", {}, WORD));
    yield xml("presence", attributes, xml("status", {}, WORD));
    for (const type of ["get", "set", "result", "error"]) yield xml("iq", { ...attributes, type }, xml("query", NS, WORD));
    yield xml("iq", { ...attributes, type: "get" }, xml("query", "http://jabber.org/protocol/disco#info", WORD));
  }
}

for (const policy of ["opportunistic", "required"] as const satisfies readonly Policy[]) {
  test(`whatever a peer says inside and middleware makes of it, no word of it leaves in clear, and no error is untyped: ${policy}`, async () => {
    const { juliet, tunnel, heard } = await pair(router, { romeo: { policy }, juliet: { policy } });
    const [clear, reports]: [string[], unknown[]] = [[], []];
    router.tamper((stanza) => (String(stanza).includes(WORD) && clear.push(String(stanza)), [stanza]));
    juliet.tunnels.on("error", (error) => reports.push(error));
    juliet.xmpp.middleware.use(async ({ stanza }, next) => {
      const habit = juliet.tunnels.tunnel(stanza) && HABITS[stanza.attrs["xml:lang"] as string];
      return habit === undefined ? next() : habit(stanza, juliet);
    });
    juliet.xmpp.iqCallee.get(NS, "query", () => new Promise((resolve) => setTimeout(resolve, 1, xml("q", {}, WORD))));
    juliet.xmpp.iqCallee.set(NS, "query", () => Promise.reject(new Error(WORD)));
    const said = [...sayings()];
    for (const stanza of said) await tunnel.send(stanza);
    await new Promise((resolve) => setTimeout(resolve, 30));
    assert.equal(clear, []);
    assert.is(heard.length, said.length);
    assert.is(tunnel.state, "open");
    assert.equal(reports.filter((error) => !(error instanceof XtlsError)), []);
  });
}

test.run();
