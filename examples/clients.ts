/**
 * Two clients, one tunnel: a message, an IQ that Juliet's own handler answers, goodbye.
 *
 *     npx tsx examples/clients.ts
 *
 * The server here is an embedded one; any XMPP server will do.
 */

import { client } from "@xmpp/client";
import xml from "@xmpp/xml";

import { loadCore, pinned, xtls } from "../bindings/node.ts";
import { startRouter } from "../scripts/servers/router.ts";

const NS_TIME = "urn:xmpp:time";
const server = await startRouter();
const core = await loadCore();

async function login(username: string, resource: string) {
  const { domain, service } = server;
  const xmpp = client({ service, domain, resource, ...(await server.register(username)) });
  const identity = core.createIdentity({ jid: `${username}@${domain}` });
  return { xmpp, identity };
}

const romeo = await login("romeo", "orchard");
const juliet = await login("juliet", "balcony");

// They have compared fingerprints: each knows the other's key.
const his = xtls({ ...romeo, trust: pinned({ [juliet.identity.jid]: juliet.identity.fingerprint }) });
const hers = xtls({
  ...juliet,
  trust: pinned({ [romeo.identity.jid]: romeo.identity.fingerprint }),
  accept: ({ from }) => from.startsWith("romeo@"),
});

// What comes through a tunnel passes her client's own handlers, and says so.
juliet.xmpp.on("stanza", (stanza) => {
  if (stanza.is("message"))
    console.log(`juliet reads, ${hers.security(stanza)?.trust ?? "in clear"}: ${stanza.getChildText("body")}`);
});
juliet.xmpp.iqCallee.get(NS_TIME, "time", () => xml("time", NS_TIME, xml("utc", {}, "1597-01-01T00:00:00Z")));
hers.on("tunnel", (tunnel) => {
  tunnel.on("close", (reason) => console.log(`juliet's tunnel closed: ${reason?.code ?? "in order"}`));
});

await Promise.all([romeo.xmpp.start(), juliet.xmpp.start()]);

const tunnel = await his.open(String(juliet.xmpp.jid));
const { version, ciphersuite } = tunnel.security!;
console.log(`romeo's tunnel to ${tunnel.peer} is open: ${version}, ${ciphersuite}`);
await tunnel.send(xml("message", { type: "chat" }, xml("body", {}, "I take thee at thy word")));
const answer = await tunnel.request(xml("iq", { type: "get" }, xml("time", NS_TIME)));
console.log(`romeo is told: ${answer.getChild("time")?.getChildText("utc")}`);
await tunnel.close();

await Promise.all([romeo.xmpp.stop(), juliet.xmpp.stop()]);
await server.stop();
