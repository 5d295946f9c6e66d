/**
 * A component (XEP-0114) that is reached through tunnels: an echo that its server cannot overhear.
 *
 *     npx tsx examples/component.ts
 *
 * A component owns a whole domain; `address` says for which of its full JIDs this plug-in speaks.
 */

import { client } from "@xmpp/client";
import { component } from "@xmpp/component";
import xml from "@xmpp/xml";

import { loadCore, pinned, xtls } from "../bindings/node.ts";
import { startRouter } from "../scripts/servers/router.ts";

const server = await startRouter();
const core = await loadCore();
const { service, domain, secret } = server.component;

const echo = component({ service, domain, password: secret });
const echoIdentity = core.createIdentity({ jid: `echo@${domain}` });

const romeo = client({ service: server.service, domain: server.domain, ...(await server.register("romeo")) });
const romeoIdentity = core.createIdentity({ jid: `romeo@${server.domain}` });

xtls({
  xmpp: echo,
  address: `echo@${domain}/tunnel`,
  identity: echoIdentity,
  trust: pinned({ [romeoIdentity.jid]: romeoIdentity.fingerprint }),
}).on("tunnel", (tunnel) => {
  tunnel.on("stanza", async (stanza) => {
    const body = stanza.getChildText("body");
    if (body) await tunnel.send(xml("message", { type: "chat" }, xml("body", {}, body)));
  });
});

const tunnels = xtls({
  xmpp: romeo,
  identity: romeoIdentity,
  trust: pinned({ [echoIdentity.jid]: echoIdentity.fingerprint }),
});

await Promise.all([echo.start(), romeo.start()]);
const tunnel = await tunnels.open(`echo@${domain}/tunnel`);
const echoed = new Promise<string | null>((resolve) => {
  tunnel.on("stanza", (stanza) => resolve(stanza.getChildText("body")));
});
await tunnel.send(xml("message", { type: "chat" }, xml("body", {}, "Romeo!")));
console.log(`${tunnel.peer} answers: ${await echoed}`);
await tunnel.close();

await Promise.all([echo.stop(), romeo.stop()]);
await server.stop();
